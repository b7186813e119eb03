"""The interface of outbound authentication schemes: their settings, static credentials, and the deadline of a call."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, Protocol

from naftiko_run import locations
from naftiko_run.http.client.errors import seconds_of, timed_out
from naftiko_run.http.messages import DEFAULT_SECONDS, OutgoingRequest, Send, UpstreamResponse
from naftiko_run.secret import MASK


class Text(Protocol):
    """Render a template in an authentication block."""

    def __call__(self, template: str, *, may_be_empty: bool = False) -> str:
        """Return the rendered template.

        Args:
            template: The template as written in the document.
            may_be_empty: Whether a variable with an empty value counts as set.
        """
        ...


@dataclass(frozen=True, slots=True)
class AuthenticationBlock:
    """An ``authentication`` block of a consumed API.

    Attributes:
        type: The scheme, in lower case.
        namespace: The namespace whose operations it authenticates.
        base: The base URL of that namespace.
        settings: Its other fields, as written in the document.
        text: Renders templates in the settings.
        send: Sends requests of the scheme itself, such as for a token.
        folder: The folder that relative locations in it are resolved against.
        is_masked: Whether values are masks, because no real upstream is called; the scheme then reads no files and
            sends no requests of its own.
        timeout: The timeout, in seconds, for all requests of the scheme itself together.
    """

    type: str
    namespace: str
    base: str = field(repr=False)
    settings: Mapping[str, Any] = field(repr=False)
    text: Text = field(repr=False)
    send: Send = field(repr=False)
    folder: Path
    is_masked: bool
    timeout: float = DEFAULT_SECONDS

    def value(self, key: str, *, may_be_empty: bool = False) -> str:
        """Return a setting with its templates rendered; empty if the block does not have it."""
        written = str(self.settings.get(key) or "")
        return self.text(written, may_be_empty=may_be_empty) if written else ""

    def required(self, key: str) -> str:
        """Return a setting with its templates rendered.

        Raises:
            ValueError: The block does not have the setting.
        """
        if not self.settings.get(key):
            raise ValueError(f"{self.type} authentication needs a `{key}`")
        return self.value(key)

    def content(self, key: str) -> bytes:
        """Return the content of the file that a setting names, or the PEM text that is its value.

        Raises:
            ValueError: The file does not exist or cannot be read.
        """
        value = self.required(key)
        if "-----BEGIN " in value:
            return value.replace("\\n", "\n").encode()
        try:
            path = locations.find(value, self.folder) if value else None
            if path is not None:
                return path.read_bytes()
        except (OSError, ValueError):
            # The original message would show the value, which may be the credential itself.
            raise ValueError(f"the file that `{key}` names cannot be read") from None
        raise ValueError(
            f"`{key}` names a file that was not found beside the document or in the working directory"
        )


class AuthenticationScheme(Protocol):
    """An outbound authentication scheme: adds credentials to a request, and may resend it after a challenge."""

    async def authorize(self, request: OutgoingRequest, send: Send) -> UpstreamResponse:
        """Send a request with credentials, and return the response."""
        ...


@dataclass(frozen=True, slots=True)
class StaticCredentials:
    """Credentials that are the same for every request.

    Attributes:
        headers: Added to each request that has no header of the same name, because the document may declare it as a
            parameter.
        query: Percent-encoded ``name=value`` pairs, appended to the URL.
        cookie: ``name=value`` pairs, appended to the cookies of the request.
    """

    headers: tuple[tuple[str, str], ...] = field(default=(), repr=False)
    query: str = field(default="", repr=False)
    cookie: str = field(default="", repr=False)

    async def authorize(self, request: OutgoingRequest, send: Send) -> UpstreamResponse:
        """Send the request with the credentials."""
        url, headers = request.url, request.headers
        if self.headers:
            present = {name.lower() for name, _ in headers}
            headers = (*headers, *(header for header in self.headers if header[0].lower() not in present))
        if self.query:
            url += f"{'&' if '?' in url else '?'}{self.query}"
        if self.cookie:
            cookies = [value for name, value in headers if name.lower() == "cookie"]
            others = (header for header in headers if header[0].lower() != "cookie")
            headers = (*others, ("Cookie", "; ".join([*cookies, self.cookie])))
        return await send(request.copy(url=url, headers=headers))


def masked_credentials(scheme: str) -> StaticCredentials:
    """Return a masked ``Authorization`` header, for requests that are shown but not sent."""
    return StaticCredentials((("Authorization", f"{scheme} {MASK}"),))


_MARGIN: Final = 0.1
"""Seconds added to the deadline, so that a timeout inside the call fires first: its error is more specific."""


async def authorize_with_deadline(
    authentication: AuthenticationScheme, request: OutgoingRequest, send: Send
) -> UpstreamResponse:
    """Send a request with its credentials, within the timeout of a single call.

    The deadline covers the wait for a token that another call is fetching, and every request that the scheme sends
    for this one. A streamed body depends on the speed of its client, so each request then has its own timeout.

    Raises:
        UpstreamTimeout: The call timed out.
        InvocationError: Raised by the scheme or by ``send``.
    """
    if request.chunks is not None:
        return await authentication.authorize(request, send)
    request = request.copy(deadline=asyncio.get_running_loop().time() + seconds_of(request))
    try:
        async with asyncio.timeout_at(request.deadline + _MARGIN):
            return await authentication.authorize(request, send)
    except TimeoutError:
        raise timed_out(request, authenticates=True) from None
