"""Serve one REST operation: convert a request into inputs, and an outcome into a response."""

from __future__ import annotations

import re
from base64 import b64encode
from collections.abc import Iterable, Mapping
from typing import Any, Final
from urllib.parse import parse_qsl, unquote_plus

from naftiko_run._json import LARGE_TEXT
from naftiko_run.errors import InvalidInput, InvocationError, Violation
from naftiko_run.expose.body import (
    Disconnected,
    header,
    headers_by_name,
    is_hop_by_hop,
    read_body,
    read_json,
)
from naftiko_run.expose.disconnect import cancel_on_disconnect
from naftiko_run.expose.exposer import Receive, Scope, Send
from naftiko_run.expose.problems import Problem, problem_of
from naftiko_run.expose.rest.answer import answer
from naftiko_run.expose.rest.parameter_parsing import (
    Pairs,
    PairsReader,
    PathReader,
    cookie_readers,
    header_reader,
    query_readers,
    reads_cookies,
    reads_path,
    reads_query,
)
from naftiko_run.expressions import MISSING, PathTemplate
from naftiko_run.header_values import decode_header_value
from naftiko_run.invoke import (
    LARGE_INPUT,
    CallerBody,
    Coercion,
    Function,
    Input,
    compile_coercion,
    encoding_of,
    free_in_decode_pool,
    run_in_decode_pool,
)

_JSON = re.compile(r"application/(?:[\w.+-]+\+)?json\Z|text/json\Z", re.IGNORECASE)
_PLAIN_JSON: Final = ("", "application/json", "text/json")
"""Media types that say only that a body is JSON."""
_STREAM_THRESHOLD: Final = 256 * 1024
"""Unmodified upstream responses longer than this many bytes are streamed; shorter ones are buffered."""

_SIMPLE_TYPES: Final = ("", "text/plain", "application/x-www-form-urlencoded", "multipart/form-data")
"""Content types that browsers send across origins without a preflight request."""
_FORM: Final = "application/x-www-form-urlencoded"
_MAX_FORM_FIELDS: Final = 10_000
"""The maximum number of fields of a form."""
_ANY_TYPE: Final = (b"accept", "*/*")
"""A default header of many clients, which is not taken as an input."""
_NO_BODY: Final = CallerBody(b"", is_absent=True)


