"""Queries of RFC 9535, parsed by jsonpath-rfc9535 and compiled to closures.

The closures are equivalent to the library's own evaluation, without a node and a
location for each value, at any depth of nesting, and with exact numbers.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from functools import lru_cache
from typing import Any, Final

from jsonpath_rfc9535 import JSONPathEnvironment
from jsonpath_rfc9535.exceptions import JSONPathError
from jsonpath_rfc9535.filter_expressions import (
    ComparisonExpression,
    Expression,
    FilterExpression,
    FilterExpressionLiteral,
    FilterQuery,
    FunctionExtension,
    IntegerLiteral,
    LogicalExpression,
    PrefixExpression,
    RelativeFilterQuery,
)
from jsonpath_rfc9535.function_extensions import ExpressionType, FilterFunction
from jsonpath_rfc9535.query import JSONPathQuery
from jsonpath_rfc9535.segments import JSONPathRecursiveDescentSegment
from jsonpath_rfc9535.selectors import (
    FilterSelector,
    IndexSelector,
    JSONPathSelector,
    NameSelector,
    SliceSelector,
)
from jsonpath_rfc9535.tokens import Token

from naftiko_run.expressions.expression import MISSING
from naftiko_run.expressions.jsonpath.comparison import is_less, is_same
from naftiko_run.expressions.jsonpath.functions import FUNCTIONS, JAYWAY_PREFIX, SET_FUNCTIONS, ValueSet
from naftiko_run.expressions.jsonpath.simple import Accessor, JsonPathError, Step, accessor_of, members

MAX_VISITS: Final = 500_000
"""Maximum number of values that one evaluation visits, besides one descent from the root: several ``..`` multiply."""


class TooManyVisits(Exception):
    """A path visits too many values."""


class QueryEvaluation:
    """The state of one evaluation of a path.

    Args:
        root: The value of ``$``.
    """

    __slots__ = ("_lists", "_of_root", "left", "root")

    def __init__(self, root: Any) -> None:
        self.root = root
        self.left = MAX_VISITS
        self._of_root: dict[int, Any] = {}
        self._lists: dict[int, ValueSet] = {}

    def once(self, key: int, read: Callable[[], Any]) -> Any:
        """Return the cached result of a query from the root, which is the same for all values."""
        if key not in self._of_root:
            self._of_root[key] = read()
        return self._of_root[key]

    def value_set(self, elements: list[Any]) -> ValueSet:
        """Return the elements of a list as a set, cached."""
        found = self._lists.get(id(elements))
        if found is None:
            found = self._lists[id(elements)] = ValueSet(elements)
        return found

    def descend(self, value: Any) -> Iterator[Any]:
        """Yield a value and all containers in it, parents before children."""
        is_counted = value is not self.root
        waiting = [value]
        while waiting:
            value = waiting.pop()
            self.left -= is_counted
            if self.left < 0:
                raise TooManyVisits
            yield value
            waiting.extend(each for each in reversed(members(value)) if isinstance(each, dict | list))


_PLACE = re.compile(r" (starting )?at index \d+")

Nodes = Callable[[Any, QueryEvaluation], list[Any]]
Operand = Callable[[Any, QueryEvaluation], Any]
_Select = Callable[[Any, QueryEvaluation, list[Any]], None]


class _Environment(JSONPathEnvironment):
    """The environment of the library, with Jayway's operators, whose operands can have any type."""

    def setup_function_extensions(self) -> None:
        """Register the functions of filters."""
        self.function_extensions.update(FUNCTIONS)

    def check_well_typedness(self, token: Token, func: FilterFunction, args: list[Expression]) -> None:
        """Check the arguments of a function of RFC 9535."""
        if not token.value.startswith(JAYWAY_PREFIX):
            super().check_well_typedness(token, func, args)


@lru_cache(maxsize=1)
def _environment() -> JSONPathEnvironment:
    return _Environment()


