from __future__ import annotations

import json
import math
from decimal import Decimal
from typing import Any

import orjson
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from expressions.values import json_values
from naftiko_run import _json


@given(json_values)
def test_what_is_written_reads_back(value: Any) -> None:
    assert _json.loads(_json.dumps(value)) == value


@given(st.integers())
def test_integers_of_any_size_stay_exact(number: int) -> None:
    scaled = number * 10**40 + 1
    assert _json.loads(_json.dumps({"id": scaled})) == {"id": scaled}
    assert isinstance(_json.loads(str(scaled).encode()), int)


@given(st.integers(10**18, 10**25), st.text(st.sampled_from("1a "), max_size=25), st.booleans())
@example(9223372036854775809, "", True)  # noqa: FBT003 - the shortest that orjson takes for a float
def test_integers_stay_exact_wherever_they_stand(number: int, before: str, is_negative: bool) -> None:  # noqa: FBT001
    value = [before, -number if is_negative else number]
    read = _json.loads(json.dumps(value).encode())
    assert read == value
    assert isinstance(read[1], int)


@pytest.mark.parametrize(
    "text",
    [
        b"",
        b"{",
        b"[1,]",
        b"NaN",
        b"Infinity",
        b"1e999",
        b"\xff",
        b'"\\ud800"',
        b"[" * 100_000,
        b"[1] 2",
        b'{"a": 1, "id": 12345678901234567890, "x": NaN}',
        b'{"id": 12345678901234567890, "x": 1e999}',
        b'{"id": 12345678901234567890, "x": "\\ud800"}',
        b'{"id": 12345678901234567890, "x": "\xff"}',
        '{"id": 12345678901234567890}'.encode("utf-16"),
        b"[" * 100_000 + b"12345678901234567890" + b"]" * 100_000,
    ],
)
def test_what_is_not_strict_json_is_a_value_error(text: bytes) -> None:
    with pytest.raises(ValueError):  # noqa: PT011  # the words are the parser's
        _json.loads(text)


@given(st.binary(max_size=12) | st.text(max_size=12).map(str.encode))
def test_arbitrary_bytes_are_json_or_a_value_error(text: bytes) -> None:
    try:
        value = _json.loads(text)
    except ValueError:
        return
    assert value == json.loads(text)


def test_writing_what_is_nested_too_deeply_is_a_value_error() -> None:
    value: Any = []
    for _ in range(200_000):
        value = [value]
    with pytest.raises(ValueError, match="deep"):
        _json.dumps(value)


def test_half_a_surrogate_pair_is_written_as_the_replacement_character() -> None:
    assert (
        _json.dumps({"a\ud800": ["\udc00b", 2**70]})
        == '{"a\ufffd":["\ufffdb",1180591620717411303424]}'.encode()
    )


@pytest.mark.parametrize("levels", [255, 500, 1000, 2000])
def test_what_is_nested_deeply_is_written(levels: int) -> None:
    value: Any = 1
    for level in range(levels):
        value = {"a": 2, "b": value} if level % 2 else ["é", value]
    written = _json.dumps(value)
    assert written.count(b"[") + written.count(b"{") == levels
    if levels <= 1000:
        assert _json.dumps(orjson.loads(written)) == written


@pytest.mark.parametrize(
    ("text", "value", "repaired"),
    [
        (rb'{"s":"\ud800","name":"n"}', {"s": "\ufffd", "name": "n"}, rb'{"s":"\ufffd","name":"n"}'),
        (rb'{"\udc00x":1}', {"\ufffdx": 1}, rb'{"\ufffdx":1}'),
        (rb'"\udc00\ud83d\ud83d\ude00"', "\ufffd\ufffd😀", rb'"\ufffd\ufffd\ud83d\ude00"'),
        (b'{"city":"Z\xfcrich"}', {"city": "Z\ufffdrich"}, '{"city":"Z\ufffdrich"}'.encode()),
        (b'"\xed\xa0\x80"', "\ufffd\ufffd\ufffd", '"\ufffd\ufffd\ufffd"'.encode()),
        (rb'"\\ud800 \u00e9"', r"\ud800 é", rb'"\\ud800 \u00e9"'),
        (rb'[12345678901234567890123, "\ud800"]', [12345678901234567890123, "\ufffd"], None),
    ],
)
@pytest.mark.parametrize("padding", [0, _json.LARGE_TEXT], ids=["short", "long"])
def test_what_is_not_unicode_is_replaced(
    text: bytes, value: Any, repaired: bytes | None, padding: int
) -> None:
    found, read_from = _json.loads_repaired(text + b" " * padding)
    assert found == value
    assert repaired is None or read_from == repaired + b" " * padding


@given(st.text(st.characters()), st.integers(0, 30))
def test_no_text_is_refused_for_its_characters(text: str, at: int) -> None:
    half = text[:at] + "\ud800" + text[at:]
    value, _ = _json.loads_repaired(json.dumps([half]).encode())
    assert value == [half.encode("utf-16", "surrogatepass").decode("utf-16", "replace")]


@given(st.integers() | st.floats(allow_nan=False, allow_infinity=False))
def test_a_number_as_text_is_that_number(number: float) -> None:
    assert _json.parse_number(repr(number)) == number
    assert _json.parse_number(repr(number), exact=True) == number


@given(st.decimals(allow_nan=False, allow_infinity=False, min_value=-(10**30), max_value=10**30))
def test_an_exact_number_loses_no_digit(decimal: Decimal) -> None:
    text = format(decimal, "f")
    found = _json.parse_number(text, exact=True)
    assert found is None or Decimal(repr(found)) == decimal
    assert math.isclose(_json.parse_number(text) or 0, float(text))


@pytest.mark.parametrize(
    "text", ["", " ", "x", "1 2", "0x1", "1_000", "1e", "--1", ".", "1e999", "NaN", "inf", "٣", "1\n"]
)
def test_what_is_no_number_that_json_can_carry(text: str) -> None:
    assert _json.parse_number(text) is None


@pytest.mark.parametrize(
    ("text", "value"), [("5", 5), ("+5", 5), ("-0.5", -0.5), (".5", 0.5), ("1e3", 1000.0)]
)
def test_the_forms_of_numbers(text: str, value: float) -> None:
    found = _json.parse_number(text)
    assert found == value
    assert type(found) is type(value)


@pytest.mark.parametrize("innermost", [1, 2**70, {}])
def test_what_is_nested_too_deeply_is_not_written(innermost: Any) -> None:
    value = innermost
    for level in range(99):
        value = [value, level] if level % 2 else {"of": value}
    assert _json.dumps_with_max_depth(value, 100) == _json.dumps(value)
    assert (_json.dumps_with_max_depth([value], 100) is None) == (innermost == {})
    assert _json.dumps_with_max_depth([[value]], 100) is None


@given(json_values)
def test_what_is_not_deep_is_written_as_ever(value: Any) -> None:
    assert _json.dumps_with_max_depth(value, 100) == _json.dumps(value)


@pytest.mark.parametrize(("begin", "end"), [(b"[", b"]"), (b'{"":', b"}")])
def test_no_text_that_is_deeper_is_taken_for_one_that_is_not(begin: bytes, end: bytes) -> None:
    for levels in range(1, 200):
        text = begin * levels + b"1" + end * levels
        assert _json.may_exceed_depth(text, levels - 1)
        assert not _json.may_exceed_depth(text, levels)
