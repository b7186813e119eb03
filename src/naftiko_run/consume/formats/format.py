"""The interface of response formats, and what several formats share: files with a schema, and table rows as objects."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Literal, Protocol

from naftiko_run import locations, plugins


@dataclass(frozen=True, slots=True)
class FormatSettings:
    """The settings of a consumed operation for its responses.

    Attributes:
        name: Its ``outputRawFormat``, the name of the entry point.
        output_schema: Its ``outputSchema``: a file, a selector or a heading; empty if it has none.
        folder: The folder of the document, that relative locations are resolved against.
        media_type: Its ``outputMediaType``; empty if it has none.
        max_binary_size: Its ``maxBinarySize`` in bytes; None if it has none.
    """

    name: str
    output_schema: str = ""
    folder: Path = Path()
    media_type: str = ""
    max_binary_size: int | None = None


class Format(Protocol):
    """Decode the responses of one consumed operation.

    An entry point in the group ``naftiko_run.formats``, named for its ``outputRawFormat``, is a factory: it is called
    with ``FormatSettings`` when a document is loaded, and returns a format with all files of the settings read and
    compiled. It raises ValueError if the settings are invalid; the functions that call the operation are then not
    served, and the message is reported.

    Attributes:
        accept: The ``Accept`` header of the request.
        unmapped: What a model receives if no output is mapped: the response as ``text``, its decoded ``data`` for
            formats that are not text, or its ``bytes``.
    """

    @property
    def accept(self) -> str: ...  # noqa: D102 - described above
    @property
    def unmapped(self) -> Literal["text", "data", "bytes"]: ...  # noqa: D102

    def decode(self, content: bytes, media_type: str) -> Any:
        """Decode a response.

        Args:
            content: The body, never empty.
            media_type: The Content-Type with its parameters; empty if there is none.

        Returns:
            A JSON value.

        Raises:
            InvalidUnicode: The bytes are invalid in their encoding; the repaired text is then decoded, with a warning.
            ValueError: The content is malformed; the message gives the reason and shows none of the content.
        """
        ...


def compile_format(settings: FormatSettings) -> Format:
    """Create the format of an operation.

    Raises:
        ValueError: The format is not installed, or the settings are invalid.
    """
    factory = plugins.find(plugins.FORMATS, settings.name)
    if factory is None:
        known = ", ".join(plugins.installed(plugins.FORMATS))
        raise ValueError(f"the format `{settings.name}` is not installed (installed: {known})")
    compiled: Format = factory(settings)
    return compiled


def schema_file(settings: FormatSettings, location: str | None = None) -> Path:
    """Return the file that ``outputSchema`` names.

    Args:
        settings: The settings of the operation.
        location: Its location, if that is only a part of the ``outputSchema``.

    Raises:
        ValueError: No file is named, or it does not exist; the message lists the paths that were tried.
    """
    named = settings.output_schema if location is None else location
    if not named:
        raise ValueError(f"`{settings.name}` needs an `outputSchema` that names its schema file")
    tried = locations.candidates(named, settings.folder)
    found = next((path for path in tried if path.is_file()), None)
    if found is None:
        listed = ", ".join(str(path) for path in tried)
        raise ValueError(f"schema file `{named}` not found (tried: {listed})")
    return found


def missing_extra(name: str, fault: ImportError) -> ValueError:
    """Return the error for a format whose library is not installed or cannot be loaded.

    Args:
        name: The name of the format and of its extra.
        fault: The exception of the import.
    """
    command = f'pip install "naftiko-run[{name}]"'
    if isinstance(fault, ModuleNotFoundError):
        return ValueError(f"`{name}` needs `{fault.name}`, which is not installed: {command}")
    return ValueError(f"`{name}` needs a library that cannot be loaded ({fault}): {command}")


MAX_MISSING: Final = 1_000_000
"""The maximum number of missing values that are filled in: a header of a hundred thousand names with as many short
rows would need ten billion."""


def unique_names(header: Iterable[str]) -> list[str]:
    """Return the names in a header, stripped of white space; duplicates get a number as suffix."""
    names: dict[str, None] = {}
    numbers: dict[str, int] = {}
    for written in header:
        name = free = written.strip()
        number = numbers.get(name, 2)
        while free in names:
            free, number = f"{name}-{number}", number + 1
        numbers[name] = number
        names[free] = None
    return [*names]


def row_objects(header: Sequence[str], rows: Sequence[Sequence[str]]) -> list[dict[str, str]]:
    """Return an object for each row; missing values are empty and extra values are dropped.

    Raises:
        ValueError: Too many values are missing.
    """
    count = len(header)
    missing = sum(count - len(row) for row in rows if len(row) < count)
    if missing > MAX_MISSING:
        raise ValueError(
            f"its header has {count:,} columns, and its {len(rows):,} rows have {missing:,} missing values; "
            f"the maximum is {MAX_MISSING:,}"
        )
    return [dict(zip(header, [*row[:count], *[""] * (count - len(row))], strict=True)) for row in rows]
