"""Sample responses in each format, and helpers to decode them."""

from __future__ import annotations

import io
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import fastavro

from naftiko_run.consume.formats import FormatSettings, compile_format

VESSEL_AVSC = {
    "type": "record",
    "name": "Vessel",
    "fields": [
        {"name": "imo", "type": "string"},
        {"name": "tons", "type": ["null", "long"]},
        {"name": "flags", "type": {"type": "array", "items": "string"}},
    ],
}

FLEET_PROTO = """\
syntax = "proto3";
package fleet;
import "google/protobuf/timestamp.proto";
import "parts/crew.proto";
enum Kind { UNKNOWN = 0; TUG = 1; }
message Fleet {
  repeated Vessel vessels = 1;
  map<string, int64> counts = 2;
  google.protobuf.Timestamp at = 3;
}
message Vessel {
  string imo_number = 1;
  int64 tons = 2;
  Kind kind = 3;
  bytes photo = 4;
  float depth = 5;
  optional string note = 6;
  Crew crew = 7;
}
"""
CREW_PROTO = 'syntax = "proto3"; package fleet; message Crew { map<bool, string> names = 1; }'


def decode(
    name: str, content: bytes | str, media_type: str = "", *, schema: str = "", folder: Path = Path()
) -> Any:
    """Decode a response."""
    settings = FormatSettings(name, schema, folder)
    return compile_format(settings).decode(
        content.encode() if isinstance(content, str) else content, media_type
    )


def write_schema(folder: Path, schema: Any, name: str = "schema.avsc") -> str:
    """Write an Avro schema to a file, and return its name."""
    (folder / name).write_text(json.dumps(schema), encoding="utf-8")
    return name


def write_protos(folder: Path) -> str:
    """Write the fleet's proto files, and return the name of the one to compile."""
    (folder / "parts").mkdir()
    (folder / "parts" / "crew.proto").write_text(CREW_PROTO, encoding="utf-8")
    (folder / "fleet.proto").write_text(FLEET_PROTO, encoding="utf-8")
    return "fleet.proto"


def avro_value(schema: Any, value: Any) -> bytes:
    """Write one bare value."""
    stream = io.BytesIO()
    fastavro.schemaless_writer(stream, fastavro.parse_schema(schema), value)
    return stream.getvalue()


def avro_container(schema: Any, values: Sequence[Any], codec: str = "null") -> bytes:
    """Write a container file."""
    stream = io.BytesIO()
    fastavro.writer(stream, fastavro.parse_schema(schema), values, codec=codec)
    return stream.getvalue()


def proto_field(number: int, value: bytes | int) -> bytes:
    """Write a field: text, bytes or a message as bytes, or a small number."""
    if isinstance(value, int):
        return bytes([number << 3, value])
    return bytes([number << 3 | 2, len(value)]) + value