def parse(path: str) -> JSONPathQuery:
    """Parse a path.

    Raises:
        JsonPathError: The path does not conform to RFC 9535.
    """
    try:
        return _environment().compile(path)
    except JSONPathError as fault:
        reason, *rest = fault.args
        token = fault.token or next((each for each in rest if isinstance(each, Token)), None)
        reason = _PLACE.sub("", str(reason)).replace(JAYWAY_PREFIX, "")
        raise JsonPathError(path, reason, token.index if token else None, _hint(reason)) from None
    except (ValueError, OverflowError, IndexError, RecursionError):
        raise JsonPathError(path, "a number is out of range, or it is nested too deeply") from None


def compile_query(query: JSONPathQuery) -> Accessor:
    """Compile a query: a singular one returns its value or ``MISSING``, any other the list of its matches.

    Raises:
        JsonPathError: The query compares something that is not a value, which the parser accepts.
    """
    if query.singular_query():
        return accessor_of(_steps(query))
    nodes = _nodes(query)
    return lambda value: nodes(value, QueryEvaluation(value))


def _steps(query: JSONPathQuery) -> list[Step]:
    selectors = (segment.selectors[0] for segment in query.segments)
    return [
        each.name if isinstance(each, NameSelector) else each.index
        for each in selectors
        if isinstance(each, NameSelector | IndexSelector)
    ]


def _nodes(query: JSONPathQuery) -> Nodes:
    segments = [
        (isinstance(segment, JSONPathRecursiveDescentSegment), [_select(each) for each in segment.selectors])
        for segment in query.segments
    ]

    def nodes(value: Any, evaluation: QueryEvaluation) -> list[Any]:
        found = [value]
        for descends, selects in segments:
            into: list[Any] = []
            for each in found:
                for inner in evaluation.descend(each) if descends else (each,):
                    for select in selects:
                        select(inner, evaluation, into)
            found = into
        return found

    return nodes


def _select(selector: JSONPathSelector) -> _Select:
    if isinstance(selector, NameSelector | IndexSelector):
        read = accessor_of([selector.name if isinstance(selector, NameSelector) else selector.index])

        def one(value: Any, _: QueryEvaluation, into: list[Any]) -> None:
            found = read(value)
            if found is not MISSING:
                into.append(found)

        return one
    if isinstance(selector, SliceSelector):
        part = selector.slice

        def some(value: Any, _: QueryEvaluation, into: list[Any]) -> None:
            if isinstance(value, list) and part.step != 0:
                into.extend(value[part])

        return some
    if isinstance(selector, FilterSelector):
        test = _test(selector.expression)

        def passing(value: Any, evaluation: QueryEvaluation, into: list[Any]) -> None:
            into.extend(each for each in members(value) if test(each, evaluation))

        return passing
    return lambda value, _, into: into.extend(members(value))


def _test(expression: Expression) -> Callable[[Any, QueryEvaluation], bool]:
    if isinstance(expression, FilterExpression):
        return _test(expression.expression)
    if isinstance(expression, PrefixExpression):
        inner = _test(expression.right)
        return lambda value, evaluation: not inner(value, evaluation)
    if isinstance(expression, LogicalExpression):
        return _logical(expression)
    if isinstance(expression, ComparisonExpression):
        return _comparison(expression)
    if isinstance(expression, FilterQuery):
        nodes = _nodes_of(expression)
        return lambda value, evaluation: bool(nodes(value, evaluation))
    if isinstance(expression, FilterExpressionLiteral):
        raise _fault(expression, "a literal is not a test", "compare it: `[?@.a == 1]`")
    result = _operand(expression)
    return lambda value, evaluation: bool(result(value, evaluation))


def _logical(expression: LogicalExpression) -> Callable[[Any, QueryEvaluation], bool]:
    left, right = _test(expression.left), _test(expression.right)
    if expression.operator == "&&":
        return lambda value, evaluation: left(value, evaluation) and right(value, evaluation)
    return lambda value, evaluation: left(value, evaluation) or right(value, evaluation)


