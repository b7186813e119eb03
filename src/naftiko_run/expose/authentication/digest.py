"""``digest``: RFC 7616 with ``qop=auth``, SHA-256, and MD5 for clients that support nothing else."""

from __future__ import annotations

import hashlib
import hmac
import re
import time
from collections.abc import Callable
from typing import Final
from urllib.parse import quote, unquote, urlsplit

from naftiko_run.capability.access import GuardSettings
from naftiko_run.expose.authentication.guard import (
    Challenge,
    Guard,
    Refused,
    credentials,
    is_same,
    printable_ascii,
)
from naftiko_run.expose.exposer import Scope

_PARAMETER = re.compile(r'\s*([a-zA-Z]+\*?)\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^\s",]+))\s*(?:,|\Z)')
_ESCAPED = re.compile(r"\\(.)")
_COUNT = re.compile(r"[0-9a-fA-F]{8}\Z")


def _sha256(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def _md5(text: str) -> str:
    return hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()


_ALGORITHMS: Final[dict[str, Callable[[str], str]]] = {"SHA-256": _sha256, "MD5": _md5}
"""The strongest first, because clients use the first one that they support."""


def compile_guard(block: GuardSettings) -> Guard:
    """Compile ``{type: digest, username, password}``."""
    return Guard(
        DigestGuard(block.text("username"), block.text("password"), printable_ascii(block.realm)).check
    )


class DigestGuard:
    """Check the digests of one user.

    Args:
        username: The user's name.
        password: The user's password.
        realm: The realm in challenges.
    """

    def __init__(self, username: str, password: str, realm: str) -> None:
        self._username = username
        self._realm = realm
        self._nonces = NonceFactory(password, f"{username}:{realm}")
        self._users = {name: hashed(f"{username}:{realm}:{password}") for name, hashed in _ALGORITHMS.items()}

    async def check(self, scope: Scope) -> None:
        """Check a request.

        Raises:
            Refused: It has no digest, or a wrong one.
        """
        authorization = credentials(scope, "digest")
        if authorization is None:
            raise self._refused("A user name and a password are required, as a digest")
        parameters = _parameters(authorization)
        if not self._is_right(parameters, scope):
            raise self._refused(
                "The user name or the password is wrong, or the digest is for another request"
            )
        if not self._nonces.is_fresh(parameters["nonce"]):
            raise self._refused("The nonce has expired", stale="true")

    def _is_right(self, given: dict[str, str], scope: Scope) -> bool:
        """Whether a digest proves knowledge of the password, for this request."""
        algorithm = given.get("algorithm", "MD5").upper()
        if (
            algorithm not in _ALGORITHMS
            or given.get("qop") != "auth"
            or given.get("realm") != self._realm
            or not _COUNT.match(given.get("nc", ""))
            or not given.get("cnonce")
            or _target(given.get("uri", "")) not in _targets_of(scope)
        ):
            return False
        hashed = _ALGORITHMS[algorithm]
        request = hashed(f"{scope['method']}:{given['uri']}")
        proof = ":".join(
            (self._users[algorithm], given.get("nonce", ""), given["nc"], given["cnonce"], "auth", request)
        )
        is_user = is_same(_username(given), self._username)
        return is_same(given.get("response", "").lower(), hashed(proof)) and is_user

    def _refused(self, detail: str, stale: str = "") -> Refused:
        nonce = self._nonces.create()
        return Refused(
            detail,
            *(
                Challenge(
                    "Digest",
                    realm=self._realm,
                    qop="auth",
                    algorithm=algorithm,
                    nonce=nonce,
                    charset="UTF-8",
                    stale=stale,
                )
                for algorithm in _ALGORITHMS
            ),
        )


def _parameters(text: str) -> dict[str, str]:
    """Return the parameters of a header; empty if it is malformed or has a duplicate."""
    found: dict[str, str] = {}
    end = 0
    while end < len(text):
        parameter = _PARAMETER.match(text, end)
        if parameter is None:
            return {}
        end = parameter.end()
        name, quoted, bare = parameter.groups()
        if name.lower() in found:
            return {}
        found[name.lower()] = _ESCAPED.sub(r"\1", quoted) if bare is None else bare
    return found


def _username(given: dict[str, str]) -> str:
    """Return the user name, which may be encoded as in RFC 5987."""
    extended = given.get("username*", "")
    if "username" in given or not extended.lower().startswith("utf-8'"):
        return given.get("username", "")
    return unquote(extended.split("'", 2)[-1])


def _target(uri: str) -> str:
    """Return the path and query of a request target, which may be an absolute URL for a proxy."""
    return urlsplit(uri)._replace(scheme="", netloc="").geturl() if "://" in uri.partition("?")[0] else uri


def _targets_of(scope: Scope) -> tuple[str, str]:
    """Return the request target as received, and with the ``root_path`` that a proxy may have removed."""
    path: str = (scope.get("raw_path") or quote(scope["path"]).encode()).decode("latin-1")
    query: str = scope["query_string"].decode("latin-1")
    target = f"{path}?{query}" if query else path
    return target, quote(scope.get("root_path", "").rstrip("/")) + target


LIFETIME: Final = 60
"""Seconds for which a nonce is fresh, and in which an intercepted request could be replayed."""

_COST: Final = 2**14


class NonceFactory:
    """Create and verify nonces; replicas with the same secret accept each other's nonces.

    The key is stretched, so that testing passwords offline against a nonce is not faster than against the server.

    Args:
        secret: The secret that the replicas share.
        salt: Distinguishes keys with the same secret, such as by realm.
        lifetime: Seconds for which a nonce is fresh.
    """

    def __init__(self, secret: str, salt: str, lifetime: float = LIFETIME) -> None:
        self._key = hashlib.scrypt(secret.encode(), salt=salt.encode(), n=_COST, r=8, p=1, dklen=32)
        self._lifetime = lifetime

    def create(self) -> str:
        """Return a fresh nonce."""
        return self._signed(f"{time.time_ns() // 1_000_000:x}")

    def is_fresh(self, nonce: str) -> bool:
        """Whether a nonce is authentic, and neither too old nor too far in the future."""
        written, _, _ = nonce.partition(".")
        if not hmac.compare_digest(self._signed(written).encode(), nonce.encode("utf-8", "replace")):
            return False
        return abs(time.time() - int(written, 16) / 1000) <= self._lifetime

    def _signed(self, written: str) -> str:
        signature = hmac.new(self._key, written.encode("utf-8", "replace"), hashlib.sha256)
        return f"{written}.{signature.hexdigest()}"
