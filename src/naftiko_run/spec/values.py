"""Value types that many fields have."""

from __future__ import annotations

from typing import Final, Literal, get_args

from naftiko_run.spec.schema_types import Anything, Enum, Flag, Integer, ListOf, MapOf, Number, String

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
    accepts=("string",),
    lenient_pattern="^[0-9]+([.][0-9]+)?([KMG]i)?B$",
    lenient_form="a size such as 512KiB or 10MiB",
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
