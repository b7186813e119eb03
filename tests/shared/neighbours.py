"""Neighbours: the values around a conforming one, each different in something that its definition speaks of."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator
from itertools import product
from random import Random
from typing import Any

from shared.specimens import (
    JUNK,
    NUMBER_LIMITS,
    NUMBERS,
    TEXT_LIMITS,
    WORDS,
    Maker,
    Pointer,
    Schema,
    Specimen,
    Unmakeable,
)


class Neighbours:
    """Finds the neighbours of values that conform to definitions of a schema.

    Args:
        schema: The schema.
        maker: Makes values for keys that the value lacks.
        random: Which of several values is made.
    """

    def __init__(self, schema: Schema, maker: Maker, random: Random) -> None:
        self._schema = schema
        self._maker = maker
        self._random = random

    def of(self, definition: str, specimen: Specimen) -> Iterator[Any]:
        """Yield documents that differ from a specimen where it was made from a definition.

        What the definition refers to in turn is left alone. The documents share
        the specimen's data: each holds until the next is asked for.
        """
        rules = [self._schema["$defs"][definition]]
        for place in specimen.places(definition)[:1]:
            yield from _replacing(specimen.data, place, lambda value: self._around(rules, value))
        for place in specimen.places_named(definition)[:1]:
            yield from _replacing(specimen.data, place, _renamed)

    def of_document(self, document: Any) -> Iterator[Any]:
        """Return the neighbours of a document, as far as the definitions that it refers to."""
        return self._around([self._schema], document)

    def _around(self, rules: list[Any], value: Any) -> Iterator[Any]:
        facets = self._facets(rules)
        yield from JUNK
        for facet in facets:
            yield from facet.get("enum", ())
            if TEXT_LIMITS & facet.keys():
                yield from WORDS
            if NUMBER_LIMITS & facet.keys():
                yield from NUMBERS
        if isinstance(value, dict):
            yield from self._around_record(facets, value)
            yield from self._around_map(facets, value)
        if isinstance(value, list) and value:
            items = [facet["items"] for facet in facets if "items" in facet]
            yield from ([other, *value[1:]] for other in self._around(items, value[0]))
            yield value * 2

    def _around_record(self, facets: list[Schema], value: dict[str, Any]) -> Iterator[Any]:
        rules = defaultdict[str, list[Any]](list)
        for facet in facets:
            for key, rule in facet.get("properties", {}).items():
                rules[key].append(rule)
        telling = sorted({key for facet in facets for key in _telling(facet) if key in rules})
        rest = {key: member for key, member in value.items() if key not in telling}
        for key in rules:
            yield {other: value[other] for other in value if other != key}
            made = value[key] if key in value else self._made(rules[key])
            for other in (made, *self._around(rules[key], made)):
                yield {**value, key: other}
                if key in telling:
                    yield {**rest, key: other}
        yield {**value, "unknown": "a"}
        for chosen in list(product((False, True), repeat=len(telling))) * 2:
            keys = [key for key, is_there in zip(telling, chosen, strict=True) if is_there]
            yield rest | {key: self._made(rules[key]) for key in keys}

    def _around_map(self, facets: list[Schema], value: dict[str, Any]) -> Iterator[Any]:
        rules = [rule for facet in facets if isinstance(rule := facet.get("additionalProperties"), dict)]
        if rules:
            key, member = next(iter(value.items()), ("a", self._made(rules)))
            yield from ({**value, key: other} for other in self._around(rules, member))
            yield from _renamed({key: member})

    def _made(self, rules: list[Any]) -> Any:
        try:
            return self._maker.value(self._random.choice(rules))
        except Unmakeable:
            return "a"

    def _facets(self, rules: list[Any]) -> list[Schema]:
        """Return every schema that speaks of the same value, but for those referred to."""
        facets, waiting = [], list(rules)
        while waiting:
            match waiting.pop():
                case {"allOf": list(parts), **rest}:
                    named = [part["$ref"].rpartition("/")[2] for part in parts if "$ref" in part]
                    waiting += [rest, *parts, *(self._schema["$defs"][name] for name in named)]
                case dict(facet):
                    facets.append(facet)
                    waiting += [*facet.get("oneOf", ()), *facet.get("anyOf", ())]
        return facets


def _replacing(document: Any, place: Pointer, others: Callable[[Any], Iterator[Any]]) -> Iterator[Any]:
    """Yield the document with other values at a place, and at last put the old one back."""
    container = document
    for key in place[:-1]:
        container = container[key]
    value = container[place[-1]]
    for other in others(value):
        container[place[-1]] = other
        yield document
    container[place[-1]] = value


def _renamed(value: dict[str, Any]) -> Iterator[Any]:
    """Return maps with one member of a map under every kind of name."""
    member = next(iter(value.values()), "a")
    return ({word: member} for word in WORDS)


def _telling(facet: Schema) -> Iterator[str]:
    """Yield the keys that tell a facet's alternatives apart."""
    for alternative in (*facet.get("oneOf", ()), *facet.get("anyOf", ())):
        refused = alternative.get("not", {})
        yield from alternative.get("properties", ())
        for part in (alternative, refused, *refused.get("anyOf", ())):
            yield from part.get("required", ())
