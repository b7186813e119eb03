"""GraphQL documents with templates: values are escaped for the string, comment or argument that they are in."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Any, Final

from naftiko_run import _json
from naftiko_run.consume.contextual_escaping import MARK, compile_escaped_text
from naftiko_run.expressions import Escape, Expression, Resolve, as_text

_DOCUMENT: Final = re.compile(
    r"(?:\s|,|#[^\n\r]*[\n\r])*(?:(?:query|mutation|subscription|fragment)\b[^{]*\{|\{(?!\{))"
)
_TOKEN: Final = re.compile(
    rf"""
      (?P<block>\"\"\"(?:\\\"\"\"|(?!\"\"\").)*(?:\"\"\"|\Z))
    | (?P<string>"(?:\\.|[^"\\\n\r])*"?)
    | (?P<comment>\#[^\n\r]*)
    | (?P<mark>{MARK})
    | .
    """,
    re.VERBOSE | re.DOTALL,
)
_MARK: Final = re.compile(MARK)
_NAME: Final = re.compile("[_A-Za-z][_0-9A-Za-z]*")
_BARE: Final = re.compile(rf"{_NAME.pattern}|-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?")


def is_graphql(name: str, value: object) -> bool:
    """Return whether the value of a member, argument or parameter is a GraphQL document with templates."""
    return name == "query" and isinstance(value, str) and "{{" in value and bool(_DOCUMENT.match(value))


def compile_graphql_template(text: str, resolve: Resolve, *, lenient: bool = False) -> Expression:
    """Compile a GraphQL document.

    Args:
        text: The document.
        resolve: Resolves names in templates.
        lenient: See ``compile_text``.

    Raises:
        ValueError: A template is malformed.
    """
    return compile_escaped_text(text, resolve, scan_graphql, lenient=lenient)


def scan_graphql(marked: str) -> Sequence[Escape]:
    """Return the escape function for each mark in a GraphQL document."""
    return [*_scan(marked)]


def _scan(marked: str) -> Iterator[Escape]:
    for token in _TOKEN.finditer(marked):
        if token["block"]:
            for found in _MARK.finditer(token["block"]):
                yield _in_block(token["block"][: found.start()], token["block"][found.end() :])
        elif token["mark"]:
            is_value = marked[: token.start()].rstrip().endswith((":", "[", ",", "="))
            yield _literal_or_name if is_value else _bare
        else:
            yield from [_in_string if token["string"] else _in_comment] * len(_MARK.findall(token[0]))


def _in_string(value: Any) -> str:
    return _json.dumps(as_text(value)).decode()[1:-1].replace("\x7f", "\\u007f")


def _in_comment(value: Any) -> str:
    return re.sub(r"[\r\n]", " ", as_text(value))


def _in_block(before: str, after: str) -> Escape:
    """Return the escape function for a place in a block string, where only triple quotes are escaped."""
    is_last = after.startswith('"""')
    meets = after.startswith(('"', "\ue001"))
    follows = before.endswith(("\ue002", '"', "\\")) and before != '"""'

    def write(value: Any) -> str:
        text = as_text(value).replace('"""', '\\"""')
        if text.startswith('"') and follows:
            raise ValueError(
                "must not start with a quotation mark, because it is inserted into a GraphQL block string"
            )
        if text.endswith(('"', "\\")):
            if is_last:  # trailing line breaks are not part of a block string
                return f"{text}\n"
            if meets:
                raise ValueError(
                    "must not end with a quotation mark or a backslash, because it is inserted into a GraphQL block string"
                )
        return text

    return write


def _literal_or_name(value: Any) -> str:
    """Write the value of an argument: text is a string, unless it is a name or a number."""
    return value if isinstance(value, str) and _BARE.fullmatch(value) else _literal(value)


def _bare(value: Any) -> str:
    """Write what is outside strings and is no argument, such as the name of a field."""
    if isinstance(value, str) and not _BARE.fullmatch(value):
        raise ValueError(
            "must be a number, a boolean or a name, because it is used in GraphQL without quotation marks"
        )
    return _literal_or_name(value)


def _literal(value: Any) -> str:
    if isinstance(value, dict):
        if not all(_NAME.fullmatch(key) for key in value):
            raise ValueError(
                "must have keys of letters, digits and `_` only, because it is used as a GraphQL object"
            )
        return f"{{{', '.join(f'{key}: {_literal(member)}' for key, member in value.items())}}}"
    if isinstance(value, list):
        return f"[{', '.join(map(_literal, value))}]"
    return f'"{_in_string(value)}"' if isinstance(value, str) else as_text(value)
