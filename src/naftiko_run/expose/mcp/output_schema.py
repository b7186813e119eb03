"""A tool's ``outputSchema``, and results that do not conform to it.

Clients validate structured content against the schema and discard a result that does not conform. Such a result is
wrapped, complete and with a warning, in an object that conforms: the schema requires no member and allows additional
ones.
"""

from __future__ import annotations

import logging
from typing import Any, Final

from mcp_types.version import MODERN_PROTOCOL_VERSIONS

from naftiko_run.expose.mcp.property_keys import without_invalid_keys
from naftiko_run.expressions import MISSING
from naftiko_run.invoke import compile_schema, find_violations

_log = logging.getLogger(__name__)

_MAX_REPORTED: Final = 5
"""Violations named in a warning."""


class OutputSchema:
    """The output schema of one tool.

    Args:
        name: The name of the tool, for the log.
        schema: The JSON Schema of a result: no member is required, and every one may be null.
    """

    def __init__(self, name: str, schema: dict[str, Any]) -> None:
        self._name = name
        self._schema = schema
        self._exposed = without_invalid_keys(schema)
        self._validator = compile_schema(schema)
        self._is_object = "object" in schema["type"]
        self._object_validator = compile_schema(self.schema(""))
        self._answer_key = _unused_key("answer", schema)
        self._warning_key = _unused_key("warning", schema)

    def schema(self, protocol_version: str) -> dict[str, Any]:
        """Return the ``outputSchema`` for a protocol version: up to 2025-11-25 its root is an object."""
        if self._is_object:
            return {**self._exposed, "type": "object"}
        if protocol_version in MODERN_PROTOCOL_VERSIONS:
            # The SDKs cannot distinguish null from an absent value, so null is wrapped in an object too.
            return {**self._exposed, "type": [*self._exposed["type"], "object"]}
        return {"type": "object", "properties": {"result": self._exposed}}

    def conform(self, value: Any, protocol_version: str) -> tuple[Any, str]:
        """Return structured content that conforms, and a warning if the value did not; empty otherwise.

        Args:
            value: The value of the result; ``MISSING`` if there is none that structured content can carry.
            protocol_version: The protocol version of the client.
        """
        if value is MISSING:
            return {self._warning_key: "The result has no structured content; see its text"}, ""
        if not self._validator.is_valid(value):
            warning = self._warn(value)
            return {self._answer_key: value, self._warning_key: warning}, warning
        is_allowed = isinstance(value, dict) or (
            value is not None and protocol_version in MODERN_PROTOCOL_VERSIONS
        )
        return value if is_allowed else {"result": value}, ""

    def allows_error(self, error: dict[str, Any], protocol_version: str) -> bool:
        """Return whether an error may have structured content: clients up to 2025-11-25 validate it as well."""
        return protocol_version in MODERN_PROTOCOL_VERSIONS or self._object_validator.is_valid(error)

    def _warn(self, value: Any) -> str:
        violations = find_violations(value, self._schema, limit=_MAX_REPORTED)
        listed = "; ".join(f"{each.pointer or '/'} {each.message}" for each in violations)
        _log.warning("a result of the tool %s does not conform to its outputSchema: %s", self._name, listed)
        return f"The result does not conform to the tool's outputSchema and is returned unchanged: {listed}"


def _unused_key(name: str, schema: dict[str, Any]) -> str:
    """Return the name, with leading underscores if the schema has a property of that name."""
    while name in schema.get("properties", ()):
        name = f"_{name}"
    return name
