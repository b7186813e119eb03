"""Long JSON texts: parsed incrementally, with the same values and errors as short ones."""

from __future__ import annotations

import json
import math
import weakref
from typing import Any

import orjson
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from expressions.values import json_values
from naftiko_run import _json
from naftiko_run._json_incremental import free_incrementally, parse_incrementally, write_incrementally

WINDOWS = st.sampled_from([4, 7, 16, 64, 1000])


def in_steps(text: bytes, window: int = 16) -> Any:
    return parse_incrementally(text, _json.loads, window)


@given(json_values, WINDOWS, st.sampled_from([None, 1]), st.booleans())
def test_a_value_reads_back_whatever_the_step(
    value: Any,
    window: int,
    indent: int | None,
    is_ascii: bool,  # noqa: FBT001
) -> None:
    written = json.dumps([value, {"a": value}] * 12, indent=indent, ensure_ascii=is_ascii)
    assert in_steps(written.encode(), window) == json.loads(written)


@given(
    st.lists(
        st.sampled_from(["[", "]", "{", "}", ",", ":", '"', '"a"', "1", "-1.5e3", "é", " ", "null", "tru"])
    ),
    WINDOWS,
)
@example(["[", "1", ",", "]"], 4)
@example(["[", "1", " ", "1", "]"], 4)
@example(["{", '"a"', ":", "1", ",", '"a"', "}"], 7)
def test_what_is_refused_is_refused_whatever_the_step(tokens: list[str], window: int) -> None:
    text = "".join(tokens).encode()
    try:
        expected = orjson.loads(text)
    except ValueError:
        with pytest.raises(ValueError):  # noqa: PT011  # the words are the parser's
            in_steps(text, window)
    else:
        assert in_steps(text, window) == expected


@given(st.lists(st.integers() | st.text(max_size=3), min_size=40), st.data())
def test_a_run_of_members_has_no_fault_in_it(members: list[int | str], data: st.DataObject) -> None:
    """A damaged text is rejected, or parsed as the strict parser does."""
    written = bytearray(json.dumps(members, ensure_ascii=False).encode())
    written[data.draw(st.integers(0, len(written) - 1))] = data.draw(st.sampled_from(b'[]{}",:x1 '))
    text = bytes(written)
    try:
        expected = _json.loads(text)
    except ValueError:
        with pytest.raises(ValueError):  # noqa: PT011
            in_steps(text)
    else:
        assert in_steps(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        b"[" * 100_000,
        b"[" * 100_000 + b"]" * 100_000,
        b'{"a":' * 100_000,
        b'[{"a":' * 100_000 + b"1" + b"}]" * 100_000,
        b"[" + b"1," * 1000 + b"NaN]",
        b"[" + b"1," * 1000 + b"1e999]",
        b"[" + b"1," * 1000 + b"]",
        b"[" + b"1," * 1000 + b"1] 2",
        b"[" + b"1," * 1000 + b'"a',
        b"[" + b"1," * 1000 + b"1" * 5000 + b"]",
        b'["' + b"x" * 1000 + b"\n" + b'"]',
        b"\xef\xbb\xbf[]",
        b"",
    ],
    ids=lambda text: repr(text[:12]),
)
def test_what_is_not_json_is_refused(text: bytes) -> None:
    with pytest.raises(ValueError):  # noqa: PT011
        in_steps(text)


@pytest.mark.parametrize(
    "text",
    [
        b"[" + b"[]," * 100_000 + b"0]",
        b"[" + b'{"a":{"b":[1,2]}},' * 30_000 + b"0]",
        b'{"rows":[' + b'{"a": "x\xc3\xa9"},' * 30_000 + b"{}]}",
        b"{" + b",".join(b'"%d":1' % number for number in range(60_000)) + b"}",
        b'["' + b"x" * 500_000 + b'\\"", 1]',
        b'{"%b":1}' % (b"k" * 500_000),
        b'{"a":[1,' * 90 + b"[" + b'{"a":[1,2]},' * 30_000 + b"0]" + b"]}" * 90,
        b"[" + b"12345678901234567890123," * 20_000 + b"1]",
        b" " * 300_000 + b"[1]" + b"\n" * 300_000,
        b"[0." + b"1" * 300_000 + b"]",
    ],
    ids=lambda text: repr(text[:12]),
)
def test_a_long_text_is_read_as_a_short_one(text: bytes) -> None:
    assert len(text) > _json.LARGE_TEXT
    assert _json.loads(text) == json.loads(text)


