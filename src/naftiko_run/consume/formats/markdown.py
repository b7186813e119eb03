"""``markdown``: front matter, tables and sections of a Markdown document."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any, ClassVar, Literal

from naftiko_run.consume.formats.format import FormatSettings, row_objects, unique_names
from naftiko_run.consume.formats.text import decode_text
from naftiko_run.consume.formats.yaml import parse_yaml

if TYPE_CHECKING:
    from markdown_it.token import Token

_FRONT_MATTER = re.compile(r"---[ \t]*\n(.*?)^---[ \t]*(?:\n|\Z)", re.DOTALL | re.MULTILINE)


class MarkdownFormat:
    """Markdown with tables: ``{"frontMatter", "tables", "sections": [{heading, level, content}]}``.

    ``outputSchema`` selects the sections whose heading starts with it: ``## Results`` those of level 2, ``Results``
    those of any level.
    """

    accept: ClassVar[str] = "text/markdown, */*;q=0.5"
    unmapped: ClassVar[Literal["text"]] = "text"

    def __init__(self, settings: FormatSettings) -> None:
        from markdown_it import MarkdownIt

        self._parser = MarkdownIt("commonmark").enable("table")
        written = settings.output_schema.strip()
        self._prefix = written.lstrip("#").lstrip()
        self._level = len(written) - len(written.lstrip("#"))

    def decode(self, content: bytes, media_type: str) -> Any:
        """Decode a response; see ``Format.decode``."""
        text = decode_text(content, media_type).replace("\r\n", "\n")
        front: Any = {}
        matter = _FRONT_MATTER.match(text)
        if matter:
            text = text[matter.end() :]
            front = parse_yaml(matter[1])
        blocks = [*_blocks(self._parser.parse(text))]
        return {
            "frontMatter": front if isinstance(front, dict) else {},
            "tables": [_table(block) for block in blocks if block[0].type == "table_open"],
            "sections": [each for each in _sections(blocks) if self._keeps(each)],
        }

    def _keeps(self, section: dict[str, Any]) -> bool:
        return section["heading"].startswith(self._prefix) and self._level in (0, section["level"])


def _blocks(tokens: Sequence[Token]) -> Iterator[Sequence[Token]]:
    """Yield the tokens of each top-level block."""
    start = 0
    for index, token in enumerate(tokens):
        if token.level == 0 and token.nesting <= 0:
            yield tokens[start : index + 1]
            start = index + 1


def _sections(blocks: Sequence[Sequence[Token]]) -> list[dict[str, Any]]:
    sections: list[dict[str, Any]] = []
    contents: list[list[str]] = []
    for block in blocks:
        kind = block[0].type
        if kind == "heading_open":
            sections.append({"heading": _text(block), "level": int(block[0].tag[1:])})
            contents.append([])
        elif sections and kind != "table_open":
            contents[-1].append(_text(block))
    for section, parts in zip(sections, contents, strict=True):
        section["content"] = "\n".join(part for part in parts if part)
    return sections


def _table(block: Sequence[Token]) -> list[dict[str, str]]:
    rows: list[list[str]] = []
    for token in block:
        if token.type == "tr_open":
            rows.append([])
        elif token.type == "inline":
            rows[-1].append(_text([token]))
    return row_objects(unique_names(rows[0]), rows[1:])


def _text(tokens: Sequence[Token]) -> str:
    """Return the text in a block, with one line for each paragraph or item."""
    lines = []
    for token in tokens:
        if token.type == "inline":
            lines.append("".join(_inline(each) for each in token.children or ()).strip())
        elif token.type in ("fence", "code_block"):
            lines.append(token.content.rstrip("\n"))
    return "\n".join(line for line in lines if line)


def _inline(token: Token) -> str:
    if token.type == "softbreak":
        return " "
    return "\n" if token.type == "hardbreak" else token.content if token.type != "html_inline" else ""
