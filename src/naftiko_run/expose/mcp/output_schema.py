"""What a tool's ``outputSchema`` promises, and answers that are not so.

Clients check structured content against the schema, and throw an answer that
does not fit away. So one that does not fit travels inside of an object that
does, whole and with a warning: nothing in the schema is required, and it
allows further members.
"""

from __future__ import annotations

import logging
from typing import Any, Final

from mcp_types.version import MODERN_PROTOCOL_VERSIONS

from naftiko_run.expose.mcp.property_keys import without_invalid_keys
from naftiko_run.expressions import MISSING
from naftiko_run.invoke import compile_schema, violations_of

_log = logging.getLogger(__name__)

_TOLD: Final = 5
"""How many faults are told."""


class OutputSchema:
    """What is promised of a tool's answers.

    Args:
        name: The tool's, for the log.
        schema: JSON Schema of an answer, by which nothing is required and everything may be null.
    """

    def __init__(self, name: str, schema: dict[str, Any]) -> None:
        self._name = name
        self._schema = schema
        self._shown = without_invalid_keys(schema)
        self._validator = compile_schema(schema)
        self._is_object = "object" in schema["type"]
        self._for_objects = compile_schema(self.schema(""))
        self._answer = _free("answer", schema)
        self._warning = _free("warning", schema)

    def schema(self, protocol_version: str) -> dict[str, Any]:
        """Give the ``outputSchema`` for a protocol version: until 2025-11-25 it is one of an object."""
        if self._is_object:
            return {**self._shown, "type": "object"}
        if protocol_version in MODERN_PROTOCOL_VERSIONS:
            # The SDKs cannot tell a null from nothing: it travels inside an object too.
            return {**self._shown, "type": [*self._shown["type"], "object"]}
        return {"type": "object", "properties": {"result": self._shown}}

    def keep(self, value: Any, protocol_version: str) -> tuple[Any, str]:
        """Give the structured content of an answer, which fits in any case, and a warning where that tells one.

        Args:
            value: The answer; ``MISSING`` where there is none that structured content can carry.
            protocol_version: The client's.
        """
        if value is MISSING:
            return {self._warning: "There is no structured answer; the text says what there is"}, ""
        if not self._validator.is_valid(value):
            warning = self._told(value)
            return {self._answer: value, self._warning: warning}, warning
        is_fit = isinstance(value, dict) or (
            value is not None and protocol_version in MODERN_PROTOCOL_VERSIONS
        )
        return value if is_fit else {"result": value}, ""

    def allows(self, error: dict[str, Any], protocol_version: str) -> bool:
        """Whether an error may have structured content: clients up to 2025-11-25 check that as well."""
        return protocol_version in MODERN_PROTOCOL_VERSIONS or self._for_objects.is_valid(error)

    def _told(self, value: Any) -> str:
        faults = violations_of(self._validator.iter_errors(value), self._schema, ())
        told = "; ".join(f"{each.pointer or '/'} {each.message}" for each in faults[:_TOLD])
        if len(faults) > _TOLD:
            told += f"; and {len(faults) - _TOLD} more"
        _log.warning("an answer of the tool %s is not as its outputSchema promises: %s", self._name, told)
        return f"The answer is not as the tool's outputSchema promises, and is given as it is: {told}"


def _free(name: str, schema: dict[str, Any]) -> str:
    """Give a name that the schema has no member of."""
    while name in schema.get("properties", ()):
        name = f"_{name}"
    return name
