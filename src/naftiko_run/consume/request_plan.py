"""The compiled request of a consumed operation: builds a complete HTTP request from arguments."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from naftiko_run.consume.body_plan import BodyPlan, CallerBody
from naftiko_run.consume.parameter_styles import UnsafeCookie, Write
from naftiko_run.errors import BoundVariable, InvalidInput, MissingBinding, Violation
from naftiko_run.expressions import (
    MISSING,
    Expression,
    PathTemplate,
    PrecisionError,
    UnsafePathValue,
    fill_path,
)
from naftiko_run.http.client.errors import url_too_long
from naftiko_run.http.client.origin import MAX_URL_LENGTH
from naftiko_run.http.messages import DEFAULT_MAX_RESPONSE, FixedHeaders, Headers, OutgoingRequest

_CONTROL = re.compile(r"[\x00-\x08\x0a-\x1f\x7f\ud800-\udc7f\udd00-\udfff]")

JSON: Final = "application/json"


RequestLimits = tuple[float | None, int | None, int | None, int]
"""``timeout``, ``max_answer``, ``stream_threshold`` and ``max_kept`` of a request; see ``OutgoingRequest``."""
_USUAL: Final[RequestLimits] = (None, None, None, DEFAULT_MAX_RESPONSE)


@dataclass(frozen=True, slots=True)
class RequestPlan:
    """The parts of a request; parts without arguments are already rendered as text.

    Attributes:
        operation: ``namespace.name``, for errors and logs.
        method: In upper case.
        base: Scheme, host and path before the path template, without a trailing slash.
        path: The path template below the base.
        pieces: The base and the path in order: text, or the value of a variable and its writer; empty if values
            must be checked together with the text around them.
        fixed_url: The URL if it has no arguments; otherwise empty.
        variables: The value of each path variable.
        writers: The writer of each path variable, which percent-encodes its value.
        query: The name, value and writer of each query parameter; the writer includes the name.
        headers: The name, value and writer of each header.
        cookies: The name, value and writer of each cookie; the writer includes the name.
        fixed_headers: Headers that are the same for every request, including credentials.
        json_headers: ``fixed_headers`` with the Content-Type of a JSON body, the most common one.
        body: Builds the body; None if there is none.
        missing: Variables that are not set; if there are any, the operation cannot be called.
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
        limits: RequestLimits = _USUAL,
        *,
        is_large: bool = False,
    ) -> OutgoingRequest:
        """Build a request.

        Args:
            arguments: Values by the name of the consumed parameter.
            raw_body: The body of the caller's HTTP request, sent unchanged if the whole body is one argument; None
                if the caller does not use HTTP.
            limits: More attributes of the request.
            is_large: Whether the arguments are large; call it in a thread then.

        Raises:
            MissingBinding: A variable that the request needs is not set.
            InvalidInput: A path variable is missing, or a value cannot be used in its place in the request.
        """
        if self.missing:
            raise MissingBinding(self.missing, self.operation)
        try:
            return self._request(arguments, raw_body, limits, is_large)
        except UnicodeEncodeError:
            raise InvalidInput(
                [Violation("", "contains an unpaired surrogate, which cannot be encoded as UTF-8")]
            ) from None
        except PrecisionError as fault:
            raise InvalidInput([Violation("", str(fault))]) from None
        except RecursionError:
            raise InvalidInput([Violation("", "is nested too deeply")]) from None

    def _request(
        self,
        arguments: Mapping[str, Any],
        raw_body: CallerBody | None,
        limits: RequestLimits,
        is_large: bool,  # noqa: FBT001
    ) -> OutgoingRequest:
        url = self.fixed_url or self._url(arguments)
        content_type, body = "", None
        if self.body is not None:
            content_type, body = self._body(self.body, arguments, raw_body, is_large)
        if self.headers or self.cookies:
            headers = self._headers(arguments, content_type)
            return OutgoingRequest(self.operation, self.method, url, headers, body, *limits)
        timeout, max_answer, threshold, max_kept = limits
        if content_type == JSON:
            fixed = self.json_headers
        else:
            fixed = self.fixed_headers.with_type(content_type) if content_type else self.fixed_headers
        return OutgoingRequest(
            self.operation,
            self.method,
            url,
            fixed.pairs,
            body,
            timeout,
            max_answer,
            threshold,
            max_kept,
            fixed,
        )

    def _url(self, arguments: Mapping[str, Any]) -> str:
        url = self._unchecked_url(arguments) or self.base + self._path(arguments)
        if query := self._query(arguments):
            url = f"{url}{'&' if '?' in url else '?'}{query}"
        if len(url) > MAX_URL_LENGTH:
            raise url_too_long(self.operation)
        return url

    def _unchecked_url(self, arguments: Mapping[str, Any]) -> str:
        """Return the URL without its query; empty if the values must be checked, as ``_path`` does."""
        written = []
        for piece in self.pieces:
            if isinstance(piece, str):
                written.append(piece)
                continue
            expression, write = piece
            value = expression.evaluate(arguments)
            if _is_too_long(value):
                raise url_too_long(self.operation)
            text = "" if value is MISSING or value is None else write(value)
            if not text or "." in text or "%" in text:  # missing, or may change where the path leads
                return ""
            written.append(text)
        return "".join(written)

    def _path(self, arguments: Mapping[str, Any]) -> str:
        """Return the path after checking the values.

        Raises:
            InvalidInput: A value is missing or too long, or would change where the path leads.
        """
        values = {name: value.evaluate(arguments) for name, value in self.variables.items()}
        absent = [name for name, value in values.items() if value is MISSING or value is None]
        if absent:
            raise InvalidInput(
                [
                    Violation(f"/{name}", "is required, because it is part of the upstream path")
                    for name in absent
                ]
            )
        if any(map(_is_too_long, values.values())):
            raise url_too_long(self.operation)
        encoded = {name: self.writers[name](value) for name, value in values.items()}
        if (
            sum(map(len, encoded.values())) > MAX_URL_LENGTH
        ):  # before the segments are checked, which takes longer
            raise url_too_long(self.operation)
        try:
            return fill_path(self.path, encoded)
        except UnsafePathValue as fault:
            raise InvalidInput([Violation(f"/{fault.variable}", str(fault))]) from None

    def _query(self, arguments: Mapping[str, Any]) -> str:
        written = []
        for _, expression, write in self.query:
            value = expression.evaluate(arguments)
            if _is_too_long(value):
                raise url_too_long(self.operation)
            if value is not MISSING and value is not None and (text := write(value)):
                written.append(text)
        return "&".join(written)

    def _headers(self, arguments: Mapping[str, Any], content_type: str) -> Headers:
        headers = [*self.fixed_headers.pairs]
        for name, expression, write in self.headers:
            value = expression.evaluate(arguments)
            if value is not MISSING and value is not None and value != []:
                if _is_too_long(value):
                    raise _value_too_long(name)
                self._add_header(headers, name, write(value))
        if self.cookies:
            self._add_cookies(headers, arguments)
        if content_type and not any(name.lower() == "content-type" for name, _ in headers):
            headers.append(("Content-Type", content_type))
        return tuple(headers)

    def _add_header(self, headers: list[tuple[str, str]], name: str, text: str) -> None:
        if _CONTROL.search(text):
            raise InvalidInput(
                [
                    Violation(
                        f"/{name}",
                        "contains a line break or control character, which is not allowed in a header",
                    )
                ]
            )
        headers[:] = [header for header in headers if header[0].lower() != name.lower()]
        headers.append((name, text.strip()))

    def _add_cookies(self, headers: list[tuple[str, str]], arguments: Mapping[str, Any]) -> None:
        written = []
        for name, expression, write in self.cookies:
            value = expression.evaluate(arguments)
            if value is MISSING or value is None:
                continue
            if _is_too_long(value):
                raise _value_too_long(name)
            try:
                text = write(value)
            except UnsafeCookie as fault:
                raise InvalidInput([Violation(f"/{name}", str(fault))]) from None
            if text:
                written.append(text)
        if written:
            headers.append(("Cookie", "; ".join(written).strip(" ")))

    def _body(
        self,
        plan: BodyPlan,
        arguments: Mapping[str, Any],
        raw_body: CallerBody | None,
        is_large: bool,  # noqa: FBT001
    ) -> tuple[str, bytes | None]:
        """Return the Content-Type and the body; an empty type and None for no body."""
        try:
            value = plan.value.evaluate(arguments)
        except ValueError as fault:
            raise InvalidInput([Violation("/body", f"cannot be built: {fault}")]) from None
        media_type = ""
        if raw_body is not None:
            if plan.keeps_media_type:
                media_type = raw_body.media_type
            if raw_body.content and plan.whole and value is arguments.get(plan.whole):
                return media_type or JSON, raw_body.content
        if value is MISSING or value is None or plan.is_absent(value, raw_body):
            return "", None
        try:
            content_type, content = plan.encode(value, is_large)
        except (TypeError, ValueError, AttributeError) as fault:
            raise InvalidInput([Violation("/body", f"cannot be sent as the body: {fault}")]) from None
        return media_type or content_type, content


def _is_too_long(value: Any) -> bool:
    """Return whether a value has more characters or members than a URL may have, which no encoding makes shorter."""
    if type(value) is str:
        return len(value) > MAX_URL_LENGTH
    length = 0
    waiting = [value]
    for each in waiting:
        if isinstance(each, str):
            length += len(each)
        elif isinstance(each, dict | list):
            length += len(each)
            if length <= MAX_URL_LENGTH:
                waiting += each.values() if isinstance(each, dict) else each
                length += sum(map(len, each)) if isinstance(each, dict) else 0
        if length > MAX_URL_LENGTH:
            return True
    return False


def _value_too_long(name: str) -> InvalidInput:
    return InvalidInput(
        [
            Violation(
                f"/{name}",
                f"is longer than {MAX_URL_LENGTH:,} characters, which is the maximum in a header or cookie",
            )
        ]
    )
