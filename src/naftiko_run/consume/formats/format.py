"""The seam to every response format, and what formats with a schema file share."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, Protocol

from naftiko_run import locations, plugins


@dataclass(frozen=True, slots=True)
class FormatSettings:
    """What a consumed operation says of its answers.

    Attributes:
        name: Its ``outputRawFormat``: the name that the format is registered under.
        output_schema: Its ``outputSchema``: a file, a selector, a heading; empty where it has none.
        folder: The document's folder, where relative locations begin.
        media_type: Its ``outputMediaType``; empty where it has none.
        max_binary_size: Its ``maxBinarySize`` in bytes; None where it has none.
    """

    name: str
    output_schema: str = ""
    folder: Path = Path()
    media_type: str = ""
    max_binary_size: int | None = None


class Format(Protocol):
    """Decodes the answers of one consumed operation.

    What is registered in the entry-point group ``naftiko_run.formats``, under its
    ``outputRawFormat``, takes ``FormatSettings`` when a document is loaded, and gives
    one of these, with everything that the settings name read and compiled. It
    raises ValueError where that cannot be done: the units that call the
    operation are left out with its message.

    Attributes:
        accept: What the request's ``Accept`` header asks for.
        unmapped: What a model is given where no output is mapped: the ``text`` that
            came, its decoded ``data`` where nobody can read what came, or the ``bytes``.
    """

    @property
    def accept(self) -> str: ...  # noqa: D102 - described above
    @property
    def unmapped(self) -> Literal["text", "data", "bytes"]: ...  # noqa: D102

    def decode(self, content: bytes, media_type: str) -> Any:
        """Decode an answer.

        Args:
            content: Its body, never empty.
            media_type: Its Content-Type, parameters and all; empty where it has none.

        Returns:
            What JSON can carry.

        Raises:
            InvalidUnicode: Its bytes are not in its encoding; the repaired text is decoded instead, with a warning.
            ValueError: It is malformed; the message says how, and shows nothing of the content.
        """
        ...


def compile_format(settings: FormatSettings) -> Format:
    """Make the format of an operation.

    Raises:
        ValueError: It is not installed, or the settings cannot be used.
    """
    factory = plugins.find(plugins.FORMATS, settings.name)
    if factory is None:
        known = ", ".join(plugins.installed(plugins.FORMATS))
        raise ValueError(f"nothing installed reads the format `{settings.name}` (installed: {known})")
    compiled: Format = factory(settings)
    return compiled


def schema_file(settings: FormatSettings, location: str | None = None) -> Path:
    """Find the file that ``outputSchema`` names.

    Args:
        settings: Names it.
        location: Its location, where that is only a part of the ``outputSchema``.

    Raises:
        ValueError: It names none, or there is none; the message says where it was looked for.
    """
    named = settings.output_schema if location is None else location
    if not named:
        raise ValueError(f"`{settings.name}` needs an `outputSchema` that names its schema file")
    tried = locations.candidates(named, settings.folder)
    found = next((path for path in tried if path.is_file()), None)
    if found is None:
        listed = ", ".join(str(path) for path in tried)
        raise ValueError(f"there is no schema file `{named}` (tried: {listed})")
    return found


def missing_extra(name: str, fault: ImportError) -> ValueError:
    """Return the error of a format whose library is not installed, or cannot be loaded.

    Args:
        name: The format, which is also the name of its extra.
        fault: What the import raised.
    """
    command = f'pip install "naftiko-run[{name}]"'
    if isinstance(fault, ModuleNotFoundError):
        return ValueError(f"`{name}` needs `{fault.name}`, which is not installed: {command}")
    return ValueError(f"`{name}` needs a library that cannot be loaded ({fault}): {command}")
