"""The functions of filters: those of RFC 9535, and Jayway's operators as functions of two operands.

Their regular expressions run over untrusted values in bounded time. ``match`` and ``search`` accept I-Regexp
(RFC 9485), which runs in linear time. Jayway's ``=~`` accepts Java's syntax, which may backtrack, up to a limit.
Both run in the engine that checks ``pattern`` in JSON Schema.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import Any, Final

import jsonschema_rs
from iregexp_check import check
from jsonpath_rfc9535.function_extensions import ExpressionType, FilterFunction

from naftiko_run import _json
from naftiko_run.expressions.expression import MISSING
from naftiko_run.expressions.jsonpath.comparison import equality_key, is_same

JAYWAY_PREFIX: Final = "jayway_"
"""Prefix of the functions that ``jayway`` translates operators to."""


class JsonPathFunction(FilterFunction):
    """A function with its types, which the parser checks.

    Args:
        returns: The type of its result.
        takes: The types of its arguments.
        call: Returns the result for the arguments.
    """

    def __init__(
        self, returns: ExpressionType, takes: Sequence[ExpressionType], call: Callable[..., Any]
    ) -> None:
        self._returns = returns
        self._takes = list(takes)
        self._call = call

    @property
    def arg_types(self) -> list[ExpressionType]:
        """The types of its arguments."""
        return self._takes

    @property
    def return_type(self) -> ExpressionType:
        """The type of its result."""
        return self._returns

    def __call__(self, *arguments: Any) -> Any:
        """Call the function."""
        return self._call(*arguments)


def length_of(value: Any) -> Any:
    """Return the number of characters, elements or members; ``MISSING`` for other values."""
    return len(value) if isinstance(value, str | list | dict) else MISSING


def _value(nodes: list[Any]) -> Any:
    return nodes[0] if len(nodes) == 1 else MISSING


def _match(text: Any, pattern: Any) -> bool:
    return _fits(text, pattern, whole=True)


def _search(text: Any, pattern: Any) -> bool:
    return _fits(text, pattern, whole=False)


def _fits(text: Any, pattern: Any, *, whole: bool) -> bool:
    if not isinstance(text, str) or not isinstance(pattern, str):
        return False
    test = compile_iregexp(pattern, whole=whole)
    return test is not None and test(text)


class ValueSet:
    """The elements of a list, hashed for fast membership tests.

    Args:
        elements: The list.
    """

    def __init__(self, elements: list[Any]) -> None:
        self.elements = elements
        self._identities = frozenset(equality_key(each) for each in elements)

    def __contains__(self, value: Any) -> bool:
        return value is not MISSING and equality_key(value) in self._identities


@lru_cache(maxsize=256)
def _written(text: str) -> ValueSet:
    return ValueSet(json.loads(text))


def _members(right: Any) -> ValueSet:
    if isinstance(right, str):
        return _written(right)
    return right if isinstance(right, ValueSet) else ValueSet(right if isinstance(right, list) else [])


def _is_in(left: Any, right: Any) -> bool:
    return left in _members(right)


def _is_subset(left: Any, right: Any) -> bool:
    elements = _members(right)
    return isinstance(left, list) and all(each in elements for each in left)


def _shares_any(left: Any, right: Any) -> bool:
    elements = _members(right)
    return isinstance(left, list) and any(each in elements for each in left)


def _contains(left: Any, right: Any) -> bool:
    if isinstance(left, str):
        return isinstance(right, str) and right in left
    return isinstance(left, list) and right is not MISSING and any(is_same(each, right) for each in left)


def _has_size(left: Any, right: Any) -> bool:
    size = length_of(right) if isinstance(right, str | list) else right
    return isinstance(left, str | list) and is_same(len(left), size)


def _is_empty(left: Any, right: Any) -> bool:
    return isinstance(left, str | list | dict) and (not left) is right


def _is_like(left: Any, right: Any) -> bool:
    """Match a pattern, which ``jayway`` encodes with its flags."""
    if isinstance(left, bool) or not isinstance(left, str | int | float):
        return False
    pattern, flags, whole = json.loads(right)
    return compile_regex(pattern, flags, whole=whole)(str(left))


def minimum(value: Any) -> Any:
    """Return the least of the numbers."""
    return min(_numbers(value), default=MISSING)


def maximum(value: Any) -> Any:
    """Return the greatest of the numbers."""
    return max(_numbers(value), default=MISSING)


def total(value: Any) -> Any:
    """Return the sum of the numbers."""
    numbers = _numbers(value)
    return sum(numbers) if numbers else MISSING


def average(value: Any) -> Any:
    """Return the mean of the numbers."""
    numbers = _numbers(value)
    return sum(numbers) / len(numbers) if numbers else MISSING


def first(value: Any) -> Any:
    """Return the first element of a list."""
    return value[0] if isinstance(value, list) and value else MISSING


def last(value: Any) -> Any:
    """Return the last element of a list."""
    return value[-1] if isinstance(value, list) and value else MISSING


def keys(value: Any) -> Any:
    """Return the names of an object's members."""
    return list(value) if isinstance(value, dict) else MISSING


def _numbers(value: Any) -> list[int | float]:
    """Return the numbers of a list, including those that XML and CSV write as text."""
    found: list[int | float] = []
    for each in value if isinstance(value, list) else ():
        number = _json.parse_number(each.strip(), exact=True) if isinstance(each, str) else each
        if isinstance(number, int | float) and not isinstance(number, bool):
            found.append(number)
    return found


