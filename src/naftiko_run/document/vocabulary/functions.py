"""What is called and how: parameters, steps, mappings and aggregates."""

from __future__ import annotations

from typing import Final, get_args

from naftiko_run.document.model import Location, ParameterType
from naftiko_run.document.vocabulary.words import (
    ANYTHING,
    CALL,
    FILE,
    FLAG,
    LIST,
    MAP,
    MAPPED_OR_NAMED,
    OPEN,
    TEXT,
    Choice,
    Key,
    Rule,
    Shape,
    choice,
    named,
    whole,
    words,
)

_TYPE: Final[Rule] = words(*get_args(ParameterType), also=("", "int", "float", "double", "bool", "str"))
LANGUAGE: Final[Rule] = words("python", "javascript")
_FILES: Final[Rule] = {"type": ["array", "string", "null"], "items": TEXT}
_NUMBER: Final[Rule] = {"type": ["number", "null"]}
_FIELDS: Final[Rule] = {"type": ["array", "object", "string", "null"]}

_CONSTRAINTS: Final = {
    "minLength": Key("Of text: how many characters it has at least.", whole()),
    "maxLength": Key("Of text: how many characters it has at most.", whole()),
    "minimum": Key("The least number that it can be.", _NUMBER),
    "maximum": Key("The largest number that it can be.", _NUMBER),
    "exclusiveMinimum": Key("The number that it must be more than.", _NUMBER),
    "exclusiveMaximum": Key("The number that it must be less than.", _NUMBER),
    "multipleOf": Key("The number that it must be a multiple of.", _NUMBER),
    "minItems": Key("Of an array: how many items it has at least.", whole()),
    "maxItems": Key("Of an array: how many items it has at most.", whole()),
    "uniqueItems": Key("Of an array: whether no item stands in it twice.", FLAG),
    "minProperties": Key("Of an object: how many members it has at least.", whole()),
    "maxProperties": Key("Of an object: how many members it has at most.", whole()),
    "const": Key("The one value that it can have.", ANYTHING),
    "title": Key("A short name, for people.", TEXT),
    "anyOf": Key("JSON Schemas of which its value fits one or more.", {"type": ["array", "null"]}),
    "oneOf": Key("JSON Schemas of which its value fits one.", {"type": ["array", "null"]}),
    "allOf": Key("JSON Schemas of which its value fits all.", {"type": ["array", "null"]}),
    "additionalProperties": Key(
        "Of an object: whether it may have members that `properties` does not name, or their JSON Schema.",
        {"type": ["boolean", "object", "string", "null"]},
    ),
    "examples": Key("Values that it could have.", {"type": ["array", "null"]}),
}

ROUTINE: Final = {
    "call": Key("The consumed operation to call, as `namespace.operation`.", CALL),
    "with": Key(
        "Values for the parameters of what is called: a caller's input such as `tools.id` or `rest.id`, "
        "a template, or a literal.",
        OPEN,
    ),
    "steps": Key("Several calls, lookups and scripts in place of one `call`.", members="step"),
    "mappings": Key("Which step output fills which output.", members="mapping", form=LIST, has_scalars=True),
    "inputParameters": Key(
        "What the caller gives. Inferred from what is called where it is left out.",
        members="input",
        has_scalars=True,
    ),
    "outputParameters": Key(
        "How the answer is shaped; the whole response without. With fixed `value`s and neither `call` nor "
        "`steps`, a mock.",
        members="output",
        form=MAPPED_OR_NAMED,
        has_scalars=True,
    ),
    "x-inputSchema": Key("The JSON Schema (2020-12) of its inputs, given to callers as it stands.", OPEN),
}
"""What tools, operations, resources and aggregate functions share."""

REFERENCE: Final = {
    "ref": Key("The aggregate function that this is, as `namespace.function`; keys beside it override.", CALL)
}

RUNNABLE: Final = ("call", "steps", "ref", "outputParameters")

