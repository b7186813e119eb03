"""``check_strict`` and the official schemas agree, on the shared documents and on thousands around them."""

from __future__ import annotations

import copy
import json
import os
from pathlib import Path
from random import Random
from typing import Any

import jsonschema
import jsonschema_rs
import pytest

from naftiko_run.document.source import read
from naftiko_run.errors import DocumentError
from naftiko_run.lint.strict import check_strict
from shared.changes import Changer
from shared.specimens import Maker

SHARED = Path(os.environ.get("NAFTIKO_SHARED") or Path(__file__).parents[3] / "shared")
SCHEMAS: dict[str, dict[str, Any]] = {
    line: json.loads((SHARED / "spec" / name).read_text("utf-8"))
    for line, name in (
        ("naftiko", "naftiko-schema-1.0.0-alpha2.json"),
        ("ikanos", "ikanos-schema-1.0.0-beta5.json"),
    )
}
OFFICIAL = {line: jsonschema_rs.Draft202012Validator(schema) for line, schema in SCHEMAS.items()}
ROUNDS = 3
"""How many documents are made for each definition; raise it to search by hand."""


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


def disagreement(data: Any) -> str:
    """What was found, and in which document, where the verdicts differ; else nothing."""
    findings = check_strict(data)
    if conforms(data) == (not findings):
        return ""
    return f"{findings} in {json.dumps(data)}"


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
            assert not disagreement(data)


@pytest.mark.parametrize("line", SCHEMAS)
def test_every_definition_is_kept_and_broken_as_in_the_official_schema(line: str) -> None:
    random = Random(5)
    maker = Maker(SCHEMAS[line], random)
    specimens = [(focus, maker.document(focus)) for focus in maker.definitions * ROUNDS]
    changer = Changer(random, [*SCHEMAS.values(), *(specimen.data for _, specimen in specimens)])
    kept, broken = set[str](), set[str]()
    for focus, specimen in specimens:
        assert not check_strict(specimen.data)
        kept |= specimen.definitions()
        places = [place for place, names in specimen.owners.items() if focus in names] or [()]
        for _ in range(8):
            data = copy.deepcopy(specimen.data)
            place = changer.change(data, within=random.choice(places))
            assert not disagreement(data)
            if not conforms(data):
                broken |= specimen.definitions_at(place)
            changer.change(data)
            assert not disagreement(data)
    assert kept == broken == set(maker.definitions)


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
