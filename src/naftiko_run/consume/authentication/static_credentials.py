"""Static credentials: headers, query parameters and cookies that are the same for every request."""

from __future__ import annotations

from dataclasses import dataclass, field

from naftiko_run.http.messages import OutgoingRequest, Send, UpstreamResponse
from naftiko_run.secret import MASK


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
