"""``oauth1``: requests signed as in RFC 5849, optionally with a hash of the body."""

from __future__ import annotations

import hashlib
import hmac
import secrets
import time
from base64 import b64encode
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Final
from urllib.parse import parse_qsl, quote

import httpx
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

from naftiko_run.consume.authentication.key_files import read_key_file
from naftiko_run.consume.authentication.request_target import host_header, parsed_url
from naftiko_run.consume.authentication.scheme import (
    AuthenticationBlock,
    AuthenticationScheme,
    masked_credentials,
)
from naftiko_run.http.messages import OutgoingRequest, Send, UpstreamResponse

Sign = Callable[[str], bytes]
"""Sign a signature base string."""

_FORM: Final = "application/x-www-form-urlencoded"
_HMAC: Final = {"HMAC-SHA1": hashlib.sha1, "HMAC-SHA256": hashlib.sha256}
_encode = partial(quote, safe="~")


def compile_scheme(block: AuthenticationBlock) -> AuthenticationScheme:
    """Compile an oauth1 block: ``consumerKey`` with a ``signingKey``, or with a ``consumerSecret``.

    A ``signingKey`` signs with RSA-SHA256 and the hash of the body, as Mastercard requires; it is PEM text, or the name
    of a PEM or PKCS#12 file.

    Raises:
        ValueError: The key is missing or cannot be read, or the method is not supported.
    """
    if block.is_masked:
        return masked_credentials("OAuth")
    has_key = bool(block.settings.get("signingKey"))
    method = block.value("signatureMethod").upper() or ("RSA-SHA256" if has_key else "HMAC-SHA1")
    if method == "RSA-SHA256":
        sign = partial(_sign_with_rsa, _rsa_key(block))
    elif method in _HMAC:
        key = f"{_encode(block.required('consumerSecret'))}&{_encode(block.value('tokenSecret'))}".encode()
        sign = partial(_sign_with_hmac, key, method)
    else:
        raise ValueError(
            f"oauth1 does not support the signature method `{method}`; use {', '.join(_HMAC)} or RSA-SHA256"
        )
    has_body_hash = block.settings.get("bodyHash")
    return OAuth1(
        block.required("consumerKey"),
        block.value("token"),
        block.value("realm"),
        method,
        sign,
        method == "RSA-SHA256" if has_body_hash is None else bool(has_body_hash),
    )


def _rsa_key(block: AuthenticationBlock) -> RSAPrivateKey:
    key = read_key_file(block, "signingKey", "signingKeyPassword").key
    if isinstance(key, RSAPrivateKey):
        return key
    raise ValueError("the `signingKey` is not an RSA key")


def _sign_with_rsa(key: RSAPrivateKey, base: str) -> bytes:
    return key.sign(base.encode(), PKCS1v15(), hashes.SHA256())


def _sign_with_hmac(key: bytes, method: str, base: str) -> bytes:
    return hmac.digest(key, base.encode(), _HMAC[method])


@dataclass(frozen=True, slots=True)
class OAuth1:
    """Signs each request.

    Attributes:
        consumer_key: The consumer key.
        token: The access token; empty if the consumer acts for itself.
        realm: The realm parameter; empty for none.
        method: The signature method.
        sign: Signs the signature base string.
        hashes_body: Whether a body that is not a form is signed by its hash.
    """

    consumer_key: str
    token: str = field(repr=False)
    realm: str
    method: str
    sign: Sign = field(repr=False)
    hashes_body: bool

    async def authorize(self, request: OutgoingRequest, send: Send) -> UpstreamResponse:
        """Send the request, signed."""
        if not request.has("authorization"):
            request = await request.buffered()
            authorization = self.authorization(request, str(int(time.time())), secrets.token_hex(16))
            request = request.with_headers(("Authorization", authorization))
        return await send(request)

    def authorization(self, request: OutgoingRequest, timestamp: str, nonce: str) -> str:
        """Return the ``Authorization`` header of a request.

        Args:
            request: The request to sign.
            timestamp: Seconds since the epoch.
            nonce: Unique for each timestamp.
        """
        parameters = {
            "oauth_consumer_key": self.consumer_key,
            "oauth_nonce": nonce,
            "oauth_signature_method": self.method,
            "oauth_timestamp": timestamp,
            "oauth_version": "1.0",
        }
        if self.token:
            parameters["oauth_token"] = self.token
        if self.hashes_body and not _is_form(request):
            algorithm = "sha1" if self.method == "HMAC-SHA1" else "sha256"
            digest = hashlib.new(algorithm, request.body or b"").digest()
            parameters["oauth_body_hash"] = b64encode(digest).decode()
        signature = self.sign(signature_base(request, parameters))
        parameters["oauth_signature"] = b64encode(signature).decode()
        written = [f'{name}="{_encode(value)}"' for name, value in sorted(parameters.items())]
        realm = [f'realm="{self.realm}"'] if self.realm else []
        return f"OAuth {', '.join([*realm, *written])}"


def signature_base(request: OutgoingRequest, parameters: Mapping[str, str]) -> str:
    """Return the signature base string (RFC 5849 §3.4.1).

    Args:
        request: The request.
        parameters: The protocol parameters, without the signature.
    """
    url = parsed_url(request)
    pairs = [*parameters.items(), *_pairs(url.query.decode("ascii"))]
    if _is_form(request):
        pairs += _pairs((request.body or b"").decode("utf-8", "replace"))
    normalised = sorted((_encode(name), _encode(value)) for name, value in pairs)
    written = "&".join(f"{name}={value}" for name, value in normalised)
    return "&".join((request.method, _encode(_base_string_uri(url)), _encode(written)))


def _base_string_uri(url: httpx.URL) -> str:
    """Return the base string URI of RFC 5849 §3.4.1.2: no query, and no default port."""
    return f"{url.scheme}://{host_header(url)}{url.raw_path.partition(b'?')[0].decode('ascii')}"


def _pairs(written: str) -> list[tuple[str, str]]:
    return parse_qsl(written, keep_blank_values=True)


def _is_form(request: OutgoingRequest) -> bool:
    kind = next((value for name, value in request.headers if name.lower() == "content-type"), "")
    return kind.partition(";")[0].strip().lower() == _FORM
