"""An OAuth 2 authorization server on loopback. It signs with ``cryptography`` alone, not with what checks."""

from __future__ import annotations

import base64
import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qs

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature

from support.upstream import JSON, Answer, Received, Upstream, running_upstream

PrivateKey = rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey | ed25519.Ed25519PrivateKey

RESOURCE = "https://shop.example/shop-mcp/mcp"

_RSA_KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)


class AuthorizationServer:
    """The server: its keys, and what it says of tokens.

    Attributes:
        upstream: Answers its requests, and has received them.
        keys: The private keys whose public halves it publishes, by key id.
        answers: What introspection says, by token.
        metadata_path: Where its metadata is.
        is_down: Whether it answers 500 to everything.
        key_members: Further members of each published key.
    """

    def __init__(self, upstream: Upstream, path: str = "") -> None:
        self.upstream = upstream
        self.path = path
        self.keys: dict[str, PrivateKey] = {"first": _RSA_KEY}
        self.answers: dict[str, dict[str, Any]] = {}
        self.metadata_path = f"/.well-known/oauth-authorization-server{path}"
        self.metadata_issuer = self.issuer
        self.is_down = False
        self.key_members: dict[str, Any] = {}
        upstream.answers(self._answer)

    @property
    def issuer(self) -> str:
        """Its URI."""
        return self.upstream.url + self.path

    def asked(self, path: str) -> list[Received]:
        """Give the requests that came for a path."""
        return [each for each in self.upstream.received if each.path == path]

    def claims(self, **changes: Any) -> dict[str, Any]:
        """Give what a good token says, with changes; see ``timed``."""
        good = {"iss": self.issuer, "aud": RESOURCE, "exp": timedelta(minutes=5), "scope": "read write"}
        return timed({**good, **changes})

    def token(
        self, key_id: str | None = "first", header: dict[str, Any] | None = None, **changes: Any
    ) -> str:
        """Give a signed token; ``header`` adds to its header."""
        key = self.keys[key_id or "first"]
        names = {"alg": _algorithm(key), "typ": "at+jwt"} | ({"kid": key_id} if key_id else {})
        return signed(key, {**names, **(header or {})}, self.claims(**changes))

    def _answer(self, request: Received) -> Answer:
        if self.is_down:
            return Answer(500, b"{}")
        if request.path == self.metadata_path:
            return _json(
                {
                    "issuer": self.metadata_issuer,
                    "jwks_uri": f"{self.upstream.url}/keys",
                    "introspection_endpoint": f"{self.upstream.url}/introspect",
                    "authorization_endpoint": f"{self.upstream.url}/authorize",
                    "token_endpoint": f"{self.upstream.url}/token",
                    "response_types_supported": ["code"],
                    "grant_types_supported": ["client_credentials"],
                }
            )
        if request.path == "/keys":
            published = [
                {**public_key(key), "kid": name, **self.key_members} for name, key in self.keys.items()
            ]
            return _json({"keys": published})
        form = {name: values[0] for name, values in parse_qs(request.body.decode()).items()}
        if request.path == "/introspect":
            return _json(self.answers.get(form["token"], {"active": False}))
        if request.path == "/token":
            token = self.token(aud=form["resource"], scope=form.get("scope"))
            return _json({"access_token": token, "token_type": "Bearer", "expires_in": 300})
        return Answer(404, b"{}")


@contextmanager
def authorization_server(path: str = "") -> Iterator[AuthorizationServer]:
    """Run an authorization server.

    Args:
        path: The path of its issuer, such as ``/realms/shop``.
    """
    with running_upstream() as upstream:
        yield AuthorizationServer(upstream, path)


def signed(key: PrivateKey, header: dict[str, Any], claims: dict[str, Any]) -> str:
    """Give a JWT, signed with the algorithm of the key's kind, whatever its header says."""
    text = f"{encoded(json.dumps(header).encode())}.{encoded(json.dumps(claims).encode())}"
    return f"{text}.{encoded(_signature(key, text.encode()))}"


def timed(claims: dict[str, Any]) -> dict[str, Any]:
    """Give claims with time spans counted from now; without those that are None."""
    return {
        name: time.time() + value.total_seconds() if isinstance(value, timedelta) else value
        for name, value in claims.items()
        if value is not None
    }


def encoded(data: bytes) -> str:
    """Give base64url without padding."""
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def public_key(key: PrivateKey) -> dict[str, Any]:
    """Give the public half of a key as a JWK."""
    if isinstance(key, rsa.RSAPrivateKey):
        numbers = key.public_key().public_numbers()
        return {"kty": "RSA", "n": _number(numbers.n, key.key_size // 8), "e": _number(numbers.e, 3)}
    if isinstance(key, ec.EllipticCurvePrivateKey):
        point = key.public_key().public_numbers()
        return {"kty": "EC", "crv": "P-256", "x": _number(point.x, 32), "y": _number(point.y, 32)}
    return {"kty": "OKP", "crv": "Ed25519", "x": encoded(key.public_key().public_bytes_raw())}


def _signature(key: PrivateKey, data: bytes) -> bytes:
    if isinstance(key, rsa.RSAPrivateKey):
        return key.sign(data, padding.PKCS1v15(), hashes.SHA256())
    if isinstance(key, ec.EllipticCurvePrivateKey):
        r, s = decode_dss_signature(key.sign(data, ec.ECDSA(hashes.SHA256())))
        return r.to_bytes(32, "big") + s.to_bytes(32, "big")
    return key.sign(data)


def _algorithm(key: PrivateKey) -> str:
    if isinstance(key, rsa.RSAPrivateKey):
        return "RS256"
    return "ES256" if isinstance(key, ec.EllipticCurvePrivateKey) else "EdDSA"


def _number(value: int, size: int) -> str:
    return encoded(value.to_bytes(size, "big"))


def _json(value: Any) -> Answer:
    return Answer(200, json.dumps(value).encode(), JSON)
