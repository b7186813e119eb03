"""Value types and fields that several objects have, and how the outputs of functions depend on what makes them."""

from __future__ import annotations

from typing import Final, Literal, get_args

from naftiko_run.sizes import SIZE_PATTERN
from naftiko_run.spec.schema_types import (
    Anything,
    Enum,
    Field,
    Flag,
    Has,
    Integer,
    ListOf,
    MapOf,
    Named,
    Number,
    Object,
    Official,
    String,
    Value,
)

ParameterType = Literal["string", "number", "integer", "boolean", "array", "object"]
Location = Literal["query", "header", "path", "cookie", "body", "environment"]
Method = Literal["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]

_LABEL = "[a-zA-Z0-9]([a-zA-Z0-9-]{0,61}[a-zA-Z0-9])?"
_MEDIA_NAME = "[a-zA-Z0-9!#$&^_.+-]+"

TEXT: Final = String()
ANYTHING: Final = Anything()
FLAG: Final = Flag()
SCHEMA: Final = Anything(("object",))
"""A JSON Schema, or any other object whose fields are the author's."""
LIST: Final = Anything(("array",))
NUMBER: Final = Number()
COUNT: Final = Integer()
TEXTS: Final = ListOf(TEXT)
ANY_AS_TEXT: Final = String(accepts=())
"""Text to the official schema; loading reads any value."""

IDENTIFIER: Final = String("^[a-zA-Z0-9-]+$", "letters, digits and hyphens")
EXTENDED_IDENTIFIER: Final = String(
    "^[a-zA-Z0-9_*-]+$", "letters, digits, hyphens, underscores and asterisks"
)
TARGET: Final = String("^[a-zA-Z0-9_.-]+$", "letters, digits, hyphens, underscores and dots")
VARIABLE: Final = String(
    "^[A-Z][A-Z0-9_]*$", "capital letters, digits and underscores, beginning with a letter"
)
CALL: Final = String(
    "^[a-zA-Z0-9-]+[.][a-zA-Z0-9-]+$",
    "`namespace.operation`, in letters, digits and hyphens",
    accepts=("string",),
    lenient_pattern="[^.][.][^.]",
    lenient_form="namespace.name",
)
DATE: Final = String(
    "^[0-9]{4}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])$",
    "a date such as 2026-01-31",
    accepts=("string",),
    example="2026-01-31",
)
EMAIL: Final = String("^[a-zA-Z0-9._%+-]+@[a-zA-Z0-9.-]+[.][a-zA-Z]{2,}$", "an e-mail address")
BASE_URI: Final = String("^https?://[^/]+(/[^{]*)?$", "an http or https address with no `{` after its host")
PROVIDER: Final = String("^[a-zA-Z][a-zA-Z0-9+.-]*://", "a URI such as `file:///path` or `vault://path`")
FILE: Final = String(
    "^file:///", "a URI that begins with `file:///`", accepts=("string",), example="file:///./folder"
)
ADDRESS: Final = String(
    rf"^({_LABEL}([.]{_LABEL})*|([0-9a-fA-F]{{0,4}}:){{2,7}}[0-9a-fA-F]{{0,4}})$",
    "a host name or an IP address",
)
MEDIA_TYPE: Final = String(
    rf'^{_MEDIA_NAME}/{_MEDIA_NAME}(\s*;\s*{_MEDIA_NAME}=({_MEDIA_NAME}|"[^"]*"))*$',
    "a media type such as `application/json`",
)
STATUS: Final = String("^[1-5][0-9X]{2}$", "a status such as 200 or 2XX")
SIZE: Final = String(
    "^[0-9]+([.][0-9]+)?([KMG]i)?B$",
    "a size such as 512KiB or 10MiB",
    accepts=("string", "integer"),
    lenient_pattern=SIZE_PATTERN,
    lenient_form="a size such as 512KiB, 500KB or 10MiB",
    example="10MiB",
)
SECONDS: Final = Number(
    exclusive_minimum=0,
    accepts=("number", "string"),
    lenient_form="a number of seconds such as 5 or 0.5",
    example=5,
)
PORT: Final = Integer(
    1,
    65535,
    lenient_minimum=0,
    accepts=("integer", "string", "null"),
    lenient_form="a number from 1 to 65535",
)
METHOD: Final = Enum(("GET", "POST", "PUT", "PATCH", "DELETE"), extensions=("HEAD", "OPTIONS"))
LANGUAGE: Final = Enum(("javascript", "python", "groovy"), unsupported=("groovy",))
SCALAR_TYPES: Final = ("string", "number", "boolean")
INPUT_TYPE: Final = Enum(
    get_args(ParameterType),
    aliases={
        "": "",
        "int": "integer",
        "float": "number",
        "double": "number",
        "binary": "string",
        "bool": "boolean",
        "str": "string",
    },
)
OUTPUT_TYPE: Final = Enum(
    ("string", "number", "boolean", "array", "object"), extensions=("integer",), aliases=INPUT_TYPE.aliases
)
WITH: Final = MapOf(String(accepts=(), also=("number",)), is_only_map=True)

MAX_RESPONSE: Final = Field(
    "x-maxResponse",
    SIZE,
    "Maximum size of a response in memory, before and after decompression.",
    is_standard=False,
    default="`64MiB`",
)
TIMEOUT: Final = Field(
    "x-timeout",
    SECONDS,
    "Timeout of a call in seconds; of a stream, of each pause in it.",
    is_standard=False,
    default="`30`",
)


def name_field(
    type_: String = IDENTIFIER,
    description: str = "Its name; in a named map, the key is the name.",
    *,
    required: bool = True,
    aliases: tuple[str, ...] = (),
) -> Field:
    """Return the row of a name, which only the naftiko line writes as a field."""
    return Field("name", type_, description, line="naftiko", required=required, aliases=aliases)


def label_field(*, required: bool = False, is_standard: bool = True, has_alias: bool = True) -> Field:
    """Return the row of a name for people, which each line spells in its own way."""
    return Field(
        "label",
        TEXT,
        "A name for people.",
        ikanos="display",
        required=required,
        is_standard=is_standard,
        aliases=("title",) if has_alias else (),
    )


def description_field(
    description: str = "A description for people and agents.",
    *,
    type_: String = TEXT,
    required: bool = False,
    aliases: tuple[str, ...] = (),
) -> Field:
    """Return the row of a description."""
    return Field("description", type_, description, required=required, aliases=aliases)


def tags_field(*, is_standard: bool = True) -> Field:
    """Return the row of keywords, which only the ikanos line has beside those of ``info``."""
    return Field("tags", TEXTS, "Keywords.", line="ikanos", is_standard=is_standard)


def inputs_field(form: str, description: str, *, is_standard: bool = True) -> Field:
    """Return the row of input parameters, of one of the forms of ``input``."""
    return Field(
        "inputParameters",
        Named(f"input/{form}", EXTENDED_IDENTIFIER, has_scalars=True),
        description,
        is_standard=is_standard,
    )


FUNCTION_INPUTS: Final = "What the caller passes. Inferred from the called operation where it is left out."
_OUTPUTS: Final = Named("output", None, has_scalars=True, is_list_in_ikanos=True)


def function_fields(inputs: Field, ikanos_outputs: Value) -> tuple[Field, ...]:
    """Return the rows that tools, REST operations, MCP resources and aggregate functions share.

    Args:
        inputs: The row of its input parameters.
        ikanos_outputs: The strict type of its outputs in the ikanos line, before it is known what makes them.
    """
    return (
        Field(
            "call",
            CALL,
            "The consumed operation to call, as `namespace.operation`.",
            example="weather.forecast",
        ),
        Field(
            "with",
            WITH,
            "Values for the parameters of the called operation: an input of the caller such as `tools.id` or "
            "`rest.id`, a template, or a literal.",
            example="{city: tools.city}",
        ),
        Field(
            "steps",
            Named("step", IDENTIFIER, min_items=1, min_entries=1),
            "Several calls, lookups and scripts in place of one `call`.",
        ),
        Field(
            "mappings",
            ListOf(Object("mapping"), has_scalars=True),
            "Which step output fills which output.",
        ),
        inputs,
        Field(
            "outputParameters",
            _OUTPUTS,
            "How the result is shaped. With fixed values, and neither `call` nor `steps`, a mock.",
            official=(
                Official("naftiko", type=LIST),
                Official("ikanos", type=ikanos_outputs),
            ),
            default="the whole response",
        ),
        Field(
            "x-inputSchema",
            SCHEMA,
            "The JSON Schema (2020-12) of the inputs, published unchanged.",
            is_standard=False,
        ),
    )


REF: Final = Field(
    "ref",
    CALL,
    "The aggregate function that this is, as `namespace.function`; fields beside it override its own.",
    example="orders.get-order",
)
RUNNABLE: Final = ("call", "steps", "ref", "outputParameters")

CALLED: Final = Has(("call",), {"outputParameters": ListOf(Object("mapped output"))})
"""A function that calls one operation, and maps its response."""
ORCHESTRATED: Final = Has(("steps",), {"outputParameters": Named("step output", None)})
"""A function that runs steps, and names its outputs."""
MOCKED: Final = Has(
    ("outputParameters",), {"outputParameters": Named("output/mock", None, min_items=1, min_entries=1)}
)
"""A function whose outputs are fixed values."""