def test_no_step_is_longer_than_a_window() -> None:
    steps: list[int] = []

    def loads(text: bytes) -> Any:
        steps.append(len(text))
        return _json.loads(text)

    text = b'{"rows": [' + b'{"a": [1, 2, {"b": null}]},' * 20_000 + b"{}]}"
    assert len(parse_incrementally(text, loads, 1000)["rows"]) == 20_001
    assert max(steps) <= 1002
    assert math.isclose(sum(steps), len(text), rel_tol=1)


@pytest.mark.parametrize("unit", ["x", "é", "\U0001f600", "\n", '"', "\\", "\x01", 'a"b\\c😀'], ids=ascii)
@pytest.mark.parametrize("is_ascii", [True, False])
def test_a_long_string_is_parsed_in_parts(unit: str, is_ascii: bool) -> None:  # noqa: FBT001
    lengths: list[int] = []

    def loads(text: bytes) -> Any:
        lengths.append(len(text))
        return orjson.loads(text)

    for shift in range(13):
        value = {"a": "." * shift + unit * 1000, "b": 1}
        written = json.dumps(value, ensure_ascii=is_ascii).encode()
        assert parse_incrementally(written, loads, 64) == value
    assert max(lengths) <= 64 + len('""')


@given(st.lists(st.sampled_from(["x", "é", r"\n", r"\\", r"\"", r"\ud83d\ude00", r"\u0041"]), max_size=60))
def test_a_string_in_parts_is_what_it_is_in_one(pieces: list[str]) -> None:
    text = f'"{"".join(pieces)}"'.encode()
    try:
        expected = orjson.loads(text)
    except ValueError:
        with pytest.raises(ValueError):  # noqa: PT011
            in_steps(text)
    else:
        assert in_steps(text) == expected


@given(
    st.lists(st.sampled_from([r"\n", r"\\", r"\ud83d", r"\ude00", "u", "d83d", "\\"]), max_size=60),
    st.integers(12, 30),
)
def test_surrogates_are_replaced_in_parts_as_at_once(pieces: list[str], step: int) -> None:
    text = "".join(pieces).encode()
    at_once = _json.replace_lone_surrogates(text)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(_json, "LARGE_TEXT", step)
        assert _json.replace_lone_surrogates(text) == at_once


def test_what_is_parsed_in_vain_is_a_few_times_the_text() -> None:
    """Repeated attempts to parse a level, whose members only look like a run, take linear time."""
    steps: list[int] = []

    def loads(text: bytes) -> Any:
        steps.append(len(text))
        return _json.loads(text)

    level = b"[0,0,0,0,0,0,0,0,0,"
    text = b"[" + (level * 190 + b'"' + b"x" * 70_000 + b'"' + b"]" * 190 + b",") * 20 + b"0]"
    assert parse_incrementally(text, loads) == json.loads(text)
    assert sum(steps) < 6 * len(text)


def test_deep_nesting_in_a_long_text_is_refused() -> None:
    chunk = b"[" * 1000 + b'"' + b"x" * 70_000 + b'"' + b"]" * 1000
    with pytest.raises(ValueError, match="nested too deeply: more than 200 levels in a long text"):
        _json.loads(b"[" + b",".join([chunk] * 10) + b"]")


@given(json_values, st.integers(2, 40))
def test_what_is_written_in_steps_is_what_is_written_at_once(value: Any, limit: int) -> None:
    value = [value, {"a": value, "b": [value] * 3}] * 4
    assert write_incrementally(value, _json.dumps, limit) == _json.dumps(value)


def test_a_step_writes_little() -> None:
    steps: list[bytes] = []

    def dumps(part: Any) -> bytes:
        steps.append(_json.dumps(part))
        return steps[-1]

    value = {"rows": [{"a": [1, {"b": None}]}] * 100_000, "text": "x" * 1000}
    assert write_incrementally(value, dumps) == _json.dumps(value)
    assert max(map(len, steps)) < 256 * 1024


@given(st.lists(json_values), st.lists(json_values))
def test_freeing_a_value_leaves_alone_what_is_used_elsewhere(own: list[Any], shared: list[Any]) -> None:
    expected = json.dumps(shared)
    free_incrementally([{"own": own.copy(), "shared": shared, "each": shared.copy()}])
    assert json.dumps(shared) == expected


def test_all_of_a_value_is_freed() -> None:
    class Marker:
        pass

    marker = Marker()
    freed = weakref.ref(marker)
    free_incrementally([{"a": [{"b": [marker]}, 1, "x"]}])
    assert freed() is marker
    del marker
    assert freed() is None
