"""YAML with templates: values become scalars and are never parsed as YAML.

The text is parsed with a mark in place of each template, and values are inserted into the parsed nodes. No value can
end its scalar, whatever its quotes, indentation or block style.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from io import StringIO
from typing import Any, Final

import yaml

from naftiko_run import _json
from naftiko_run.expressions import (
    MISSING,
    Expression,
    Resolve,
    as_text,
    compile_text,
    compile_value,
    names_in,
)

_MARK: Final = re.compile("\ue001([0-9a-f]+)\ue002")
_PLACEHOLDER: Final = re.compile(r"\{\{\{\s*[^{}]+?\s*\}\}\}|\{\{\s*[^{}#^/!&\s][^{}]*\}\}")
_SECTION: Final = re.compile(r"\{\{\s*[#^]")
_FOLDED: Final = re.compile("[\r\x85\u2028\u2029]")
_LOADER: Final = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


def compile_yaml_template(text: str, resolve: Resolve) -> Expression:
    """Compile YAML with templates; a key or element whose whole value is missing is removed.

    Raises:
        ValueError: A template is malformed, or the text is not YAML.
    """
    if not names_in(text):
        return compile_text(text, resolve)
    if _SECTION.search(text):
        return _compile_sections(text, resolve)
    values: list[Expression] = []

    def mark(found: re.Match[str]) -> str:
        values.append(compile_value(found.group(), resolve))
        return f"\ue001{len(values) - 1}\ue002"

    nodes = _parse(_PLACEHOLDER.sub(mark, text))
    evaluations = [each.evaluate for each in values]

    def evaluate(scope: Mapping[str, Any]) -> str:
        found = [value(scope) for value in evaluations]
        return _write(nodes, lambda mark: found[int(mark)])

    return Expression(evaluate, tuple(dict.fromkeys(name for each in values for name in each.names)))


def _compile_sections(text: str, resolve: Resolve) -> Expression:
    """Compile a text with sections, which is parsed after they are rendered."""

    def mark(value: Any) -> str:
        return f"\ue001{_json.dumps(value).hex()}\ue002"

    template = compile_text(text, resolve, escape=mark, lenient=True)

    def evaluate(scope: Mapping[str, Any]) -> str:
        return _write(_parse(template.evaluate(scope)), lambda mark: _json.loads(bytes.fromhex(mark)))

    return Expression(evaluate, template.names)


def _parse(text: str) -> list[yaml.Node]:
    try:
        return [node for node in yaml.compose_all(text, Loader=_LOADER) if node is not None]
    except (yaml.YAMLError, RecursionError) as fault:
        reason = getattr(fault, "problem", None) or "it is nested too deeply"
        raise ValueError(f"its YAML cannot be parsed: {reason}") from None


def _write(nodes: Sequence[yaml.Node], read: Callable[[str], Any]) -> str:
    filler = _Filler(read)
    filled = [filler.fill(node) for node in nodes]
    written: str = yaml.serialize_all(
        [node for node in filled if node is not None],
        Dumper=yaml.SafeDumper,
        allow_unicode=True,
        width=float("inf"),
        explicit_start=len(nodes) > 1 or None,
    )
    return written


class _Filler:
    """Insert values into nodes; an aliased node stays a single node."""

    def __init__(self, read: Callable[[str], Any]) -> None:
        self._read = read
        self._filled: dict[int, yaml.Node | None] = {}

    def fill(self, node: yaml.Node) -> yaml.Node | None:
        """Return a node with values inserted; None if its whole value is missing."""
        if id(node) not in self._filled:
            self._filled[id(node)] = self._build(node)
        return self._filled[id(node)]

    def _build(self, node: yaml.Node) -> yaml.Node | None:
        if isinstance(node, yaml.MappingNode):
            pairs = [(self.fill(key), self.fill(value)) for key, value in node.value]
            kept = [(key, value) for key, value in pairs if key is not None and value is not None]
            return yaml.MappingNode(node.tag, kept, flow_style=node.flow_style)
        if isinstance(node, yaml.SequenceNode):
            members = [each for each in map(self.fill, node.value) if each is not None]
            return yaml.SequenceNode(node.tag, members, flow_style=node.flow_style)
        assert isinstance(node, yaml.ScalarNode)  # the only other kind of node
        return self._scalar(node)

    def _scalar(self, node: yaml.ScalarNode) -> yaml.Node | None:
        text: str = node.value
        if "\ue001" not in text:
            return node
        whole = _MARK.fullmatch(text)
        if whole and not node.style:
            value = self._read(whole[1])
            return None if value is MISSING else _node_of(value)
        text = _MARK.sub(lambda found: self._text(found[1]), text)
        return _text_node(text, node.style)

    def _text(self, mark: str) -> str:
        value = self._read(mark)
        return "" if value is MISSING or value is None else as_text(value)


def _text_node(text: str, style: str | None = None) -> yaml.ScalarNode:
    """Return the node of a text; line breaks that YAML would fold are written as escapes."""
    return yaml.ScalarNode("tag:yaml.org,2002:str", text, style='"' if _FOLDED.search(text) else style)


class _Dumper(yaml.SafeDumper):
    """Represent values as nodes."""


_Dumper.add_representer(str, lambda _, text: _text_node(text))


def _node_of(value: Any) -> yaml.Node:
    represent: Callable[[Any], yaml.Node] = _Dumper(StringIO()).represent_data
    return represent(value)


def dump_yaml(value: Any) -> str:
    """Return a JSON value as YAML."""
    written: str = yaml.dump(value, Dumper=_Dumper, allow_unicode=True, sort_keys=False)
    return written
