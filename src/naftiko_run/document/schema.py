"""The JSON Schema of what can be written, for editors: made of the vocabulary.

Draft-07, which every editor's YAML support knows. Beside the standard's words it
has three that editors read: ``deprecationMessage``, ``doNotSuggest`` and
``patternErrorMessage``.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from naftiko_run import plugins
from naftiko_run.document.imports.syntax import BASE_URIS, CONSUMED_MARKS, ENDINGS, FILES, MARKS
from naftiko_run.document.normalize import SPEC_VERSIONS
from naftiko_run.document.vocabulary import (
    CHOICES,
    IMPORTABLE,
    SHAPES,
    Choice,
    Key,
    Rule,
    Shape,
    pattern_of,
    words,
)

_OWN_KEYS: Final[Rule] = {"^x-": {}}
_SCALARS: Final = ("string", "number", "boolean", "null")
_PLUGINS: Final[Mapping[str, tuple[str, ...]]] = {
    "exposes": (plugins.EXPOSERS,),
    "authentication": (plugins.AUTHENTICATIONS, plugins.GUARDS),
}
"""The entry-point groups whose names are further types of a choice."""


def document_schema(version: str = "") -> dict[str, Any]:
    """Give the JSON Schema (draft-07) of a capability document.

    Args:
        version: A specification version, such as ``1.0.0-alpha2``, for only the
            keys and forms of its line; empty for both lines.

    Raises:
        ValueError: No specification line has that version; the message names those known.
    """
    line = next((line for line, versions in SPEC_VERSIONS.items() if version in versions), "")
    if version and not line:
        known = ", ".join(each for versions in SPEC_VERSIONS.values() for each in versions)
        raise ValueError(f"`{version}` is no version known here; known: {known}")
    return _Schema(line, version).document()


@dataclass(frozen=True, slots=True)
class _Schema:
    """Puts the vocabulary into JSON Schema.

    Attributes:
        line: The spec line whose words and forms it takes; empty for both.
        version: The version that documents must name; empty for any, or none.
    """

    line: str
    version: str

    def document(self) -> Rule:
        """Give the whole schema."""
        root = self._shape(SHAPES["document"])
        for line in SPEC_VERSIONS:
            if line in root["properties"]:
                root["properties"][line] |= self._versions(line)
        if self.version:
            root["required"] = [self.line]
        shapes = {name: shape for name, shape in SHAPES.items() if name != "document"}
        return {
            "$schema": "http://json-schema.org/draft-07/schema#",
            "description": "A capability document, as naftiko-run reads it.",
            "type": "object",
            **root,
            "definitions": {
                **{_slug(name): self._shape(shape) for name, shape in shapes.items()},
                **{_slug(name): self._choice(name, choice) for name, choice in CHOICES.items()},
                "body-of-any-type": _body(),
                "output-or-outputs": self._one_or_several("output"),
                **{f"{_slug(name)}-or-import": self._or_import(name) for name in IMPORTABLE},
            },
        }

    def _versions(self, line: str) -> Rule:
        versions = [self.version] if self.version else [*SPEC_VERSIONS[line]]
        numbers = [float(each) for each in versions if each.count(".") == 1]
        return {"enum": [*versions, *numbers], "default": versions[0]}

    def _shape(self, shape: Shape) -> Rule:
        keys = {
            key: each for key, each in shape.keys.items() if each.line in (self.line, "") or not self.line
        }
        rule: Rule = {
            "title": shape.title.strip("`").removeprefix("a ").removeprefix("an "),
            "properties": {key: self._key(each) for key, each in keys.items()},
            **({} if shape.is_open else {"patternProperties": _OWN_KEYS, "additionalProperties": False}),
        }
        return rule | _needs([[key for key in group if key in keys] for group in shape.needs])

    def _key(self, key: Key) -> Rule:
        says = key.says
        if key.line and not self.line:
            says += f" Of the `{key.line}` line of the specification."
        if key.instead:
            says += f" Write {key.instead} instead."
        rule: Rule = {"description": says, **self._value(key)}
        if key.instead:
            rule |= {"deprecated": True, "doNotSuggest": True}
        if key.is_mended:
            rule["deprecationMessage"] = f"Write {key.instead} instead."
        return rule

    def _value(self, key: Key) -> Rule:
        if key.part and key.members:
            return {"type": ["object", "array", "null"], "allOf": [_ref("output or outputs")]}
        if key.part == "body":
            return {"type": ["object", *key.takes, "null"], "allOf": [_ref("body of any type")]}
        if key.part:
            return {"type": ["object", *key.takes, "null"], "allOf": [_ref(key.part)]}
        if key.members:
            return self._members(key)
        return _plugged(key)

    def _members(self, key: Key) -> Rule:
        kind = f"{key.members} or import" if key.members in IMPORTABLE else key.members
        types = key.form[self.line]
        rule: Rule = {"type": [*types, *key.takes, "null"]}
        if "array" in types:
            rule["items"] = {"type": "object", "allOf": [_ref(kind), *_one_of(self._names(key.members))]}
        if "object" in types:
            scalars = _SCALARS if key.has_scalars else ()
            rule["additionalProperties"] = {"type": ["object", *scalars], "allOf": [_ref(kind)]}
        return rule

    def _names(self, kind: str) -> list[str]:
        """Give the keys of which one names a member of a list."""
        shape = SHAPES[next(iter(CHOICES[kind].kinds.values())) if kind in CHOICES else kind]
        return [*shape.named_by]

    def _choice(self, name: str, choice: Choice) -> Rule:
        """Give an object whose ``type`` says what else it has."""
        plugged = [each for group in _PLUGINS.get(name, ()) for each in plugins.installed(group)]
        kinds = list(dict.fromkeys([*choice.kinds, *plugged]))
        return {
            "properties": {"type": _type(choice, kinds)},
            "required": ["type"],
            "allOf": [
                {
                    "if": {"properties": {"type": {"pattern": pattern_of(spellings)}}, "required": ["type"]},
                    "then": _ref(kind),
                }
                for kind, spellings in choice.spellings().items()
            ],
        }

    def _one_or_several(self, kind: str) -> Rule:
        """Give an object, or a map or list of such objects: a map where each value has a `type`."""
        one, member = _ref(kind), {"type": "object", "allOf": [_ref(kind)]}
        typed = {"type": "object", "properties": {"type": {"type": "string"}}, "required": ["type"]}
        return {
            "items": member,
            "if": {"type": "object", "minProperties": 1, "additionalProperties": typed},
            "then": {"additionalProperties": member},
            "else": one,
        }

    def _or_import(self, kind: str) -> Rule:
        """Give an entry of a section, or what takes its place from another file."""
        is_consumed = kind == "consumes"
        is_import: Rule = {"anyOf": _have(CONSUMED_MARKS if is_consumed else MARKS)}
        if is_consumed:
            is_import["not"] = {"anyOf": _have(BASE_URIS)}
        is_file = {"pattern": f"({'|'.join(re.escape(ending) for ending in ENDINGS)})$"}
        names_file = {"properties": {"import": is_file}, "required": ["import"]}
        imported = self._shape(SHAPES["import"])["properties"]
        return {
            "properties": {key: imported[key] for key in MARKS if key in imported},
            "if": is_import,
            "then": {"allOf": [_ref("import"), {"anyOf": [*_have(FILES), names_file]}]},
            "else": _ref(kind),
        }


def _plugged(key: Key) -> Rule:
    """Give the rule of a plain value, with what plugins add."""
    names = plugins.installed(key.group) if key.group else ()
    return {"anyOf": [dict(key.rule), {"enum": [*names]}]} if names else dict(key.rule)


def _type(choice: Choice, kinds: list[str]) -> Rule:
    rule: Rule = {"description": choice.says, **words(*kinds, also=[*choice.loose])}
    if choice.loose:
        rule["allOf"] = [
            {
                "if": {"const": loose},
                "then": {"deprecated": True, "deprecationMessage": f"Write `{kind}` instead."},
            }
            for loose, kind in choice.loose.items()
        ]
    return rule


def _body() -> Rule:
    """Give a body with a type; an object without ``type`` and ``data`` is JSON as it stands."""
    multipart = {
        "properties": {"type": {"pattern": "^[Mm][Uu][Ll][Tt][Ii][Pp][Aa][Rr][Tt]"}},
        "required": ["type"],
    }
    return {
        "if": {"anyOf": [{"required": ["type"]}, {"required": ["data"]}]},
        "then": {"if": multipart, "then": _ref("multipart body"), "else": _ref("body")},
    }


def _needs(groups: list[list[str]]) -> Rule:
    """Give that of each group of keys one must be there."""
    rule: Rule = {}
    if single := [group[0] for group in groups if len(group) == 1]:
        rule["required"] = single
    if several := [each for group in groups if len(group) > 1 for each in _one_of(group)]:
        rule["allOf"] = several
    return rule


def _one_of(keys: Sequence[str]) -> list[Rule]:
    """Give that one of some keys must be there; nothing for no keys."""
    return [{"anyOf": _have(keys)}] if keys else []


def _have(keys: Sequence[str]) -> list[Rule]:
    return [{"required": [key]} for key in keys]


def _ref(kind: str) -> Rule:
    return {"$ref": f"#/definitions/{_slug(kind)}"}


def _slug(kind: str) -> str:
    return kind.replace(" ", "-")
