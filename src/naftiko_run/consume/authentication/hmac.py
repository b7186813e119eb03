"""``hmac``: requests signed with Veracode's VERACODE-HMAC-SHA-256, the only scheme of this type in use."""

from __future__ import annotations

import secrets
import time
from dataclasses import dataclass, field
from hmac import digest
from typing import Final

from naftiko_run.consume.authentication.request_target import parsed_url, request_target
from naftiko_run.consume.authentication.scheme import (
    AuthenticationBlock,
    AuthenticationScheme,
    masked_credentials,
)
from naftiko_run.http.messages import OutgoingRequest, Send, UpstreamResponse

_SCHEME: Final = "VERACODE-HMAC-SHA-256"
_VERSION: Final = b"vcode_request_version_1"


def compile_scheme(block: AuthenticationBlock) -> AuthenticationScheme:
    """Compile ``{type: hmac, apiId, apiKey}``; a region prefix of either is removed.

    Raises:
        ValueError: One is missing, or the key is not hexadecimal.
    """
    if block.is_masked:
        return masked_credentials(_SCHEME)
    identity, key = (block.required(name).rpartition("-")[2] for name in ("apiId", "apiKey"))
    try:
        return HmacSignature(identity, bytes.fromhex(key))
    except ValueError:
        raise ValueError("the `apiKey` of hmac authentication is not hexadecimal") from None


@dataclass(frozen=True, slots=True)
class HmacSignature:
    """Signs each request.

    Attributes:
        identity: The API ID.
        key: The API key, which signs requests.
    """

    identity: str = field(repr=False)
    key: bytes = field(repr=False)

    async def authorize(self, request: OutgoingRequest, send: Send) -> UpstreamResponse:
        """Send the request, signed."""
        if not request.has("authorization"):
            authorization = self.authorization(request, str(time.time_ns() // 10**6), secrets.token_bytes(16))
            request = request.with_headers(("Authorization", authorization))
        return await send(request)

    def authorization(self, request: OutgoingRequest, timestamp: str, nonce: bytes) -> str:
        """Return the ``Authorization`` header of a request.

        Args:
            request: The request to sign.
            timestamp: Milliseconds since the epoch.
            nonce: Random bytes, unique for each request.
        """
        url = parsed_url(request)
        signed = (
            f"id={self.identity.lower()}&host={url.host}&url={request_target(url)}&method={request.method}"
        )
        key = self.key
        for part in (nonce, timestamp.encode(), _VERSION):
            key = digest(key, part, "sha256")
        signature = digest(key, signed.encode(), "sha256").hex()
        return f"{_SCHEME} id={self.identity},ts={timestamp},nonce={nonce.hex()},sig={signature}"
