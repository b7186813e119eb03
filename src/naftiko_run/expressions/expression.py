"""Expressions: parsed at load, evaluated for each call."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from functools import lru_cache, partial
from typing import Any, Final

from naftiko_run import _json


class Missing(Enum):
    """The type of ``MISSING``, which differs from every JSON value."""

    MISSING = "missing"

    def __bool__(self) -> bool:
        return False


MISSING: Final = Missing.MISSING
"""The value of an expression whose name has no value."""

_MAX_DIGITS: Final = 18
"""Maximum number of digits in the index of an element."""

Scope = Mapping[str, Any]
"""The values of one call, by name."""


@dataclass(frozen=True, slots=True)
class Expression:
    """A compiled value.

    Attributes:
        evaluate: Returns the value in a scope, or ``MISSING``.
        names: The names that it reads from the scope, in order of appearance.
        whole: The name whose unchanged value this is; empty for other expressions.
    """

    evaluate: Callable[[Scope], Any]
    names: tuple[str, ...] = ()
    whole: str = ""

    def then(self, convert: Callable[[Any], Any]) -> Expression:
        """Return an expression that converts the value of this one, unless it is missing."""
        inner = self.evaluate
        if not self.names:
            value = inner({})
            return constant(value if value is MISSING else convert(value))

        def evaluate(scope: Scope) -> Any:
            value = inner(scope)
            return value if value is MISSING else convert(value)

        return Expression(evaluate, self.names, self.whole)


Resolve = Callable[[str], Expression]
"""Resolves a name in a template to an expression."""


def constant(value: Any) -> Expression:
    """Return an expression with a constant value, which may be ``MISSING``."""
    return Expression(lambda _: value)


@lru_cache(maxsize=1024)
def exact_variable(name: str) -> Expression:
    """Return an expression that reads one name of the scope; dots in the name have no meaning.

    Cached, because the documents of a folder use the same few names thousands of times.
    """
    return Expression(lambda scope: scope.get(name, MISSING), (name,), name)


def variable(name: str) -> Expression:
    """Return an expression that reads one name of the scope.

    If the scope does not contain a dotted name as a whole, its first part is read
    from the scope, and the rest from inside the value.
    """
    if "." not in name:
        return exact_variable(name)

    parts = name.split(".")
    return Expression(lambda scope: scope[name] if name in scope else _walk(scope, parts), (name,), name)


def member_of(name: str, names: Collection[str]) -> Expression | None:
    """Return an expression that reads a member of another name's value: ``o.k`` is member k of o.

    Args:
        name: The dotted name.
        names: The names that it may begin with; the longest match is used.

    Returns:
        The expression; None if the name begins with none of them.
    """
    parts = name.split(".")
    lengths = range(len(parts) - 1, 0, -1)
    length = next((each for each in lengths if ".".join(parts[:each]) in names), 0)
    if not length:
        return None
    base, rest = ".".join(parts[:length]), parts[length:]
    return Expression(lambda scope: _walk(scope.get(base, MISSING), rest), (base,))


def _walk(value: Any, parts: Sequence[str]) -> Any:
    for part in parts:
        if isinstance(value, Mapping) and part in value:
            value = value[part]
        elif isinstance(value, list) and is_index(part, value):
            value = value[int(part)]
        else:
            return MISSING
    return value


def is_index(text: str, values: list[Any]) -> bool:
    """Return whether a text is a valid index; checks the length first, because Python does not parse thousands of digits."""
    return text.isdecimal() and len(text) <= _MAX_DIGITS and int(text) < len(values)


def as_text(value: Any) -> str:
    """Return a value as text: text unchanged, everything else as JSON."""
    if isinstance(value, str):
        return value
    return _json.dumps(value).decode()


def object_expression(members: Mapping[str, Expression]) -> Expression:
    """Return an expression for an object; members with a missing value are omitted."""
    pairs = tuple((key, member.evaluate) for key, member in members.items())
    return _simplified(partial(_evaluate_structure, pairs), members.values())


def _evaluate_structure(
    pairs: tuple[tuple[str, Callable[[Scope], Any]], ...], scope: Scope
) -> dict[str, Any]:
    return {key: found for key, evaluate in pairs if (found := evaluate(scope)) is not MISSING}


def list_expression(members: Sequence[Expression]) -> Expression:
    """Return an expression for a list; elements with a missing value are omitted."""
    evaluations = [member.evaluate for member in members]

    def evaluate(scope: Scope) -> list[Any]:
        return [found for member in evaluations if (found := member(scope)) is not MISSING]

    return _simplified(evaluate, members)


def names_of(expressions: Iterable[Expression]) -> tuple[str, ...]:
    """Return the distinct names that expressions read, in order."""
    return tuple(dict.fromkeys(name for expression in expressions for name in expression.names))


def _simplified(evaluate: Callable[[Scope], Any], members: Iterable[Expression]) -> Expression:
    """Return an expression; a constant one if no member reads the scope."""
    names = names_of(members)
    return Expression(evaluate, names) if names else constant(evaluate({}))
