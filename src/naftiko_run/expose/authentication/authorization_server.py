"""Asking an authorization server: where its endpoints are (RFC 8414, OpenID Connect Discovery), and more."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import urlsplit

import httpx

from naftiko_run import _json
from naftiko_run.expose.problems import Problem
from naftiko_run.version import USER_AGENT

SECONDS: Final = 5.0
"""How long an authorization server may take for each part of an answer."""

MAX_RESPONSE: Final = 4 * 1024 * 1024
"""How many bytes of an answer are kept: many times what a key set or metadata have."""

_log = logging.getLogger(__name__)


class Unreachable(Exception):
    """The authorization server cannot be used now; the message says why, for the operator."""


class AuthorizationServer:
    """One authorization server, asked with one client; redirects are not followed.

    Args:
        issuer: Its URI, which its metadata must name too.
    """

    def __init__(self, issuer: str) -> None:
        self.issuer = issuer
        self._client: httpx.AsyncClient | None = None

    async def aclose(self) -> None:
        """Close every connection."""
        if self._client is not None:
            await self._client.aclose()

    async def endpoint(self, name: str) -> str:
        """Give the URL that the server's metadata has under a name, such as ``jwks_uri``.

        Raises:
            Unreachable: No metadata of this server can be had, or it lacks the name.
        """
        reasons = []
        for url in _metadata_urls(self.issuer):
            try:
                metadata = await self.ask("GET", url)
            except Unreachable as fault:
                reasons.append(str(fault))
                continue
            if str(metadata.get("issuer", "")).rstrip("/") != self.issuer.rstrip("/"):
                reasons.append(f"{url} is the metadata of another issuer")
            elif not isinstance(metadata.get(name), str):
                reasons.append(f"{url} has no `{name}`")
            else:
                return str(metadata[name])
        raise Unreachable("; ".join(reasons))

    async def ask(self, method: str, url: str, **options: Any) -> Mapping[str, Any]:
        """Send a request, and give the JSON object that is answered.

        Raises:
            Unreachable: Something else is answered, or nothing.
        """
        if self._client is None:  # as late as that, since making one takes longer than an adapter
            headers = {"User-Agent": USER_AGENT, "Accept-Encoding": "identity"}
            self._client = httpx.AsyncClient(timeout=SECONDS, headers=headers)
        try:
            async with self._client.stream(method, url, **options) as response:
                content = await _content(url, response)
        except (httpx.HTTPError, httpx.InvalidURL, OSError) as fault:
            raise Unreachable(f"{url}: {type(fault).__name__}") from None
        if response.status_code != httpx.codes.OK:
            raise Unreachable(f"{url} answers {response.status_code}")
        try:
            value = _json.loads(content)
        except ValueError:
            value = None
        if not isinstance(value, dict):
            raise Unreachable(f"{url} answers no JSON object")
        return value


async def _content(url: str, response: httpx.Response) -> bytes:
    """Read a body.

    Raises:
        Unreachable: It is larger than any that is expected, or compressed though that was not asked for.
    """
    if response.headers.get("content-encoding", "identity").lower() != "identity":
        raise Unreachable(f"{url} answers in a content coding that was not asked for")
    content = bytearray()
    async for chunk in response.aiter_raw():
        content += chunk
        if len(content) > MAX_RESPONSE:
            raise Unreachable(f"{url} answers more than {MAX_RESPONSE:,} bytes")
    return bytes(content)


def unavailable(issuer: str, fault: Unreachable, retry_after: int) -> Problem:
    """Give what a caller is told whose token cannot be checked now; the log has the reason."""
    _log.warning("tokens of %s cannot be checked: %s", issuer, fault)
    return Problem(
        503,
        "authorization-server-unreachable",
        "The token cannot be checked now: the authorization server does not answer",
        headers=(("retry-after", str(retry_after)),),
    )


def _metadata_urls(issuer: str) -> list[str]:
    """Give where an issuer's metadata may be, the likelier first."""
    parts = urlsplit(issuer)
    origin, path = f"{parts.scheme}://{parts.netloc}", parts.path.rstrip("/")
    oauth, openid = "/.well-known/oauth-authorization-server", "/.well-known/openid-configuration"
    found = [origin + oauth + path, origin + path + openid, origin + openid + path, origin + path + oauth]
    return list(dict.fromkeys(found))
