"""The client of an authorization server, with discovery (RFC 8414, OpenID Connect Discovery)."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import urlsplit

import httpx

from naftiko_run import _json
from naftiko_run.expose.problems import Problem
from naftiko_run.version import USER_AGENT

TIMEOUT: Final = 5.0
"""The timeout for each read of a response, in seconds."""

MAX_RESPONSE: Final = 4 * 1024 * 1024
"""The maximum response size in bytes, many times that of a key set or metadata."""

_log = logging.getLogger(__name__)


class AuthorizationServerError(Exception):
    """Raised when the authorization server cannot be used; the message gives the reason to the operator."""


class AuthorizationServer:
    """One authorization server, with its own HTTP client; redirects are not followed.

    Args:
        issuer: Its URI, which must be the issuer in its metadata.
    """

    def __init__(self, issuer: str) -> None:
        self.issuer = issuer
        self._client: httpx.AsyncClient | None = None

    async def aclose(self) -> None:
        """Close every connection."""
        if self._client is not None:
            await self._client.aclose()

    async def endpoint(self, name: str) -> str:
        """Return a URL from the metadata of the server, such as ``jwks_uri``.

        Raises:
            AuthorizationServerError: The metadata cannot be fetched or lack the name.
        """
        reasons = []
        for url in _metadata_urls(self.issuer):
            try:
                metadata = await self.request("GET", url)
            except AuthorizationServerError as fault:
                reasons.append(str(fault))
                continue
            if str(metadata.get("issuer", "")).rstrip("/") != self.issuer.rstrip("/"):
                reasons.append(f"{url} is the metadata of another issuer")
            elif not isinstance(metadata.get(name), str):
                reasons.append(f"{url} has no `{name}`")
            else:
                return str(metadata[name])
        raise AuthorizationServerError("; ".join(reasons))

    async def request(self, method: str, url: str, **options: Any) -> Mapping[str, Any]:
        """Send a request, and return the JSON object in the response.

        Raises:
            AuthorizationServerError: There is no response, or it is not a JSON object.
        """
        if self._client is None:  # created on first use, because that is slow
            headers = {"User-Agent": USER_AGENT, "Accept-Encoding": "identity"}
            self._client = httpx.AsyncClient(timeout=TIMEOUT, headers=headers)
        try:
            async with self._client.stream(method, url, **options) as response:
                content = await _content(url, response)
        except (httpx.HTTPError, httpx.InvalidURL, OSError) as fault:
            raise AuthorizationServerError(f"{url}: {type(fault).__name__}") from None
        if response.status_code != httpx.codes.OK:
            raise AuthorizationServerError(f"{url} returned {response.status_code}")
        try:
            value = _json.loads(content)
        except ValueError:
            value = None
        if not isinstance(value, dict):
            raise AuthorizationServerError(f"{url} did not return a JSON object")
        return value


async def _content(url: str, response: httpx.Response) -> bytes:
    """Read the body of a response.

    Raises:
        AuthorizationServerError: It is too large, or compressed although that was not accepted.
    """
    if response.headers.get("content-encoding", "identity").lower() != "identity":
        raise AuthorizationServerError(f"{url} returned a content coding that was not accepted")
    content = bytearray()
    async for chunk in response.aiter_raw():
        content += chunk
        if len(content) > MAX_RESPONSE:
            raise AuthorizationServerError(f"{url} returned more than {MAX_RESPONSE:,} bytes")
    return bytes(content)


def unavailable_problem(issuer: str, fault: AuthorizationServerError, retry_after: int) -> Problem:
    """Return the problem for a caller whose token cannot be checked, and log the reason."""
    _log.warning("tokens of %s cannot be checked: %s", issuer, fault)
    return Problem(
        503,
        "authorization-server-unreachable",
        "The token cannot be checked: the authorization server is unavailable",
        headers=(("retry-after", str(retry_after)),),
    )


def _metadata_urls(issuer: str) -> list[str]:
    """Return the possible metadata URLs of an issuer, the most likely first."""
    parts = urlsplit(issuer)
    origin, path = f"{parts.scheme}://{parts.netloc}", parts.path.rstrip("/")
    oauth, openid = "/.well-known/oauth-authorization-server", "/.well-known/openid-configuration"
    found = [origin + oauth + path, origin + path + openid, origin + openid + path, origin + path + oauth]
    return list(dict.fromkeys(found))
