"""Forwarding of requests to a consumed namespace, without a named operation (specification: ``forward``)."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Iterable
from dataclasses import dataclass

from naftiko_run.consume import Forwarding, StreamedResponse
from naftiko_run.errors import InvalidInput, Violation
from naftiko_run.expressions import path_fault

_BODY_HEADERS = frozenset({"content-type", "content-length", "content-encoding", "content-language"})
"""Headers that describe the body; it cannot be interpreted without them."""
_HOP_BY_HOP_HEADERS = re.compile(
    r"connection|keep-alive|proxy-.*|te|trailer|transfer-encoding|upgrade|host|expect", re.IGNORECASE
)
"""Hop-by-hop headers (RFC 9110, 7.6.1)."""
_HOST_HEADERS = re.compile(r"server|date|set-cookie2?|strict-transport-security|alt-svc|access-control-.*")
"""Response headers about the upstream's own host, which clients would apply to ours."""


@dataclass(frozen=True, slots=True)
class Forwarder:
    """A compiled ``forward``.

    Attributes:
        target: Sends requests to the upstream.
        trusted: The request headers that are forwarded, in lower case; no others are.
        methods: The methods that are forwarded; empty for all.
    """

    target: Forwarding
    trusted: frozenset[str]
    methods: tuple[str, ...] = ()

    async def send(
        self,
        method: str,
        path: str,
        query: str,
        headers: Iterable[tuple[str, str]],
        body: AsyncIterator[bytes] | None,
    ) -> StreamedResponse:
        """Forward one request.

        Args:
            method: The method of the request.
            path: The part of the path after the forward's own path, percent-encoded, with its leading slash.
            query: The query string as received.
            headers: The headers of the request, names in lower case.
            body: The body; None if there is none.

        Returns:
            The upstream's response; the caller must close it.

        Raises:
            InvalidInput: The path contains a dot segment or a control character.
            Unsupported: The namespace cannot be called.
            MissingBinding: A credential or address is not set.
            UpstreamUnreachable: Connection or TLS failure, or a truncated response.
            UpstreamTimeout: The timeout expired.
        """
        fault = path_fault(path)
        if fault:
            raise InvalidInput([Violation("/path", fault)])
        passed = self.trusted | _BODY_HEADERS if body is not None else self.trusted
        given = list(headers)
        for name, value in given:
            if name == "connection":
                # The headers that it names are hop-by-hop (RFC 9110, 7.6.1).
                passed = passed - {option.strip().lower() for option in value.split(",")}
        kept = [
            (name, value)
            for name, value in given
            if name in passed and not _HOP_BY_HOP_HEADERS.fullmatch(name)
        ]
        if not any(name == "accept-encoding" for name, _ in kept):
            kept.append(("accept-encoding", "identity"))
        return await self.target.send(method, path, query, kept, body)

    def passes_back(self, name: str) -> bool:
        """Return whether a response header is returned to the client; cookies only if its own are forwarded."""
        if name == "set-cookie" and "cookie" in self.trusted:
            return True
        return not _HOP_BY_HOP_HEADERS.fullmatch(name) and not _HOST_HEADERS.fullmatch(name)
