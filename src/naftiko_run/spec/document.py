"""A document as a whole: its metadata, its variables, its four sections and its imports."""

from __future__ import annotations

from typing import Final

from naftiko_run.spec.common import (
    DATE,
    EMAIL,
    EXTENDED_IDENTIFIER,
    IDENTIFIER,
    PROVIDER,
    TEXT,
    TEXTS,
    VARIABLE,
)
from naftiko_run.spec.schema_types import (
    AnyOf,
    Anything,
    Field,
    Has,
    ListOf,
    MapOf,
    Object,
    Official,
    OneOf,
    SpecObject,
    Version,
    When,
)

SECTIONS: Final = ("consumes", "aggregates", "exposes", "binds")
"""The sections of a capability, which files share."""

IMPORT_MARKS: Final = ("import", "from")
"""Keys that make an entry of a section an import."""

IMPORT_MARKS_OF_CONSUMES: Final = (*IMPORT_MARKS, "ref", "location", "openapi")
"""Keys that make an entry of ``consumes`` an import, where it has no base URI."""

VERSIONS: Final[dict[str, tuple[str, ...]]] = {
    "naftiko": ("1.0.0-alpha2", "1.0.0-alpha1", "0.5"),
    "ikanos": (
        "1.0.0-beta5",
        "1.0.0-beta4",
        "1.0.0-beta3",
        "1.0.0-beta2",
        "1.0.0-beta1",
        "1.0.0-alpha4",
        "1.0.0-alpha3",
    ),
}
"""The versions of each specification line, newest first."""

_SECTION_TYPES: Final = {
    "binds": ListOf(Object("bind"), 1, imports_in=("ikanos",)),
    "consumes": ListOf(Object("consumes"), 1, imports_in=("naftiko", "ikanos")),
    "aggregates": ListOf(Object("aggregate"), 1, imports_in=("ikanos",)),
    "exposes": ListOf(Object("exposes"), 1, imports_in=("ikanos",)),
}
_SECTION_DESCRIPTIONS: Final = {
    "binds": "Variables for `{{NAME}}` templates, and where their values come from.",
    "consumes": "The HTTP APIs that are called.",
    "aggregates": "Functions that several adapters share through `ref`.",
    "exposes": "The adapters that serve the capability.",
}


def _sections(*root: str) -> tuple[Field, ...]:
    """Return the rows of the sections.

    Args:
        root: Those that only the ikanos line has here.
    """
    return tuple(
        Field(
            name,
            _SECTION_TYPES[name],
            _SECTION_DESCRIPTIONS[name],
            official=(Official("ikanos"),) if name in root else (),
        )
        for name in ("binds", "consumes", "aggregates", "exposes")
    )


_IMPORTED_FILES: Final = tuple(
    Field(
        name,
        Anything(("string", "array", "object")),
        "Files to import consumed APIs from.",
        is_standard=False,
        instead="an entry of `consumes` with `import` and the file",
    )
    for name in ("import", "imports")
)

DOCUMENT: Final = SpecObject(
    "document",
    "the document",
    (
        Field(
            "naftiko",
            Version("naftiko"),
            "The version of the Naftiko specification that the document follows.",
            line="naftiko",
            required=True,
            example="1.0.0-alpha2",
        ),
        Field(
            "ikanos",
            Version("ikanos"),
            "The version of the Ikanos specification that the document follows.",
            line="ikanos",
            required=True,
            example="1.0.0-beta5",
        ),
        Field("info", Object("info"), "Metadata of the capability."),
        Field("capability", Object("capability"), "The APIs that are called, and how they are exposed."),
        *_sections("aggregates", "exposes"),
        *_IMPORTED_FILES,
        Field("name", TEXT, "The name of the capability.", is_standard=False, instead="`label` under `info`"),
        Field(
            "description",
            TEXT,
            "A description of the capability.",
            is_standard=False,
            instead="`description` under `info`",
        ),
    ),
    schemas=("",),
    line_constraints={
        "naftiko": (
            OneOf(
                "a document needs either `capability` or, for others to import, `consumes`",
                (Has(("capability",)), Has(("consumes",))),
            ),
        ),
        "ikanos": (
            When(
                Has(("capability",)),
                None,
                OneOf(
                    "a document needs `capability` or, for others to import, just one of "
                    "`binds`, `consumes`, `exposes`, `aggregates`",
                    tuple(Has((section,)) for section in SECTIONS),
                ),
            ),
        ),
    },
    needs=(("capability", *SECTIONS),),
)

