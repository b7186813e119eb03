"""XML with templates: values are escaped for the text, attribute, section or name that they are in."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from typing import Any, Final

from naftiko_run.consume.contextual_escaping import MARK, compile_escaped_text
from naftiko_run.expressions import Escape, Expression, Resolve, as_text

_FORBIDDEN: Final = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")
"""Characters that XML 1.0 does not allow, not even as references."""
_ENTITIES: Final = str.maketrans(
    {"&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "'": "&apos;", "\r": "&#13;"}
)
_IN_ATTRIBUTES: Final = {"\n": "&#10;", "\t": "&#9;"}
_NAME: Final = re.compile(r"[^\W\d][\w.:-]*")
_TOKEN: Final = re.compile(
    rf"""
      (?P<mark>{MARK})
    | (?P<cdata><!\[CDATA\[(?:(?!\]\]>).)*)
    | (?P<comment><!--(?:(?!-->).)*)
    | (?P<instruction><\?(?:(?!\?>).)*)
    | (?P<tag><(?:"[^"]*"|'[^']*'|[^"'>])*)
    | .
    """,
    re.VERBOSE | re.DOTALL,
)
_IN_TAG: Final = re.compile(rf"""(?P<quoted>"[^"]*"?|'[^']*'?)|(?P<mark>{MARK})""")
_MARK: Final = re.compile(MARK)


def compile_xml_template(text: str, resolve: Resolve) -> Expression:
    """Compile XML with templates.

    Raises:
        ValueError: A template is malformed.
    """
    return compile_escaped_text(text, resolve, scan_xml)


def scan_xml(marked: str) -> Sequence[Escape]:
    """Return the escape function for each mark in an XML text."""
    return [*_scan(marked)]


def _scan(marked: str) -> Iterator[Escape]:
    for token in _TOKEN.finditer(marked):
        kind = token.lastgroup
        if kind == "mark":
            yield _in_text
        elif kind == "tag":
            for found in _IN_TAG.finditer(token[0]):
                yield from (
                    [_in_attribute] * len(_MARK.findall(found["quoted"])) if found["quoted"] else [_as_name]
                )
        elif kind is not None:
            yield from [_ESCAPES[kind]] * len(_MARK.findall(token[0]))


def _legal(value: Any) -> str:
    return _FORBIDDEN.sub("\ufffd", as_text(value))


def _in_text(value: Any) -> str:
    return _legal(value).translate(_ENTITIES)


def _in_attribute(value: Any) -> str:
    text = _in_text(value)
    for character, reference in _IN_ATTRIBUTES.items():
        text = text.replace(character, reference)
    return text


def _in_cdata(value: Any) -> str:
    """Write a value into a CDATA section, which is split wherever the value would end it."""
    again = "]]><![CDATA["
    text = _legal(value).replace("]]>", f"]]{again}>").replace("\r", "]]>&#13;<![CDATA[")
    return f"{again if text.startswith((']', '>')) else ''}{text}{again if text.endswith(']') else ''}"


def _in_comment(value: Any) -> str:
    """Write a value into a comment, which must not contain two hyphens in a row."""
    text = re.sub("-(?=-|\\Z)", "- ", _legal(value))
    return f" {text}" if text.startswith(("-", ">")) else text


def _in_instruction(value: Any) -> str:
    text = re.sub(r"\?(?=>|\Z)", "? ", _legal(value))
    return f" {text}" if text.startswith(">") else text


def _as_name(value: Any) -> str:
    text = as_text(value)
    if not _NAME.fullmatch(text):
        raise ValueError("must be a name, because it is part of the markup of an XML body")
    return text


_ESCAPES: Final[dict[str, Callable[[Any], str]]] = {
    "cdata": _in_cdata,
    "comment": _in_comment,
    "instruction": _in_instruction,
}
