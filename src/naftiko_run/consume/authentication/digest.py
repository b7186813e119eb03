"""``digest``: RFC 7616, and RFC 2617 and RFC 2069 for older upstreams."""

from __future__ import annotations

import hashlib
import re
import secrets
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Final
from urllib.parse import quote

from naftiko_run.consume.authentication.request_target import parsed_url, request_target
from naftiko_run.consume.authentication.scheme import (
    AuthenticationBlock,
    AuthenticationScheme,
    masked_credentials,
)
from naftiko_run.http.messages import OutgoingRequest, Send, UpstreamResponse

_HASHES: Final[dict[str, Callable[[bytes], Any]]] = {
    "MD5": partial(hashlib.md5, usedforsecurity=False),
    "SHA-256": hashlib.sha256,
    "SHA-512-256": partial(hashlib.new, "sha512_256"),
}
_SESSION: Final = "-SESS"
_PARAMETER = re.compile(
    r"""([!#$%&'*+.^_`|~\w-]+)              # a parameter's name, or a scheme's
        (?:\s*=\s*("(?:[^"\\]|\\.)*"|[^\s,]*))?""",
    re.VERBOSE,
)


def compile_scheme(block: AuthenticationBlock) -> AuthenticationScheme:
    """Compile ``{type: digest, username, password}``; an empty password is allowed."""
    if block.is_masked:
        return masked_credentials("Digest")
    return DigestScheme(block.required("username"), block.value("password", may_be_empty=True))


@dataclass(slots=True)
class DigestChallenge:
    """A Digest challenge of an upstream, and how often it was answered.

    Attributes:
        parameters: The parameters of ``WWW-Authenticate``, by name in lower case.
        cnonce: The client nonce; the same for all answers, because session algorithms depend on the first.
        count: How many requests have used its nonce.
    """

    parameters: Mapping[str, str]
    cnonce: str = field(default_factory=partial(secrets.token_urlsafe, 16))
    count: int = 0

    @property
    def is_answerable(self) -> bool:
        """Whether its algorithm and its quality of protection are supported."""
        return self.hash_name in _HASHES and (not self.has_qop or "auth" in self._qops)

    @property
    def is_stale(self) -> bool:
        """Whether only the nonce was rejected, as too old, and not the credentials."""
        return self.parameters.get("stale", "").lower() == "true"

    @property
    def has_qop(self) -> bool:
        """Whether it follows RFC 2617 or later."""
        return bool(self._qops)

    @property
    def hash_name(self) -> str:
        """Its algorithm, without the session suffix."""
        return self.parameters.get("algorithm", "MD5").upper().removesuffix(_SESSION)

    @property
    def has_session(self) -> bool:
        """Whether the hash of the password depends on the nonces."""
        return self.parameters.get("algorithm", "").upper().endswith(_SESSION)

    @property
    def _qops(self) -> list[str]:
        return re.findall(r"[\w-]+", self.parameters.get("qop", "").lower())

    def answer(self, username: str, password: str, method: str, target: str) -> str:
        """Return the ``Authorization`` header for the next request."""
        self.count += 1
        parameters = self.parameters
        realm, nonce = parameters.get("realm", ""), parameters.get("nonce", "")
        count, cnonce = f"{self.count:08x}", self.cnonce
        secret = self._hash(username, realm, password)
        if self.has_session:
            secret = self._hash(secret, nonce, cnonce)
        request = self._hash(method, target)
        between = (nonce, count, cnonce, "auth") if self.has_qop else (nonce,)
        hides_user = parameters.get("userhash", "").lower() == "true"
        sent = [
            _username_parameter(self._hash(username, realm) if hides_user else username),
            f"realm={_quoted(realm)}",
            f"uri={_quoted(target)}",
            f"nonce={_quoted(nonce)}",
            f'response="{self._hash(secret, *between, request)}"',
        ]
        if "algorithm" in parameters:
            sent.append(f"algorithm={parameters['algorithm']}")
        if self.has_qop:
            sent += ["qop=auth", f"nc={count}"]
        if self.has_qop or self.has_session:
            sent.append(f"cnonce={_quoted(cnonce)}")
        if "opaque" in parameters:
            sent.append(f"opaque={_quoted(parameters['opaque'])}")
        if hides_user:
            sent.append("userhash=true")
        return f"Digest {', '.join(sent)}"

    def _hash(self, *parts: str) -> str:
        hashed: str = _HASHES[self.hash_name](":".join(parts).encode()).hexdigest()
        return hashed


class DigestScheme:
    """Answer the challenge of an upstream, and reuse its nonce until it sends a new one."""

    def __init__(self, username: str, password: str) -> None:
        self._username = username
        self._password = password
        self._challenge: DigestChallenge | None = None

    async def authorize(self, request: OutgoingRequest, send: Send) -> UpstreamResponse:
        """Send the request; if the upstream sends a new challenge, answer it and send the request again."""
        if request.has("authorization"):
            return await send(request)
        request = await request.buffered()
        used = self._challenge
        response = await self._send(request, used, send)
        if response.status != 401:
            return response
        found = next((each for each in challenges_of(response) if each.is_answerable), None)
        is_new = found is not None and (
            used is None or found.is_stale or found.parameters.get("nonce") != used.parameters.get("nonce")
        )
        self._challenge = found if is_new else None
        if not is_new:
            return response
        await response.aclose()
        return await self._send(request, found, send)

    async def _send(
        self, request: OutgoingRequest, challenge: DigestChallenge | None, send: Send
    ) -> UpstreamResponse:
        if challenge is None:
            return await send(request)
        target = request_target(parsed_url(request))
        answer = challenge.answer(self._username, self._password, request.method, target)
        return await send(request.with_headers(("Authorization", answer)))


def challenges_of(response: UpstreamResponse) -> Iterator[DigestChallenge]:
    """Return the Digest challenges of a response, in the upstream's order of preference."""
    for name, header in response.headers:
        if name != "www-authenticate":
            continue
        scheme, parameters = "", dict[str, str]()
        for key, value in _PARAMETER.findall(header):
            if value:
                parameters[key.lower()] = _unquoted(value)
                continue
            if scheme == "digest":
                yield DigestChallenge(parameters)
            scheme, parameters = key.lower(), {}
        if scheme == "digest":
            yield DigestChallenge(parameters)


def _username_parameter(name: str) -> str:
    """Return the user name parameter; a name that is not ASCII is encoded as in RFC 7616 §3.4."""
    return f"username={_quoted(name)}" if name.isascii() else f"username*=UTF-8''{quote(name, safe='')}"


def _quoted(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def _unquoted(value: str) -> str:
    return re.sub(r"\\(.)", r"\1", value[1:-1]) if value.startswith('"') else value
