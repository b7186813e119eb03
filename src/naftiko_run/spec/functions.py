"""Functions and their parts: input parameters, outputs, steps, mappings and aggregates."""

from __future__ import annotations

from typing import Final, get_args

from naftiko_run.spec.common import (
    ANY_AS_TEXT,
    ANYTHING,
    CALL,
    CALLED,
    COUNT,
    EXTENDED_IDENTIFIER,
    FILE,
    FLAG,
    FUNCTION_INPUTS,
    IDENTIFIER,
    INPUT_TYPE,
    LANGUAGE,
    LIST,
    MOCKED,
    NUMBER,
    ORCHESTRATED,
    OUTPUT_TYPE,
    SCALAR_TYPES,
    SCHEMA,
    TARGET,
    TEXT,
    WITH,
    Location,
    description_field,
    function_fields,
    inputs_field,
    label_field,
    name_field,
    tags_field,
)
from naftiko_run.spec.schema_types import (
    AnyOf,
    Anything,
    Enum,
    Field,
    Flag,
    Form,
    Has,
    ListOf,
    MapOf,
    Named,
    Object,
    Official,
    OneOf,
    SpecChoice,
    SpecObject,
    String,
)

_NOT_EMPTY: Final = String(min_length=1)


CONSTRAINTS: Final = tuple(
    Field(name, type_, description, is_standard=False)
    for name, type_, description in (
        ("minLength", COUNT, "Text: minimum number of characters."),
        ("maxLength", COUNT, "Text: maximum number of characters."),
        ("minimum", NUMBER, "Number: minimum."),
        ("maximum", NUMBER, "Number: maximum."),
        ("exclusiveMinimum", NUMBER, "Number: lower bound, itself excluded."),
        ("exclusiveMaximum", NUMBER, "Number: upper bound, itself excluded."),
        ("multipleOf", NUMBER, "Number: what it must be a multiple of."),
        ("minItems", COUNT, "Array: minimum number of items."),
        ("maxItems", COUNT, "Array: maximum number of items."),
        ("uniqueItems", FLAG, "Array: whether all items must differ."),
        ("minProperties", COUNT, "Object: minimum number of properties."),
        ("maxProperties", COUNT, "Object: maximum number of properties."),
        ("examples", LIST, "Example values."),
        ("anyOf", LIST, "JSON Schemas of which the value must match at least one."),
        ("oneOf", LIST, "JSON Schemas of which the value must match exactly one."),
        ("allOf", LIST, "JSON Schemas of which the value must match all."),
        (
            "additionalProperties",
            Anything(("boolean", "object", "string")),
            "Object: whether it may have properties that `properties` does not list, or their JSON Schema.",
        ),
        ("const", ANYTHING, "The only value."),
        ("title", TEXT, "A name for people."),
    )
)
"""The keywords of JSON Schema that input parameters may have beside those with rows of their own."""

_PLACE: Final = Enum(get_args(Location), is_exact=True)
_PLACE_OF_ROUTES: Final = Enum(("query", "header", "path", "cookie", "body"))

