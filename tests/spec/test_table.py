"""The specification table: one row for each field, from which everything else is derived."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace

import pytest
from jsonschema_rs import Draft7Validator, Draft202012Validator

from naftiko_run import plugins
from naftiko_run.document.editor_schema import editor_schema
from naftiko_run.document.strict.schema import strict_schema
from naftiko_run.lint.rules.keys import unknown_keys
from naftiko_run.spec.coverage import updated_page
from naftiko_run.spec.reference import PAGE, reference_page
from naftiko_run.spec.schema_types import (
    Constraint,
    Field,
    Has,
    ListOf,
    MapOf,
    Named,
    Object,
    SpecObject,
    String,
    Value,
    When,
)
from naftiko_run.spec.table import TABLE, SpecTable
from specification.page import PAGE as COVERAGE_PAGE
from support.process import ROOT

MOTTO = Field("motto", String(max_length=20), "A motto to print.", aliases=("slogan",), example="Be kind")


def with_field(object_: str, field: Field) -> SpecTable:
    """Return the table with one more row."""
    extended = TABLE.objects[object_]
    extended = replace(extended, fields=(*extended.fields, field))
    return SpecTable({**TABLE.objects, object_: extended}, TABLE.choices)


def document(**info: object) -> dict[str, object]:
    exposes = [{"type": "control", "port": 9000}]
    return {
        "naftiko": "1.0.0-alpha2",
        "info": {"label": "Shop", "description": "A shop", **info},
        "capability": {"exposes": exposes},
    }


def test_a_field_is_added_with_one_row() -> None:
    table = with_field("info", MOTTO)
    editor = Draft7Validator(editor_schema(table=table))
    strict = Draft202012Validator(strict_schema("naftiko", table))
    assert not Draft7Validator(editor_schema()).is_valid(document(motto="Be kind"))
    assert editor.is_valid(document(motto="Be kind"))
    assert editor.is_valid(document(slogan=7))
    assert strict.is_valid(document(motto="Be kind"))
    assert not strict.is_valid(document(motto="Be kind to each other, always"))
    assert not strict.is_valid(document(slogan="Be kind"))
    assert [*unknown_keys(document(motto="a", slogan="a"), table)] == []
    (found,) = unknown_keys(document(moto="a"), table)
    assert (found.message, found.hint) == ("`moto` is not a key of `info`", "did you mean `motto`?")
    assert (
        "| `motto` | text |  |  | A motto to print. Example: `Be kind`. Also: `slogan`. |"
        in reference_page(table)
    )
    assert "| `motto` | `motto` | **no**: not described yet | |" in updated_page(
        COVERAGE_PAGE.read_text(encoding="utf-8"), table
    )


def test_a_field_of_one_line_is_only_in_that_line() -> None:
    table = with_field("info", replace(MOTTO, line="ikanos"))
    data = document(motto="Be kind")
    assert not Draft202012Validator(strict_schema("naftiko", table)).is_valid(data)
    assert not Draft7Validator(editor_schema("1.0.0-alpha2", table)).is_valid(data)
    assert Draft7Validator(editor_schema(table=table)).is_valid(data)


def test_an_extension_is_read_and_is_not_official() -> None:
    table = with_field("info", replace(MOTTO, name="x-motto", is_standard=False))
    data = document(**{"x-motto": "Be kind"})
    assert Draft7Validator(editor_schema(table=table)).is_valid(data)
    assert not Draft202012Validator(strict_schema("naftiko", table)).is_valid(data)


def test_the_field_reference_is_up_to_date() -> None:
    written = (ROOT / PAGE).read_text(encoding="utf-8")
    assert written == reference_page(), "python -m naftiko_run.spec.reference"


def test_links_of_the_field_reference_lead_to_its_headings() -> None:
    page = reference_page()
    headings = re.findall(r"^## (.+)$", page, re.MULTILINE)
    anchors = {heading.casefold().replace(" ", "-") for heading in headings}
    assert len(anchors) == len(headings)
    assert set(re.findall(r"\(#([^)]+)\)", page)) <= anchors


def test_the_coverage_page_is_up_to_date() -> None:
    written = COVERAGE_PAGE.read_text(encoding="utf-8")
    assert written == updated_page(written), f"python -m naftiko_run.spec.coverage {COVERAGE_PAGE}"


@pytest.mark.parametrize("object_", TABLE.objects.values(), ids=lambda each: each.name)
def test_an_object_has_each_spelling_once(object_: SpecObject) -> None:
    spellings = [spelling for field in object_.fields for spelling in field.spellings]
    assert len(spellings) == len(set(spellings))


@pytest.mark.parametrize("object_", TABLE.objects.values(), ids=lambda each: each.name)
def test_descriptions_are_sentences(object_: SpecObject) -> None:
    assert [each.name for each in object_.fields if not each.description.endswith(".")] == []


@pytest.mark.parametrize("kind", ["rest", "mcp", "skill"])
def test_default_ports_are_those_of_the_adapters(kind: str) -> None:
    port = next(each for each in TABLE.objects[f"{kind} adapter"].fields if each.name == "port")
    assert port.default == f"`{plugins.find(plugins.EXPOSERS, kind).default_port}`"


def test_every_reference_is_in_the_table() -> None:
    kinds = {kind for choice in TABLE.choices.values() for kind in choice.types.values()}
    for reference in {*references(), *kinds}:
        name, _, form = reference.partition("/")
        assert name in TABLE.choices or name in TABLE.objects
        assert not form or form in TABLE.objects[name].forms
    assert not TABLE.choices.keys() & TABLE.objects.keys()


def test_constraints_are_about_fields_of_their_object() -> None:
    for object_ in TABLE.objects.values():
        names = {field.name for field in object_.fields}
        for has in conditions(object_):
            assert {*has.fields, *has.values, *has.items, *has.constants, *has.also} <= names, object_.name


def references() -> Iterator[str]:
    """Yield every object and choice that a field refers to."""
    for object_ in TABLE.objects.values():
        for field in object_.fields:
            types = [field.type, *(each.type for each in field.official if each.type is not None)]
            yield from (name for each in types if (name := target(each)))


def target(type_: Value) -> str:
    match type_:
        case Object(name=name) | Named(item=name):
            return name
        case ListOf(item=inner) | MapOf(value=inner):
            return target(inner)
        case _:
            return ""


def conditions(object_: SpecObject) -> Iterator[Has]:
    constraints: list[Constraint | None] = [*object_.constraints]
    constraints += [each for line in object_.line_constraints.values() for each in line]
    constraints += [each for form in object_.forms.values() for each in form.constraints]
    while constraints:
        match constraints.pop():
            case None:
                continue
            case Has() as has:
                yield has
            case When() as when:
                yield when.condition
                constraints += [when.then, when.otherwise]
            case group:
                yield from group.branches
