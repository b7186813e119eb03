"""The words that the specification's rules are written in; each gives a JSON Schema 2020-12 fragment.

Two annotations speak to people: ``title`` names the thing that a fragment is
about, ``description`` says what its rule asks for.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

Rule = dict[str, Any]
Fields = Mapping[str, Rule]

ANYTHING: Final[Rule] = {}
FLAG: Final[Rule] = {"type": "boolean"}


def text(pattern: str = "", says: str = "", *, shortest: int = 0, longest: int | None = None) -> Rule:
    """Text; ``says`` puts the pattern in words."""
    rule: Rule = {"type": "string"}
    if pattern:
        rule |= {"pattern": pattern, "description": says}
    if shortest:
        rule["minLength"] = shortest
    if longest is not None:
        rule["maxLength"] = longest
    return rule


def choice(*words: str) -> Rule:
    """One of a few words."""
    return {"enum": list(words)}


def whole(least: int | None = None, most: int | None = None) -> Rule:
    """A whole number within limits."""
    limits = {"minimum": least, "maximum": most}
    return {"type": "integer", **{key: limit for key, limit in limits.items() if limit is not None}}


def list_of(item: Rule, *, at_least: int = 0) -> Rule:
    """A list whose items follow one rule."""
    return {"type": "array", "items": item, **({"minItems": at_least} if at_least else {})}


def map_of(value: Rule, *, keys: Rule = ANYTHING, at_least: int = 0) -> Rule:
    """A map with free keys, whose values follow one rule."""
    rule: Rule = {"type": "object", "additionalProperties": value}
    if keys:
        rule["propertyNames"] = keys
    if at_least:
        rule["minProperties"] = at_least
    return rule


def record(title: str, required: Fields, optional: Fields | None = None, *rules: Rule) -> Rule:
    """A map with these keys and no others, which follows further rules as a whole."""
    return {
        "title": title,
        "type": "object",
        "properties": {**required, **(optional or {})},
        "required": list(required),
        "additionalProperties": False,
        **({"allOf": list(rules)} if rules else {}),
    }


def by_type(title: str, kinds: Fields) -> Rule:
    """A record whose ``type`` says which of several records it is."""
    return {
        "title": title,
        "type": "object",
        "properties": {"type": choice(*kinds)},
        "required": ["type"],
        "allOf": [
            when(
                {"type": "object", "properties": {"type": {"const": kind}}, "required": ["type"]},
                {**rule, "properties": {"type": ANYTHING, **rule["properties"]}},
            )
            for kind, rule in kinds.items()
        ],
    }


def or_else(rule: Rule, *types: str) -> Rule:
    """What follows the rule, or is of one of these plain JSON types instead."""
    return {**rule, "type": [*types, rule["type"]]}


def when(condition: Rule, then: Rule, otherwise: Rule = ANYTHING) -> Rule:
    """One rule where a condition holds, another where it does not."""
    return {"if": condition, "then": then, "else": otherwise}


def has(*keys: str, title: str = "") -> Rule:
    """These keys are there; ``title`` names what needs them."""
    return {"required": list(keys), **({"title": title} if title else {})}


def unlike(says: str, *rules: Rule) -> Rule:
    """None of these rules holds."""
    return {"not": {"anyOf": list(rules)}, "description": says}


def some_of(says: str, *branches: Rule) -> Rule:
    """At least one branch holds; a branch that a ``has`` opens is the one meant where its keys are there."""
    return {"anyOf": list(branches), "description": says}


def one_of(says: str, *branches: Rule) -> Rule:
    """Exactly one branch holds."""
    return {"oneOf": list(branches), "description": says}
