"""SPARQL with templates: values are escaped for the string, IRI, name, number or comment that they are in."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Any, Final

from naftiko_run.consume.contextual_escaping import MARK, compile_escaped_text
from naftiko_run.expressions import Escape, Expression, Resolve, as_text

_ESCAPES: Final = {
    "\\": "\\\\",
    "\n": "\\n",
    "\r": "\\r",
    "\t": "\\t",
    "\b": "\\b",
    "\f": "\\f",
}
_ESCAPED_CODEPOINT: Final = re.compile(r"\\\\([uU])")
_NOT_IN_IRI: Final = re.compile(r'[\x00-\x20<>"{}|^`\\\x7f]')
_BARE: Final = re.compile(r"true|false|[+-]?(?:[0-9]+(?:\.[0-9]+)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?")
_LOCAL_NAME: Final = re.compile(r"\w[\w-]*(?:\.[\w-]+)*")
_VARIABLE: Final = re.compile(r"\w+")
_LANGUAGE: Final = re.compile("[a-zA-Z]+(?:-[a-zA-Z0-9]+)*")
_TOKEN: Final = re.compile(
    rf"""
      (?P<iri><[^<>"{{}}|^`\\\x00-\x20]*>)
    | (?P<string>\"\"\"(?:\\.|(?!\"\"\").)*(?:\"\"\"|\Z)
        | '''(?:\\.|(?!''').)*(?:'''|\Z)
        | "(?:\\.|[^"\\\n\r])*"?
        | '(?:\\.|[^'\\\n\r])*'?)
    | (?P<comment>\#[^\n\r]*)
    | (?P<before>(?:\w[\w.-]*)?:(?:[\w.:-]|%[0-9A-Fa-f]{{2}}|\\.)*|[?$]\w*|@[a-zA-Z0-9-]*)?(?P<mark>{MARK})
    | .
    """,
    re.VERBOSE | re.DOTALL,
)
_MARK: Final = re.compile(MARK)
_NAMES: Final = {
    "?": (_VARIABLE, "the name of a variable"),
    "$": (_VARIABLE, "the name of a variable"),
    "@": (_LANGUAGE, "the name of a language"),
}


def compile_sparql_template(text: str, resolve: Resolve) -> Expression:
    """Compile SPARQL with templates.

    Raises:
        ValueError: A template is malformed.
    """
    return compile_escaped_text(text, resolve, scan_sparql)


def scan_sparql(marked: str) -> Sequence[Escape]:
    """Return the escape function for each mark in a SPARQL text."""
    return [*_scan(marked)]


def _scan(marked: str) -> Iterator[Escape]:
    for token in _TOKEN.finditer(marked):
        if token["mark"]:
            yield _bare(token["before"] or "")
            continue
        string = token["string"]
        escape = _in_iri if token["iri"] else _in_string(string[0]) if string else _in_comment
        yield from [escape] * len(_MARK.findall(token[0]))


def _in_string(quote: str) -> Escape:
    """Return the escape function for a string literal, so that no value can end it (SPARQL 1.1, 19.7).

    Engines may replace codepoint escapes before they parse literals (19.2), so no backslash may precede one.
    """
    escapes = str.maketrans({**_ESCAPES, quote: f"\\{quote}"})

    def write(value: Any) -> str:
        text = as_text(value).translate(escapes)
        return _ESCAPED_CODEPOINT.sub(lambda found: f"\\\\\\U{ord(found[1]):08X}", text)

    return write


def _in_iri(value: Any) -> str:
    return _NOT_IN_IRI.sub(lambda found: f"%{ord(found[0]):02X}", as_text(value))


def _in_comment(value: Any) -> str:
    return re.sub(r"[\r\n\\]", " ", as_text(value))


def _bare(before: str) -> Escape:
    """Return the escape function for a value outside quotes, or after the first part of a name."""
    if ":" in before:
        pattern, kind = _LOCAL_NAME, "a name without special characters"
    else:
        pattern, kind = _NAMES.get(before[:1], (_BARE, "a number or a boolean"))

    def write(value: Any) -> str:
        text = as_text(value)
        if not pattern.fullmatch(text):
            raise ValueError(f"must be {kind}, because it is used in SPARQL outside quotes and `<>`")
        return text

    return write
