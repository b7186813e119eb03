"""Responses crafted to take long: each is rejected with a reason, or decoded in time proportional to its length."""

from __future__ import annotations

import time
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from consume.formats import avro_container, decode, write_schema

MANY = 30_000


def attributes(count: int) -> str:
    return "".join(f" a{number}='>'" for number in range(count))


@pytest.mark.parametrize(
    ("format_", "content", "found"),
    [
        ("html", "<div>" * MANY, "its elements are nested more than 500 levels deep"),
        ("html", "<div>" * MANY + "</div>" * MANY, "its elements are nested more than 500 levels deep"),
        ("html", "<div/>" * MANY, "its elements are nested more than 500 levels deep"),
        ("html", "<!--><script></script>" + "<b>" * MANY + "-->", "its elements are nested more than 500"),
        ("html", "".join(f"<font size={number}><p>" for number in range(MANY)), "nested more than 500"),
        ("html", "<ul><li>" * MANY, "its elements are nested more than 500 levels deep"),
        (
            "html",
            "<table><tr><th>a</th></tr><tr><td>" * MANY,
            "its tables are nested more than 30 levels deep",
        ),
        ("html", f"<div{attributes(MANY)}>", "one of its tags has more than 500 attributes"),
        (
            "html",
            "<table><tr>" + "<th>a" * 5000 + "<tr><td>1" * 5000,
            "its 5,000 rows have 24,995,000 missing values",
        ),
        ("csv", "a," * MANY + "a\n" + "1\n" * MANY, "the maximum is 1,000,000"),
        (
            "xml",
            f"<!DOCTYPE r [<!ATTLIST a b CDATA '{'v' * MANY}'>]><r>{'<a/>' * MANY}</r>",
            "declares default attribute values",
        ),
        (
            "xml",
            f"<!DOCTYPE r [{''.join(f'<!ATTLIST r a{n} CDATA #IMPLIED>' for n in range(MANY))}]><r/>",
            "it declares more than 1,000 attributes",
        ),
    ],
)
def test_content_that_would_take_long_is_rejected(format_: str, content: str, found: str) -> None:
    began = time.process_time()
    with pytest.raises(ValueError, match=found):
        decode(format_, content)
    assert time.process_time() - began < 5


def test_a_huge_decimal_is_rejected(tmp_path: Path) -> None:
    schema = {"type": "bytes", "logicalType": "decimal", "precision": 40, "scale": 2}
    name = write_schema(tmp_path, schema)
    length = 1_000_000
    content = b"\x80\x89\x7a" + b"\x7f" * length
    with pytest.raises(ValueError, match="it contains a decimal of 1,000,000 bytes; the maximum is 1,000"):
        decode("avro", content, schema=name, folder=tmp_path)
    kind = {**schema, "precision": 5000}
    record = {"type": "record", "name": "R", "fields": [{"name": "v", "type": kind}]}
    with pytest.raises(ValueError, match=r"it contains a decimal of 1,9\d\d bytes; the maximum is 1,000"):
        decode("avro", avro_container(record, [{"v": Decimal("9" * 4700)}]))


@pytest.mark.parametrize("charset", ["punycode", "idna"])
def test_encodings_of_host_names_are_not_charsets(charset: str) -> None:
    with pytest.raises(ValueError, match=f"unknown charset `{charset}`"):
        decode("text", "ab" * MANY, f"text/plain; charset={charset}")


@pytest.mark.parametrize(
    ("format_", "content", "rows"),
    [
        ("csv", "," * MANY + "\n" + "1," * MANY + "1", 1),
        ("tsv", "a\t" * MANY + "a\n", 0),
        ("html", "<table><tr>" + "<th>a" * MANY + "<tr>" + "<td>1" * MANY + "</table>", 1),
    ],
)
def test_many_columns_of_one_name_are_numbered(format_: str, content: str, rows: int) -> None:
    began = time.process_time()
    decoded = decode(format_, content)
    table: Any = decoded["tables"][0] if format_ == "html" else decoded
    assert len(table) == rows
    assert not table or list(table[0])[-1].endswith(f"-{len(table[0])}")
    assert time.process_time() - began < 5


@pytest.mark.parametrize(
    "around",
    [
        "{}" + "<p>a<br><img src=x><input>" * MANY,
        "<svg>" + "<path d='M 0 0'/><use href=#a />" * MANY + "</svg>{}",
        "<script>" + "'<div>' + '<b>';" * MANY + "</script>{}",
        "<!--" + "<div>" * MANY + "-->{}",
        "<div>" * 400 + "{}",
        "<div>" * 400 + "</div>" * 400 + "<span>" * 400 + "{}",
        "<div" + "".join(f" data-{n}='a > b'" for n in range(400)) + ">{}</div>",
        "<img src='data:" + "A" * MANY + "' alt='" + "a word " * MANY + "'>{}",
        "<table><tr>" + "<td><font size=2>a</td>" * MANY + "</table>{}",
        "<table><tr><td>" * 20 + "{}",
    ],
)
def test_typical_pages_are_decoded(around: str) -> None:
    table = "<table><tr><th>a</th></tr><tr><td>1</td></tr></table>"
    assert [{"a": "1"}] in decode("html", around.format(table))["tables"]


def test_the_text_below_a_heading_is_whole_however_long() -> None:
    (section,) = decode("markdown", "# h\n\n" + "a\n\n" * 3000)["sections"]
    assert section["content"] == "\n".join("a" * 3000)
