"""One REST operation: an HTTP request to inputs, an outcome to an HTTP answer."""

from __future__ import annotations

import re
from base64 import b64encode
from typing import Any, Final
from urllib.parse import parse_qsl

from naftiko_run.errors import InvalidInput, InvocationError, Violation
from naftiko_run.expose.body import (
    Disconnected,
    header,
    headers_by_name,
    is_hop_by_hop,
    read_body,
    read_json,
    text_of,
)
from naftiko_run.expose.disconnect import cancel_on_disconnect
from naftiko_run.expose.exposer import Receive, Scope, Send
from naftiko_run.expose.problems import Problem, problem_of
from naftiko_run.expose.rest.answer import answer
from naftiko_run.expose.rest.segments import ArrayReader
from naftiko_run.expressions import MISSING, PathTemplate
from naftiko_run.invoke import CallerBody, Function, compile_coercion

_JSON = re.compile(r"application/(?:[\w.+-]+\+)?json\Z|text/json\Z", re.IGNORECASE)
_PLAIN_JSON: Final = ("", "application/json", "text/json")
"""Types that say no more of a body than that it is JSON."""
_STREAM_THRESHOLD: Final = 256 * 1024
"""How long an answer that is only passed on may be, in bytes, to be held in memory whole."""

_SIMPLE_TYPES: Final = ("", "text/plain", "application/x-www-form-urlencoded", "multipart/form-data")
"""What browsers send to other sites without asking them."""
_ANY_TYPE: Final = (b"accept", "*/*")
"""A header that clients send unasked, and that says nothing."""
_NO_BODY: Final = CallerBody(b"", is_absent=True)


class RestEndpoint:
    """Answers one operation.

    Args:
        function: What to invoke.
        path: The route's path.
        max_body: The largest body taken, in bytes.
        own_headers: Lower-case names of headers that no input is taken from.
    """

    __slots__ = (
        "_arrays",
        "_binary",
        "_cookies",
        "_fields",
        "_found",
        "_function",
        "_headers",
        "_inputs",
        "_lists",
        "_max_body",
        "_single",
        "_takes_body",
        "_variables",
    )

    def __init__(
        self,
        function: Function,
        path: PathTemplate,
        max_body: int,
        *,
        own_headers: frozenset[str] = frozenset(),
    ) -> None:
        self._function = function
        self._max_body = max_body
        self._inputs = {
            each.name: compile_coercion(each, "," if each.location in ("header", "cookie") else "")
            for each in function.inputs
        }
        self._lists = frozenset(each.name for each in function.inputs if each.type == "array")
        self._single = frozenset(each.name for each in function.inputs if each.type not in ("", "array"))
        variables = path.variables
        self._variables = tuple(
            (each.name, compile_coercion(each))
            for each in function.inputs
            if each.name in variables and each.type not in ("", "string", "array")
        )
        self._arrays = tuple(
            (each.name, ArrayReader(each, path))
            for each in function.inputs
            if each.name in variables and each.type == "array"
        )
        self._takes_body = function.takes_body
        self._binary = function.binary_input
        self._headers = tuple(
            (name.lower().encode(), name) for name in self._at("header") if name.lower() not in own_headers
        )
        self._cookies = self._at("cookie")
        # With a whole body to take, its fields are its own: they do not double as query parameters.
        places = (None, "body") if self._takes_body else (None, "body", "query", "header", "cookie")
        self._fields = tuple(
            each.name
            for each in function.inputs
            if each.location in places
            and each.name not in variables
            and not (each.name == "body" and self._takes_body)
            and each.in_body is None
        )
        self._found = tuple((each.name, each.in_body) for each in function.inputs if each.in_body is not None)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        try:
            inputs = self._url_inputs(scope)
            raw_body = await self._add_body(scope, receive, inputs)
            invoking = self._function.invoke(inputs, raw_body=raw_body, stream_threshold=_STREAM_THRESHOLD)
            outcome = await cancel_on_disconnect(scope, receive, invoking)
        except InvocationError as fault:
            await problem_of(fault).send(scope, send)
        except Disconnected:
            return
        else:
            await answer(outcome, scope, receive, send)

    def _at(self, location: str) -> tuple[str, ...]:
        return tuple(each.name for each in self._function.inputs if each.location == location)

    def _url_inputs(self, scope: Scope) -> dict[str, Any]:
        """Give what the path, the query, the headers and the cookies say; the former win over the latter."""
        inputs: dict[str, Any] = scope["path_params"].copy()
        for name, coerce in self._variables:
            inputs[name] = coerce((inputs[name],))
        for name, read in self._arrays:
            inputs[name] = read(inputs[name], scope)
        if scope["query_string"]:
            given: dict[str, list[str]] = {}
            for name, text in _query(scope):
                given.setdefault(name, []).append(text)
            for name in given.keys() & self._inputs.keys() - {"body"}:
                values = given[name]
                if len(values) > 1 and name in self._single:
                    raise InvalidInput(
                        [Violation(f"/{name}", f"is given {len(values)} times; it takes one value")]
                    )
                inputs.setdefault(name, self._inputs[name](values))
        for wire, name in self._headers:
            texts = [text_of(value) for key, value in scope["headers"] if key == wire and value]
            if texts and not is_hop_by_hop(scope, wire) and (wire, *texts) != _ANY_TYPE:
                if len(texts) > 1 and name not in self._lists:
                    texts = [("; " if wire == b"cookie" else ", ").join(texts)]
                inputs.setdefault(name, self._inputs[name](texts))
        if self._cookies:
            self._add_cookies(scope, inputs)
        return inputs

    def _add_cookies(self, scope: Scope, inputs: dict[str, Any]) -> None:
        cookies = _read_cookies(scope)
        for name in self._cookies:
            if name in cookies:
                inputs.setdefault(name, self._inputs[name]((cookies[name],)))

    async def _is_field(self, scope: Scope, content: bytes) -> bool:
        """Return whether a body is JSON that holds the bytes as base64, and not the bytes themselves."""
        media_type = header(scope, b"content-type").partition(";")[0].strip()
        if self._binary == "body" or not _JSON.match(media_type):
            return False
        try:
            value, _ = await read_json(content)
        except ValueError:
            return False
        return isinstance(value, dict) and isinstance(value.get(self._binary), str)

    async def _add_body(self, scope: Scope, receive: Receive, inputs: dict[str, Any]) -> CallerBody | None:
        """Add what the body says, and return it; None where the operation reads none."""
        if not (self._takes_body or self._fields or self._found):
            return None
        content = await read_body(scope, receive, self._max_body)
        if self._binary and content and not await self._is_field(scope, content):
            inputs[self._binary] = b64encode(content).decode()
            return CallerBody(b"", _binary_type(scope))
        if not content or content.isspace():
            return _NO_BODY
        media_type = ""
        if headers_by_name(scope).get(b"content-type") != b"application/json":
            media_type = _json_type(scope)
        try:
            value, content = await read_json(content)
        except ValueError as fault:
            raise Problem(400, "not-json", f"The body is not JSON: {fault}") from None
        self._add_members(value, inputs)
        return CallerBody(content, media_type, is_empty=value == {})

    def _add_members(self, value: Any, inputs: dict[str, Any]) -> None:
        for name, read in self._found:
            if (found := read(value)) is not MISSING:
                inputs.setdefault(name, found)
        if isinstance(value, dict):
            for name in self._fields:
                if name in value:
                    inputs.setdefault(name, value[name])
        elif not (self._takes_body or self._found):
            raise Problem(400, "invalid-input", "The body must be a JSON object")
        if self._takes_body:
            inputs["body"] = value


