"""``csv``, ``tsv`` and ``psv``: delimited text with a header."""

from __future__ import annotations

import csv
import io
from typing import Any, ClassVar, Final, Literal

from naftiko_run.consume.formats.format import FormatSettings, row_objects, unique_names
from naftiko_run.consume.formats.text import decode_text

_DELIMITERS: Final = {"csv": ",", "tsv": "\t", "psv": "|"}
_ACCEPT: Final = {
    "csv": "text/csv, */*;q=0.5",
    "tsv": "text/tab-separated-values, */*;q=0.5",
    "psv": "text/plain, */*;q=0.5",
}


class DelimitedFormat:
    """Delimited text (RFC 4180, with any delimiter): a list of objects with the header as keys and text values."""

    unmapped: ClassVar[Literal["text"]] = "text"

    def __init__(self, settings: FormatSettings) -> None:
        self.accept = _ACCEPT[settings.name]
        self._delimiter = _DELIMITERS[settings.name]

    def decode(self, content: bytes, media_type: str) -> Any:
        """Decode a response; see ``Format.decode``."""
        text = decode_text(content, media_type)
        reader = csv.reader(io.StringIO(text, newline=""), delimiter=self._delimiter, strict=True)
        rows: list[list[str]] = []
        header: list[str] = []
        try:
            for row in reader:
                if not row:
                    continue
                if not header:
                    header = unique_names(row)
                    continue
                if any(row[len(header) :]):
                    raise ValueError(
                        f"line {reader.line_num} has {len(row)} values; the header has {len(header)}"
                    )
                rows.append(row)
        except csv.Error as fault:
            raise ValueError(f"line {reader.line_num}: {fault}") from None
        return row_objects(header, rows)
