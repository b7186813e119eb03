"""Forwards: requests that are passed on to a consumed namespace, not called by name (specification: ``forward``)."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Iterable
from dataclasses import dataclass

from naftiko_run.consume import Forwarding, StreamedResponse
from naftiko_run.errors import InvalidInput, Violation
from naftiko_run.expressions import path_fault

_BODY = frozenset({"content-type", "content-length", "content-encoding", "content-language"})
"""Headers that say what a body is: without them its bytes mean nothing."""
_CONNECTION = re.compile(
    r"connection|keep-alive|proxy-.*|te|trailer|transfer-encoding|upgrade|host|expect", re.IGNORECASE
)
"""Headers that are between two neighbours only (RFC 9110, 7.6.1)."""
_UNWANTED = re.compile(r"server|date|set-cookie2?|strict-transport-security|alt-svc|access-control-.*")
"""The upstream's headers that speak of its own host, and would be taken for ours."""


@dataclass(frozen=True, slots=True)
class Forwarder:
    """One ``forward``, ready to be used.

    Attributes:
        target: Where requests go.
        trusted: The only headers of callers that are passed on, in lower case.
        methods: The only methods that are passed on; empty for all.
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
        """Pass one request on.

        Args:
            method: The caller's.
            path: What follows the forward's own path, percent-encoded, with its leading slash.
            query: As the caller wrote it.
            headers: The caller's, names in lower case.
            body: None for none.

        Returns:
            The upstream's answer, with the headers that a caller may see; to be closed.

        Raises:
            InvalidInput: The path has a dot segment or a control character.
            Unsupported: The namespace cannot be called at all.
            MissingBinding: A credential or address is not set.
            UpstreamUnreachable: No connection, TLS failure, or a broken response.
            UpstreamTimeout: The time limit passed.
        """
        fault = path_fault(path)
        if fault:
            raise InvalidInput([Violation("/path", fault)])
        passed = self.trusted | _BODY if body is not None else self.trusted
        given = list(headers)
        for name, value in given:
            if name == "connection":
                # What it names is for us only (RFC 9110, 7.6.1).
                passed = passed - {option.strip().lower() for option in value.split(",")}
        kept = [(name, value) for name, value in given if name in passed and not _CONNECTION.fullmatch(name)]
        if not any(name == "accept-encoding" for name, _ in kept):
            kept.append(("accept-encoding", "identity"))
        return await self.target.send(method, path, query, kept, body)

    def passes_back(self, name: str) -> bool:
        """Whether callers see a header of the upstream's; cookies only where theirs are trusted too."""
        if name == "set-cookie" and "cookie" in self.trusted:
            return True
        return not _CONNECTION.fullmatch(name) and not _UNWANTED.fullmatch(name)