_COMPARE: Final[dict[str, Callable[[Any, Any], bool]]] = {
    "==": is_same,
    "!=": lambda left, right: not is_same(left, right),
    "<": is_less,
    ">": lambda left, right: is_less(right, left),
    "<=": lambda left, right: is_less(left, right) or is_same(left, right),
    ">=": lambda left, right: is_less(right, left) or is_same(left, right),
}


def _comparison(expression: ComparisonExpression) -> Callable[[Any, QueryEvaluation], bool]:
    left, right = _operand(expression.left), _operand(expression.right)
    compare = _COMPARE[expression.operator]
    return lambda value, evaluation: compare(left(value, evaluation), right(value, evaluation))


def _operand(expression: Expression) -> Operand:
    if isinstance(expression, FilterQuery):
        if not expression.query.singular_query():
            return _nodes_of(expression)
        read = accessor_of(_steps(expression.query))
        if isinstance(expression, RelativeFilterQuery):
            return lambda value, _: read(value)
        key = id(expression)
        return lambda _, evaluation: evaluation.once(key, lambda: read(evaluation.root))
    if isinstance(expression, FunctionExtension):
        return _call(expression)
    if not isinstance(expression, FilterExpressionLiteral):
        raise _fault(
            expression, "only single values can be compared", "negate the whole comparison: `[?!(@.a == 1)]`"
        )
    literal = expression.value
    if isinstance(expression, IntegerLiteral) and expression.token.value.lstrip("-").isdigit():
        literal = int(expression.token.value)  # the library converts it through a float
    return lambda _, __: literal


def _call(expression: FunctionExtension) -> Operand:
    function = FUNCTIONS[expression.name]
    takes = zip(function.arg_types, expression.args, strict=True)
    arguments = [
        _nodes_of(each) if kind is ExpressionType.NODES and isinstance(each, FilterQuery) else _operand(each)
        for kind, each in takes
    ]
    if expression.name in SET_FUNCTIONS:
        left, right = arguments

        def in_set(value: Any, evaluation: QueryEvaluation) -> Any:
            elements = right(value, evaluation)
            if isinstance(elements, list):
                elements = evaluation.value_set(elements)
            return function(left(value, evaluation), elements)

        return in_set
    return lambda value, evaluation: function(*[each(value, evaluation) for each in arguments])


def _nodes_of(expression: FilterQuery) -> Nodes:
    nodes, key = _nodes(expression.query), id(expression)
    if isinstance(expression, RelativeFilterQuery):
        return nodes
    return lambda _, evaluation: evaluation.once(key, lambda: nodes(evaluation.root, evaluation))


def _fault(expression: Expression, reason: str, hint: str) -> JsonPathError:
    return JsonPathError(expression.token.query, reason, expression.token.index, hint)


_HINTS: Final = (
    ("non-singular query is not comparable", "compare with one value: `[?@.a == 1]`, not `[?@.* == 1]`"),
    ("must be of ValueType", "pass one value: `length(@.a)`, not `length(@.*)`; use `count(@.*)` to count"),
    ("must be compared", "compare it, or test that something exists: `[?@.a]`"),
    ("is not comparable", "it already is true or false: remove the comparison"),
    ("is not defined", "the functions are length, count, match, search and value"),
    ("index out of range", "numbers must be from -(2^53 - 1) to 2^53 - 1"),
    ("escape", "in quotes, use `\\` only before \\ / b f n r t u or the quote itself"),
    ("bald descendant", "write a name, `*` or a bracket after `..`"),
    ("invalid character", "write control characters as `\\u000a`"),
    ("unexpected filter selector token", "quote text, and compare with `==`: `[?@.a == 'x']`"),
)


def _hint(reason: str) -> str:
    return next((hint for words, hint in _HINTS if words in reason), "")
