"""Outcomes and errors as MCP results: dictionaries with the member names of the protocol, or their JSON."""

from __future__ import annotations

from base64 import b64encode
from hashlib import blake2b
from http import HTTPStatus
from typing import Any, Final

import mcp_types as types
from mcp.shared.exceptions import MCPError
from mcp_types.version import MODERN_PROTOCOL_VERSIONS

from naftiko_run import _json
from naftiko_run.errors import InvalidInput
from naftiko_run.expose.mcp.output_schema import OutputSchema
from naftiko_run.expose.mcp.truncation import ResultLimit
from naftiko_run.expose.problems import Problem, problem_of
from naftiko_run.expressions import MISSING, as_text
from naftiko_run.invoke import Outcome

JsonObject = dict[str, Any]
"""A result, or a part of one, as it is serialized."""

JsonFragment = tuple[bytes, ...]
"""The JSON of a result in pieces, without its closing brace, so that more members can be added."""

MAX_DEPTH: Final = 100
"""Maximum nesting depth of structured content: parsers of clients have limits from 128 levels on."""

_BEFORE_TEXT: Final = b'{"content":[{"type":"text","text":'
_AFTER_TEXT: Final = b'}],"isError":false,"structuredContent":'


def render_result(
    outcome: Outcome,
    protocol_version: str,
    name: str,
    limit: ResultLimit | None = None,
    output_schema: OutputSchema | None = None,
) -> JsonObject:
    """Return the result of a call that an upstream responded to.

    Data becomes ``structuredContent`` and compact JSON text. Binary content, by its media type or its bytes, becomes an
    image, audio or an embedded resource. Everything else becomes text, and so does data nested too deeply for clients.
    If the upstream sends a ``Location``, an additional text shows it. An error of the upstream becomes ``isError`` with
    its status and body. Text and data over the limit are truncated, with a note; binary content and errors are not.
    A value that does not conform to the output schema is returned with a warning.

    Args:
        outcome: The outcome of the call.
        protocol_version: The protocol version of the client.
        name: The called tool as ``namespace/tool``, percent-encoded.
        limit: The limit of text and data; None for no limit.
        output_schema: The schema that clients validate the result against; None for no schema.
    """
    if outcome.has_failed:
        return drop_invalid_structure(output_schema, failure_result(outcome), protocol_version)
    if not outcome.content:
        text = f"{_status(outcome.status)}, without content"
        if outcome.location:
            text += f"; Location: {outcome.location}"
        structured = output_schema.conform(MISSING, protocol_version)[0] if output_schema else None
        return _result([text_block(text)], structured)
    value = outcome.value
    if value is MISSING and not outcome.is_readable:
        content = [_binary_block(outcome, name)]
        if outcome.location:
            content.append(text_block(f"{_status(outcome.status)}; Location: {outcome.location}"))
        return _result(content)
    return _text_result(*_rendered(outcome, value, protocol_version, limit, output_schema))


def render_fragment(
    outcome: Outcome,
    protocol_version: str,
    name: str,
    limit: ResultLimit | None,
    output_schema: OutputSchema | None,
) -> JsonFragment:
    """Return what ``render_result`` does as JSON; data is serialized once for both text and structured content."""
    value = MISSING if outcome.has_failed else outcome.value
    if value is MISSING or value is None:
        result = render_result(outcome, protocol_version, name, limit, output_schema)
        return json_fragment(result, in_steps=outcome.is_long)
    if (
        limit is None
        and output_schema is None
        and not outcome.location
        and (isinstance(value, dict) or protocol_version in MODERN_PROTOCOL_VERSIONS)
    ):
        serialized = _serialized(outcome, value)
        if serialized is not None:
            return _BEFORE_TEXT, _json.dumps(serialized.decode()), _AFTER_TEXT, serialized
    text, structured, notes = _rendered(outcome, value, protocol_version, limit, output_schema)
    if structured is not value or notes:
        return json_fragment(_text_result(text, structured, notes), in_steps=outcome.is_long)
    return _BEFORE_TEXT, _json.dumps(text), _AFTER_TEXT, text.encode()


def json_fragment(result: JsonObject, *, in_steps: bool = False) -> JsonFragment:
    """Return a result as JSON. A large one is serialized in a thread, in steps that let other threads run."""
    serialized = _json.dumps_incrementally(result) if in_steps else _json.dumps(result)
    return (serialized[:-1],)


def _serialized(outcome: Outcome, value: Any) -> bytes | None:
    """Return the JSON of an outcome's value; None if it is nested too deeply."""
    if outcome.is_long:
        return _json.dumps_with_max_depth_incrementally(value, MAX_DEPTH)
    return _json.dumps_with_max_depth(value, MAX_DEPTH)


def drop_invalid_structure(
    output_schema: OutputSchema | None, error: JsonObject, protocol_version: str
) -> JsonObject:
    """Return an error result without its structured content if that would make the client reject the result."""
    structured = error.get("structuredContent")
    if (
        output_schema is not None
        and structured is not None
        and not output_schema.allows_error(structured, protocol_version)
    ):
        del error["structuredContent"]
    return error


_INVALID_ARGUMENTS: Final = "The arguments do not match the tool's input schema:"


