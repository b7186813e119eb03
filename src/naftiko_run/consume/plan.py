"""One consumed operation, compiled: arguments in, a complete HTTP request out."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final, TypedDict, Unpack

from naftiko_run.consume.bodies import BodyPlan, CallerBody
from naftiko_run.consume.styles import UnsafeCookie, Write
from naftiko_run.errors import BoundVariable, InvalidInput, MissingBinding, Violation
from naftiko_run.expressions import (
    MISSING,
    Expression,
    PathTemplate,
    PrecisionError,
    UnsafePathValue,
    fill_path,
)
from naftiko_run.http.messages import FixedHeaders, Headers, OutgoingRequest

_CONTROL = re.compile(r"[\x00-\x08\x0a-\x1f\x7f\ud800-\udfff]")

JSON: Final = "application/json"


class RequestLimits(TypedDict, total=False):
    """Attributes of a request that its plan does not know; see ``OutgoingRequest``."""

    timeout: float
    max_answer: int | None
    stream_threshold: int | None
    max_kept: int


@dataclass(frozen=True, slots=True)
class RequestPlan:
    """What a request is made of. All that is known at load is already text.

    Attributes:
        operation: ``namespace.name``, for errors and logs.
        method: In capitals.
        base: Scheme, host and path before the template, without trailing slash.
        path: The path below the base.
        pieces: The same two once more, in the order in which they are written: text, and what fills the variables;
            empty where every value has to be checked together with the text around it.
        fixed_url: The URL, where no argument is a part of it; empty otherwise.
        variables: What fills each path variable.
        writers: What writes the value of each, percent-encoded.
        query: The names of query parameters, what fills each, and what writes its value with its name.
        headers: Names, what fills each, and what writes its value.
        cookies: The same as for the query.
        fixed_headers: Headers that never change, credentials included.
        json_headers: The same, of a request with a body of JSON, as most are.
        body: How the body is made; None for no body.
        missing: Variables without a value; the operation cannot be called while there are any.
    """

    operation: str
    method: str
    base: str = field(repr=False)
    path: PathTemplate
    pieces: tuple[str | tuple[Expression, Write], ...] = field(repr=False)
    fixed_url: str = field(repr=False)
    variables: Mapping[str, Expression]
    writers: Mapping[str, Write]
    query: tuple[tuple[str, Expression, Write], ...]
    headers: tuple[tuple[str, Expression, Write], ...]
    cookies: tuple[tuple[str, Expression, Write], ...]
    fixed_headers: FixedHeaders = field(repr=False)
    json_headers: FixedHeaders = field(repr=False)
    body: BodyPlan | None
    missing: tuple[BoundVariable, ...]

    def fill(
        self,
        arguments: Mapping[str, Any],
        raw_body: CallerBody | None = None,
        **limits: Unpack[RequestLimits],
    ) -> OutgoingRequest:
        """Make a request.

        Args:
            arguments: Values by consumed parameter name.
            raw_body: The HTTP caller's body, sent as it is where the whole body is one argument; None where
                the caller is none of HTTP.
            limits: Further attributes of the request.

        Raises:
            MissingBinding: A binding that the request needs has no value.
            InvalidInput: A path variable is missing, or a value cannot go where it should.
        """
        if self.missing:
            raise MissingBinding(self.missing, self.operation)
        try:
            return self._request(arguments, raw_body, limits)
        except UnicodeEncodeError:
            raise InvalidInput(
                [Violation("", "holds half of a character, which no request can carry")]
            ) from None
        except PrecisionError as fault:
            raise InvalidInput([Violation("", str(fault))]) from None
        except RecursionError:
            raise InvalidInput([Violation("", "is nested too deeply")]) from None

    def _request(
        self, arguments: Mapping[str, Any], raw_body: CallerBody | None, limits: RequestLimits
    ) -> OutgoingRequest:
        url = self.fixed_url or self._url(arguments)
        content_type, body = "", None
        if self.body is not None:
            content_type, body = self._body(self.body, arguments, raw_body)
        if self.headers or self.cookies:
            headers = self._headers(arguments, content_type)
            return OutgoingRequest(self.operation, self.method, url, headers, body, **limits)
        if content_type == JSON:
            fixed = self.json_headers
        else:
            fixed = self.fixed_headers.with_type(content_type) if content_type else self.fixed_headers
        return OutgoingRequest(self.operation, self.method, url, fixed.pairs, body, fixed=fixed, **limits)

    def _url(self, arguments: Mapping[str, Any]) -> str:
        url = self._plain(arguments) or self.base + self._path(arguments)
        query = self._query(arguments)
        return f"{url}{'&' if '?' in url else '?'}{query}" if query else url

    def _plain(self, arguments: Mapping[str, Any]) -> str:
        """Return the URL up to its query; empty where the values have to be checked: see ``_path``."""
        written = []
        for piece in self.pieces:
            if isinstance(piece, str):
                written.append(piece)
                continue
            expression, write = piece
            value = expression.evaluate(arguments)
            text = "" if value is MISSING or value is None else write(value)
            if not text or "." in text or "%" in text:  # which may be missing, or lead elsewhere
                return ""
            written.append(text)
        return "".join(written)

    def _path(self, arguments: Mapping[str, Any]) -> str:
        """Give the path, whatever the values are.

        Raises:
            InvalidInput: One of them is missing, or would change where the path leads.
        """
        values = {name: value.evaluate(arguments) for name, value in self.variables.items()}
        absent = [name for name, value in values.items() if value is MISSING or value is None]
        if absent:
            raise InvalidInput(
                [Violation(f"/{name}", "is a part of the upstream's path and is required") for name in absent]
            )
        try:
            return fill_path(self.path, values, self.writers)
        except UnsafePathValue as fault:
            raise InvalidInput([Violation(f"/{fault.variable}", str(fault))]) from None

    def _query(self, arguments: Mapping[str, Any]) -> str:
        written = []
        for _, expression, write in self.query:
            value = expression.evaluate(arguments)
            if value is not MISSING and value is not None and (text := write(value)):
                written.append(text)
        return "&".join(written)

    def _headers(self, arguments: Mapping[str, Any], content_type: str) -> Headers:
        headers = [*self.fixed_headers.pairs]
        for name, expression, write in self.headers:
            value = expression.evaluate(arguments)
            if value is not MISSING and value is not None and value != []:
                self._add_header(headers, name, write(value))
        if self.cookies:
            self._add_cookies(headers, arguments)
        if content_type and not any(name.lower() == "content-type" for name, _ in headers):
            headers.append(("Content-Type", content_type))
        return tuple(headers)

    def _add_header(self, headers: list[tuple[str, str]], name: str, text: str) -> None:
        if _CONTROL.search(text):
            raise InvalidInput(
                [Violation(f"/{name}", "holds a line break or control character, which no header may")]
            )
        headers[:] = [header for header in headers if header[0].lower() != name.lower()]
        headers.append((name, text.strip()))

    def _add_cookies(self, headers: list[tuple[str, str]], arguments: Mapping[str, Any]) -> None:
        written = []
        for name, expression, write in self.cookies:
            value = expression.evaluate(arguments)
            if value is MISSING or value is None:
                continue
            try:
                text = write(value)
            except UnsafeCookie as fault:
                raise InvalidInput([Violation(f"/{name}", str(fault))]) from None
            if text:
                written.append(text)
        if written:
            headers.append(("Cookie", "; ".join(written).strip(" ")))

    def _body(
        self, plan: BodyPlan, arguments: Mapping[str, Any], raw_body: CallerBody | None
    ) -> tuple[str, bytes | None]:
        """Give Content-Type and body; no type for no body."""
        try:
            value = plan.value.evaluate(arguments)
        except ValueError as fault:
            raise InvalidInput([Violation("/body", f"cannot be made: {fault}")]) from None
        media_type = ""
        if raw_body is not None:
            if plan.keeps_media_type:
                media_type = raw_body.media_type
            if raw_body.content and plan.whole and value is arguments.get(plan.whole):
                return media_type or JSON, raw_body.content
        if value is MISSING or value is None or plan.is_absent(value, raw_body):
            return "", None
        try:
            content_type, content = plan.encode(value)
        except (TypeError, ValueError, AttributeError) as fault:
            raise InvalidInput([Violation("/body", f"cannot be sent as the body: {fault}")]) from None
        return media_type or content_type, content