INPUT: Final = SpecObject(
    "input",
    "an input parameter",
    (
        name_field(
            EXTENDED_IDENTIFIER, "Its name, exactly as it is sent; in a named map, the key is the name."
        ),
        Field(
            "in",
            _PLACE,
            "Where it is sent.",
            official=(
                Official(forms=("consumed",), required=True),
                Official(forms=("rest",), required=True, type=_PLACE_OF_ROUTES),
            ),
            default="`path` where the path has it, else `query` or `body`",
        ),
        Field(
            "type",
            INPUT_TYPE,
            "The type of its value.",
            official=(Official(forms=("tool", "rest"), required=True),),
        ),
        Field(
            "description",
            TEXT,
            "A description for people and agents.",
            official=(Official(forms=("tool", "rest"), required=True),),
        ),
        Field(
            "required",
            Flag(accepts=("array",)),
            "Whether the caller must pass it.",
            official=(Official(forms=("tool",), type=FLAG),),
        ),
        Field(
            "value",
            ANYTHING,
            "A fixed value or template; the caller cannot pass the parameter.",
            official=(Official(forms=("consumed", "rest"), type=TEXT),),
            aliases=("template",),
        ),
        Field(
            "pattern",
            TEXT,
            "A regular expression that text must match.",
            official=(Official(forms=("rest",)),),
        ),
        Field("enum", LIST, "The allowed values.", is_standard=False),
        Field("default", ANYTHING, "The value where the caller passes none.", is_standard=False),
        Field("nullable", FLAG, "Whether null is an allowed value, which is sent.", is_standard=False),
        Field("format", TEXT, "A format of JSON Schema, such as `date-time`.", is_standard=False),
        *CONSTRAINTS,
        Field(
            "items",
            Anything(("object", "string")),
            "Array: the JSON Schema of its items, or their type.",
            is_standard=False,
        ),
        Field("properties", SCHEMA, "Object: the JSON Schemas of its properties.", is_standard=False),
        Field(
            "style",
            Enum(("simple", "label", "matrix", "form", "spaceDelimited", "pipeDelimited", "deepObject")),
            "How an array or object is serialized, as in OpenAPI.",
            is_standard=False,
        ),
        Field(
            "explode",
            FLAG,
            "Whether each item or property is serialized separately, as in OpenAPI.",
            is_standard=False,
        ),
        Field(
            "allowReserved",
            FLAG,
            "Whether reserved characters such as `/` and `:` stay unescaped in a path or query.",
            is_standard=False,
        ),
        Field(
            "collectionFormat",
            Enum(("csv", "ssv", "tsv", "pipes", "multi")),
            "How an array is serialized, as in Swagger.",
            is_standard=False,
        ),
    ),
    forms={
        "consumed": Form("a consumed input parameter", ("ConsumedInputParameter",)),
        "rest": Form("an input parameter", ("ExposedInputParameter",)),
        "tool": Form("an input parameter", ("McpToolInputParameter",)),
    },
    named_by=("name",),
)

CONSUMED_OUTPUT: Final = SpecObject(
    "consumed output",
    "a consumed output",
    (
        name_field(
            EXTENDED_IDENTIFIER,
            "The name that steps and mappings refer to; in a named map, the key is the name.",
        ),
        Field("type", OUTPUT_TYPE, "The type of the value.", required=True),
        Field(
            "value",
            TEXT,
            "A JSONPath into the response.",
            required=True,
            aliases=("mapping",),
            example="$.forecast.days",
        ),
        Field("description", TEXT, "A description for people.", is_standard=False),
    ),
    schemas=("ConsumedOutputParameter",),
)

_MAPPED: Final = ("mapped scalar", "mapped object", "mapped array")
_OF_STEPS: Final = ("step scalar", "step object", "step array")

