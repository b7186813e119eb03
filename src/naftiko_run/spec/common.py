"""Fields that several objects have, and how the outputs of functions depend on what makes them."""

from __future__ import annotations

from typing import Final

from naftiko_run.spec.schema_types import Field, Has, ListOf, Named, Object, Official, String, Value
from naftiko_run.spec.values import (
    CALL,
    EXTENDED_IDENTIFIER,
    IDENTIFIER,
    LIST,
    SCHEMA,
    SECONDS,
    SIZE,
    TEXT,
    TEXTS,
    WITH,
)

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
