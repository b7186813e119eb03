"""``file:`` and plain paths: a file of values, or a folder with one file for each value."""

from __future__ import annotations

from collections.abc import Collection

from naftiko_run import locations
from naftiko_run.bindings.files import read_folder, read_values
from naftiko_run.bindings.provider import ProviderSettings, Reading
from naftiko_run.errors import LocationUnreadable


class FileProvider:
    """Reads files and mounted folders, relative to the document or else to the working directory."""

    def read(self, location: str, keys: Collection[str], settings: ProviderSettings) -> Reading:
        """Read the values at a location; see ``BindingProvider.read``."""
        path = locations.find(location, settings.folder)
        if path is None:
            tried = [str(each) for each in locations.candidates(location, settings.folder)]
            raise LocationUnreadable(
                f"there is neither {' nor '.join(tried)}" if len(tried) > 1 else f"there is no {tried[0]}"
            )
        values = read_folder(path, keys) if path.is_dir() else read_values(path, keys)
        return Reading(values, str(path))
