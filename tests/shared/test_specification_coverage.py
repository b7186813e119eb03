"""The coverage page names every object and field of the official schemas, and nothing else."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import jsonschema_rs
import pytest

from naftiko_run.document.source import read
from shared.documents import ROOT, SHARED
from specification.page import read_page

LINES = ("naftiko", "ikanos")
SCHEMAS: dict[str, dict[str, Any]] = {
    "naftiko": json.loads((SHARED / "spec" / "naftiko-schema-1.0.0-alpha2.json").read_text("utf-8")),
    "ikanos": json.loads((SHARED / "spec" / "ikanos-schema-1.0.0-beta5.json").read_text("utf-8")),
}
HARBOUR = ROOT / "tests" / "specification" / "harbour"
PER_LINE = pytest.mark.parametrize("line", LINES)


def fields(schema: Any, prefix: str = "") -> Iterator[str]:
    """Yield the fields of an object, those of objects written into it after a dot; references are not followed."""
    if not isinstance(schema, dict):
        return
    for name, member in schema.get("properties", {}).items():
        yield prefix + name
        yield from fields(member, f"{prefix}{name}.")
    for combination in ("allOf", "anyOf", "oneOf"):
        for part in schema.get(combination, ()):
            yield from fields(part, prefix)
    yield from fields(schema.get("additionalProperties"), f"{prefix}*.")


def objects(line: str) -> dict[str, set[str]]:
    """Return the fields of each definition; the document itself has no name."""
    schema = SCHEMAS[line]
    return {"": set(fields(schema)), **{name: set(fields(each)) for name, each in schema["$defs"].items()}}


def on_the_page(line: str) -> dict[str, set[str]]:
    """Return the fields that the page has of each definition, by its name."""
    place = LINES.index(line)
    found: dict[str, set[str]] = {}
    for table in read_page():
        names = {row.names[place] for row in table.rows} - {""}
        if table.title == "Kinds of values":
            found |= {row.names[0]: set() for row in table.rows}
        elif table.title == "Document" and table.rows:
            found[""] = names
        else:
            found |= dict.fromkeys(table.schemas[place], names)
    return found


@PER_LINE
def test_every_object_and_field_is_on_the_page(line: str) -> None:
    page = on_the_page(line)
    missing = {
        f"{name or 'document'}.{each}"
        for name, has in objects(line).items()
        for each in has - page.get(name, set())
    }
    assert not missing
    assert not objects(line).keys() - page.keys()


def test_the_page_names_nothing_else() -> None:
    for place, line in enumerate(LINES):
        known = objects(line)
        for table in read_page():
            if table.title == "Kinds of values" or not table.rows:
                continue
            schemas = table.schemas[place] or ({""} if table.title == "Document" else set())
            has = set().union(*(known[schema] for schema in schemas))
            assert {row.names[place] for row in table.rows} - {""} <= has, table.title
    values = {row.names[0] for table in read_page() if table.title == "Kinds of values" for row in table.rows}
    assert values <= {name for line in LINES for name, has in objects(line).items() if not has}


@PER_LINE
def test_the_documents_with_every_field_conform_and_have_them(line: str) -> None:
    official = jsonschema_rs.Draft202012Validator(SCHEMAS[line])
    keys: set[str] = set()
    for name in (f"{line}.yaml", f"shared-{line}.yaml"):
        data = read(HARBOUR / name).data
        assert official.is_valid(data)
        keys |= set(_keys(data))
    assert not {field.rsplit(".", 1)[-1] for has in objects(line).values() for field in has} - keys


def _keys(data: Any) -> Iterator[str]:
    if isinstance(data, dict):
        yield from data
    for member in data.values() if isinstance(data, dict) else data if isinstance(data, list) else ():
        yield from _keys(member)
