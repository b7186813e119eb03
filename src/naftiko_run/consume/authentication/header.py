"""Credentials that are the same for every request: headers, query parameters, cookies."""

from __future__ import annotations

from dataclasses import dataclass, field

from naftiko_run.http.messages import OutgoingRequest, Send, UpstreamResponse
from naftiko_run.secret import MASK


@dataclass(frozen=True, slots=True)
class HeaderAuthentication:
    """Fixed credentials.

    Attributes:
        headers: Set on each request that has none of the same name: a parameter
            that the document itself declares is the caller's to give.
        query: Percent-encoded ``name=value`` pairs, appended to the URL.
        cookie: ``name=value`` pairs, joined to the request's cookies.
    """

    headers: tuple[tuple[str, str], ...] = field(default=(), repr=False)
    query: str = field(default="", repr=False)
    cookie: str = field(default="", repr=False)

    async def authorize(self, request: OutgoingRequest, send: Send) -> UpstreamResponse:
        """Send the request with the credentials."""
        if self.headers:
            given = {name.lower() for name, _ in request.headers}
            request.headers += [header for header in self.headers if header[0].lower() not in given]
        if self.query:
            request.url += f"{'&' if '?' in request.url else '?'}{self.query}"
        if self.cookie:
            others = [value for name, value in request.headers if name.lower() == "cookie"]
            request.headers = [header for header in request.headers if header[0].lower() != "cookie"]
            request.headers.append(("Cookie", "; ".join([*others, self.cookie])))
        return await send(request)


def masked(scheme: str) -> HeaderAuthentication:
    """Give what shows, where nothing real is called, that the request would have credentials."""
    return HeaderAuthentication((("Authorization", f"{scheme} {MASK}"),))