SHAPES: Final = {
    "input": Shape(
        "an input parameter",
        {
            "name": Key(
                "Its name, exactly as it is sent; in a named map, the key above.", TEXT, line="naftiko"
            ),
            "in": Key(
                "Where it travels. Left out, it is the path where that names it, else query or body.",
                choice(*get_args(Location)),
            ),
            "type": Key("The type of its value.", _TYPE),
            "description": Key("What it means, for people and agents.", TEXT),
            "required": Key("Whether the caller must give it.", FLAG | {"type": [*FLAG["type"], "array"]}),
            "value": Key("A fixed value or template that fills it; the caller is not asked.", ANYTHING),
            "template": Key("A template that fills it.", ANYTHING, instead="`value`"),
            "pattern": Key("A regular expression that its text must match.", TEXT),
            "enum": Key("The values that it can have.", {"type": ["array", "null"]}),
            "default": Key("Its value where the caller gives none.", ANYTHING),
            "nullable": Key("Whether null is a value of its own, which a body then holds.", FLAG),
            "format": Key("A format of JSON Schema, such as `date-time`.", TEXT),
            **_CONSTRAINTS,
            "items": Key(
                "Of an array: the JSON Schema of its items, or their type.",
                {"type": ["object", "string", "null"]},
            ),
            "properties": Key("Of an object: the JSON Schemas of its properties.", OPEN),
            "style": Key(
                "How an array or object is written, as in OpenAPI.",
                words(
                    *("simple", "label", "matrix", "form"),
                    *("spaceDelimited", "pipeDelimited", "deepObject"),
                ),
            ),
            "explode": Key("Whether each element or property is written for itself, as in OpenAPI.", FLAG),
            "allowReserved": Key(
                "Whether reserved characters such as `/` and `:` stay as they are in a path or query.", FLAG
            ),
            "collectionFormat": Key(
                "How an array is written, as in Swagger.", words("csv", "ssv", "tsv", "pipes", "multi")
            ),
        },
        named_by=("name",),
    ),
    "consumed output": Shape(
        "a consumed output",
        {
            "name": Key(
                "What steps and mappings call it; in a named map, the key above.", TEXT, line="naftiko"
            ),
            "type": Key("The type of the value.", _TYPE),
            "value": Key("Where it is in the response: a JSONPath.", TEXT),
            "mapping": Key("Where it is in the response.", TEXT, instead="`value`"),
            "description": Key("What it means, for people.", TEXT),
        },
    ),
    "output": Shape(
        "an output parameter",
        {
            "name": Key("Its key in the answer; in a named map, the key above.", TEXT, line="naftiko"),
            "type": Key("The type of the value.", _TYPE),
            "description": Key("What it means, for people and agents.", TEXT),
            "mapping": Key("Where its value is in the response: a JSONPath; `$` is all of it.", TEXT),
            "const": Key("A fixed value.", ANYTHING),
            "value": Key("The value of a mock, or of a part that is fixed.", ANYTHING),
            "maxLength": Key("Text is cut to this many characters.", whole()),
            "properties": Key(
                "Of an object: its properties by name.", members="output", form=MAP, has_scalars=True
            ),
            "items": Key("Of an array: how each item is shaped.", part="output", members="output", form=MAP),
            "values": Key(
                "Of an object with any keys: how each value is shaped.",
                part="output",
                members="output",
                form=MAP,
            ),
        },
    ),
    "mapping": Shape(
        "a mapping",
        {
            "target": Key("The output to fill; dots lead into objects.", TEXT, line="ikanos"),
            "targetName": Key("The output to fill; dots lead into objects.", TEXT, line="naftiko"),
            "value": Key("A JSONPath into the steps' outputs, such as `$.get-ship.name`.", ANYTHING),
        },
        needs=(("value",),),
        named_by=("target", "targetName"),
    ),
    "call step": Shape(
        "a call step",
        {
            "name": Key("What later steps call its output.", TEXT, line="naftiko"),
            "call": Key("The consumed operation to call, as `namespace.operation`.", CALL),
            "with": Key("Values for its parameters: inputs, templates or literals.", OPEN),
        },
        needs=(("call",),),
    ),
    "lookup step": Shape(
        "a lookup step",
        {
            "name": Key("What later steps call its output.", TEXT, line="naftiko"),
            "index": Key("The earlier step whose output is searched.", TEXT),
            "match": Key("The field of that output to compare.", TEXT),
            "lookupValue": Key(
                "The value to find: a JSONPath or template. For a list, each of its values.", ANYTHING
            ),
            "outputParameters": Key("The names of the fields to give of what is found.", _FIELDS),
        },
        needs=(("index",), ("match",), ("lookupValue",)),
    ),
    "script step": Shape(
        "a script step",
        {
            "name": Key("What later steps call its output.", TEXT, line="naftiko"),
            "language": Key("The script's language; the control adapter's default without.", LANGUAGE),
            "location": Key(
                "The folder of the scripts, as `file:///…`; the control adapter's without.", FILE
            ),
            "file": Key("The script, in that folder; it reads `context` and sets `result`.", TEXT),
            "dependencies": Key("Scripts to run before it, in order.", _FILES),
            "with": Key("More values for `context`.", OPEN),
        },
        needs=(("file",),),
    ),
    "aggregate": Shape(
        "an aggregate",
        {
            "label": Key("A name for people.", TEXT, line="naftiko"),
            "display": Key("A name for people.", TEXT, line="ikanos"),
            "title": Key("A name for people.", TEXT, instead="`label`"),
            "namespace": Key("What `ref` calls it, before the dot.", TEXT),
            "description": Key("What the functions have in common.", TEXT),
            "functions": Key("The functions.", members="flow", line="naftiko"),
            "flows": Key("The functions.", members="flow", line="ikanos"),
        },
        needs=(("functions", "flows"),),
    ),
    "flow": Shape(
        "a function",
        {
            **named("title"),
            "semantics": Key("What a call of it does; hints and methods follow from it.", part="semantics"),
            "outputMediaType": Key("The media type of a binary answer.", TEXT, line="ikanos"),
            **ROUTINE,
        },
        needs=(("call", "steps", "outputParameters"),),
        named_by=("name",),
    ),
    "semantics": Shape(
        "`semantics`",
        {
            "safe": Key("A call changes nothing.", FLAG),
            "idempotent": Key("Calling twice is the same as calling once.", FLAG),
            "cacheable": Key("An answer can be kept and given again.", FLAG),
        },
    ),
}

CHOICES: Final = {
    "step": Choice(
        "a step",
        "What the step does: `call` an operation, `lookup` in an earlier output, or run a `script`.",
        {"call": "call step", "lookup": "lookup step", "script": "script step"},
    ),
}