def problem_result(problem: Problem, heading: str = _INVALID_ARGUMENTS) -> JsonObject:
    """Return the result of a call that was rejected, or that failed before an upstream responded.

    Args:
        problem: The problem.
        heading: The first line if the problem has violations.
    """
    document = problem.document()
    lines = [problem.detail]
    lines += [
        f"- {each['pointer'] or '/'} {each['message']}" for each in problem.members.get("violations", [])
    ]
    if problem.members.get("upstream", {}).get("body") is not None:
        lines.append(as_text(problem.members["upstream"]["body"]))
    if problem.hint:
        lines.append(problem.hint)
    if "violations" in problem.members:
        lines[0] = heading
    if "id" in problem.members:
        lines.append(f"id: {problem.members['id']}")
    return _error_result("\n".join(lines), document)


def failure_result(outcome: Outcome) -> JsonObject:
    """Return the result of a call that the upstream responded to with an error: its status and body."""
    body = outcome.text if outcome.value is MISSING else outcome.value
    text = f"The upstream responded with {_status(outcome.status)}"
    structured: dict[str, Any] = {"status": outcome.status, "body": body}
    for name, value in outcome.headers:
        if name == "retry-after":
            structured["retryAfter"] = value
            text += f" (retry after {value})"
    if outcome.location:
        structured["location"] = outcome.location
        text += f"; Location: {outcome.location}"
    if outcome.content:
        serialized = None if outcome.value is MISSING else _serialized(outcome, outcome.value)
        text += f":\n{outcome.text if serialized is None else serialized.decode()}"
    return _error_result(text, structured)


def problem_error(error: Exception, subject: str) -> MCPError:
    """Return the JSON-RPC error of a rejected or failed request, for methods whose results have no ``isError``.

    Args:
        error: The exception.
        subject: What the client requested, such as "prompt `greet`".
    """
    problem = problem_of(error)
    code = types.INVALID_PARAMS if isinstance(error, InvalidInput) else types.INTERNAL_ERROR
    result = problem_result(problem, f"The arguments do not match the {subject}:")
    return MCPError(code, _text_of(result), problem.document())


def failure_error(outcome: Outcome) -> MCPError:
    """Return the JSON-RPC error of a call that the upstream responded to with an error."""
    result = failure_result(outcome)
    return MCPError(types.INTERNAL_ERROR, _text_of(result), result.get("structuredContent"))


def _text_of(result: JsonObject) -> str:
    (content,) = result["content"]
    text: str = content["text"]
    return text


def _error_result(text: str, structured: dict[str, Any]) -> JsonObject:
    is_too_deep = _json.exceeds_depth(structured, MAX_DEPTH)
    return _result([text_block(text)], None if is_too_deep else structured, is_error=True)


def text_block(text: str) -> JsonObject:
    """Return a text content block."""
    return {"type": "text", "text": text}


def text_result(text: str, *, is_error: bool = False) -> JsonObject:
    """Return a result that consists of a text."""
    return _result([text_block(text)], is_error=is_error)


def _result(content: list[JsonObject], structured: Any = None, *, is_error: bool = False) -> JsonObject:
    result: JsonObject = {"content": content, "isError": is_error}
    if structured is not None:
        result["structuredContent"] = structured
    return result


def _binary_block(outcome: Outcome, name: str) -> JsonObject:
    data = b64encode(outcome.content).decode()
    kind = outcome.media_type.partition(";")[0].strip().casefold()
    if kind.startswith("image/"):
        return {"type": "image", "data": data, "mimeType": kind}
    if kind.startswith("audio/"):
        return {"type": "audio", "data": data, "mimeType": kind}
    # The resource exists only in this result: its URI is an identifier that cannot be read.
    uri = f"naftiko://results/{name}/{blake2b(outcome.content, digest_size=16).hexdigest()}"
    return {"type": "resource", "resource": {"uri": uri, "mimeType": outcome.media_type, "blob": data}}


def _rendered(
    outcome: Outcome,
    value: Any,
    protocol_version: str,
    limit: ResultLimit | None,
    output_schema: OutputSchema | None,
) -> tuple[str, Any, list[str]]:
    """Return the text of an outcome, its structured content, and notes on both.

    If the structured content is the value itself, the text is its JSON.
    """
    structured, note, notes = None, "", []
    serialized = None if value is MISSING else _serialized(outcome, value)
    if serialized is not None:
        if limit and len(serialized) > limit.max_bytes:
            value, note = limit.truncate(value)
            serialized = _json.dumps(value)
        # Up to 2025-11-25 structured content must be an object, so any other value is wrapped in one.
        is_allowed = isinstance(value, dict) or protocol_version in MODERN_PROTOCOL_VERSIONS
        structured = value if is_allowed else {"result": value}
        text = serialized.decode()
    else:
        text = outcome.text
        if limit and len(text.encode()) > limit.max_bytes:
            text, note = limit.truncate_text(text)
    if note:
        notes.append(note)
    if outcome.location:
        notes.append(f"{_status(outcome.status)}; Location: {outcome.location}")
    if output_schema is not None:
        structured, warning = output_schema.conform(
            MISSING if serialized is None else value, protocol_version
        )
        if warning:
            notes.append(warning)
    return text, structured, notes


def _text_result(text: str, structured: Any, notes: list[str]) -> JsonObject:
    return _result([text_block(each) for each in (text, *notes)], structured)


def _status(status: int) -> str:
    try:
        return f"{status} {HTTPStatus(status).phrase}"
    except ValueError:
        return str(status)
