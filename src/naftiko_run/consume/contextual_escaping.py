"""Contextual escaping: each template in a text of some language is escaped for its place in the text.

The text is scanned with a mark in place of each template, so that a scanner for the language finds their contexts.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import Any, Final

from naftiko_run import _json
from naftiko_run.errors import InvalidInput, Violation
from naftiko_run.expressions import (
    MISSING,
    Escape,
    Expression,
    Resolve,
    Scope,
    compile_text,
    compile_value,
    names_in,
    names_of,
)

MARK: Final = "\ue001[0-9a-f]+\ue002"
"""Matches the mark that replaces a template."""

Scan = Callable[[str], Sequence[Escape]]
"""Return the escape function for each mark in a text; it raises ``ValueError`` for a value not allowed there."""

_MARK: Final = re.compile(MARK)
_PLACEHOLDER: Final = re.compile(r"\{\{\{\s*[^{}]+?\s*\}\}\}|\{\{\s*[^{}#^/!&\s][^{}]*\}\}")
_SECTION: Final = re.compile(r"\{\{\s*[#^&!]")


def compile_escaped_text(text: str, resolve: Resolve, scan: Scan, *, lenient: bool = True) -> Expression:
    """Compile a text with templates.

    Args:
        text: The text.
        resolve: Resolves names in templates.
        scan: Finds the context of each template in the language.
        lenient: See ``compile_text``.

    Returns:
        An expression that raises ``InvalidInput`` for a value that is not allowed in its place.

    Raises:
        ValueError: A template is malformed.
    """
    if not names_in(text):
        return compile_text(text, resolve)
    if _SECTION.search(text):
        return _compile_sections(text, resolve, scan, lenient=lenient)
    values: list[Expression] = []

    def mark(found: re.Match[str]) -> str:
        values.append(compile_value(found.group(), resolve))
        return f"\ue001{len(values) - 1:x}\ue002"

    marked = _PLACEHOLDER.sub(mark, text)
    literals = _MARK.split(marked)
    places = [
        (value.evaluate, _with_input_name(escape, value), literal)
        for value, escape, literal in zip(values, scan(marked), literals[1:], strict=True)
    ]

    def evaluate(scope: Scope) -> Any:
        written = [literals[0]]
        for read, escape, literal in places:
            value = read(scope)
            if not lenient and (value is MISSING or value is None):
                return MISSING
            written += ("" if value is MISSING or value is None else escape(value), literal)
        return "".join(written)

    return Expression(evaluate, names_of(values))


def _compile_sections(text: str, resolve: Resolve, scan: Scan, *, lenient: bool) -> Expression:
    """Compile a text with sections, which is scanned after they are rendered."""

    def mark(value: Any) -> str:
        return f"\ue001{_json.dumps(value).hex()}\ue002"

    template = compile_text(text, resolve, escape=mark, lenient=lenient)

    def evaluate(scope: Scope) -> Any:
        marked = template.evaluate(scope)
        if marked is MISSING:
            return MISSING
        escapes = iter([_with_input_name(each, template) for each in scan(marked)])
        return _MARK.sub(lambda found: next(escapes)(_json.loads(bytes.fromhex(found[0][1:-1]))), marked)

    return Expression(evaluate, template.names)


def _with_input_name(escape: Escape, value: Expression) -> Escape:
    """Return an escape function whose errors name the input that the value comes from."""

    def write(found: Any) -> str:
        try:
            return escape(found)
        except ValueError as fault:
            name = value.names[0] if len(value.names) == 1 else ""
            raise InvalidInput([Violation(f"/{name}" if name else "", str(fault))]) from None

    return write
