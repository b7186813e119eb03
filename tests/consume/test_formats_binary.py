"""Avro, Protocol Buffers and plain bytes, as data."""

from __future__ import annotations

import datetime as dt
import math
from decimal import Decimal
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from consume.formats import (
    VESSEL_AVSC,
    avro_container,
    avro_value,
    decode,
    proto_field,
    write_protos,
    write_schema,
)

VESSEL = {"imo": "IMO-1", "tons": 2**53 + 1, "flags": ["NL"]}
NODE = {"type": "record", "name": "Node", "fields": [{"name": "next", "type": ["null", "Node"]}]}


def test_a_bare_record(tmp_path: Path) -> None:
    schema = write_schema(tmp_path, VESSEL_AVSC)
    assert decode("avro", avro_value(VESSEL_AVSC, VESSEL), schema=schema, folder=tmp_path) == VESSEL


@pytest.mark.parametrize("codec", ["null", "deflate"])
@pytest.mark.parametrize("has_schema", [True, False])
def test_a_container_file(tmp_path: Path, codec: str, *, has_schema: bool) -> None:
    schema = write_schema(tmp_path, VESSEL_AVSC) if has_schema else ""
    content = avro_container(VESSEL_AVSC, [VESSEL, {**VESSEL, "tons": None}], codec)
    assert decode("avro", content, schema=schema, folder=tmp_path) == [VESSEL, {**VESSEL, "tons": None}]


def test_a_container_file_is_read_by_the_documents_schema(tmp_path: Path) -> None:
    fields = [{"name": "imo", "type": "string"}, {"name": "port", "type": "string", "default": "none"}]
    schema = write_schema(tmp_path, {**VESSEL_AVSC, "fields": fields})
    content = avro_container(VESSEL_AVSC, [VESSEL])
    assert decode("avro", content, schema=schema, folder=tmp_path) == [{"imo": "IMO-1", "port": "none"}]


@pytest.mark.parametrize(
    ("kind", "value", "read"),
    [
        ("bytes", b"\xff\x00", "/wA="),
        ({"type": "fixed", "name": "F", "size": 2}, b"ab", "YWI="),
        ({"type": "enum", "name": "E", "symbols": ["A", "B"]}, "B", "B"),
        ({"type": "map", "values": "int"}, {"a": 1}, {"a": 1}),
        ("double", math.nan, None),
        ("double", 0.1, 0.1),
        ({"type": "bytes", "logicalType": "decimal", "precision": 6, "scale": 2}, Decimal("12.30"), 12.3),
        (
            {"type": "bytes", "logicalType": "decimal", "precision": 30, "scale": 2},
            Decimal("1234567890123456789.01"),
            "1234567890123456789.01",
        ),
        ({"type": "int", "logicalType": "date"}, dt.date(2026, 1, 2), "2026-01-02"),
        (
            {"type": "long", "logicalType": "timestamp-millis"},
            dt.datetime(2026, 1, 2, 3, 4, tzinfo=dt.UTC),
            "2026-01-02T03:04:00+00:00",
        ),
        ({"type": "int", "logicalType": "time-millis"}, dt.time(3, 4), "03:04:00"),
        ({"type": "string", "logicalType": "uuid"}, UUID(int=7), "00000000-0000-0000-0000-000000000007"),
    ],
)
def test_values_without_a_json_type(tmp_path: Path, kind: Any, value: Any, read: Any) -> None:
    avsc = {"type": "record", "name": "R", "fields": [{"name": "v", "type": kind}]}
    content = avro_value(avsc, {"v": value})
    assert decode("avro", content, schema=write_schema(tmp_path, avsc), folder=tmp_path) == {"v": read}
    assert decode("avro", avro_container(avsc, [{"v": value}])) == [{"v": read}]


@pytest.mark.parametrize("content", [b"\x0aIMO", b"\xff" * 30, b"<html>", b"{}"])
def test_bytes_that_are_not_of_the_schema(tmp_path: Path, content: bytes) -> None:
    schema = write_schema(tmp_path, VESSEL_AVSC)
    with pytest.raises(ValueError, match="do not match the schema"):
        decode("avro", content, schema=schema, folder=tmp_path)