OUTPUT: Final = SpecObject(
    "output",
    "an output parameter",
    (
        Field(
            "name",
            EXTENDED_IDENTIFIER,
            "Its key in the result; in a named map, the key is the name.",
            line="naftiko",
            official=(Official(forms=(*_OF_STEPS, "mock"), required=True),),
        ),
        Field(
            "type",
            OUTPUT_TYPE,
            "The type of the value.",
            official=(Official(forms=("mock",), required=True, type=Enum(SCALAR_TYPES)),),
        ),
        Field("description", TEXT, "A description for people and agents.", is_standard=False),
        Field(
            "mapping",
            TEXT,
            "A JSONPath into the response; `$` is all of it.",
            official=(Official(forms=_MAPPED),),
            example="$.forecast.days",
        ),
        Field(
            "const",
            ANYTHING,
            "A fixed value.",
            official=(
                Official(forms=_MAPPED, type=Anything(("string", "number", "boolean", "array", "object"))),
            ),
        ),
        Field(
            "value",
            ANYTHING,
            "The value of a mock, or a fixed value; text is a template over the inputs.",
            official=(
                Official(forms=_MAPPED, type=TEXT),
                Official(forms=("mock",), required=True, type=TEXT),
            ),
        ),
        Field("maxLength", COUNT, "Text is cut to this number of characters.", is_standard=False),
        Field(
            "properties",
            MapOf(Object("output"), has_scalars=True),
            "Object: its properties by name.",
            official=(
                Official(forms=("mapped object",), required=True, type=MapOf(Object("mapped output"))),
                Official(forms=("step object",), required=True, type=MapOf(Object("step output"))),
            ),
        ),
        Field(
            "items",
            Object("output", or_several=True),
            "Array: how each item is shaped.",
            official=(
                Official(forms=("mapped array",), required=True, type=Object("mapped output")),
                Official(
                    forms=("step array",),
                    required=True,
                    type=Named("step output", None, min_items=1, min_entries=1),
                ),
            ),
        ),
        Field(
            "values",
            Object("output", or_several=True),
            "Object with any keys: how each value is shaped.",
            is_standard=False,
        ),
    ),
    forms={
        "mapped scalar": Form(
            "an output",
            (
                "MappedOutputParameterBase",
                "MappedOutputParameterString",
                "MappedOutputParameterNumber",
                "MappedOutputParameterBoolean",
            ),
            (
                OneOf(
                    "an output needs just one of `mapping` and `value`",
                    (Has(("mapping",)), Has(("value",))),
                ),
            ),
        ),
        "mapped object": Form("an `object` output", ("MappedOutputParameterObject",)),
        "mapped array": Form("an `array` output", ("MappedOutputParameterArray",)),
        "step scalar": Form(
            "an output of steps",
            ("OrchestratedOutputParameterBase", "OrchestratedOutputParameterScalar"),
        ),
        "step object": Form("an `object` output of steps", ("OrchestratedOutputParameterObject",)),
        "step array": Form("an `array` output of steps", ("OrchestratedOutputParameterArray",)),
        "mock": Form("a mock output", ("MockOutputParameter",)),
    },
)

MAPPED_OUTPUT: Final = SpecChoice(
    "mapped output",
    "an output",
    "The type of the value.",
    {
        **dict.fromkeys(SCALAR_TYPES, "output/mapped scalar"),
        "object": "output/mapped object",
        "array": "output/mapped array",
    },
    is_strict_only=True,
)
STEP_OUTPUT: Final = SpecChoice(
    "step output",
    "an output of steps",
    "The type of the value.",
    {
        **dict.fromkeys(SCALAR_TYPES, "output/step scalar"),
        "object": "output/step object",
        "array": "output/step array",
    },
    is_strict_only=True,
)

MAPPING: Final = SpecObject(
    "mapping",
    "a mapping",
    (
        Field(
            "targetName",
            TARGET,
            "The output to fill; dots lead into objects.",
            ikanos="target",
            required=True,
        ),
        Field(
            "value",
            ANY_AS_TEXT,
            "A JSONPath into the outputs of the steps.",
            required=True,
            example="$.get-ship.name",
        ),
    ),
    schemas=("StepOutputMapping",),
    needs=(("value",),),
    named_by=("targetName",),
)

_STEP_NAME: Final = name_field(description="The name of its output for later steps.")

CALL_STEP: Final = SpecObject(
    "call step",
    "a `call` step",
    (
        _STEP_NAME,
        Field("call", CALL, "The consumed operation to call, as `namespace.operation`.", required=True),
        Field("with", WITH, "Values for its parameters: inputs, templates or literals."),
    ),
    schemas=("OperationStepCall",),
    needs=(("call",),),
)

LOOKUP_STEP: Final = SpecObject(
    "lookup step",
    "a `lookup` step",
    (
        _STEP_NAME,
        Field("index", IDENTIFIER, "The earlier step whose output is searched.", required=True),
        Field("match", IDENTIFIER, "The field of that output to compare.", required=True),
        Field(
            "lookupValue",
            ANY_AS_TEXT,
            "The value to find: a JSONPath or template. Of a list, each of its values.",
            required=True,
        ),
        Field(
            "outputParameters",
            Anything(("array", "object", "string")),
            "The names of the fields to return of what is found.",
            official=(Official(required=True, type=ListOf(TEXT, 1)),),
        ),
    ),
    schemas=("OperationStepLookup",),
    needs=(("index",), ("match",), ("lookupValue",)),
)

