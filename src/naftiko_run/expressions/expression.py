"""Expressions: what was parsed at load, ready to be evaluated per call."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from functools import lru_cache, partial
from typing import Any, Final

from naftiko_run import _json


class Missing(Enum):
    """The type of ``MISSING``, which is not a JSON value and so never mistaken for one."""

    MISSING = "missing"

    def __bool__(self) -> bool:
        return False


MISSING: Final = Missing.MISSING
"""What an expression gives when what it names is not there."""

_MAX_DIGITS: Final = 18
"""Of the index of an element."""

Scope = Mapping[str, Any]
"""The values of one call, by name."""


@dataclass(frozen=True, slots=True)
class Expression:
    """A compiled value.

    Attributes:
        evaluate: Gives the value in a scope, or ``MISSING``.
        names: The scope's names that it reads, in order of appearance.
        whole: The one name whose value this is, unchanged; empty otherwise.
    """

    evaluate: Callable[[Scope], Any]
    names: tuple[str, ...] = ()
    whole: str = ""

    def then(self, convert: Callable[[Any], Any]) -> Expression:
        """Return an expression that converts this one's value, if there is one."""
        inner = self.evaluate
        if not self.names:
            value = inner({})
            return constant(value if value is MISSING else convert(value))

        def evaluate(scope: Scope) -> Any:
            value = inner(scope)
            return value if value is MISSING else convert(value)

        return Expression(evaluate, self.names, self.whole)


Resolve = Callable[[str], Expression]
"""Says what a name in a template means where the template stands."""


def constant(value: Any) -> Expression:
    """Give an expression of one fixed value; ``MISSING`` is allowed."""
    return Expression(lambda _: value)


@lru_cache(maxsize=1024)
def exact_variable(name: str) -> Expression:
    """Give an expression that reads one name of the scope as it is, whatever it is made of.

    The plans of a folder's documents read the same few names thousands of times: equal ones are one.
    """
    return Expression(lambda scope: scope.get(name, MISSING), (name,), name)


def variable(name: str) -> Expression:
    """Give an expression that reads one name of the scope.

    A dotted name that the scope does not have as a whole is walked: its first
    part in the scope, the rest inside the value.
    """
    if "." not in name:
        return exact_variable(name)

    parts = name.split(".")
    return Expression(lambda scope: scope[name] if name in scope else _walk(scope, parts), (name,), name)


def member_of(name: str, names: Collection[str]) -> Expression | None:
    """Return an expression that reads a dotted name inside the value of another name: ``o.k`` is member k of o.

    Args:
        name: The dotted name.
        names: Those that it may begin with; the longest counts.

    Returns:
        None where it begins with none of them.
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
    """Return whether a text is the index of an element; Python does not read thousands of digits."""
    return text.isdecimal() and len(text) <= _MAX_DIGITS and int(text) < len(values)


def as_text(value: Any) -> str:
    """Write a value where only text can stand: text as it is, everything else as JSON."""
    if isinstance(value, str):
        return value
    return _json.dumps(value).decode()


def object_expression(members: Mapping[str, Expression]) -> Expression:
    """Give an expression of an object; a member whose value is missing is dropped."""
    pairs = tuple((key, member.evaluate) for key, member in members.items())
    return _settled(partial(_evaluate_structure, pairs), members.values())


def _evaluate_structure(
    pairs: tuple[tuple[str, Callable[[Scope], Any]], ...], scope: Scope
) -> dict[str, Any]:
    return {key: found for key, evaluate in pairs if (found := evaluate(scope)) is not MISSING}


def list_expression(members: Sequence[Expression]) -> Expression:
    """Give an expression of a list; an element whose value is missing is dropped."""
    evaluations = [member.evaluate for member in members]

    def evaluate(scope: Scope) -> list[Any]:
        return [found for member in evaluations if (found := member(scope)) is not MISSING]

    return _settled(evaluate, members)


def names_of(expressions: Iterable[Expression]) -> tuple[str, ...]:
    """Give every name that these read, in order, each once."""
    return tuple(dict.fromkeys(name for expression in expressions for name in expression.names))


def _settled(evaluate: Callable[[Scope], Any], members: Iterable[Expression]) -> Expression:
    """Evaluate once and for all where nothing depends on a scope."""
    names = names_of(members)
    return Expression(evaluate, names) if names else constant(evaluate({}))