def test_bytes_after_the_record(tmp_path: Path) -> None:
    schema = write_schema(tmp_path, VESSEL_AVSC)
    with pytest.raises(ValueError, match="extra bytes after the value"):
        decode("avro", avro_value(VESSEL_AVSC, VESSEL) + b"x", schema=schema, folder=tmp_path)


def test_a_truncated_container_file() -> None:
    with pytest.raises(ValueError, match="do not match"):
        decode("avro", avro_container(VESSEL_AVSC, [VESSEL])[:-20])


def test_a_bare_record_without_a_schema() -> None:
    with pytest.raises(ValueError, match="not an Avro container file, and there is no `outputSchema`"):
        decode("avro", avro_value(VESSEL_AVSC, VESSEL))


@pytest.mark.parametrize(
    ("avsc", "value", "words"),
    [
        (NODE, {"next": None}, "a recursive type, `Node`"),
        ({"type": "array", "items": "null"}, [], "an array of zero-byte items"),
        ("null", None, "an array of zero-byte items"),
    ],
)
def test_a_container_file_with_unlimited_data(avsc: Any, value: Any, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        decode("avro", avro_container(avsc, [value]))


def test_a_schema_that_expands_exponentially() -> None:
    inner: Any = "long"
    for number in range(40):
        fields = [{"name": "a", "type": inner}, {"name": "b", "type": f"R{number - 1}" if number else "long"}]
        inner = {"type": "record", "name": f"R{number}", "fields": fields}
    with pytest.raises(ValueError, match="more than 10,000 types"):
        decode("avro", avro_container(inner, []))


def test_a_message(tmp_path: Path) -> None:
    schema = write_protos(tmp_path)
    crew = proto_field(1, proto_field(1, 1) + proto_field(2, b"Ann"))
    vessel = (
        proto_field(1, b"IMO-1")
        + proto_field(2, 5)
        + proto_field(3, 1)
        + proto_field(4, b"\xff")
        + b"\x2d\xcd\xcc\xcc\x3d"
        + proto_field(6, b"")
        + proto_field(7, crew)
    )
    counts = proto_field(1, b"nl") + b"\x10" + b"\xff" * 8 + b"\x7f"
    content = proto_field(1, vessel) + proto_field(1, b"") + proto_field(2, counts)
    content += proto_field(3, proto_field(1, 60))
    assert decode("protobuf", content, schema=schema, folder=tmp_path) == {
        "vessels": [
            {
                "imo_number": "IMO-1",
                "tons": 5,
                "kind": "TUG",
                "photo": "/w==",
                "depth": 0.1,
                "note": "",
                "crew": {"names": {"true": "Ann"}},
            },
            {"imo_number": "", "tons": 0, "kind": "UNKNOWN", "photo": "", "depth": 0.0},
        ],
        "counts": {"nl": 2**63 - 1},
        "at": "1970-01-01T00:01:00Z",
    }


def test_a_message_by_its_name(tmp_path: Path) -> None:
    schema = f"{write_protos(tmp_path)}#fleet.Vessel"
    found = decode("protobuf", proto_field(1, b"IMO-1") + proto_field(3, 9), schema=schema, folder=tmp_path)
    assert (found["imo_number"], found["kind"]) == ("IMO-1", 9)


@pytest.mark.parametrize("content", [b"<html>", b"{}", b"\x0a\x7f", b"\xff"])
def test_bytes_that_are_not_of_the_message(tmp_path: Path, content: bytes) -> None:
    schema = write_protos(tmp_path)
    with pytest.raises(ValueError, match="do not match the schema"):
        decode("protobuf", content, schema=schema, folder=tmp_path)


def test_a_message_without_a_required_field(tmp_path: Path) -> None:
    (tmp_path / "a.proto").write_text(
        'syntax = "proto2"; message A { required int32 n = 1; optional int32 m = 2; }'
    )
    with pytest.raises(ValueError, match="a field that the schema requires is missing"):
        decode("protobuf", proto_field(2, 1), schema="a.proto", folder=tmp_path)


def test_bytes_in_json_are_base64() -> None:
    assert decode("binary", b"\xff\x00") == "/wA="
