"""Well-formed content round-trips; arbitrary bytes are decoded or rejected with a reason."""

from __future__ import annotations

import csv
import io
from pathlib import Path
from typing import Any
from xml.sax.saxutils import escape

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from consume.formats import VESSEL_AVSC, avro_value, decode, write_protos, write_schema
from naftiko_run import _json
from naftiko_run.consume.formats import FormatSettings, compile_format

IN_A_FOLDER = settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
TEXTS = st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=12)
NAMES = st.from_regex(r"[a-z][a-z0-9_]{0,6}", fullmatch=True)


@IN_A_FOLDER
@given(
    st.sampled_from([("csv", ","), ("tsv", "\t"), ("psv", "|")]),
    st.lists(NAMES, min_size=1, max_size=4, unique=True),
    st.data(),
)
def test_delimited_text_comes_back(format_: tuple[str, str], header: list[str], data: st.DataObject) -> None:
    cells = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00"), max_size=8)
    rows = data.draw(st.lists(st.lists(cells, min_size=len(header), max_size=len(header)), max_size=4))
    written = io.StringIO(newline="")
    csv.writer(written, delimiter=format_[1], quoting=csv.QUOTE_ALL).writerows([header, *rows])
    assert decode(format_[0], written.getvalue()) == [dict(zip(header, row, strict=True)) for row in rows]


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | TEXTS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3),
    max_leaves=8,
)


@IN_A_FOLDER
@given(JSON)
def test_json_written_as_yaml_comes_back(value: Any) -> None:
    assert decode("yaml", _json.dumps(value)) == value


@IN_A_FOLDER
@given(
    st.dictionaries(NAMES, st.integers() | st.booleans() | st.none() | TEXTS.map("x{}".format), max_size=4)
)
def test_yaml_comes_back(value: dict[str, Any]) -> None:
    assert decode("yaml", yaml.safe_dump(value, allow_unicode=True)) == value


XML = st.recursive(
    TEXTS,
    lambda inner: st.dictionaries(NAMES, inner | st.lists(inner, min_size=2, max_size=3), min_size=1),
    max_leaves=8,
)


@IN_A_FOLDER
@given(XML)
def test_xml_comes_back(value: Any) -> None:
    assert decode("xml", f"<root>{_elements(value)}</root>") == value


def _elements(value: Any) -> str:
    if not isinstance(value, dict):
        return escape(value)
    return "".join(
        f"<{name}>{_elements(each)}</{name}>"
        for name, member in value.items()
        for each in (member if isinstance(member, list) else [member])
    )


@IN_A_FOLDER
@given(st.lists(st.tuples(TEXTS, st.none() | st.integers(-(2**63), 2**63 - 1), st.lists(TEXTS)), max_size=3))
def test_avro_comes_back(tmp_path: Path, vessels: list[tuple[Any, ...]]) -> None:
    values = [dict(zip(("imo", "tons", "flags"), each, strict=True)) for each in vessels]
    avsc = {"type": "array", "items": VESSEL_AVSC}
    schema = write_schema(tmp_path, avsc)
    assert decode("avro", avro_value(avsc, values), schema=schema, folder=tmp_path) == values


@pytest.mark.parametrize(
    "name", ["json", "xml", "yaml", "csv", "tsv", "psv", "avro", "protobuf", "html", "markdown"]
)
def test_any_bytes_are_decoded_or_rejected_with_a_reason(tmp_path: Path, name: str) -> None:
    schemas = {
        "avro": lambda: write_schema(tmp_path, VESSEL_AVSC),
        "protobuf": lambda: write_protos(tmp_path),
    }
    schema = schemas[name]() if name in schemas else ""
    compiled = compile_format(FormatSettings(name, schema, tmp_path))
    openings = st.sampled_from(
        [b"", b"Obj\x01", b"<a>", b"---\n", b"\xef\xbb\xbf", b"\xff\xfe", b"<table><tr><th>"]
    )

    @IN_A_FOLDER
    @given(
        openings, st.binary(max_size=60), st.sampled_from(["", "x/y; charset=utf-16", "x/y; charset=latin-1"])
    )
    def read(opening: bytes, rest: bytes, media_type: str) -> None:
        try:
            value = compiled.decode(opening + rest, media_type)
        except ValueError as refused:
            assert str(refused)  # noqa: PT017 - either will do
        else:
            _json.dumps(value)

    read()
