"""The specification table has every object and field of the official schemas, line by line."""

from __future__ import annotations

import json
from typing import Any

import pytest

from naftiko_run.spec.schema_types import SpecLine, SpecObject
from naftiko_run.spec.table import TABLE, choice_of, official_form
from shared.documents import SHARED

SCHEMAS: dict[SpecLine, dict[str, Any]] = {
    "naftiko": json.loads((SHARED / "spec" / "naftiko-schema-1.0.0-alpha2.json").read_text("utf-8")),
    "ikanos": json.loads((SHARED / "spec" / "ikanos-schema-1.0.0-beta5.json").read_text("utf-8")),
}
BASES = ("MappedOutputParameterBase", "OrchestratedOutputParameterBase")
"""Definitions that others extend, and that describe no object by themselves."""


def definitions(object_: SpecObject, line: SpecLine) -> dict[str, set[str]]:
    """Return the official fields of an object by the definitions that it has in the official schemas."""
    has_type = {"type"} if choice_of(object_.name) else set()
    forms = {name: form for form, each in object_.forms.items() for name in each.schemas}
    return {
        schema: has_type
        | {
            field.name_in(line)
            for field in object_.fields
            if official_form(field, line, forms.get(schema, ""))
        }
        for schema in (*object_.schemas, *forms)
    }


@pytest.mark.parametrize("line", SCHEMAS)
def test_every_object_has_the_fields_of_its_official_definition(line: SpecLine) -> None:
    official = {"": SCHEMAS[line], **SCHEMAS[line]["$defs"]}
    closed = {
        name: set(each["properties"])
        for name, each in official.items()
        if each.get("additionalProperties") is False
    }
    table = {
        name: fields for each in TABLE.objects.values() for name, fields in definitions(each, line).items()
    }
    assert {name: table[name] for name in closed} == closed
