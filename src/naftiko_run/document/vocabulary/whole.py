"""A document as a whole: who it is, the variables that it reads, and its four sections."""

from __future__ import annotations

from typing import Final

from naftiko_run.document.vocabulary.words import LIST, TEXT, TEXTS, Key, Rule, Shape

_DATE: Final[Rule] = {"type": "string", "examples": ["2026-01-31"]}
_VARIABLES: Final[Rule] = {
    "type": ["object", "array", "null"],
    "additionalProperties": TEXT,
    "items": TEXT,
}
_SECTIONS: Final = {
    "binds": Key(
        "Variables for `{{NAME}}` templates, and where their values come from.", members="bind", form=LIST
    ),
    "consumes": Key("The HTTP APIs that are called.", members="consumes", form=LIST),
    "aggregates": Key("Functions that several adapters share through `ref`.", members="aggregate", form=LIST),
    "exposes": Key("The adapters that serve the capability.", members="exposes", form=LIST),
}
_FILES: Final = {
    key: Key(
        "Files to import consumed APIs from.",
        {"type": ["string", "array", "object", "null"]},
        instead="an entry of `consumes` with `import` and the file",
    )
    for key in ("import", "imports")
}
_IMPORT: Final = {
    "import": Key("The `namespace` of the entry to take from another file.", TEXT),
    "from": Key("The file to import from, relative to this one.", TEXT, line="ikanos"),
    "location": Key("The file to import from, relative to this one.", TEXT, line="naftiko"),
    "as": Key("The namespace that the imported entry has here; its own without.", TEXT),
}

SHAPES: Final = {
    "document": Shape(
        "a document",
        {
            "naftiko": Key(
                "The version of the Naftiko specification that the document follows.", line="naftiko"
            ),
            "ikanos": Key(
                "The version of the Ikanos specification that the document follows.", line="ikanos"
            ),
            "info": Key("What the capability is, for people.", part="info"),
            "capability": Key("What is consumed, and how that is exposed.", part="capability"),
            **_SECTIONS,
            **_FILES,
            "name": Key("The capability's name.", TEXT, instead="`label` under `info`"),
            "description": Key("What the capability does.", TEXT, instead="`description` under `info`"),
        },
        needs=(("capability", *_SECTIONS),),
    ),
    "info": Shape(
        "`info`",
        {
            "label": Key("The capability's name.", TEXT, line="naftiko"),
            "display": Key("The capability's name.", TEXT, line="ikanos"),
            "title": Key("The capability's name.", TEXT, instead="`label`"),
            "name": Key("The capability's name.", TEXT, instead="`label`"),
            "description": Key("What the capability does, for people and agents.", TEXT),
            "version": Key("The capability's own version.", TEXT),
            "tags": Key("Words to find the capability by.", TEXTS),
            "created": Key("The day it was written.", _DATE),
            "modified": Key("The day it was last changed.", _DATE),
            "stakeholders": Key("Who answers for it.", members="stakeholder", form=LIST),
        },
    ),
    "stakeholder": Shape(
        "a stakeholder",
        {
            "role": Key("What the person does for it, such as owner or editor.", TEXT),
            "fullName": Key("The person's name.", TEXT),
            "email": Key("The person's address.", TEXT),
        },
    ),
    "capability": Shape(
        "`capability`",
        {**_SECTIONS, **_FILES},
        needs=(("consumes", "exposes"),),
    ),
    "bind": Shape(
        "a bind",
        {
            "namespace": Key("Prefix of its variables, for `{{namespace.NAME}}`; `env` without.", TEXT),
            "description": Key("What the variables are for.", TEXT),
            "location": Key(
                "Where the values are: a URI such as `file:///./secrets.yaml` or `vault://path`. "
                "The process environment without.",
                TEXT,
            ),
            "keys": Key("Variable name to the key that holds its value there.", _VARIABLES),
        },
        needs=(("keys",),),
    ),
    "import": Shape(
        "an import",
        {
            **_IMPORT,
            "description": Key("What is imported, for people.", TEXT),
            **{
                key: Key("The file to import from.", TEXT, instead="`import` with `from` or `location`")
                for key in ("ref", "url", "path", "openapi")
            },
            "namespace": Key("The namespace to import.", TEXT, instead="`import`"),
            "name": Key("The namespace to import.", TEXT, instead="`import`"),
            "type": Key("What is imported.", TEXT, instead="`import` alone"),
        },
    ),
}
