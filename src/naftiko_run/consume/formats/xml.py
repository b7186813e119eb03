"""``xml``: elements as objects, in the form of the reference engine."""

from __future__ import annotations

import re
from typing import Any, ClassVar, Final, Literal
from xml.parsers import expat

from naftiko_run.consume.formats.format import FormatSettings
from naftiko_run.consume.formats.text import decode_text, encoding_of
from naftiko_run.expressions import NamedText

MAX_DEPTH: Final = 200
MAX_DECLARED: Final = 1000
"""The maximum number of declared attributes: the parser compares each with all previous ones."""

_DECLARATION: Final = re.compile(rb"\s*<\?xml[^>]{0,200}encoding", re.IGNORECASE)
_NIL: Final = "http://www.w3.org/2001/XMLSchema-instance nil"


class XmlFormat:
    """XML: the root element is dropped, attributes are keys, siblings with the same name are a list.

    A path may still start with the name of the root element. Text next to attributes or child elements has the empty
    key; namespace prefixes are dropped. Declared entities and default attribute values are rejected, because they can
    expand exponentially or reference files.
    """

    accept: ClassVar[str] = "application/xml, text/xml;q=0.9, */*;q=0.5"
    unmapped: ClassVar[Literal["text"]] = "text"

    def __init__(self, settings: FormatSettings) -> None:
        """Accept the settings; none are used."""

    def decode(self, content: bytes, media_type: str) -> Any:
        """Decode a response; see ``Format.decode``."""
        # A charset or byte order mark overrides the encoding declaration (RFC 7303).
        source = decode_text(content, media_type) if encoding_of(content, media_type) else content
        builder = _Builder()
        parser = expat.ParserCreate(namespace_separator=" ")
        parser.buffer_text = True
        parser.StartElementHandler = builder.start
        parser.EndElementHandler = builder.end
        parser.CharacterDataHandler = builder.text
        parser.AttlistDeclHandler = builder.declare
        parser.EntityDeclHandler = _reject_entity
        parser.SkippedEntityHandler = _reject_entity
        try:
            parser.Parse(source, True)  # noqa: FBT003 - expat's signature
        except expat.ExpatError as fault:
            if isinstance(source, bytes) and not _DECLARATION.match(source):
                decode_text(source, "")  # raises a clearer error if it is not UTF-8
            words = expat.ErrorString(fault.code)
            raise ValueError(f"{words} at line {fault.lineno}, column {fault.offset + 1}") from None
        except (LookupError, UnicodeError):
            raise ValueError("its declared encoding is unknown or wrong") from None
        return builder.root


class _Element:
    """An open element."""

    __slots__ = ("is_nil", "members", "text")

    def __init__(self, attributes: dict[str, str]) -> None:
        self.text: list[str] = []
        self.is_nil = attributes.pop(_NIL, "") in ("true", "1")
        self.members: dict[str, Any] = {}
        for name, value in attributes.items():
            self.add(_local(name), value)

    def add(self, name: str, value: Any) -> None:
        """Add a member; members with the same name become a list."""
        if name not in self.members:
            self.members[name] = value
        elif type(self.members[name]) is _Siblings:
            self.members[name].append(value)
        else:
            self.members[name] = _Siblings((self.members[name], value))

    @property
    def value(self) -> Any:
        """The value of the element when it is closed."""
        text = "".join(self.text)
        if not self.members:
            return None if self.is_nil else text
        if text.strip():
            self.add("", text.strip())
        return self.members


class _Root(dict[str, Any]):
    """The members of the root element, which are also available under its name."""

    __slots__ = ("_name",)

    def __init__(self, name: str, members: dict[str, Any]) -> None:
        super().__init__(members)
        self._name = name

    def get(self, key: str, default: Any = None) -> Any:
        """Return a member, or all members for the name of the root element."""
        if key in self or key != self._name:
            return super().get(key, default)
        return dict(self)


class _Siblings(list[Any]):
    """Elements with the same name."""


class _Builder:
    def __init__(self) -> None:
        self.root: Any = None
        self._open: list[tuple[str, _Element]] = []
        self._declared = 0

    def declare(self, _: str, __: str, ___: str, default: str | None, ____: bool) -> None:  # noqa: FBT001 - expat's signature
        if default is not None:
            raise ValueError("it declares default attribute values, which are not allowed")
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


def _reject_entity(*_: object) -> None:
    raise ValueError("it declares or uses custom entities, which are not allowed")
