"""``xml``: elements to objects, in the reference engine's shape."""

from __future__ import annotations

import re
from typing import Any, ClassVar, Final, Literal
from xml.parsers import expat

from naftiko_run.consume.formats.format import FormatSettings
from naftiko_run.consume.formats.text import decode_text, encoding_of
from naftiko_run.expressions import NamedText

MAX_DEPTH: Final = 200
MAX_DECLARED: Final = 1000
"""Declared attributes: the parser compares each with all before it."""

_DECLARATION: Final = re.compile(rb"\s*<\?xml[^>]{0,200}encoding", re.IGNORECASE)
_NIL: Final = "http://www.w3.org/2001/XMLSchema-instance nil"


class XmlFormat:
    """XML: the root is dropped, attributes are plain keys, siblings of one name are a list.

    A path may begin with the root's name all the same.

    Text beside attributes or elements is under the empty key; prefixes are
    dropped. Entities and values of attributes that the document itself declares
    are refused: they can multiply, or name files.
    """

    accept: ClassVar[str] = "application/xml, text/xml;q=0.9, */*;q=0.5"
    unmapped: ClassVar[Literal["text"]] = "text"

    def __init__(self, settings: FormatSettings) -> None:
        """Take no settings."""

    def decode(self, content: bytes, media_type: str) -> Any:
        """Decode an answer; see ``Format.decode``."""
        # Text wins over the encoding that the document declares, as RFC 7303 has it.
        source = decode_text(content, media_type) if encoding_of(content, media_type) else content
        builder = _Builder()
        parser = expat.ParserCreate(namespace_separator=" ")
        parser.buffer_text = True
        parser.StartElementHandler = builder.start
        parser.EndElementHandler = builder.end
        parser.CharacterDataHandler = builder.text
        parser.AttlistDeclHandler = builder.declare
        parser.EntityDeclHandler = _refuse_entity
        parser.SkippedEntityHandler = _refuse_entity
        try:
            parser.Parse(source, True)  # noqa: FBT003 - expat's form
        except expat.ExpatError as fault:
            if isinstance(source, bytes) and not _DECLARATION.match(source):
                decode_text(source, "")  # which says so where it is not UTF-8
            words = expat.ErrorString(fault.code)
            raise ValueError(f"{words} at line {fault.lineno}, column {fault.offset + 1}") from None
        except (LookupError, UnicodeError):
            raise ValueError(
                "the encoding that it declares is not known, or not the one that it is in"
            ) from None
        return builder.root


class _Element:
    """An element that is still open."""

    __slots__ = ("is_nil", "members", "text")

    def __init__(self, attributes: dict[str, str]) -> None:
        self.text: list[str] = []
        self.is_nil = attributes.pop(_NIL, "") in ("true", "1")
        self.members: dict[str, Any] = {}
        for name, value in attributes.items():
            self.add(_local(name), value)

    def add(self, name: str, value: Any) -> None:
        """Add a member; the second of a name makes a list."""
        if name not in self.members:
            self.members[name] = value
        elif type(self.members[name]) is _Siblings:
            self.members[name].append(value)
        else:
            self.members[name] = _Siblings((self.members[name], value))

    @property
    def value(self) -> Any:
        """What it is, once it is closed."""
        text = "".join(self.text)
        if not self.members:
            return None if self.is_nil else text
        if text.strip():
            self.add("", text.strip())
        return self.members


class _Root(dict[str, Any]):
    """The members of the root element, which are also found under its name."""

    __slots__ = ("_name",)

    def __init__(self, name: str, members: dict[str, Any]) -> None:
        super().__init__(members)
        self._name = name

    def get(self, key: str, default: Any = None) -> Any:
        """Return a member, or all of them for the root's own name."""
        if key in self or key != self._name:
            return super().get(key, default)
        return dict(self)


class _Siblings(list[Any]):
    """Elements of one name."""


class _Builder:
    def __init__(self) -> None:
        self.root: Any = None
        self._open: list[tuple[str, _Element]] = []
        self._declared = 0

    def declare(self, _: str, __: str, ___: str, default: str | None, ____: bool) -> None:  # noqa: FBT001 - expat's form
        if default is not None:
            raise ValueError("it declares values for attributes, which are refused")
        self._declared += 1
        if self._declared > MAX_DECLARED:
            raise ValueError(f"it declares more than {MAX_DECLARED:,} attributes")

    def start(self, name: str, attributes: dict[str, str]) -> None:
        if len(self._open) >= MAX_DEPTH:
            raise ValueError(f"its elements are nested more than {MAX_DEPTH} levels deep")
        self._open.append((_local(name), _Element(attributes)))

    def text(self, text: str) -> None:
        self._open[-1][1].text.append(text)

    def end(self, _: str) -> None:
        name, element = self._open.pop()
        if self._open:
            self._open[-1][1].add(name, element.value)
        else:
            self.root = _root(name, element.value)


def _root(name: str, value: Any) -> Any:
    if isinstance(value, dict):
        return _Root(name, value)
    return value if value is None else NamedText.of(value, name)


def _local(name: str) -> str:
    return name.rpartition(" ")[2]


def _refuse_entity(*_: object) -> None:
    raise ValueError("it declares or uses entities of its own, which are refused")
