"""Routes about what is served: status, documents, reload, validation."""

from __future__ import annotations

import asyncio
import platform
import time
from collections.abc import Sequence
from typing import Any, Final, get_args

from starlette.requests import Request
from starlette.responses import Response

from naftiko_run.capability import Capability
from naftiko_run.diagnostics import Diagnostic
from naftiko_run.document.source import MAX_BYTES, decode, parse
from naftiko_run.errors import BoundVariable, DocumentError, Unsupported
from naftiko_run.expose.body import read_body
from naftiko_run.expose.control.health_routes import describe_adapter
from naftiko_run.expose.control.json_responses import error_response, json_response
from naftiko_run.expose.control.operations import Operations, ValidationLevel
from naftiko_run.secret import MASK
from naftiko_run.version import __version__

_LEVELS: Final[tuple[ValidationLevel, ...]] = get_args(ValidationLevel)
_MIN_LENGTH: Final = 8
"""Credentials of this length are also masked inside other texts."""


class ConfigurationRoutes:
    """Routes about what is served.

    Args:
        operations: The running process.
    """

    def __init__(self, operations: Operations) -> None:
        self._operations = operations

    async def status(self, _: Request) -> Response:
        """Return versions, documents, adapters, and the variables that are not set."""
        operations = self._operations
        documents = [_describe(each) for each in operations.capabilities()]
        telemetry = operations.telemetry
        is_active = telemetry is not None and telemetry.is_on
        first = documents[0] if documents else {}
        return json_response(
            {
                "capability": {key: value for key, value in first.items() if key != "file"},
                "documents": documents,
                "engine": {"version": __version__, "python": platform.python_version(), "native": False},
                "uptime": f"PT{max(0.0, time.time() - operations.started_at):.3f}S",
                "otel": {"status": "active" if is_active else "inactive"},
                "adapters": [describe_adapter(each) for each in operations.adapters()],
                "missing": _missing(operations.capabilities()),
            }
        )

    async def config(self, _: Request) -> Response:
        """Return the documents as they were loaded, with credentials masked."""
        return json_response(await asyncio.to_thread(self._documents))

    async def reload(self, _: Request) -> Response:
        """Load the documents again: 200 if they are served, 422 if they cannot be."""
        try:
            outcome = await self._operations.reload()
        except Unsupported as fault:
            return error_response(fault.message, 501)
        document = {
            "ok": outcome.ok,
            "changed": outcome.changed,
            "diagnostics": _as_data(outcome.diagnostics),
        }
        return json_response(document, 200 if outcome.ok else 422)

    async def validate(self, request: Request) -> Response:
        """Return the diagnostics of the document in the body."""
        written = request.query_params.get("level", "runnable")
        level = next((each for each in _LEVELS if each == written), None)
        if level is None:
            return error_response(f"`level` is one of {', '.join(_LEVELS)}", 400)
        content = await read_body(request.scope, request.receive, MAX_BYTES)
        if not content.strip():
            return error_response("The body is empty; send a document in YAML", 400)
        found = await asyncio.to_thread(self._validate, content, level)
        return json_response(
            {"valid": not any(each.is_error for each in found), "diagnostics": _as_data(found)}
        )

    def _validate(self, content: bytes, level: ValidationLevel) -> Sequence[Diagnostic]:
        try:
            return self._operations.validate(decode(content), level)
        except DocumentError as fault:  # not UTF-8
            return fault.diagnostics

    def _documents(self) -> dict[str, Any]:
        documents = [
            {**_describe(each), "document": _masked_document(each)}
            for each in self._operations.capabilities()
        ]
        return {"documents": documents}


def _describe(capability: Capability) -> dict[str, str]:
    document = capability.document
    return {
        "display": capability.label,
        "specVersion": document.spec.rpartition(" ")[2],
        "version": document.info.version,
        "file": capability.file,
    }


def _missing(capabilities: Sequence[Capability]) -> list[dict[str, Any]]:
    found: dict[BoundVariable, list[str]] = {}
    for capability in capabilities:
        for variable, needed_by in capability.missing().items():
            found.setdefault(variable, []).extend(needed_by)
    return [
        {"variable": variable.name, "remedy": variable.remedy, "neededBy": needed_by}
        for variable, needed_by in found.items()
    ]


def _as_data(diagnostics: Sequence[Diagnostic]) -> list[dict[str, Any]]:
    return [each.as_data() for each in diagnostics]


def _masked_document(capability: Capability) -> Any:
    """Return the data of a document as it was loaded, with the credentials in it masked."""
    from naftiko_run.lint.document_view import DocumentView  # imported lazily: few processes need it
    from naftiko_run.lint.secret_literals import find_secrets

    source = parse(capability.text, capability.file)
    found = sorted({each.text for each in find_secrets(DocumentView(source))}, key=len, reverse=True)
    return _masked(source.data, found)


def _masked(value: Any, secrets: Sequence[str]) -> Any:
    if isinstance(value, dict):
        return {key: _masked(member, secrets) for key, member in value.items()}
    if isinstance(value, list):
        return [_masked(member, secrets) for member in value]
    text = str(value)
    for secret in secrets:
        if text == secret:
            return MASK
        if len(secret) >= _MIN_LENGTH and isinstance(value, str):
            value = value.replace(secret, MASK)
    return value