INFO: Final = SpecObject(
    "info",
    "`info`",
    (
        Field(
            "label",
            TEXT,
            "The name of the capability.",
            ikanos="display",
            required=True,
            aliases=("title", "name"),
            example="Weather",
        ),
        Field("description", TEXT, "A description for people and agents.", required=True),
        Field(
            "version",
            TEXT,
            "The version of the capability itself.",
            official=(Official("ikanos"),),
            example="1.2.0",
        ),
        Field("tags", TEXTS, "Keywords."),
        Field("created", DATE, "The creation date.", example="2026-01-31"),
        Field("modified", DATE, "The date of the last change.", example="2026-01-31"),
        Field("stakeholders", ListOf(Object("stakeholder")), "The people responsible for the capability."),
    ),
    schemas=("Info",),
)

STAKEHOLDER: Final = SpecObject(
    "stakeholder",
    "a stakeholder",
    (
        Field("role", TEXT, "The role of the person.", required=True, example="owner"),
        Field("fullName", TEXT, "The name of the person.", required=True),
        Field("email", EMAIL, "The e-mail address of the person."),
    ),
    schemas=("Person",),
)

CAPABILITY: Final = SpecObject(
    "capability",
    "`capability`",
    (*_sections(), *_IMPORTED_FILES),
    schemas=("Capability",),
    constraints=(
        AnyOf(
            "`capability` needs `exposes` or `consumes`",
            (Has(("exposes",)), Has(("consumes",))),
        ),
    ),
    needs=(("consumes", "exposes"),),
)

BIND: Final = SpecObject(
    "bind",
    "a bind",
    (
        Field(
            "namespace",
            IDENTIFIER,
            "The prefix of its variables in templates: `{{namespace.NAME}}`.",
            required=True,
            default="`env`",
        ),
        Field("description", TEXT, "A description of the variables."),
        Field(
            "location",
            PROVIDER,
            "Where the values are stored: a URI such as `file:///./secrets.yaml` or `vault://path`.",
            default="the process environment",
            example="file:///./secrets.yaml",
        ),
        Field(
            "keys",
            MapOf(EXTENDED_IDENTIFIER, VARIABLE, accepts=("array",)),
            "Variable name to the key of its value at `location`.",
            required=True,
            example="{API_TOKEN: API_TOKEN}",
        ),
    ),
    schemas=("Binding",),
    needs=(("keys",),),
)

IMPORTED_FILE: Final = Field(
    "location",
    TEXT,
    "The file to import from, relative to this one.",
    ikanos="from",
    required=True,
    aliases=("ref", "url", "path", "openapi"),
    example="./shared.yaml",
)

IMPORT: Final = SpecObject(
    "import",
    "an import",
    (
        IMPORTED_FILE,
        Field(
            "import",
            IDENTIFIER,
            "The `namespace` of the entry in that file.",
            required=True,
            aliases=("namespace", "name"),
        ),
        Field("as", IDENTIFIER, "The namespace of the imported entry in this document.", default="its own"),
        Field("description", TEXT, "A description of the import."),
        Field("type", TEXT, "The type of the imported entry.", is_standard=False, instead="`import` alone"),
    ),
    schemas=("ImportedConsumesHttp", "ImportEntry"),
)

OBJECTS: Final = (DOCUMENT, INFO, STAKEHOLDER, CAPABILITY, BIND, IMPORT)
