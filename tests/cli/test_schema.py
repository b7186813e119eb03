"""``naftiko schema``: the JSON Schema that editors complete and check with."""

import json
from typing import Any

from jsonschema_rs import Draft7Validator

from naftiko_run.document.source import read
from support.commands import ended
from support.documents import PIPELINES


def schema(*arguments: str) -> dict[str, Any]:
    done = ended("naftiko", "schema", *arguments)
    assert done.returncode == 0
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def test_what_it_prints_accepts_the_first_document() -> None:
    printed = schema()
    assert {"naftiko", "ikanos"} <= printed["properties"].keys()
    assert Draft7Validator(printed).is_valid(read(PIPELINES).data)


def test_a_version_chooses_its_line() -> None:
    assert "ikanos" not in schema("--version", "1.0.0-alpha2")["properties"]
    assert "naftiko" not in schema("--version", "1.0.0-beta5")["properties"]


def test_an_unknown_version_is_refused_with_those_known() -> None:
    done = ended("naftiko", "schema", "--version", "9")
    assert done.returncode == 2
    assert "unknown specification version `9`; known versions: 1.0.0-alpha2" in done.stderr