def _binary_type(scope: Scope) -> str:
    """Return the Content-Type of a body of any bytes.

    Raises:
        Problem: A page of another site can send such a request unasked.
    """
    written = header(scope, b"content-type")
    if header(scope, b"origin") and written.partition(";")[0].strip().lower() in _SIMPLE_TYPES:
        raise Problem(
            415,
            "unsupported-media-type",
            f"The body is {written or 'of no Content-Type'}, which any page can send",
            hint="send it with its own Content-Type, or with `application/octet-stream`",
        )
    return written if written.isprintable() else ""


def _json_type(scope: Scope) -> str:
    """Return what a body is said to be, where that says more than JSON.

    Raises:
        Problem: It is no JSON; or nothing is said, and a page of another site can send that unasked.
    """
    written = header(scope, b"content-type")
    media_type = written.partition(";")[0].strip()
    is_untyped_page = not media_type and bool(header(scope, b"origin"))
    if is_untyped_page or (media_type and media_type != "application/json" and not _JSON.match(media_type)):
        raise Problem(
            415,
            "unsupported-media-type",
            f"The body is {media_type or 'of no Content-Type'}; this operation takes JSON",
            hint="send it with `Content-Type: application/json`",
        )
    is_plain = media_type.lower() in _PLAIN_JSON or not written.isprintable()
    return "" if is_plain else written


def _query(scope: Scope) -> list[tuple[str, str]]:
    text: str = scope["query_string"].decode("latin-1")
    if "%" not in text and "+" not in text:
        return [(name, value) for name, _, value in (part.partition("=") for part in text.split("&") if part)]
    try:
        return parse_qsl(text, keep_blank_values=True, errors="strict")
    except UnicodeDecodeError:
        raise Problem(400, "not-utf8", "The query is not percent-encoded UTF-8") from None


def _read_cookies(scope: Scope) -> dict[str, str]:
    """Return a request's cookies as browsers send them: values untouched, of several with one name the first.

    A pair that breaks the grammar of RFC 6265 is read like any other: it is another site's cookie as a rule, and
    must not hide those that follow.
    """
    cookies: dict[str, str] = {}
    for key, value in scope["headers"]:
        if key == b"cookie":
            for pair in text_of(value).split(";"):
                name, equals, text = pair.partition("=")
                if equals:
                    cookies.setdefault(name.strip(), text.strip())
    return cookies


class UnavailableEndpoint:
    """Answers an operation that was left out, with the reason.

    Args:
        name: ``METHOD /path``.
        reason: Why it was left out.
    """

    __slots__ = ("_name", "_reason")

    def __init__(self, name: str, reason: str) -> None:
        self._name = name
        self._reason = reason

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:  # noqa: ARG002 - ASGI's form
        """Answer one request."""
        await Problem(501, "unavailable", f"{self._name} cannot be served: {self._reason}").send(scope, send)