SCRIPT_STEP: Final = SpecObject(
    "script step",
    "a `script` step",
    (
        _STEP_NAME,
        Field(
            "file",
            _NOT_EMPTY,
            "The script, in that folder; it reads `context` and sets `result`.",
            required=True,
        ),
        Field(
            "language",
            LANGUAGE,
            "The language of the script.",
            default="`defaultLanguage` of the control adapter",
        ),
        Field(
            "location",
            FILE,
            "The folder of the scripts, as `file:///…`.",
            default="`defaultLocation` of the control adapter",
        ),
        Field(
            "dependencies",
            ListOf(_NOT_EMPTY, 1, accepts=("string",)),
            "Scripts to run before it, in order.",
        ),
        Field("with", WITH, "Further values for `context`."),
    ),
    schemas=("OperationStepScript",),
    needs=(("file",),),
)

STEP: Final = SpecChoice(
    "step",
    "a step",
    "What the step does: `call` an operation, `lookup` in an earlier output, or run a `script`.",
    {"call": "call step", "lookup": "lookup step", "script": "script step"},
    type_by_key={"call": "call", "index": "lookup", "lookupValue": "lookup", "file": "script"},
)

AGGREGATE: Final = SpecObject(
    "aggregate",
    "an aggregate",
    (
        Field(
            "label",
            TEXT,
            "A name for people.",
            ikanos="display",
            required=True,
            aliases=("title",),
        ),
        Field(
            "namespace",
            IDENTIFIER,
            "The name that `ref` begins with, before the dot.",
            official=(Official("naftiko", required=True), Official("ikanos")),
        ),
        Field("description", TEXT, "A description of the functions.", is_standard=False),
        Field(
            "functions",
            Named("flow", IDENTIFIER, min_items=1, min_entries=1),
            "The functions.",
            ikanos="flows",
            required=True,
        ),
    ),
    schemas=("Aggregate",),
    needs=(("functions",),),
)

FLOW: Final = SpecObject(
    "flow",
    "an aggregate function",
    (
        name_field(),
        label_field(is_standard=False, has_alias=False),
        description_field(required=True),
        tags_field(),
        Field(
            "semantics",
            Object("semantics"),
            "The effects of a call, from which hints and methods are derived.",
        ),
        Field("outputMediaType", TEXT, "The media type of a binary result.", line="ikanos"),
        *function_fields(inputs_field("tool", FUNCTION_INPUTS), ANYTHING),
    ),
    schemas=("AggregateFunction", "AggregateFlow"),
    ikanos_title="a flow",
    line_constraints={
        line: (
            AnyOf(
                f"{title} needs `call` or `steps`, or else mock `outputParameters`",
                (CALLED, ORCHESTRATED, MOCKED),
            ),
        )
        for line, title in (("naftiko", "an aggregate function"), ("ikanos", "a flow"))
    },
    needs=(("call", "steps", "outputParameters"),),
    named_by=("name",),
)

SEMANTICS: Final = SpecObject(
    "semantics",
    "`semantics`",
    (
        Field("safe", FLAG, "A call changes nothing."),
        Field("idempotent", FLAG, "Repeated calls have the effect of one."),
        Field("cacheable", FLAG, "A result can be cached."),
    ),
    schemas=("Semantics",),
)

OBJECTS: Final = (
    INPUT,
    CONSUMED_OUTPUT,
    OUTPUT,
    MAPPING,
    CALL_STEP,
    LOOKUP_STEP,
    SCRIPT_STEP,
    AGGREGATE,
    FLOW,
    SEMANTICS,
)
CHOICES: Final = (MAPPED_OUTPUT, STEP_OUTPUT, STEP)
