"""``avro``: container files, and single values by the schema of the document."""

from __future__ import annotations

import io
import json
from dataclasses import dataclass
from decimal import Context, Decimal
from typing import Any, ClassVar, Final, Literal

from naftiko_run.consume.formats.format import FormatSettings, missing_extra, schema_file
from naftiko_run.consume.formats.json_values import to_json_value

_MAGIC: Final = b"Obj\x01"
_HEADER: Final[dict[str, Any]] = {
    "type": "record",
    "name": "header",
    "fields": [
        {"name": "metadata", "type": {"type": "map", "values": "bytes"}},
        {"name": "sync", "type": {"type": "fixed", "name": "sync", "size": 16}},
    ],
}
"""What follows the magic bytes of a container file."""
_DECIMAL: Final = "naftiko-decimal"
"""The logical type that stands in schemas for ``decimal``: the library's own reader of decimals has no limit, and a
context that threads share."""
MAX_TYPES: Final = 10_000
MAX_DECIMAL: Final = 1000
"""Bytes of a decimal: writing its digits takes a time that grows with their square."""


class AvroFormat:
    """Avro. A container file is a list; a single value, whose schema ``outputSchema`` names, is itself.

    The library walks nested data with the machine's stack and counts what
    takes no bytes: schemas that allow endless depth or number are refused.
    """

    accept: ClassVar[str] = "application/avro, avro/binary;q=0.9, */*;q=0.5"
    unmapped: ClassVar[Literal["data"]] = "data"

    def __init__(self, settings: FormatSettings) -> None:
        try:
            import fastavro.read
            import fastavro.schema
        except ImportError as fault:
            raise missing_extra("avro", fault) from None
        self._fastavro = fastavro
        for kind in ("bytes", "fixed"):
            fastavro.read.LOGICAL_READERS[f"{kind}-{_DECIMAL}"] = _decimal
        self._schema: Any = None
        if not settings.output_schema:
            return
        file = schema_file(settings)
        try:
            self._schema = fastavro.schema.load_schema(str(file))
        except Exception as fault:  # noqa: BLE001 - the library raises whatever the file leads it to
            raise ValueError(f"the schema `{file}` is not one of Avro: {_words(fault)}") from None
        self._schema = _with_own_decimals(self._schema)
        check_schema(self._schema)

    def decode(self, content: bytes, media_type: str) -> Any:  # noqa: ARG002 - the content says what it is
        """Decode an answer; see ``Format.decode``."""
        if self._schema is None and not content.startswith(_MAGIC):
            raise ValueError("it is no container file, and no `outputSchema` says what else it is")
        try:
            value = self._read(io.BytesIO(content), is_container=content.startswith(_MAGIC))
        except _Refused:
            raise
        except Exception:  # noqa: BLE001 - the library raises whatever the bytes lead it to
            raise ValueError("its bytes do not fit the schema") from None
        return to_json_value(value)

    def _read(self, stream: io.BytesIO, *, is_container: bool) -> Any:
        if is_container:
            reader = self._fastavro.reader(self._with_own_decimals(stream), reader_schema=self._schema)
            check_schema({"type": "array", "items": reader.writer_schema})
            return list(reader)
        value = self._fastavro.schemaless_reader(stream, self._schema, None)
        if stream.read(1):
            raise _Refused("bytes are left after the value that the schema describes")
        return value

    def _with_own_decimals(self, stream: io.BytesIO) -> io.BytesIO:
        """Return a container file in whose schema decimals are of our own logical type."""
        start = stream.tell()
        stream.seek(len(_MAGIC), io.SEEK_CUR)
        header: Any = self._fastavro.schemaless_reader(stream, _HEADER, None)
        schema = header["metadata"]["avro.schema"]
        if b"decimal" not in schema:
            stream.seek(start)
            return stream
        header["metadata"]["avro.schema"] = json.dumps(_with_own_decimals(json.loads(schema))).encode()
        changed = io.BytesIO()
        changed.write(_MAGIC)
        self._fastavro.schemaless_writer(changed, _HEADER, header)
        changed.write(stream.read())
        changed.seek(0)
        return changed


def _with_own_decimals(schema: Any) -> Any:
    """Return a schema in which decimals are of our own logical type."""
    if isinstance(schema, list):
        return [_with_own_decimals(each) for each in schema]
    if not isinstance(schema, dict):
        return schema
    changed = {key: _with_own_decimals(value) for key, value in schema.items()}
    return changed | {"logicalType": _DECIMAL} if schema.get("logicalType") == "decimal" else changed


class _Refused(ValueError):
    """What the library would take, and we do not."""


def _decimal(data: bytes, writer_schema: Any = None, reader_schema: Any = None) -> Decimal:  # noqa: ARG001 - the library's form
    if len(data) > MAX_DECIMAL:
        raise _Refused(f"a decimal in it has {len(data):,} bytes; at most {MAX_DECIMAL:,} are taken")
    context = Context(
        prec=writer_schema["precision"]
    )  # the library's own reader has one, which threads share
    digits = context.create_decimal(int.from_bytes(data, "big", signed=True))
    return digits.scaleb(-writer_schema.get("scale", 0), context)


def check_schema(schema: Any) -> None:
    """Check that data of a parsed schema is no deeper than the schema, and no longer than its bytes.

    Raises:
        ValueError: One of its types contains itself, or a list has items that take no bytes.
    """
    _Measure({}).of(schema)


@dataclass(frozen=True, slots=True)
class _Size:
    """What values of a type take.

    Attributes:
        is_empty: Whether they may take no bytes.
        types: How many types the type unfolds to.
    """

    is_empty: bool
    types: int = 1


@dataclass(frozen=True, slots=True)
class _Measure:
    """A walk over a schema.

    Attributes:
        known: Named types; None while one is walked.
    """

    known: dict[str, _Size | None]

    def of(self, schema: Any) -> _Size:
        if isinstance(schema, str):
            return self._named(schema)
        if isinstance(schema, list):  # a union: a byte says which of them follows
            return self._sum([self.of(each) for each in schema], is_empty=False)
        kind = schema["type"]
        if kind in ("record", "error", "enum", "fixed"):
            self.known[schema["name"]] = None
            size = self._defined(kind, schema)
            self.known[schema["name"]] = size
            return size
        if kind not in ("array", "map"):
            return self.of(kind)
        inner = self.of(schema["items" if kind == "array" else "values"])
        if kind == "array" and inner.is_empty:
            raise _Refused("its schema has a list of what takes no bytes, which is refused")
        return self._sum([inner], is_empty=False)

    def _defined(self, kind: str, schema: Any) -> _Size:
        if kind in ("enum", "fixed"):
            return _Size(is_empty=kind == "fixed" and not schema["size"])
        fields = [self.of(each["type"]) for each in schema["fields"]]
        return self._sum(fields, is_empty=all(each.is_empty for each in fields))

    def _named(self, name: str) -> _Size:
        size = self.known.get(name, _Size(is_empty=name == "null"))
        if size is None:
            raise _Refused(f"its schema has a type that contains itself, `{name}`, which is refused")
        return size

    def _sum(self, parts: list[_Size], *, is_empty: bool) -> _Size:
        types = 1 + sum(each.types for each in parts)
        if types > MAX_TYPES:
            raise _Refused(f"its schema unfolds to more than {MAX_TYPES:,} types")
        return _Size(is_empty, types)


def _words(fault: Exception) -> str:
    return f"{type(fault).__name__}: {fault}" if str(fault) else type(fault).__name__
