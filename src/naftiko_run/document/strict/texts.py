"""The kinds of text that the specification knows."""

from __future__ import annotations

from typing import Final

from naftiko_run.document.strict.rules import choice, text, whole

_LABEL = "[a-zA-Z0-9]([a-zA-Z0-9-]{0,61}[a-zA-Z0-9])?"
_MEDIA_NAME = "[a-zA-Z0-9!#$&^_.+-]+"

TEXT: Final = text()
IDENTIFIER: Final = text("^[a-zA-Z0-9-]+$", "letters, digits and hyphens")
EXTENDED_IDENTIFIER: Final = text("^[a-zA-Z0-9_*-]+$", "letters, digits, hyphens, underscores and asterisks")
TARGET: Final = text("^[a-zA-Z0-9_.-]+$", "letters, digits, hyphens, underscores and dots")
VARIABLE: Final = text(
    "^[A-Z][A-Z0-9_]*$", "capital letters, digits and underscores, beginning with a letter"
)
CALL: Final = text("^[a-zA-Z0-9-]+[.][a-zA-Z0-9-]+$", "`namespace.operation`, in letters, digits and hyphens")
DATE: Final = text("^[0-9]{4}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])$", "a date such as 2026-01-31")
EMAIL: Final = text("^[a-zA-Z0-9._%+-]+@[a-zA-Z0-9.-]+[.][a-zA-Z]{2,}$", "an e-mail address")
BASE_URI: Final = text("^https?://[^/]+(/[^{]*)?$", "an http or https address with no `{` after its host")
PROVIDER: Final = text("^[a-zA-Z][a-zA-Z0-9+.-]*://", "a URI such as `file:///path` or `vault://path`")
FILE: Final = text("^file:///", "a URI that begins with `file:///`")
ADDRESS: Final = text(
    rf"^({_LABEL}([.]{_LABEL})*|([0-9a-fA-F]{{0,4}}:){{2,7}}[0-9a-fA-F]{{0,4}})$",
    "a host name or an IP address",
)
MEDIA_TYPE: Final = text(
    rf'^{_MEDIA_NAME}/{_MEDIA_NAME}(\s*;\s*{_MEDIA_NAME}=({_MEDIA_NAME}|"[^"]*"))*$',
    "a media type such as `application/json`",
)
STATUS: Final = text("^[1-5][0-9X]{2}$", "a status such as 200 or 2XX")
SIZE: Final = text("^[0-9]+([.][0-9]+)?([KMG]i)?B$", "a size such as 512KiB or 10MiB")

PORT: Final = whole(1, 65535)
METHOD: Final = choice("GET", "POST", "PUT", "PATCH", "DELETE")
LANGUAGE: Final = choice("javascript", "python", "groovy")
INPUT_TYPE: Final = choice("string", "number", "integer", "boolean", "array", "object")
OUTPUT_TYPE: Final = choice("string", "number", "boolean", "array", "object")
