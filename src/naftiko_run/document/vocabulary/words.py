"""The words that the vocabulary is written in: keys, what they hold, and the objects that they make up."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

Rule = dict[str, Any]
"""A JSON Schema (draft-07) of a plain value."""


Form = Mapping[str, tuple[str, ...]]
"""How several objects stand together: the JSON types by spec line, under ``""`` where the line is not known."""

NAMED: Final[Form] = {"": ("array", "object"), "naftiko": ("array",), "ikanos": ("object",)}
LIST: Final[Form] = {"": ("array", "object"), "naftiko": ("array",), "ikanos": ("array",)}
MAP: Final[Form] = {"": ("object", "array"), "naftiko": ("object",), "ikanos": ("object",)}
MAPPED_OR_NAMED: Final[Form] = {
    "": ("array", "object"),
    "naftiko": ("array",),
    "ikanos": ("array", "object"),
}
KEYED: Final[Form] = {"": ("object",), "naftiko": ("object",), "ikanos": ("object",)}


@dataclass(frozen=True, slots=True)
class Key:
    """A key of an object.

    Attributes:
        says: What it means, for authors.
        rule: What a plain value must be.
        part: The kind of the one object that it holds; empty where it holds something else.
        members: The kind of each of the objects that it holds; empty where it holds something else.
            With a part besides, it holds either.
        form: How the members stand together.
        takes: What it may hold instead of parts and members: JSON types.
        has_scalars: Whether a member of a named map may be a plain value.
        group: The entry-point group whose names are values too.
        line: The one spec line that has it; empty for both.
        instead: What to write instead, for a key that is understood all the same.
        is_mended: Whether loading warns of it.
    """

    says: str
    rule: Mapping[str, Any] = field(default_factory=dict)
    part: str = ""
    members: str = ""
    form: Form = field(default_factory=lambda: NAMED)
    takes: tuple[str, ...] = ()
    has_scalars: bool = False
    group: str = ""
    line: str = ""
    instead: str = ""
    is_mended: bool = False


@dataclass(frozen=True, slots=True)
class Shape:
    """An object of the specification.

    Attributes:
        title: What it is called, with its article.
        keys: The keys that it may have.
        needs: Groups of keys; of each group, one must be there.
        named_by: The keys of which one must be there in a list; a named map has the names as its keys.
        is_open: Whether it may have other keys too.
    """

    title: str
    keys: Mapping[str, Key]
    needs: tuple[tuple[str, ...], ...] = ()
    named_by: tuple[str, ...] = ()
    is_open: bool = False


@dataclass(frozen=True, slots=True)
class Choice:
    """An object that is one of several kinds, by its ``type``.

    Attributes:
        title: What it is called, with its article.
        says: What ``type`` means.
        kinds: Each ``type`` to the kind of object that it makes.
        loose: Other spellings that loading warns of, and the ``type`` that each means.
    """

    title: str
    says: str
    kinds: Mapping[str, str]
    loose: Mapping[str, str] = field(default_factory=dict)

    def kind(self, type_: str) -> str:
        """Give the kind of object that a ``type`` makes; empty where none is known."""
        return self.kinds.get(self.loose.get(type_, type_), "")

    def spellings(self) -> dict[str, list[str]]:
        """Give each kind of object with every ``type`` that makes it."""
        return {
            kind: [type_, *(loose for loose, meant in self.loose.items() if meant == type_)]
            for type_, kind in self.kinds.items()
        }


ANYTHING: Final[Rule] = {}
TEXT: Final[Rule] = {"type": ["string", "number", "boolean", "null"]}
TEXTS: Final[Rule] = {"type": ["array", "null"], "items": TEXT}
TEXTS_BY_NAME: Final[Rule] = {"type": ["object", "null"], "additionalProperties": TEXT}
OPEN: Final[Rule] = {"type": ["object", "null"]}
FILE: Final[Rule] = {"type": "string", "examples": ["file:///./folder"]}


def pattern_of(words: Sequence[str]) -> str:
    """Give the pattern of words in whatever case."""
    any_case = ("".join(_any_case(letter) for letter in word) for word in words)
    return f"^({'|'.join(any_case)})$"


def _any_case(letter: str) -> str:
    return f"[{letter.upper()}{letter.lower()}]" if letter.isalpha() else f"[{letter}]"


def words(*proposed: str, also: Sequence[str] = ()) -> Rule:
    """One of a few words, in whatever case.

    Args:
        proposed: The words of the specification.
        also: Words that are understood besides.
    """
    return {
        "anyOf": [{"enum": list(proposed)}, {"type": "string", "pattern": pattern_of([*proposed, *also])}]
    }


def choice(*proposed: str) -> Rule:
    """One of a few words, exactly."""
    return {"enum": [*proposed]}


def whole(least: int = 0, most: int | None = None) -> Rule:
    """A whole number within limits."""
    return {"type": ["integer", "null"], "minimum": least, **({} if most is None else {"maximum": most})}


FLAG: Final[Rule] = {
    "type": ["boolean", "string", "null"],
    "pattern": pattern_of(["true", "false", "yes", "no", "on", "off"]),
    "patternErrorMessage": "Write true or false.",
}
PORT: Final[Rule] = {
    "type": ["integer", "string", "null"],
    "minimum": 0,
    "maximum": 65535,
    "pattern": "^[0-9]+$",
    "patternErrorMessage": "Write a number from 1 to 65535.",
}
SIZE: Final[Rule] = {
    "type": "string",
    "pattern": "^[0-9]+([.][0-9]+)?([KMG]i)?B$",
    "patternErrorMessage": "Write a size such as 512KiB or 10MiB.",
    "examples": ["10MiB"],
}
SECONDS: Final[Rule] = {
    "type": ["number", "string"],
    "exclusiveMinimum": 0,
    "pattern": "^[0-9]*[.]?[0-9]+$",
    "patternErrorMessage": "Write a number of seconds such as 5 or 0.5.",
    "examples": [5],
}
CALL: Final[Rule] = {
    "type": "string",
    "pattern": "[^.][.][^.]",
    "patternErrorMessage": "Write namespace.name.",
}


def secret(says: str) -> Key:
    """A credential."""
    return Key(f"{says}. Best a template such as `{{{{TOKEN}}}}` with a bind.", TEXT)


NAME_KEYS: Final[Mapping[str, Key]] = {
    "name": Key("Its name; in a named map, the key above is the name.", TEXT, line="naftiko"),
    "label": Key("A name for people.", TEXT, line="naftiko"),
    "display": Key("A name for people.", TEXT, line="ikanos"),
    "title": Key("A name for people.", TEXT, instead="label"),
    "description": Key("What it is and does, for people and agents.", TEXT),
    "tags": Key("Words to find it by.", TEXTS, line="ikanos"),
}
"""What most named things have."""


def named(*without: str, **described: str) -> dict[str, Key]:
    """Give the keys that most named things have.

    Args:
        without: Those that this one has not.
        described: What one of them means here.
    """
    return {
        key: Key(described[key], each.rule, line=each.line, instead=each.instead)
        if key in described
        else each
        for key, each in NAME_KEYS.items()
        if key not in without
    }
