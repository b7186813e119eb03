from __future__ import annotations

import json
import re
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from naftiko_run.diagnostics import Pointer
from naftiko_run.document.source import decode, parse
from naftiko_run.errors import DocumentError

_OF_ANOTHER_YAML = re.compile(r"[-+]?[0-9]+[eE][-+]?[0-9]+|0o[0-7]+")
"""Numbers of YAML 1.2 that the dumper, which writes 1.1, takes for text and leaves without quotes."""

texts = st.text(
    st.characters(exclude_categories=["Cs", "Cc", "Cn", "Co"], exclude_characters="\u2028\u2029\ufeff"),
    max_size=10,
).filter(lambda text: not _OF_ANOTHER_YAML.fullmatch(text))
plain_data: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | texts,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(texts, inner, max_size=4),
    max_leaves=15,
)


def pointers(value: Any, at: Pointer = ()) -> Iterator[tuple[Pointer, Any]]:
    """Every place in plain data below its root, and what stands there."""
    members = (
        value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    )
    for key, member in members:
        yield (*at, key), member
        yield from pointers(member, (*at, key))


@given(plain_data, st.sampled_from([{}, {"default_flow_style": True}, {"default_style": '"', "indent": 4}]))
def test_what_was_dumped_is_what_is_read(value: Any, style: dict[str, Any]) -> None:
    written = yaml.safe_dump(value, allow_unicode=True, **style)
    assert parse(written).data == value


@given(plain_data)
def test_json_is_read_as_yaml(value: Any) -> None:
    assert parse(json.dumps(value, ensure_ascii=False)).data == value


numbered: st.SearchStrategy[Any] = st.recursive(
    st.just("leaf"), lambda inner: st.lists(inner, min_size=1, max_size=3) | st.lists(inner, min_size=1, max_size=3).map(lambda each: dict.fromkeys("abc"[: len(each)]) | dict(zip("abc", each, strict=False))), max_leaves=12
)  # fmt: skip


@given(numbered)
def test_every_place_is_on_the_line_that_holds_it(shape: Any) -> None:
    count = iter(range(1000))

    def number(value: Any) -> Any:
        if isinstance(value, dict):
            return {f"key{next(count)}": number(member) for member in value.values()}
        return [number(member) for member in value] if isinstance(value, list) else f"value{next(count)}"

    data = number(shape)
    text = yaml.safe_dump(data, sort_keys=False)
    source = parse(text)
    lines = text.splitlines()
    for pointer, value in pointers(data):
        at_value, at_key = source.locate(pointer), source.locate(pointer, key=True)
        if isinstance(value, str):
            assert lines[at_value.line - 1][at_value.column - 1 :] == value
        if isinstance(pointer[-1], str):
            assert lines[at_key.line - 1][at_key.column - 1 :].startswith(f"{pointer[-1]}:")
            assert isinstance(value, str) or at_value == at_key


@given(st.text(max_size=40) | st.text("ab:-[]{}&*!|>'\"%@`#?, \n\t<", max_size=40))
def test_arbitrary_text_is_data_or_a_document_error(text: str) -> None:
    try:
        source = parse(text)
    except DocumentError as refused:
        (found,) = refused.diagnostics
        assert found.line >= 1
        assert found.column >= 1
        return
    json.dumps(source.data, allow_nan=False)
    for pointer, _ in pointers(source.data):
        source.locate(pointer)


@given(st.binary(max_size=30))
def test_arbitrary_bytes_are_text_or_a_document_error(content: bytes) -> None:
    with suppress(DocumentError):
        parse(decode(content))


def test_half_a_surrogate_pair_is_a_document_error() -> None:
    with pytest.raises(DocumentError, match="surrogates"):
        parse("a: \ud800")


@given(st.lists(st.sampled_from("abcde"), min_size=2, max_size=8))
def test_a_duplicate_key_is_found_wherever_it_is(keys: list[str]) -> None:
    text = "top:\n" + "".join(f"  {key}: {number}\n" for number, key in enumerate(keys))
    again = next((n for n, key in enumerate(keys) if key in keys[:n]), None)
    if again is None:
        assert list(parse(text).data["top"]) == keys
        return
    with pytest.raises(DocumentError) as refused:
        parse(text)
    (found,) = refused.value.diagnostics
    assert (found.code, found.line) == ("duplicate-key", again + 2)
    assert f"(first on line {keys.index(keys[again]) + 2})" in found.message
