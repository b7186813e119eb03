"""``check_strict`` and the official schemas agree, on the shared documents and on thousands around them."""

from __future__ import annotations

import copy
import json
import os
from collections import defaultdict
from collections.abc import Callable, Iterator
from pathlib import Path
from random import Random
from typing import Any

import jsonschema
import jsonschema_rs
import pytest

from naftiko_run.document.source import read
from naftiko_run.document.strict import check_strict
from naftiko_run.errors import DocumentError
from naftiko_run.spec.schema_types import Enum
from naftiko_run.spec.table import TABLE
from shared.changes import Changer
from shared.neighbours import Neighbours
from shared.specimens import Maker, Specimen

SHARED = Path(os.environ.get("NAFTIKO_SHARED") or Path(__file__).parents[3] / "shared")
SCHEMAS: dict[str, dict[str, Any]] = {
    line: json.loads((SHARED / "spec" / name).read_text("utf-8"))
    for line, name in (
        ("naftiko", "naftiko-schema-1.0.0-alpha2.json"),
        ("ikanos", "ikanos-schema-1.0.0-beta5.json"),
    )
}
OFFICIAL = {line: jsonschema_rs.Draft202012Validator(schema) for line, schema in SCHEMAS.items()}
ROUNDS = 1
"""How many documents are made for each definition, at least; raise it to search by hand."""


def documents() -> dict[str, Any]:
    """Every shared document that is YAML, by its path."""
    found = {}
    for path in sorted([*SHARED.rglob("*.yaml"), *SHARED.rglob("*.yml")]):
        try:
            found[str(path.relative_to(SHARED))] = read(path).data
        except DocumentError:
            continue
    return found


def conforms(data: Any) -> bool:
    """The official verdict."""
    return any(official.is_valid(data) for official in OFFICIAL.values())


def agreed_verdict(data: Any) -> bool:
    """Whether a document conforms, which both say alike."""
    findings, verdict = check_strict(data), conforms(data)
    assert verdict == (not findings), f"{findings} in {json.dumps(data)}"
    return verdict


def test_shared_documents_get_the_official_verdict() -> None:
    verdicts = {name: not check_strict(data) for name, data in documents().items()}
    assert verdicts == {name: conforms(data) for name, data in documents().items()}
    assert set(verdicts.values()) == {True, False}


def test_changed_shared_documents_get_the_official_verdict() -> None:
    random = Random(4)
    originals = [data for data in documents().values() if isinstance(data, dict)]
    changer = Changer(random, [*originals, *SCHEMAS.values()])
    for original in originals * 5:
        data = copy.deepcopy(original)
        for _ in range(3):
            changer.change(data)
            agreed_verdict(data)


@pytest.mark.parametrize("line", SCHEMAS)
def test_all_around_every_definition_the_verdict_is_the_official_one(line: str) -> None:
    random = Random(5)
    maker = Maker(SCHEMAS[line], random)
    neighbours = Neighbours(SCHEMAS[line], maker, random)
    for focus in maker.definitions:
        verdicts = set[bool]()
        for round_ in range(20):
            if round_ >= ROUNDS and verdicts == {True, False}:
                break
            specimen = min((maker.document(focus) for _ in range(4)), key=Specimen.size)
            assert not check_strict(specimen.data)
            verdicts.update(map(agreed_verdict, neighbours.of(focus, specimen)))
        assert verdicts == {True, False}, focus


@pytest.mark.parametrize("line", SCHEMAS)
def test_around_a_whole_document_the_verdict_is_the_official_one(line: str) -> None:
    random = Random(7)
    maker = Maker(SCHEMAS[line], random)
    neighbours = Neighbours(SCHEMAS[line], maker, random)
    for focus in ("Capability", "Aggregate", "Binding"):
        for data in neighbours.of_document(maker.document(focus).data):
            agreed_verdict(data)


@pytest.mark.parametrize("line", SCHEMAS)
def test_made_documents_that_are_changed_get_the_official_verdict(line: str) -> None:
    random = Random(6)
    maker = Maker(SCHEMAS[line], random)
    specimens = [maker.document(focus) for focus in maker.definitions * ROUNDS]
    changer = Changer(random, [*SCHEMAS.values(), *(specimen.data for specimen in specimens)])
    for specimen in specimens:
        place = random.choice(list(specimen.owners))
        for _ in range(8):
            data = copy.deepcopy(specimen.data)
            changer.change(data, within=place)
            agreed_verdict(data)
            changer.change(data)
            agreed_verdict(data)


@pytest.mark.parametrize("line", SCHEMAS)
def test_made_documents_in_lenient_spellings_get_the_official_verdict(line: str) -> None:
    """Aliases, words in another case, text for numbers and lists for maps are for loading, not for the official schema."""
    random = Random(8)
    maker = Maker(SCHEMAS[line], random)
    verdicts = set[bool]()
    for focus in maker.definitions * ROUNDS:
        specimen = min((maker.document(focus) for _ in range(2)), key=Specimen.size)
        for data in lenient_variants(specimen.data):
            verdicts.add(agreed_verdict(data))
    assert verdicts == {True, False}


def lenient_variants(data: Any) -> Iterator[Any]:
    """Yield a document with one key or value after another written in a way that only loading accepts."""
    yield from _variants(data, lambda changed: changed)


def _variants(value: Any, rebuilt: Callable[[Any], Any]) -> Iterator[Any]:
    match value:
        case dict():
            for key, member in value.items():
                for alias in sorted(ALIASES.get(key, ())):
                    yield rebuilt({alias if each == key else each: other for each, other in value.items()})
                yield from _variants(member, lambda new, key=key: rebuilt({**value, key: new}))  # type: ignore[misc]
        case list():
            for index, member in enumerate(value):
                yield from _variants(
                    member,
                    lambda new, index=index: rebuilt([*value[:index], new, *value[index + 1 :]]),  # type: ignore[misc]
                )
        case bool():
            yield rebuilt(str(value).lower())
        case int() | float():
            yield rebuilt(str(value))
        case str():
            for word in sorted({value.upper(), value.lower(), *WORD_ALIASES.get(value, ())} - {value}):
                yield rebuilt(word)


ALIASES: dict[str, set[str]] = defaultdict(set)
"""The other spellings of keys, of all objects together."""
WORD_ALIASES: dict[str, set[str]] = defaultdict(set)
"""The other spellings of words, of all fields together."""
for _object in TABLE.objects.values():
    for _field in _object.fields:
        for _spelling in _field.spellings:
            ALIASES[_spelling] |= {*_field.spellings} - {_spelling}
        if isinstance(_field.type, Enum):
            for _alias, _word in _field.type.aliases.items():
                WORD_ALIASES[_word].add(_alias)
for _choice in TABLE.choices.values():
    for _alias, _word in _choice.aliases.items():
        WORD_ALIASES[_word].add(_alias)


@pytest.mark.parametrize("line", SCHEMAS)
def test_another_validator_gives_the_same_verdict(line: str) -> None:
    official = jsonschema.Draft202012Validator(SCHEMAS[line])
    random = Random(6)
    maker = Maker(SCHEMAS[line], random)
    changer = Changer(random, [SCHEMAS[line]])
    for focus in maker.definitions:
        specimen = maker.document(focus)
        if max(map(len, specimen.owners)) > 11:
            continue  # it takes the other validator too long
        assert official.is_valid(specimen.data)
        changer.change(specimen.data)
        text = json.dumps(specimen.data)
        if "\\n" not in text:  # Python's `$` also matches before a last line end, ECMA's does not
            assert official.is_valid(specimen.data) == (not check_strict(specimen.data)), text
