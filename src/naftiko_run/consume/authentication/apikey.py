"""``apikey``: one or several keys in headers, the query, cookies or the body."""

from __future__ import annotations

from dataclasses import dataclass, field
from urllib.parse import urlencode

from naftiko_run import jsontext
from naftiko_run.consume.authentication.block import AuthenticationBlock
from naftiko_run.consume.authentication.header import HeaderAuthentication
from naftiko_run.consume.exchange import Authentication, OutgoingRequest, Send, UpstreamResponse
from naftiko_run.expressions import encode, encode_name


def compile_scheme(block: AuthenticationBlock) -> Authentication:
    """Compile the keys of an apikey block.

    Raises:
        ValueError: A key is placed where keys cannot be.
    """
    placed: dict[str, list[tuple[str, str]]] = {"header": [], "query": [], "cookie": [], "body": []}
    for key in block.settings["keys"]:
        if key["placement"] not in placed:
            raise ValueError(
                f"an API key cannot travel in `{key['placement']}`; it can in {', '.join(placed)}"
            )
        placed[key["placement"]].append((key["key"], block.text(key["value"])))
    fixed = HeaderAuthentication(
        headers=tuple(placed["header"]),
        query="&".join(f"{encode_name(name)}={encode(value)}" for name, value in placed["query"]),
        cookie="; ".join(f"{name}={value}" for name, value in placed["cookie"]),
    )
    return BodyKeys(fixed, dict(placed["body"])) if placed["body"] else fixed


@dataclass(frozen=True, slots=True)
class BodyKeys:
    """Keys that are fields of the body, beside the others.

    Attributes:
        others: The keys that travel elsewhere.
        fields: Added to a form, or to a JSON object; a request without a body gets one.
    """

    others: HeaderAuthentication
    fields: dict[str, str] = field(repr=False)

    async def authorize(self, request: OutgoingRequest, send: Send) -> UpstreamResponse:
        """Send the request with the keys."""
        kind = next((value for name, value in request.headers if name.lower() == "content-type"), "")
        if kind.startswith("application/x-www-form-urlencoded"):
            request.body = b"&".join(part for part in (request.body, urlencode(self.fields).encode()) if part)
        elif request.body is None or kind.startswith("application/json"):
            self._add_to_json(request)
        return await self.others.authorize(request, send)

    def _add_to_json(self, request: OutgoingRequest) -> None:
        value = {} if request.body is None else jsontext.loads(request.body)
        if not isinstance(value, dict):
            return
        if request.body is None:
            request.headers.append(("Content-Type", "application/json"))
        request.body = jsontext.dumps({**value, **self.fields})
