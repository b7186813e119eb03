"""Outcomes and errors as MCP tool results: dictionaries with the members that the protocol names."""

from __future__ import annotations

from base64 import b64encode
from hashlib import blake2b
from http import HTTPStatus
from typing import Any, Final

from mcp_types.version import MODERN_PROTOCOL_VERSIONS

from naftiko_run import _json
from naftiko_run.expose.mcp.promises import Promise
from naftiko_run.expose.mcp.trimming import ResultLimit
from naftiko_run.expose.problems import Problem
from naftiko_run.expressions import MISSING, as_text
from naftiko_run.invoke import Outcome

Wire = dict[str, Any]
"""A result, or a part of one, as it is written."""

Begun = tuple[bytes, ...]
"""The JSON of a result in pieces, without its last brace: more members may follow."""

MOST_LEVELS: Final = 100
"""How deep structured content is nested at most: parsers of clients have limits from 128 levels on."""

_BEFORE_TEXT: Final = b'{"content":[{"type":"text","text":'
_AFTER_TEXT: Final = b'}],"isError":false,"structuredContent":'


def result_of(
    outcome: Outcome,
    protocol_version: str,
    name: str,
    limit: ResultLimit | None = None,
    promise: Promise | None = None,
) -> Wire:
    """Give the result of a call that an upstream answered.

    Data is given as ``structuredContent`` and as compact JSON text; what is no
    text, by its type or by its bytes, as an image, as audio or as an embedded
    resource; anything else, and what is nested too deeply for clients to read,
    as text. Where the upstream says where the result is (``Location``), a further
    text does too. An upstream's error is ``isError``
    with its status and body. What is longer than the limit is cut, and a
    second text says so; bytes and errors never are. What is not as it was
    promised is given all the same, and a further text says so.

    Args:
        outcome: The answer.
        protocol_version: The client's.
        name: What was called, ``namespace/tool``, percent-encoded.
        limit: Of text and data; None for none.
        promise: What clients check the answer against; None where nothing is promised.
    """
    if outcome.has_failed:
        return keep_to(promise, result_of_failure(outcome), protocol_version)
    if not outcome.content:
        text = f"{_status(outcome.status)}, without content"
        if outcome.location:
            text += f"; Location: {outcome.location}"
        return _wire([text_block(text)], promise.keep(MISSING, protocol_version)[0] if promise else None)
    value = outcome.value
    if value is MISSING and not outcome.is_readable:
        shown = [_bytes(outcome, name)]
        if outcome.location:
            shown.append(text_block(f"{_status(outcome.status)}; Location: {outcome.location}"))
        return _wire(shown)
    return _wire_of_all(*_told(outcome, value, protocol_version, limit, promise))


def begun_result_of(
    outcome: Outcome,
    protocol_version: str,
    name: str,
    limit: ResultLimit | None,
    promise: Promise | None,
) -> Begun:
    """Give the same as JSON; see ``result_of``. Data is written once, for its text and as structured content."""
    value = MISSING if outcome.has_failed else outcome.value
    if value is MISSING or value is None:
        result = result_of(outcome, protocol_version, name, limit, promise)
        return begun(result, in_steps=outcome.is_long)
    if (
        limit is None
        and promise is None
        and not outcome.location
        and (isinstance(value, dict) or protocol_version in MODERN_PROTOCOL_VERSIONS)
    ):
        written = _written(outcome, value)
        if written is not None:
            return _BEFORE_TEXT, _json.dumps(written.decode()), _AFTER_TEXT, written
    text, structured, notes = _told(outcome, value, protocol_version, limit, promise)
    if structured is not value or notes:
        return begun(_wire_of_all(text, structured, notes), in_steps=outcome.is_long)
    return _BEFORE_TEXT, _json.dumps(text), _AFTER_TEXT, text.encode()


def begun(result: Wire, *, in_steps: bool = False) -> Begun:
    """Return a result as JSON; a large one in a thread, in steps between which others run."""
    written = _json.dumps_incrementally(result) if in_steps else _json.dumps(result)
    return (written[:-1],)


def _written(outcome: Outcome, value: Any) -> bytes | None:
    """Return the JSON of an outcome's value; None where it is nested too deeply."""
    if outcome.is_long:
        return _json.dumps_with_max_depth_incrementally(value, MOST_LEVELS)
    return _json.dumps_with_max_depth(value, MOST_LEVELS)


