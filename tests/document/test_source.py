"""YAML text to plain data: what authors type is what they get, and every trap is refused with its place."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any

import pytest

from naftiko_run.diagnostics import Diagnostic
from naftiko_run.document.source import MAX_BYTES, SourceDocument, decode, parse, read
from naftiko_run.errors import DocumentError


def refusal(text: str) -> Diagnostic:
    """The one finding of a text that is refused, and refused quickly."""
    began = time.process_time()
    with pytest.raises(DocumentError) as refused:
        parse(text, "doc.yaml")
    assert time.process_time() - began < 5
    (found,) = refused.value.diagnostics
    assert found.is_error
    assert found.file == "doc.yaml"
    return found


def position(source: SourceDocument, *pointer: str | int, key: bool = False) -> tuple[int, int]:
    found = source.locate(pointer, key=key)
    return found.line, found.column


@pytest.mark.parametrize(
    ("text", "data"),
    [
        ("on: 1", {"on": 1}),
        ("yes: no\noff: on", {"yes": "no", "off": "on"}),
        ("true: 1\n1: x\n~: y\n1.5: z", {"true": 1, "1": "x", "~": "y", "1.5": "z"}),
        ("a: 2026-05-19\nb: 12:30:45\nc: 2026-05-19T10:00:00Z", {"a": "2026-05-19", "b": "12:30:45", "c": "2026-05-19T10:00:00Z"}),
        ("a: true\nb: False\nc: TRUE\nd: tRUE", {"a": True, "b": False, "c": True, "d": "tRUE"}),
        ("a: null\nb: ~\nc:\nd: 'null'", {"a": None, "b": None, "c": None, "d": "null"}),
        ("a: 5\nb: -7\nc: 0x1F\nd: 0o17\ne: 007\nf: '5'", {"a": 5, "b": -7, "c": 31, "d": 15, "e": 7, "f": "5"}),
        ("a: 1.5\nb: 1e3\nc: .5\nd: 1.", {"a": 1.5, "b": 1000.0, "c": 0.5, "d": 1.0}),
        ("a: .inf\nb: .nan\nc: 1e999\nd: 1_000\ne: 1.2.3", {"a": ".inf", "b": ".nan", "c": "1e999", "d": "1_000", "e": "1.2.3"}),
        ("a: !!str 5\nb: !!int '5'\nc: !!bool 'true'\nd: !!null ''\ne: !x y", {"a": "5", "b": 5, "c": True, "d": None, "e": "y"}),
        ("a: |\n  one\n  two\nb: >-\n  one\n  two", {"a": "one\ntwo\n", "b": "one two"}),
        ("- a\n- [1, {b: 2}]", ["a", [1, {"b": 2}]]),
        ("just text", "just text"),
        ("", None),
        ("# only a remark\n", None),
        ("---\na: 1\n...\n", {"a": 1}),
        ("\ufeffa: 1", {"a": 1}),
        ("a: 1\r\nb: x\r\n", {"a": 1, "b": "x"}),
        ("a:\tb", {"a": "b"}),
        ("naïve: ☃ — “quoted”", {"naïve": "☃ — “quoted”"}),
    ],
)  # fmt: skip
def test_plain_data(text: str, data: Any) -> None:
    found = parse(text).data
    assert found == data
    assert repr(found) == repr(data)


@pytest.mark.parametrize("digits", ["9" * 5000, "0x" + "f" * 5000])
def test_a_number_too_long_to_write_out_stays_text(digits: str) -> None:
    assert parse(f"a: {digits}").data == {"a": digits}


def test_anchors_share_and_merges_give_way() -> None:
    source = parse(
        "base: &base {kind: http, port: 80}\n"
        "more: &more {port: 81, path: /}\n"
        "one: *base\n"
        "two:\n"
        "  <<: *base\n"
        "  port: 8080\n"
        "three: {<<: [*base, *more], last: true}\n"
        "&name four: *name\n"
        "'<<': plain\n"
    )
    assert source.data["one"] == {"kind": "http", "port": 80}
    assert source.data["two"] == {"kind": "http", "port": 8080}
    assert source.data["three"] == {"kind": "http", "port": 80, "path": "/", "last": True}
    assert source.data["four"] == "four"
    assert source.data["<<"] == "plain"


def test_positions_of_values_keys_and_entries() -> None:
    source = parse("info:\n  label: A\nlist:\n  - x: 1\n  - - deep\n")
    assert position(source, "info", "label") == (2, 10)
    assert position(source, "info", "label", key=True) == (2, 3)
    assert position(source, "info") == (1, 1)
    assert position(source, "list", 0, "x") == (4, 8)
    assert position(source, "list", 1) == (5, 5)
    assert position(source, "list", 1, 0) == (5, 7)


def test_what_does_not_exist_is_where_its_nearest_ancestor_is() -> None:
    source = parse("a:\n  b:\n    c: 1\n")
    assert position(source, "a", "b", "nothing", "more") == (2, 3)
    assert position(source, "nothing") == (1, 1)
    assert position(source, "a", "b", "c", "beyond") == (3, 8)
    assert position(parse(""), "a") == (1, 1)


def test_an_alias_is_where_it_was_defined_and_a_merged_key_where_it_lands() -> None:
    source = parse("a: &a\n  x: 1\nb: *a\nc:\n  <<: *a\n  y: 2\n")
    assert position(source, "b", "x") == (2, 6)
    assert position(source, "c", "x")[0] == 5


def test_a_duplicate_key_names_both_lines() -> None:
    found = refusal("a:\n  one: 1\n  two: 2\n  one: 3\n")
    assert (found.code, found.line, found.column) == ("duplicate-key", 4, 3)
    assert "`one`" in found.message
    assert "line 2" in found.message
    assert found.hint


def test_one_key_in_two_mappings_is_no_duplicate() -> None:
    assert parse("a: {x: 1}\nb: {x: 1}\nc:\n  <<: {x: 1}\n  x: 2").data["c"] == {"x": 2}


def test_a_second_document_is_refused_where_it_begins() -> None:
    found = refusal("a: 1\n---\nb: 2\n")
    assert (found.code, found.line) == ("several-documents", 2)


@pytest.mark.parametrize("text", ["a: 1\n---\n", "---\n---\na: 1\n", "a: 1\n---\n# the end\n---\n...\n"])
def test_a_document_with_nothing_in_it_is_no_second_one(text: str) -> None:
    assert parse(text).data == {"a": 1}


def test_a_second_document_that_says_null_is_one() -> None:
    assert refusal("a: 1\n--- ~\n").code == "several-documents"


def test_json_with_characters_in_two_escaped_halves() -> None:
    text = json.dumps({"emoji": "\U0001f600", "both": "\\\U0001f600", "as text": "\\ud83d\\ude00"})
    assert parse(text).data == json.loads(text)


def test_half_a_character_is_refused_where_it_stands() -> None:
    found = refusal('a: "\\ud83d\\ude00"\nb: "\\ud83d"\n')
    assert (found.code, found.line) == ("yaml-syntax", 2)


@pytest.mark.parametrize("text", ["a:\n\tb: 1\n", "a:\n  b: 1\n\tc: 2\n", "a:\n  - x\n\t- y\n"])
def test_tabs_are_refused_with_the_remedy(text: str) -> None:
    found = refusal(text)
    assert found.code == "yaml-syntax"
    assert "\t" in text.splitlines()[found.line - 1]
    assert "spaces" in found.hint


@pytest.mark.parametrize(
    ("text", "line", "hint"),
    [
        ("a: 1\nb: c: d\n", 2, "quote a value"),
        ("a: @x\n", 1, "quote a value"),
        ("a: **bold**\n", 1, "quote a value"),
        ('a: "open\n', 2, "not closed"),
        ("a: [1, 2\nb: 3\n", 2, "check"),
        ("a: 1\nb: \x01\n", 2, "remove the character"),
        ("a: 1\nhalf\n# --- truncated at 32 KB (40 KB total) ---\n", 3, "get the complete document"),
    ],
)
def test_what_is_not_yaml_says_where_and_how_to_mend_it(text: str, line: int, hint: str) -> None:
    found = refusal(text)
    assert (found.code, found.line) == ("yaml-syntax", line)
    assert hint in found.hint


@pytest.mark.parametrize(
    ("text", "code", "place"),
    [
        ("a: {{x}}\n", "structured-key", (1, 5)),
        ("? [a, b]\n: c\n", "structured-key", (1, 3)),
        ("a: *nowhere\n", "unknown-anchor", (1, 4)),
        ("a: &a [*a]\n", "self-reference", (1, 8)),
        ("a: &a 1\nb: &a {c: *a}\n", "self-reference", (2, 11)),
        ("a: &a x\n*a : 1\n", "alias-as-key", (2, 1)),
        ("a:\n  <<: 5\n", "bad-merge", (2, 7)),
    ],
)
def test_what_no_capability_document_means(text: str, code: str, place: tuple[int, int]) -> None:
    found = refusal(text)
    assert (found.code, found.line, found.column) == (code, *place)


def test_an_unquoted_template_is_told_to_be_quoted() -> None:
    assert "quote" in refusal("a: {{x}}\n").hint


def _unfolding(link: str) -> str:
    lines = [
        f"{chr(98 + n)}: &{chr(98 + n)} {link.format(','.join(['*' + chr(97 + n)] * 9))}" for n in range(12)
    ]
    return "\n".join(["a: &a {k: [x, x, x, x]}", *lines])


@pytest.mark.parametrize(
    "text", [_unfolding("[{}]"), _unfolding("{{<<: [{}]}}"), "a: &a x\nb: [" + "*a," * 600_000 + "]"]
)
def test_aliases_that_multiply_are_refused_quickly(text: str) -> None:
    found = refusal(text)
    assert found.code == "too-many-values"
    assert "aliases" in found.hint


@pytest.mark.parametrize("text", ["- 1\n" * 500_001, "- {a: 1, b: x}\n" * 200_000])
def test_too_many_values_without_aliases_are_told_as_what_they_are(text: str) -> None:
    found = refusal(text)
    assert found.code == "too-many-values"
    assert "contains more than 500,000 values" in found.message
    assert found.hint == "split it into several documents"


def test_the_deepest_nesting_that_is_accepted_and_one_more() -> None:
    assert parse("a: " + "[" * 199 + "]" * 199).data
    found = refusal("a: " + "[" * 200 + "]" * 200)
    assert (found.code, found.line, found.column) == ("too-deep", 1, 203)


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("[" * 2_000_000, (1, 201)),
        ("[" * 1001, (1, 201)),
        ("\ufeff" + "[" * 1001, (1, 201)),
        ("a: &a " + "[" * 5000, (1, 206)),
        ("a: 1\nb: [x, 'y', " + "[\n" * 3000, (200, 1)),
        ("- " * 1_000_000, (1, 401)),
        ("- " * 999 + "[" * 1001, (1, 401)),
        ("".join(f"{' ' * n}a:\n" for n in range(2000)), (201, 201)),
        ("{a: " * 100_000, (1, 801)),
    ],
)
def test_deep_nesting_is_refused_quickly_and_in_our_words(text: str, place: tuple[int, int]) -> None:
    found = refusal(text)
    assert (found.code, found.message) == ("too-deep", "the document is nested more than 200 levels deep")
    assert (found.line, found.column) == place


def test_another_fault_before_deep_nesting_is_the_one_that_is_reported() -> None:
    found = refusal("? " * 2000)
    assert (found.code, found.line, found.column) == ("structured-key", 1, 3)


def test_deep_nesting_where_a_key_must_stand_is_refused_at_its_line() -> None:
    found = refusal("a: 1\n" + "[" * 2000)
    assert found.line == 2
    assert found.code in {"too-deep", "yaml-syntax"}  # libyaml before 0.2.6 misses the key's `:` first


def _chain(links: int, link: str) -> str:
    return "\n".join(["a0: &a0 {x: 1}", *(f"a{n}: &a{n} {link % (n - 1)}" for n in range(1, links + 1))])


@pytest.mark.parametrize("link", ["[*a%d]", "{k: *a%d}", "{<<: {k: *a%d}}", "{<<: [{k: *a%d}]}"])
def test_nesting_by_aliases_counts_as_if_it_were_written_out(link: str) -> None:
    written_out = json.dumps(parse(_chain(196, link)).data["a196"])
    assert written_out.count("[") + written_out.count("{") == 197
    found = refusal(_chain(200, link))
    assert found.code == "too-deep"
    assert found.line >= 198
    assert refusal(_chain(5000, link)).code == "too-deep"


@pytest.mark.parametrize("link", ["{<<: *a%d}", "{<<: [*a%d]}"])
def test_merges_of_merges_do_not_nest(link: str) -> None:
    assert parse(_chain(400, link)).data["a400"] == {"x": 1}


def test_a_document_over_the_size_limit_is_refused_quickly(tmp_path: Path) -> None:
    assert refusal("a: " + "x" * MAX_BYTES).code == "document-too-large"
    path = tmp_path / "large.yaml"
    path.write_bytes(b"#" * (MAX_BYTES + 1))
    with pytest.raises(DocumentError) as refused:
        read(path)
    assert refused.value.diagnostics[0].code == "document-too-large"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_files_in_the_encodings_that_editors_write(tmp_path: Path, encoding: str) -> None:
    path = tmp_path / "doc.yaml"
    path.write_bytes("label: “naïve” ☃\n".encode(encoding))
    source = read(path)
    assert source.data == {"label": "“naïve” ☃"}
    assert source.file == str(path)


@pytest.mark.parametrize(
    ("content", "place"),
    [
        (b"a: 1\nb: \xe9t\xe9\n", (2, 4)),
        ("é: 1\n“x”: ".encode() + b"\xff", (2, 6)),
        (b"\xef\xbb\xbfa: \xff", (1, 4)),
        (b"\xff\xfea\x00\n\x00b\x00c", (2, 2)),
    ],
)
def test_bytes_that_are_no_text_are_refused_where_they_stand(content: bytes, place: tuple[int, int]) -> None:
    with pytest.raises(DocumentError) as refused:
        decode(content, "doc.yaml")
    (found,) = refused.value.diagnostics
    assert (found.code, found.line, found.column) == ("not-utf8", *place)
    assert "UTF-8" in found.hint


def test_utf16_without_its_mark_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "doc.yaml"
    path.write_bytes("a: 1\n".encode("utf-16-le"))
    with pytest.raises(DocumentError, match="control characters"):
        read(path)


def test_files_that_cannot_be_read(tmp_path: Path) -> None:
    for path, code in ((tmp_path / "none.yaml", "no-such-file"), (tmp_path, "not-a-file")):
        with pytest.raises(DocumentError) as refused:
            read(path)
        (found,) = refused.value.diagnostics
        assert (found.code, found.file) == (code, str(path))