PATH_FUNCTIONS: Final[dict[str, Callable[[Any], Any]]] = {
    "min": minimum,
    "max": maximum,
    "sum": total,
    "avg": average,
    "first": first,
    "last": last,
    "keys": keys,
    "length": length_of,
    "size": length_of,
}
"""The functions at the end of a path: ``$.list[*].price.sum()``."""


def _over(call: Callable[[Any], Any]) -> Callable[[list[Any]], Any]:
    """Return a function of nodes that applies to the value if there is only one container, else to the list of nodes."""
    return lambda nodes: call(nodes[0] if len(nodes) == 1 and isinstance(nodes[0], list | dict) else nodes)


_V, _L, _N = ExpressionType.VALUE, ExpressionType.LOGICAL, ExpressionType.NODES

FUNCTIONS: Final[dict[str, JsonPathFunction]] = {
    "length": JsonPathFunction(_V, [_V], length_of),
    "count": JsonPathFunction(_V, [_N], len),
    "value": JsonPathFunction(_V, [_N], _value),
    "match": JsonPathFunction(_L, [_V, _V], _match),
    "search": JsonPathFunction(_L, [_V, _V], _search),
    f"{JAYWAY_PREFIX}in": JsonPathFunction(_L, [_V, _V], _is_in),
    f"{JAYWAY_PREFIX}nin": JsonPathFunction(_L, [_V, _V], lambda left, right: not _is_in(left, right)),
    f"{JAYWAY_PREFIX}subsetof": JsonPathFunction(_L, [_V, _V], _is_subset),
    f"{JAYWAY_PREFIX}anyof": JsonPathFunction(_L, [_V, _V], _shares_any),
    f"{JAYWAY_PREFIX}noneof": JsonPathFunction(
        _L, [_V, _V], lambda left, right: not _shares_any(left, right)
    ),
    f"{JAYWAY_PREFIX}contains": JsonPathFunction(_L, [_V, _V], _contains),
    f"{JAYWAY_PREFIX}size": JsonPathFunction(_L, [_V, _V], _has_size),
    f"{JAYWAY_PREFIX}empty": JsonPathFunction(_L, [_V, _V], _is_empty),
    f"{JAYWAY_PREFIX}like": JsonPathFunction(_L, [_V, _V], _is_like),
} | {
    f"{JAYWAY_PREFIX}{name}_of": JsonPathFunction(_V, [_N], _over(call))
    for name, call in PATH_FUNCTIONS.items()
}

SET_FUNCTIONS: Final = frozenset(
    f"{JAYWAY_PREFIX}{name}" for name in ("in", "nin", "subsetof", "anyof", "noneof")
)
"""The functions whose second argument is a list to search for values."""

MAX_LENGTH: Final = 1_000
"""Maximum length of a pattern, which can come from a response."""

MAX_SIZE: Final = 1_000_000
"""Maximum size of a compiled pattern in bytes: counted repetitions multiply."""

MAX_BACKTRACKS: Final = 100_000

_NO_LINE_END: Final = r"[^\n\r]"
_PIECE = re.compile(r"\\.|[.\[\]&~]", re.DOTALL)


@lru_cache(maxsize=256)
def compile_iregexp(pattern: str, *, whole: bool) -> Callable[[str], bool] | None:
    """Return a function that matches a whole text or any part; None if the pattern is not an I-Regexp."""
    if len(pattern) > MAX_LENGTH or not check(pattern):
        return None
    written = f"(?:{_with_dots(pattern, _NO_LINE_END)})"
    try:
        return _validator(
            f"^{written}$" if whole else written, jsonschema_rs.RegexOptions(size_limit=MAX_SIZE)
        )
    except jsonschema_rs.ValidationError:
        return None


@lru_cache(maxsize=256)
def compile_regex(pattern: str, flags: str, *, whole: bool) -> Callable[[str], bool]:
    """Return a function that matches a text against a pattern in Java's syntax.

    Raises:
        ValueError: The pattern is malformed, too long, or has a flag that is not supported.
    """
    if len(pattern) > MAX_LENGTH:
        raise ValueError(f"a pattern has at most {MAX_LENGTH:,} characters")
    if unknown := set(flags) - set("imsxu"):
        raise ValueError(f"the flag `{min(unknown)}` is not supported; use i, m, s, x or u")
    if "s" in flags:
        pattern = _with_dots(pattern, r"[\s\S]")
    inline = "".join(flag for flag in "imx" if flag in flags)
    written = f"(?{inline}:{pattern})"
    try:
        return _validator(
            f"^{written}$" if whole else written,
            jsonschema_rs.FancyRegexOptions(backtrack_limit=MAX_BACKTRACKS, size_limit=MAX_SIZE),
        )
    except jsonschema_rs.ValidationError:
        raise ValueError("the pattern is malformed") from None


def _validator(
    pattern: str, options: jsonschema_rs.RegexOptions | jsonschema_rs.FancyRegexOptions
) -> Callable[[str], bool]:
    return jsonschema_rs.validator_for({"pattern": pattern}, pattern_options=options).is_valid


def _with_dots(pattern: str, dot: str) -> str:
    """Return a pattern with its dots replaced, and set operators in its classes escaped."""
    in_class = False

    def replaced(found: re.Match[str]) -> str:
        nonlocal in_class
        piece = found.group()
        if piece in ("[", "]"):
            in_class = piece == "["
        elif piece == ".":
            return piece if in_class else dot
        elif len(piece) == 1 and in_class:
            return f"\\{piece}"
        return piece

    return _PIECE.sub(replaced, pattern)