def keep_to(promise: Promise | None, error: Wire, protocol_version: str) -> Wire:
    """Give an error that a client takes: without structured content where that is not as was promised."""
    structured = error.get("structuredContent")
    if promise is not None and structured is not None and not promise.allows(structured, protocol_version):
        del error["structuredContent"]
    return error


_UNFIT: Final = "The arguments do not fit the tool's input schema:"


def result_of_problem(problem: Problem, unfit: str = _UNFIT) -> Wire:
    """Return the result of a call that was refused, or that failed on the way.

    Args:
        problem: Why.
        unfit: What stands before the violations, where there are some.
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
        lines[0] = unfit
    if "id" in problem.members:
        lines.append(f"id: {problem.members['id']}")
    return _error("\n".join(lines), document)


def result_of_failure(outcome: Outcome) -> Wire:
    """Give the result of a call that the upstream did not do: its status and body."""
    body = outcome.text if outcome.value is MISSING else outcome.value
    text = f"The upstream answered {_status(outcome.status)}"
    structured: dict[str, Any] = {"status": outcome.status, "body": body}
    for name, value in outcome.headers:
        if name == "retry-after":
            structured["retryAfter"] = value
            text += f" (retry after {value})"
    if outcome.location:
        structured["location"] = outcome.location
        text += f"; Location: {outcome.location}"
    if outcome.content:
        written = None if outcome.value is MISSING else _written(outcome, outcome.value)
        text += f":\n{outcome.text if written is None else written.decode()}"
    return _error(text, structured)


def _error(text: str, structured: dict[str, Any]) -> Wire:
    is_deep = _json.exceeds_depth(structured, MOST_LEVELS)
    return _wire([text_block(text)], None if is_deep else structured, is_error=True)


def text_block(text: str) -> Wire:
    """Give a text as content."""
    return {"type": "text", "text": text}


def result_of_text(text: str, *, is_error: bool = False) -> Wire:
    """Give a result that is nothing but a text."""
    return _wire([text_block(text)], is_error=is_error)


def _wire(content: list[Wire], structured: Any = None, *, is_error: bool = False) -> Wire:
    result: Wire = {"content": content, "isError": is_error}
    if structured is not None:
        result["structuredContent"] = structured
    return result


def _bytes(outcome: Outcome, name: str) -> Wire:
    data = b64encode(outcome.content).decode()
    kind = outcome.media_type.partition(";")[0].strip().casefold()
    if kind.startswith("image/"):
        return {"type": "image", "data": data, "mimeType": kind}
    if kind.startswith("audio/"):
        return {"type": "audio", "data": data, "mimeType": kind}
    # The resource is in the result, and nowhere else: its URI only tells it from others.
    uri = f"naftiko://results/{name}/{blake2b(outcome.content, digest_size=16).hexdigest()}"
    return {"type": "resource", "resource": {"uri": uri, "mimeType": outcome.media_type, "blob": data}}


def _told(
    outcome: Outcome, value: Any, protocol_version: str, limit: ResultLimit | None, promise: Promise | None
) -> tuple[str, Any, list[str]]:
    """Give an answer's text, its structured content, and notes on both.

    Where the structured content is the answer's own value, the text is the JSON of that.
    """
    structured, note, notes = None, "", []
    written = None if value is MISSING else _written(outcome, value)
    if written is not None:
        if limit and len(written) > limit.most:
            value, note = limit.cut(value)
            written = _json.dumps(value)
        # Until 2025-11-25 structured content is an object; anything else travels inside one.
        is_fit = isinstance(value, dict) or protocol_version in MODERN_PROTOCOL_VERSIONS
        structured = value if is_fit else {"result": value}
        text = written.decode()
    else:
        text = outcome.text
        if limit and len(text.encode()) > limit.most:
            text, note = limit.cut_text(text)
    if note:
        notes.append(note)
    if outcome.location:
        notes.append(f"{_status(outcome.status)}; Location: {outcome.location}")
    if promise is not None:
        structured, warning = promise.keep(MISSING if written is None else value, protocol_version)
        if warning:
            notes.append(warning)
    return text, structured, notes


def _wire_of_all(text: str, structured: Any, notes: list[str]) -> Wire:
    return _wire([text_block(each) for each in (text, *notes)], structured)


def _status(status: int) -> str:
    try:
        return f"{status} {HTTPStatus(status).phrase}"
    except ValueError:
        return str(status)
