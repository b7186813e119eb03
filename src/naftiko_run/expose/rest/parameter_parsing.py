"""Parse parameters from paths, queries, headers and cookies: the inverse of ``consume.parameter_styles``.

A style is compiled into a plain function of the text when a document is loaded. Text that cannot be read in the style is a
400; JSON is accepted for an object where the style itself cannot produce such text.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, Final
from urllib.parse import unquote, unquote_plus

from naftiko_run.diagnostics import json_pointer
from naftiko_run.document.model import Style
from naftiko_run.errors import InvalidInput, Violation
from naftiko_run.expose.exposer import Scope
from naftiko_run.expressions import MISSING, PathTemplate, parse_path
from naftiko_run.invoke import Input, compile_coercion, compile_text_coercion

Pairs = Sequence[tuple[str, str]]
"""The parameters of a query, or the cookies of a request: decoded names, and values as they were sent."""
PairsReader = Callable[[Pairs], Any]
"""Reads an input from a query or from cookies; ``MISSING`` if it was not sent."""

_SPLITTERS: Final[Mapping[str, Callable[[str], list[str]]]] = {
    ",": lambda text: text.split(","),
    " ": re.compile(r"%20|\+| ").split,
    "|": re.compile(r"%7C|\|", re.IGNORECASE).split,
    "\t": re.compile(r"%09|\t").split,
}
"""Split percent-encoded text at a delimiter. An encoded comma is part of an element; the other delimiters are encoded
themselves."""
_ENCODED_COMMA: Final = re.compile("%2C", re.IGNORECASE)
_MAX_DEPTH: Final = 100
"""The maximum number of brackets in the name of a member of a ``deepObject``."""


def reads_query(declared: Input) -> bool:
    """Return whether an input in a query must be read in its style, because it is not one text for each value."""
    style = declared.style
    if style is None or declared.location in ("path", "header", "cookie"):
        return False
    if style.style == "deepObject" or declared.type == "object":
        return True
    return bool(style.delimiter) and declared.type in ("", "array")


def reads_cookies(declared: Input) -> bool:
    """Return whether an input in cookies must be read in its style, because it is not the text of one cookie."""
    style = declared.style
    if style is None:
        return False
    return declared.type == "object" or (bool(style.explode) and declared.type in ("", "array"))


def reads_path(declared: Input) -> bool:
    """Return whether an input in a path must be read in its style, because it is not the text of the variable."""
    style = declared.style
    if declared.type == "array":
        return True
    return style is not None and (style.style in ("label", "matrix") or declared.type in ("", "object"))


@dataclass(frozen=True, slots=True)
class _Parser:
    """Parses the values of one input.

    Attributes:
        name: The name of the input.
        kind: Its type; empty for any.
        split: Splits a text into elements.
        decode: Decodes an element.
        coerce: Converts a text to the type of the input.
        coerce_item: Converts a text to the type of the elements of an array.
        members: Converts a text to the type of a member, by the name of the member.
        splits_encoded: Whether encoded commas separate elements if there are no literal ones.
    """

    name: str
    kind: str
    split: Callable[[str], list[str]]
    decode: Callable[[str], str]
    coerce: Callable[[str], Any]
    coerce_item: Callable[[str], Any]
    members: Mapping[str, Callable[[str], Any]]
    splits_encoded: bool = False

    @classmethod
    def of(cls, declared: Input, delimiter: str, decode: Callable[[str], str]) -> _Parser:
        """Return the parser of an input; ``delimiter`` separates elements that are not exploded."""
        items = declared.schema.get("items")
        items = items if isinstance(items, dict) else {}
        is_encoded = decode is not str
        return cls(
            declared.name,
            declared.type,
            _SPLITTERS[delimiter] if is_encoded else partial(_split_literally, delimiter),
            decode,
            compile_text_coercion(declared.schema),
            compile_text_coercion(items),
            {name: compile_text_coercion(each) for name, each in _properties(declared.schema).items()},
            is_encoded and delimiter == "," and (items.get("type", "string") != "string" or "enum" in items),
        )

    def fault(self, message: str) -> InvalidInput:
        return InvalidInput([Violation(json_pointer([self.name]), message)])

    def joined(self, text: str) -> Any:
        """Read the elements of an array, or the names and values of an object, separated by the delimiter."""
        if self.kind == "array":
            return self.array(self._elements(text))
        if self.kind == "object":
            return self._object_of(text)
        if self.kind == "" and len(elements := self.split(text)) > 1:
            return self.array(elements)
        return self.coerce(self.decode(text))

    def array(self, elements: Iterable[str]) -> list[Any]:
        return [self.coerce_item(self.decode(each)) for each in elements]

    def exploded(self, elements: Sequence[str], separator: str) -> Any:
        """Read the elements of an array, or ``name=value`` of each member of an object."""
        if self.kind == "object" or (self.kind == "" and all("=" in each for each in elements)):
            return self._members(elements, separator)
        if self.kind == "array" or (self.kind == "" and len(elements) > 1):
            return self.array(elements)
        return self.coerce(self.decode(separator.join(elements)))

    def member(self, name: str, text: str) -> Any:
        coerce = self.members.get(name)
        return self.decode(text) if coerce is None else coerce(self.decode(text))

    def json(self, text: str) -> Any:
        """Return an object that is written as JSON; ``MISSING`` if it is not."""
        if text[:1] != "{":
            return MISSING
        found = self.coerce(text)
        return found if isinstance(found, dict) else MISSING

    def pairs(self, pairs: Iterable[tuple[str, str]]) -> dict[str, Any]:
        """Return an object of decoded names and texts."""
        found: dict[str, Any] = {}
        for name, text in pairs:
            if name in found:
                raise self.fault(f"has the member `{name}` more than once")
            found[name] = self.member(name, text)
        return found

    def _elements(self, text: str) -> list[str]:
        if not text and self.splits_encoded:
            return []
        if self.splits_encoded and "," not in text:
            return _ENCODED_COMMA.split(text)
        return self.split(text)

    def _object_of(self, text: str) -> dict[str, Any]:
        elements = self.split(text) if text else []
        if len(elements) % 2:
            return self._json_or_fault(text, "must have a value after each name, such as `R,100,G,200`")
        names = map(self.decode, elements[::2])
        return self.pairs(zip(names, elements[1::2], strict=True))

    def _members(self, elements: Sequence[str], separator: str) -> dict[str, Any]:
        joined: list[str] = []
        for each in elements:
            # A separator that is not followed by a name is part of the value: ``.R=1.5`` is R = 1.5.
            if "=" not in each and joined:
                joined[-1] += separator + each
            else:
                joined.append(each)
        text = separator.join(joined)
        if text and not all("=" in each for each in joined):
            return self._json_or_fault(text, "must be written as `name=value` for each member")
        pairs = (each.partition("=") for each in joined if each)
        return self.pairs((self.decode(name), value) for name, _, value in pairs)

    def _json_or_fault(self, text: str, message: str) -> dict[str, Any]:
        found = self.json(self.decode(text))
        if found is MISSING:
            raise self.fault(message)
        value: dict[str, Any] = found
        return value


class PathReader:
    """Reads an input from its segment of a request path.

    An array without a style is split at literal commas, then each element is decoded: an encoded comma is part of its
    element. A segment without a literal comma is split at encoded ones, since some clients encode them all.

    Args:
        declared: The input.
        path: The path of the route, which has a variable of that name.
    """

    __slots__ = ("_from_end", "_group", "_pattern", "_read")

    def __init__(self, declared: Input, path: PathTemplate) -> None:
        self._read = _path_parser(declared)
        segments = [parse_path(each) for each in path.text.rstrip("/").split("/")]
        place = next(at for at, each in enumerate(segments) if declared.name in each.variables)
        # Counted from the end, since the app may be mounted below a prefix.
        self._from_end = place - len(segments)
        self._pattern = segments[place].pattern()
        self._group = 1 + segments[place].variables.index(declared.name)

    def __call__(self, text: str, scope: Scope) -> Any:
        """Return the value.

        Args:
            text: The decoded value of the path variable.
            scope: The ASGI scope of the request.
        """
        raw: str = (scope.get("raw_path") or b"").decode("latin-1")
        if "%" in raw:
            segment = raw.rstrip("/").split("/")[self._from_end]
            found = self._pattern.fullmatch(segment)
            if found:
                text = found[self._group]
        return self._read(text)


def _path_parser(declared: Input) -> Callable[[str], Any]:
    style = declared.style or Style()
    parser = _Parser.of(declared, style.delimiter or ",", unquote)
    exploded = style.explode is True
    if declared.style is None:
        coerce = compile_coercion(declared, ",")
        return lambda raw: parser.joined(raw) if "," in raw else coerce((unquote(raw),))
    if style.style == "label":
        return partial(_label, parser, exploded=exploded)
    if style.style == "matrix":
        return partial(_matrix, parser, exploded=exploded)
    if exploded:
        return lambda raw: parser.exploded(parser.split(raw), ",")
    return parser.joined


def _label(parser: _Parser, raw: str, *, exploded: bool) -> Any:
    if not raw.startswith("."):
        raise parser.fault("must start with `.`, in the style `label`")
    text = raw[1:]
    return parser.exploded(text.split("."), ".") if exploded else parser.joined(text)


def _matrix(parser: _Parser, raw: str, *, exploded: bool) -> Any:
    first, *elements = raw.split(";")
    pairs = [each.partition("=") for each in elements]
    is_named = all(unquote(name) == parser.name for name, _, _ in pairs)
    is_object = exploded and (parser.kind == "object" or (parser.kind == "" and not is_named))
    if first or not pairs or not (is_object or is_named) or (len(pairs) > 1 and not exploded):
        expected = ";name=value" if is_object else f";{parser.name}=value"
        raise parser.fault(f"must be written as `{expected}`, in the style `matrix`")
    if is_object:
        return parser.exploded([each for each in elements if each], ";")
    values = [value for _, _, value in pairs]
    if exploded and (parser.kind == "array" or len(values) > 1):
        return parser.array(values)
    return parser.joined(values[0]) if not exploded else parser.coerce(unquote(values[0]))


def query_readers(inputs: Iterable[Input], taken: Collection[str]) -> list[tuple[str, PairsReader]]:
    """Return the readers of the inputs in a query that are read in their style, by name.

    Args:
        inputs: All inputs of the function.
        taken: Further names in the query that are no members of an exploded object.
    """
    inputs = tuple(inputs)
    deep = {each.name for each in inputs if each.style is not None and each.style.style == "deepObject"}
    styled = [each for each in inputs if reads_query(each)]
    members = _exploded_members([each for each in styled if _is_exploded_form(each)], inputs, {*taken, *deep})
    readers: list[tuple[str, PairsReader]] = []
    for each in styled:
        style = each.style or Style()
        parser = _Parser.of(each, style.delimiter or ",", unquote_plus)
        if each.name in deep:
            readers.append((each.name, partial(_deep_object, parser, each.schema)))
        elif each.name in members:
            readers.append((each.name, partial(_exploded_object, parser, members[each.name])))
        else:
            readers.append((each.name, partial(_one_text, parser)))
    return readers


def _is_exploded_form(declared: Input) -> bool:
    style = declared.style
    return (
        style is not None
        and not style.delimiter
        and style.style != "deepObject"
        and declared.type == "object"
    )


def cookie_readers(inputs: Iterable[Input]) -> list[tuple[str, PairsReader]]:
    """Return the readers of the inputs in cookies that are read in their style, by name."""
    inputs = tuple(each for each in inputs if each.location == "cookie")
    styled = [each for each in inputs if reads_cookies(each)]
    members = _exploded_members(
        [each for each in styled if each.type == "object" and each.style and each.style.explode], inputs, ()
    )
    readers: list[tuple[str, PairsReader]] = []
    for each in styled:
        style = each.style or Style()
        parser = _Parser.of(each, style.delimiter or ",", str)
        if each.name in members:
            readers.append((each.name, partial(_exploded_object, parser, members[each.name])))
        elif style.explode:
            readers.append((each.name, partial(_repeated, parser)))
        else:
            readers.append((each.name, partial(_one_text, parser)))
    return readers


def header_reader(declared: Input) -> Callable[[Sequence[str]], Any]:
    """Return the function that reads an input from the values of its header."""
    style = declared.style
    delimiter = (style.delimiter if style is not None else "") or ","
    if style is None or declared.type != "object":
        return compile_coercion(declared, delimiter)
    parser = _Parser.of(declared, delimiter, str)
    if style.explode:
        return lambda texts: parser.exploded(parser.split(delimiter.join(texts)), delimiter)
    return lambda texts: parser.joined(delimiter.join(texts))


_Accepts = Callable[[str], bool]


def _exploded_members(
    exploded: Iterable[Input], inputs: Iterable[Input], taken: Collection[str]
) -> dict[str, _Accepts]:
    """Return which names are members of each exploded object.

    These are its declared properties. The first object without any, or with ``additionalProperties``, also has the
    names that belong to no other input.
    """
    exploded = tuple(exploded)
    names = {each.name for each in exploded}
    known = {each.name for each in inputs if each.name not in names} | {*taken}
    known |= {name for each in exploded for name in _properties(each.schema)}
    found: dict[str, _Accepts] = {}
    is_taken = False
    for each in exploded:
        own = frozenset(_properties(each.schema))
        is_open = bool(each.schema.get("additionalProperties", not own)) and not is_taken
        is_taken = is_taken or is_open
        found[each.name] = partial(_accepts, own, frozenset(known - own), is_open)
    return found


def _accepts(own: frozenset[str], others: frozenset[str], is_open: bool, name: str) -> bool:  # noqa: FBT001
    return name in own or (is_open and name not in others and name.partition("[")[0] not in others)


def _exploded_object(parser: _Parser, accepts: _Accepts, pairs: Pairs) -> Any:
    members = [(name, text) for name, text in pairs if accepts(name)]
    whole = [text for name, text in pairs if name == parser.name]
    if len(whole) == 1 and len(members) < 2 and parser.name not in parser.members:
        found = parser.json(parser.decode(whole[0]))
        if found is not MISSING:
            return found
    return parser.pairs(members) if members else MISSING


def _one_text(parser: _Parser, pairs: Pairs) -> Any:
    texts = [text for name, text in pairs if name == parser.name]
    if not texts:
        return MISSING
    if len(texts) == 1:
        return parser.joined(texts[0])
    if parser.kind == "object":
        raise parser.fault(f"is sent {len(texts)} times; it accepts one value")
    return [each for text in texts for each in parser.array(parser.split(text))]


def _repeated(parser: _Parser, pairs: Pairs) -> Any:
    values = parser.array(text for name, text in pairs if name == parser.name)
    if not values:
        return MISSING
    return values[0] if parser.kind == "" and len(values) == 1 else values


def _deep_object(parser: _Parser, schema: Mapping[str, Any], pairs: Pairs) -> Any:
    """Read ``name[key]=value`` for each member, recursively; values of one name are an array."""
    found: dict[str, Any] = {}
    whole: list[str] = []
    for name, text in pairs:
        if name == parser.name:
            whole.append(text)
        elif name.startswith(f"{parser.name}["):
            if not name.endswith("]"):
                raise parser.fault(f"must be written as `{parser.name}[key]=value` for each member")
            _add_member(parser, schema, found, name[len(parser.name) + 1 : -1].split("]["), text)
    if not whole:
        return found or MISSING
    if found or len(whole) > 1:
        raise parser.fault(f"must be written as `{parser.name}[key]=value` for each member")
    return parser.coerce(parser.decode(whole[0]))


def _add_member(
    parser: _Parser, schema: Mapping[str, Any], found: dict[str, Any], path: list[str], text: str
) -> None:
    if len(path) > _MAX_DEPTH:
        raise parser.fault("is nested too deeply")
    for key in path[:-1]:
        schema = _properties(schema).get(key, {})
        found = found.setdefault(key, {})
        if not isinstance(found, dict):
            raise parser.fault(f"has a value and members for `{key}`")
    last = path[-1]
    schema = _properties(schema).get(last, {})
    is_array = schema.get("type") == "array"
    items = schema.get("items") if is_array else schema
    value = compile_text_coercion(items if isinstance(items, dict) else {})(parser.decode(text))
    if last not in found:
        found[last] = [value] if is_array else value
    elif isinstance(found[last], dict):
        raise parser.fault(f"has a value and members for `{last}`")
    else:
        found[last] = [*(found[last] if isinstance(found[last], list) else [found[last]]), value]


def _properties(schema: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    properties = schema.get("properties")
    members = properties.items() if isinstance(properties, dict) else ()
    return {name: each for name, each in members if isinstance(each, dict)}


def _split_literally(delimiter: str, text: str) -> list[str]:
    elements = text.split(delimiter)
    return [each.strip(" ") for each in elements] if delimiter == "," else elements
