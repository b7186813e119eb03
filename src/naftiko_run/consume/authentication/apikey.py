"""``apikey``: one or more API keys in headers, the query, cookies or the body."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from urllib.parse import urlencode

from naftiko_run import _json
from naftiko_run.consume.authentication.scheme import (
    AuthenticationBlock,
    AuthenticationScheme,
    StaticCredentials,
)
from naftiko_run.errors import InvalidInput, Unsupported, Violation
from naftiko_run.expressions import encode_name, percent_encode
from naftiko_run.http.messages import OutgoingRequest, Send, UpstreamResponse

_BOUNDARY = re.compile(r'boundary="?([^";\s]+)', re.IGNORECASE)


def compile_scheme(block: AuthenticationBlock) -> AuthenticationScheme:
    """Compile the keys of an apikey block.

    Raises:
        ValueError: A key has an unsupported placement.
    """
    placed: dict[str, list[tuple[str, str]]] = {"header": [], "query": [], "cookie": [], "body": []}
    for key in block.settings["keys"]:
        if key["placement"] not in placed:
            raise ValueError(
                f"an API key cannot be sent in `{key['placement']}`; supported placements: {', '.join(placed)}"
            )
        placed[key["placement"]].append((key["key"], block.text(key["value"])))
    fixed = StaticCredentials(
        headers=tuple(placed["header"]),
        query="&".join(f"{encode_name(name)}={percent_encode(value)}" for name, value in placed["query"]),
        cookie="; ".join(f"{name}={value}" for name, value in placed["cookie"]),
    )
    return BodyKeys(fixed, dict(placed["body"])) if placed["body"] else fixed


@dataclass(frozen=True, slots=True)
class BodyKeys:
    """API keys that are fields of the request body.

    Attributes:
        others: The keys that are sent elsewhere.
        fields: The fields added to a form or a JSON object; a request without a body gets a JSON object. A body that
            cannot have fields is an error, since the request would lack its keys.
    """

    others: StaticCredentials
    fields: dict[str, str] = field(repr=False)

    async def authorize(self, request: OutgoingRequest, send: Send) -> UpstreamResponse:
        """Send the request with the keys."""
        kind = next((value for name, value in request.headers if name.lower() == "content-type"), "")
        media_type = kind.partition(";")[0].strip().lower()
        if request.chunks is not None:
            raise Unsupported(
                f"{request.operation}: the API key is sent in the request body, and a forwarded body cannot be changed"
            )
        if request.body is None:
            body = _json.dumps(self.fields)
            if not kind:
                request = request.with_headers(("Content-Type", "application/json"))
        elif media_type == "application/x-www-form-urlencoded":
            body = b"&".join(part for part in (request.body, urlencode(self.fields).encode()) if part)
        elif media_type == "multipart/form-data":
            body = self._add_to_multipart(request.body, kind, request.operation)
        elif media_type == "application/json" or media_type.endswith("+json"):
            body = self._add_to_json(request.body)
        else:
            raise Unsupported(
                f"{request.operation}: the API key is sent in the request body, and a body of type "
                f"{media_type or 'unknown'} has no fields to hold it"
            )
        return await self.others.authorize(request.copy(body=body), send)

    def _add_to_json(self, body: bytes) -> bytes:
        try:
            value = _json.loads(body)
        except ValueError:
            value = None
        if not isinstance(value, dict):
            raise InvalidInput(
                [Violation("/body", "must be a JSON object, because the API key is sent in it")]
            )
        return _json.dumps({**value, **self.fields})

    def _add_to_multipart(self, body: bytes, kind: str, operation: str) -> bytes:
        boundary = _BOUNDARY.search(kind)
        start, end, rest = body.rpartition(f"--{boundary[1]}--".encode() if boundary else b"--")
        if not boundary or not end:
            raise Unsupported(
                f"{operation}: the API key is sent in the request body, whose multipart boundary was not found"
            )
        added = "".join(
            f'--{boundary[1]}\r\nContent-Disposition: form-data; name="{encode_name(name)}"\r\n\r\n{value}\r\n'
            for name, value in self.fields.items()
        )
        return start + added.encode() + end + rest
