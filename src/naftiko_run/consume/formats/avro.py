"""``avro``: Avro container files, and single values with a schema from ``outputSchema``."""

from __future__ import annotations

import io
import json
from dataclasses import dataclass
from decimal import Context, Decimal
from typing import Any, ClassVar, Final, Literal

from naftiko_run.consume.formats.format import FormatSettings, missing_extra, schema_file
from naftiko_run.consume.formats.json import to_json_value

_MAGIC: Final = b"Obj\x01"
_HEADER: Final[dict[str, Any]] = {
    "type": "record",
    "name": "header",
    "fields": [
        {"name": "metadata", "type": {"type": "map", "values": "bytes"}},
        {"name": "sync", "type": {"type": "fixed", "name": "sync", "size": 16}},
    ],
}
"""The header that follows the magic bytes of a container file."""
_DECIMAL: Final = "naftiko-decimal"
"""The logical type that replaces ``decimal`` in schemas, because the library's reader of decimals has no size limit and
uses a context that threads share."""
MAX_TYPES: Final = 10_000
"""The maximum number of types that a schema expands to."""
MAX_DECIMAL: Final = 1000
"""The maximum size of a decimal in bytes: converting it to digits takes quadratic time."""


class AvroFormat:
    """Avro: a container file becomes a list; a single value, with the schema in ``outputSchema``, stays one value.

    The library recurses into nested data and loops over zero-byte items, so schemas that allow unlimited depth or
    an unlimited number of values are rejected.
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
        except Exception as fault:  # noqa: BLE001 - the library raises arbitrary exceptions
            raise ValueError(f"`{file}` is not a valid Avro schema: {_described(fault)}") from None
        self._schema = _with_own_decimals(self._schema)
        check_schema(self._schema)

    def decode(self, content: bytes, media_type: str) -> Any:  # noqa: ARG002 - the content identifies itself
        """Decode a response; see ``Format.decode``."""
        if self._schema is None and not content.startswith(_MAGIC):
            raise ValueError(
                "it is not an Avro container file, and there is no `outputSchema` to decode it with"
            )
        try:
            value = self._read(io.BytesIO(content), is_container=content.startswith(_MAGIC))
        except _Rejected:
            raise
        except Exception:  # noqa: BLE001 - the library raises arbitrary exceptions
            raise ValueError("its bytes do not match the schema") from None
        return to_json_value(value)

    def _read(self, stream: io.BytesIO, *, is_container: bool) -> Any:
        if is_container:
            reader = self._fastavro.reader(self._with_own_decimals(stream), reader_schema=self._schema)
            check_schema({"type": "array", "items": reader.writer_schema})
            return list(reader)
        value = self._fastavro.schemaless_reader(stream, self._schema, None)
        if stream.read(1):
            raise _Rejected("there are extra bytes after the value that the schema describes")
        return value

    def _with_own_decimals(self, stream: io.BytesIO) -> io.BytesIO:
        """Return a container file with our logical type for decimals in its schema."""
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
    """Return a schema with our logical type for decimals."""
    if isinstance(schema, list):
        return [_with_own_decimals(each) for each in schema]
    if not isinstance(schema, dict):
        return schema
    changed = {key: _with_own_decimals(value) for key, value in schema.items()}
    return changed | {"logicalType": _DECIMAL} if schema.get("logicalType") == "decimal" else changed


class _Rejected(ValueError):
    """Raised for data that the library accepts and we reject."""


def _decimal(data: bytes, writer_schema: Any = None, reader_schema: Any = None) -> Decimal:  # noqa: ARG001 - the library's signature
    if len(data) > MAX_DECIMAL:
        raise _Rejected(f"it contains a decimal of {len(data):,} bytes; the maximum is {MAX_DECIMAL:,}")
    context = Context(prec=writer_schema["precision"])  # not shared between threads
    digits = context.create_decimal(int.from_bytes(data, "big", signed=True))
    return digits.scaleb(-writer_schema.get("scale", 0), context)


def check_schema(schema: Any) -> None:
    """Check that data of a parsed schema cannot be nested deeper than the schema, or have more values than bytes.

    Raises:
        ValueError: A type is recursive, or an array has zero-byte items.
    """
    _SizeCheck({}).of(schema)


@dataclass(frozen=True, slots=True)
class _Size:
    """The size of values of a type.

    Attributes:
        is_empty: Whether they may take zero bytes.
        types: How many types the type expands to.
    """

    is_empty: bool
    types: int = 1


@dataclass(frozen=True, slots=True)
class _SizeCheck:
    """Check the types of a schema recursively.

    Attributes:
        known: The sizes of named types; None while a type is being checked.
    """

    known: dict[str, _Size | None]

    def of(self, schema: Any) -> _Size:
        if isinstance(schema, str):
            return self._named(schema)
        if isinstance(schema, list):  # a union: its branch takes one byte
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
            raise _Rejected("its schema has an array of zero-byte items, which is not allowed")
        return self._sum([inner], is_empty=False)

    def _defined(self, kind: str, schema: Any) -> _Size:
        if kind in ("enum", "fixed"):
            return _Size(is_empty=kind == "fixed" and not schema["size"])
        fields = [self.of(each["type"]) for each in schema["fields"]]
        return self._sum(fields, is_empty=all(each.is_empty for each in fields))

    def _named(self, name: str) -> _Size:
        size = self.known.get(name, _Size(is_empty=name == "null"))
        if size is None:
            raise _Rejected(f"its schema has a recursive type, `{name}`, which is not allowed")
        return size

    def _sum(self, parts: list[_Size], *, is_empty: bool) -> _Size:
        types = 1 + sum(each.types for each in parts)
        if types > MAX_TYPES:
            raise _Rejected(f"its schema expands to more than {MAX_TYPES:,} types")
        return _Size(is_empty, types)


def _described(fault: Exception) -> str:
    return f"{type(fault).__name__}: {fault}" if str(fault) else type(fault).__name__