class RestEndpoint:
    """Serves one operation.

    Args:
        function: The function to invoke.
        path: The path of the route.
        max_body: The maximum size of a request body, in bytes.
        own_headers: Lower-case names of headers that are never read as inputs.
        static_query: The names in the query that select the route.
    """

    __slots__ = (
        "_binary",
        "_body_readers",
        "_cookie_readers",
        "_cookies",
        "_fields",
        "_form_types",
        "_function",
        "_headers",
        "_inputs",
        "_lists",
        "_max_body",
        "_path_readers",
        "_query_readers",
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
        static_query: frozenset[str] = frozenset(),
    ) -> None:
        self._function = function
        self._max_body = max_body
        self._inputs = {
            each.name: compile_coercion(each, _delimiter(each))
            for each in function.inputs
            if not reads_query(each)
        }
        self._form_types = _form_types(function) if function.takes_form else None
        self._lists = frozenset(each.name for each in function.inputs if each.type == "array")
        self._single = frozenset(each.name for each in function.inputs if each.type not in ("", "array"))
        variables = path.variables
        self._variables = tuple(
            (each.name, compile_coercion(each))
            for each in function.inputs
            if each.name in variables and each.type not in ("", "string") and not reads_path(each)
        )
        self._path_readers = tuple(
            (each.name, PathReader(each, path))
            for each in function.inputs
            if each.name in variables and reads_path(each)
        )
        self._query_readers = tuple(query_readers(function.inputs, static_query))
        self._takes_body = function.takes_body
        self._binary = function.binary_input
        self._headers = tuple(
            (each.name.lower().encode(), each.name, header_reader(each))
            for each in function.inputs
            if each.location == "header" and each.name.lower() not in own_headers
        )
        self._cookies = tuple(
            (each.name, compile_coercion(each, _delimiter(each)))
            for each in function.inputs
            if each.location == "cookie" and not reads_cookies(each)
        )
        self._cookie_readers = tuple(cookie_readers(function.inputs))
        # Where the whole body is an input, its members are not read as query, header or cookie inputs.
        places = (None, "body") if self._takes_body else (None, "body", "query", "header", "cookie")
        self._fields = tuple(
            each.name
            for each in function.inputs
            if each.location in places
            and each.name not in variables
            and not (each.name == "body" and self._takes_body)
            and each.in_body is None
        )
        self._body_readers = tuple(
            (each.name, each.in_body) for each in function.inputs if each.in_body is not None
        )

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one request."""
        inputs: dict[str, Any] = {}
        size: int | None = 0
        try:
            inputs = self._url_inputs(scope)
            raw_body = await self._add_body(scope, receive, inputs)
            if raw_body is not None:
                size = len(raw_body.content) or None
            invoking = self._function.invoke(
                inputs, raw_body=raw_body, stream_threshold=_STREAM_THRESHOLD, size=size
            )
            outcome = await cancel_on_disconnect(scope, receive, invoking)
        except InvocationError as error:
            await problem_of(error).send(scope, send)
        except Disconnected:
            return
        else:
            await answer(outcome, scope, receive, send)
        finally:
            if size is not None and size > LARGE_TEXT:
                free_in_decode_pool(inputs)

    def _url_inputs(self, scope: Scope) -> dict[str, Any]:
        """Return the inputs of the path, query, headers and cookies, in this order of precedence."""
        inputs: dict[str, Any] = scope["path_params"].copy()
        for name, coerce in self._variables:
            inputs[name] = coerce((inputs[name],))
        for name, read in self._path_readers:
            inputs[name] = read(inputs[name], scope)
        if scope["query_string"]:
            given: dict[str, list[str]] = {}
            for name, text in _parse_query(scope):
                given.setdefault(name, []).append(text)
            for name in given.keys() & self._inputs.keys() - {"body"}:
                values = given[name]
                if len(values) > 1 and name in self._single:
                    raise InvalidInput(
                        [Violation(f"/{name}", f"is sent {len(values)} times; it accepts one value")]
                    )
                inputs.setdefault(name, self._inputs[name](values))
            if self._query_readers:
                _add_styled(self._query_readers, _raw_query(scope), inputs)
        for wire, name, read_header in self._headers:
            texts = [decode_header_value(value) for key, value in scope["headers"] if key == wire and value]
            if texts and not is_hop_by_hop(scope, wire) and (wire, *texts) != _ANY_TYPE:
                if len(texts) > 1 and name not in self._lists:
                    texts = [("; " if wire == b"cookie" else ", ").join(texts)]
                inputs.setdefault(name, read_header(texts))
        if self._cookies or self._cookie_readers:
            self._add_cookies(scope, inputs)
        return inputs

    def _add_cookies(self, scope: Scope, inputs: dict[str, Any]) -> None:
        pairs = _read_cookies(scope)
        cookies = dict(reversed(pairs))  # of several with the same name, the first
        for name, coerce in self._cookies:
            if name in cookies:
                inputs.setdefault(name, coerce((cookies[name],)))
        _add_styled(self._cookie_readers, pairs, inputs)

    async def _is_field(self, scope: Scope, content: bytes) -> bool:
        """Return whether a body is a JSON object that contains the binary input as base64, instead of the raw bytes."""
        media_type = header(scope, b"content-type").partition(";")[0].strip()
        if self._binary == "body" or not _JSON.match(media_type):
            return False
        try:
            value, _ = await read_json(content)
        except ValueError:
            return False
        return isinstance(value, dict) and isinstance(value.get(self._binary), str)

    async def _add_body(self, scope: Scope, receive: Receive, inputs: dict[str, Any]) -> CallerBody | None:
        """Add the inputs of the body, and return the body; None where the operation reads none."""
        if not (self._takes_body or self._fields or self._body_readers):
            return None
        content = await read_body(scope, receive, self._max_body)
        if self._binary and content and not await self._is_field(scope, content):
            inputs[self._binary] = b64encode(content).decode()
            return CallerBody(b"", _binary_type(scope))
        if not content or content.isspace():
            return _NO_BODY
        if self._form_types is not None and _is_form(scope):
            form = await self._form(content, self._form_types)
            self._add_members(form, inputs)
            return CallerBody(b"", is_empty=not form)
        media_type = transcoded_type = ""
        if headers_by_name(scope).get(b"content-type") != b"application/json":
            media_type, transcoded_type = _json_type(scope)
        try:
            value, content = await read_json(content, transcoded_type)
        except ValueError as error:
            raise Problem(400, "not-json", f"The body is not JSON: {error}") from None
        self._add_members(value, inputs)
        return CallerBody(content, media_type, is_empty=value == {})

    async def _form(self, content: bytes, types: Mapping[str, Coercion]) -> dict[str, Any]:
        """Parse a form; a long one in a thread."""
        try:
            if len(content) <= LARGE_INPUT:
                fields = _parse_form(content)
            else:
                fields = await run_in_decode_pool(lambda: _parse_form(content))
        except ValueError as fault:
            raise Problem(400, "not-a-form", f"The body is not a form: {fault}") from None
        return {
            name: types[name](texts) if name in types else texts if len(texts) > 1 else texts[0]
            for name, texts in fields.items()
        }

    def _add_members(self, value: Any, inputs: dict[str, Any]) -> None:
        for name, read in self._body_readers:
            if (found := read(value)) is not MISSING:
                inputs.setdefault(name, found)
        if isinstance(value, dict):
            for name in self._fields:
                if name in value:
                    inputs.setdefault(name, value[name])
        elif not (self._takes_body or self._body_readers):
            raise Problem(400, "invalid-input", "The body must be a JSON object")
        if self._takes_body:
            inputs["body"] = value


def _binary_type(scope: Scope) -> str:
    """Return the Content-Type of a binary body.

    Raises:
        Problem: 415, a page of another origin can send such a request without a preflight request.
    """
    written = header(scope, b"content-type")
    if header(scope, b"origin") and written.partition(";")[0].strip().lower() in _SIMPLE_TYPES:
        raise Problem(
            415,
            "unsupported-media-type",
            f"The Content-Type is {written or 'missing'}, which a page of any origin can send",
            hint="send it with its own Content-Type, or with `application/octet-stream`",
        )
    return written if written.isprintable() else ""


def _form_types(function: Function) -> dict[str, Coercion]:
    """Return the conversions of the fields of a form, by name."""
    types = {
        name: compile_coercion(Input(name, schema))
        for each in function.inputs
        if each.name == "body"
        for name, schema in each.schema.get("properties", {}).items()
        if isinstance(schema, dict)
    }
    return types | {
        each.name: compile_coercion(each, _delimiter(each))
        for each in function.inputs
        if each.location in (None, "body") and each.name != "body"
    }


def _is_form(scope: Scope) -> bool:
    """Return whether a body is a form.

    Raises:
        Problem: 415, a page of another origin can send such a request without a preflight request.
    """
    if header(scope, b"content-type").partition(";")[0].strip().lower() != _FORM:
        return False
    if header(scope, b"origin"):
        raise Problem(
            415,
            "unsupported-media-type",
            f"The Content-Type is {_FORM}, which a page of any origin can send",
            hint="send the fields as JSON, with `Content-Type: application/json`",
        )
    return True


def _parse_form(content: bytes) -> dict[str, list[str]]:
    fields: dict[str, list[str]] = {}
    text = content.decode()
    for name, value in parse_qsl(
        text, keep_blank_values=True, errors="strict", max_num_fields=_MAX_FORM_FIELDS
    ):
        fields.setdefault(name, []).append(value)
    return fields


def _json_type(scope: Scope) -> tuple[str, str]:
    """Return the Content-Type of a JSON body.

    Returns:
        The type in which it is sent; empty where it says only that the body is JSON. And the type as it is written, if
        its charset is another than UTF-8; empty otherwise.

    Raises:
        Problem: 415, it is not a JSON type; its charset is unknown; or it is missing, and a page of another origin can send such a request
            without a preflight request.
    """
    written = header(scope, b"content-type")
    media_type = written.partition(";")[0].strip()
    is_untyped_page = not media_type and bool(header(scope, b"origin"))
    if is_untyped_page or (media_type and media_type != "application/json" and not _JSON.match(media_type)):
        raise Problem(
            415,
            "unsupported-media-type",
            f"The Content-Type is {media_type or 'missing'}; this operation accepts JSON",
            hint="send it with `Content-Type: application/json`",
        )
    try:
        encoding = encoding_of(b"", written)
    except ValueError as fault:
        raise Problem(
            415, "unsupported-media-type", f"The Content-Type has an {fault}", hint="send the body in UTF-8"
        ) from None
    is_transcoded = encoding not in (None, ("utf-8", 0))
    is_plain = media_type.lower() in _PLAIN_JSON or not written.isprintable()
    return "" if is_plain else media_type if is_transcoded else written, written if is_transcoded else ""


def _parse_query(scope: Scope) -> list[tuple[str, str]]:
    text: str = scope["query_string"].decode("latin-1")
    if "%" not in text and "+" not in text:
        return [(name, value) for name, _, value in (part.partition("=") for part in text.split("&") if part)]
    try:
        return parse_qsl(text, keep_blank_values=True, errors="strict")
    except UnicodeDecodeError:
        raise Problem(400, "not-utf8", "The query is not percent-encoded UTF-8") from None


def _raw_query(scope: Scope) -> list[tuple[str, str]]:
    """Return the parameters of a query that is percent-encoded UTF-8: decoded names, and values as they were sent."""
    text: str = scope["query_string"].decode("latin-1")
    parts = (part.partition("=") for part in text.split("&") if part)
    return [(unquote_plus(name), value) for name, _, value in parts]


def _add_styled(readers: Iterable[tuple[str, PairsReader]], pairs: Pairs, inputs: dict[str, Any]) -> None:
    for name, read in readers:
        if (value := read(pairs)) is not MISSING:
            inputs.setdefault(name, value)


def _delimiter(declared: Input) -> str:
    """Return the delimiter of the elements of an array in one text; empty if each element is a text of its own."""
    delimiter = declared.style.delimiter if declared.style is not None else ""
    return delimiter or ("," if declared.location in ("header", "cookie") else "")


def _read_cookies(scope: Scope) -> list[tuple[str, str]]:
    """Return the cookies of a request, with unmodified values.

    A pair that violates the grammar of RFC 6265 is parsed like any other: it is usually set by another application,
    and must not hide the cookies after it.
    """
    cookies: list[tuple[str, str]] = []
    for key, value in scope["headers"]:
        if key == b"cookie":
            for pair in decode_header_value(value).split(";"):
                name, equals, text = pair.partition("=")
                if equals:
                    cookies.append((name.strip(), text.strip()))
    return cookies


class UnavailableEndpoint:
    """Responds to requests for an operation that is not served, with the reason.

    Args:
        name: ``METHOD /path``.
        reason: Why it is not served.
    """

    __slots__ = ("_name", "_reason")

    def __init__(self, name: str, reason: str) -> None:
        self._name = name
        self._reason = reason

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:  # noqa: ARG002 - the ASGI signature
        """Handle one request."""
        await Problem(501, "unavailable", f"{self._name} cannot be served: {self._reason}").send(scope, send)
