"""Mustache templates, and structured values that contain them.

Implements the template rules of the specification: a value that consists of one
``{{name}}`` keeps the type of the named value; any other template is text. Sections
(``{{#list}}…{{/list}}``, ``{{^absent}}…{{/absent}}``) work in text.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from naftiko_run.expressions.expression import (
    MISSING,
    Expression,
    Resolve,
    Scope,
    as_text,
    constant,
    list_expression,
    names_of,
    object_expression,
)

MAX_SECTION_DEPTH: Final = 50
"""Maximum nesting of sections: each level uses stack when the template is rendered."""

_TAG = re.compile(
    r"""
      \{\{\{ \s* (?P<unescaped>[^{}]+?) \s* \}\}\}
    | \{\{ \s* (?P<sigil>[#^/&!]?) \s* (?P<name>[^{}]+?) \s* \}\}
    """,
    re.VERBOSE,
)
_NAME = re.compile(r"\{\{\{?\s*[#^/&]?\s*([^{}!]+?)\s*\}?\}\}")


@dataclass(frozen=True, slots=True)
class Placeholder:
    """``{{name}}``."""

    name: str


@dataclass(frozen=True, slots=True)
class Section:
    """``{{#name}}…{{/name}}``, or ``{{^name}}…{{/name}}`` if ``inverted``."""

    name: str
    inverted: bool
    parts: tuple[Part, ...]


Part = str | Placeholder | Section
Escape = Callable[[Any], str]


class TemplateError(ValueError):
    """A template cannot be compiled.

    Args:
        message: The reason.
        template: The template.
    """

    def __init__(self, message: str, template: str) -> None:
        super().__init__(message)
        self.template = template


@dataclass(frozen=True, slots=True)
class ReportingResolver:
    """Resolves the names in a text, and reports those that have no value when it is rendered.

    A value that is only one placeholder may be missing: it is an optional input.

    Attributes:
        resolve: Resolves each name.
        on_missing: Called with a name in backticks.
    """

    resolve: Resolve
    on_missing: Callable[[str], None]

    def __call__(self, name: str) -> Expression:
        """Return the expression of a name."""
        return self.resolve(name)


def names_in(text: str) -> list[str]:
    """Return the names in double braces, including those of sections."""
    return _NAME.findall(text)


def parse(text: str) -> tuple[Part, ...]:
    """Parse a text into literals, placeholders and sections.

    Braces that do not form a tag are literal text.

    Raises:
        TemplateError: A section is not closed, closed without being open, or nested too deeply.
    """
    stack: list[tuple[str, bool, list[Part]]] = [("", False, [])]
    end = 0
    for tag in _TAG.finditer(text):
        parts = stack[-1][2]
        if tag.start() > end:
            parts.append(text[end : tag.start()])
        end = tag.end()
        sigil, name = tag["sigil"], tag["unescaped"] or tag["name"]
        if sigil in ("#", "^"):
            if len(stack) > MAX_SECTION_DEPTH:
                fault = f"its sections are nested more than {MAX_SECTION_DEPTH} levels deep"
                raise TemplateError(fault, text)
            stack.append((name, sigil == "^", []))
        elif sigil == "/":
            opened, inverted, inner = stack.pop()
            if not stack or opened != name:
                raise TemplateError(f"`{{{{/{name}}}}}` closes a section that is not open", text)
            stack[-1][2].append(Section(name, inverted, tuple(inner)))
        elif sigil != "!":
            parts.append(Placeholder(name))
    if len(stack) > 1:
        raise TemplateError(f"the section `{{{{#{stack[-1][0]}}}}}` is not closed", text)
    if end < len(text):
        stack[0][2].append(text[end:])
    return tuple(stack[0][2])


def compile_text(
    text: str, resolve: Resolve, *, escape: Escape = as_text, lenient: bool = False
) -> Expression:
    """Compile a template whose value is always text.

    Args:
        text: The template.
        resolve: Resolves each name.
        escape: Writes an inserted value for the context of the template.
        lenient: Whether a missing name renders as empty text; otherwise it makes the
            whole value ``MISSING``.

    Raises:
        TemplateError: A section is not balanced, or nested too deeply.
    """
    return _render(parse(text), resolve, escape, lenient=lenient)


def compile_value(value: Any, resolve: Resolve, *, lenient: bool = False) -> Expression:
    """Compile a structured value, in which every text is a template.

    Members and list elements with a missing value are omitted.

    Args:
        value: JSON data.
        resolve: Resolves each name.
        lenient: As for ``compile_text``, for text that is more than one placeholder.

    Raises:
        TemplateError: A section is not balanced, or nested too deeply.
    """
    if isinstance(value, str):
        parts = parse(value)
        if len(parts) == 1 and isinstance(parts[0], Placeholder):
            return resolve(parts[0].name)
        return _render(parts, resolve, as_text, lenient=lenient)
    if isinstance(value, dict):
        members = {key: compile_value(member, resolve, lenient=lenient) for key, member in value.items()}
        return object_expression(members)
    if isinstance(value, list):
        return list_expression([compile_value(member, resolve, lenient=lenient) for member in value])
    return constant(value)


def _render(parts: tuple[Part, ...], resolve: Resolve, escape: Escape, *, lenient: bool) -> Expression:
    writers = [_writer(part, resolve, escape, lenient=lenient) for part in parts]
    names = names_of(writers)
    evaluations = [writer.evaluate for writer in writers]
    on_missing = resolve.on_missing if isinstance(resolve, ReportingResolver) else None

    def evaluate(scope: Scope) -> Any:
        written = []
        for write in evaluations:
            text = write(scope)
            if text is MISSING:
                if on_missing is not None:
                    on_missing(f"`{getattr(parts[evaluations.index(write)], 'name', '')}`")
                if not lenient:
                    return MISSING
                continue
            written.append(text)
        return "".join(written)

    return Expression(evaluate, names) if names else constant(evaluate({}))


def _writer(part: Part, resolve: Resolve, escape: Escape, *, lenient: bool) -> Expression:
    if isinstance(part, str):
        return constant(part)
    if isinstance(part, Section):
        return _section(part, resolve, escape)
    named = resolve(part.name)
    value = named.evaluate

    def write(scope: Scope) -> Any:
        found = value(scope)
        if found is MISSING or (found is None and not lenient):
            return MISSING
        return "" if found is None else escape(found)

    return Expression(write, named.names) if named.names else constant(write({}))


def _section(section: Section, resolve: Resolve, escape: Escape) -> Expression:
    subject = resolve(section.name)
    # A section is for values that may be missing.
    inner = resolve.resolve if isinstance(resolve, ReportingResolver) else resolve
    body = _render(section.parts, inner, escape, lenient=True)

    def write(scope: Scope) -> str:
        value = subject.evaluate(scope)
        if section.inverted:
            return "" if value else body.evaluate(scope)
        if not value:
            return ""
        items = value if isinstance(value, list) else [value]
        return "".join(body.evaluate(_inner(scope, item)) for item in items)

    return Expression(write, subject.names or tuple(name for name in body.names if name != "."))


def _inner(scope: Scope, item: Any) -> Scope:
    members = item if isinstance(item, dict) else {}
    return {**scope, **members, ".": item}
