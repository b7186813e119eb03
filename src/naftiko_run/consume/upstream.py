"""A ``consumes`` entry as far as all its operations share it: where it is, and how it is authenticated."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from urllib.parse import quote, urlsplit

from naftiko_run.bindings import Bindings
from naftiko_run.consume.authentication import AuthenticationBlock, compile_authentication, installed
from naftiko_run.consume.authentication.header import HeaderAuthentication
from naftiko_run.consume.exchange import Authentication, FixedHeaders, OutgoingRequest, UpstreamResponse
from naftiko_run.consume.surroundings import Surroundings
from naftiko_run.diagnostics import Pointer
from naftiko_run.document.model import Consumes
from naftiko_run.errors import BoundVariable
from naftiko_run.expressions import Expression, compile_text, constant
from naftiko_run.secret import MASK
from naftiko_run.urls import without_user
from naftiko_run.version import USER_AGENT

_SCHEME_TWICE = re.compile(r"\Ahttps?://(?=https?://)", re.IGNORECASE)
"""The document's scheme before a host whose value brings its own, which then holds."""


@dataclass(frozen=True, slots=True)
class Upstream:
    """What the operations of one namespace share.

    Attributes:
        namespace: The namespace.
        base: The base URL to call, without trailing slash.
        shown: The base URL for people: a binding in its path may be a credential.
        credentials: Headers that are the whole of its authentication, where that never changes.
        authentication: None for none, and where ``credentials`` are all of it.
        refusal: Why nothing can be called, though all else is known; empty where it can.
        refused_at: The place in the document of what ``refusal`` speaks of.
        missing: Variables without a value.
        max_response: How many bytes of a response are kept in memory where an operation does not say.
    """

    namespace: str
    base: str = field(repr=False)
    shown: str
    credentials: Sequence[tuple[str, str]] = field(repr=False)
    authentication: Authentication | None
    refusal: str
    refused_at: Pointer
    missing: tuple[BoundVariable, ...]
    max_response: int
    _fixed: dict[str, FixedHeaders] = field(default_factory=dict, repr=False)

    def fixed_headers(self, accept: str) -> FixedHeaders:
        """Give the headers that never change, of operations whose answers are of a type: all share the same."""
        if accept not in self._fixed:
            ours = (("User-Agent", USER_AGENT), ("Accept", accept))
            given = [name.lower() for name, _ in ours]
            others = (header for header in self.credentials if header[0].lower() not in given)
            self._fixed[accept] = FixedHeaders((*ours, *others))
        return self._fixed[accept]


def compile_upstream(consumes: Consumes, surroundings: Surroundings) -> Upstream:
    """Compile what the operations of an entry share.

    Raises:
        ValueError: Its base URI cannot be used.
    """
    compiler = _UpstreamCompiler(consumes, surroundings)
    base, shown = compiler.base()
    authentication, refusal = compiler.authentication(base)
    at = consumes.authentication.pointer if consumes.authentication else consumes.pointer
    if consumes.tunnel is not None and (beyond := compiler.beyond_tunnel()):
        refusal, at = beyond, consumes.tunnel.pointer
    credentials, authentication = _settled(authentication)
    return Upstream(
        consumes.namespace,
        base,
        shown,
        credentials,
        authentication,
        refusal,
        at,
        tuple(compiler.missing),
        compiler.max_response,
    )


def _settled(
    authentication: Authentication | None,
) -> tuple[Sequence[tuple[str, str]], Authentication | None]:
    """Give the headers of a scheme that does nothing but set them, and what is left to do for each request."""
    if isinstance(authentication, HeaderAuthentication) and not (
        authentication.query or authentication.cookie
    ):
        return authentication.headers, None
    return (), authentication


class _UpstreamCompiler:
    def __init__(self, consumes: Consumes, surroundings: Surroundings) -> None:
        self._consumes = consumes
        self._around = surroundings
        self.missing: dict[BoundVariable, None] = {}
        self.max_response = (
            surroundings.max_response if consumes.max_response is None else consumes.max_response
        )

    def _operator_text(self, template: str, bindings: Bindings, *, may_be_empty: bool = True) -> str:
        """Fill in a template in which only the operator has a say; note what is missing."""

        def resolve(name: str) -> Expression:
            bound = bindings.find_or_environment(name)
            if bound.value is None or not (may_be_empty or bound.value.reveal()):
                self.missing[bound.variable] = None
                return constant("")
            return constant(bound.value.reveal())

        return str(compile_text(template, resolve).evaluate({}))

    def base(self) -> tuple[str, str]:
        """Give the base URL to call, and the one to show: a binding in its path may be a credential."""
        replaced = self._around.base_uris.get(self._consumes.namespace)
        if replaced is not None:
            return replaced.rstrip("/"), without_user(replaced.rstrip("/"))
        template = self._consumes.base_uri
        start = template.find("/", template.index("://") + 3 if "://" in template else 0)
        authority, path = (template, "") if start < 0 else (template[:start], template[start:])
        base = _SCHEME_TWICE.sub("", self._operator_text(authority, self._around.addresses))
        if base and "://" not in base:
            base = f"https://{base}"
        if not self.missing and not _is_origin(base):
            raise ValueError(f"the base URI of `{self._consumes.namespace}` is not an http or https address")
        base = base.rstrip("/")
        shown = without_user(template) if self.missing else without_user(base) + path
        return base + quote(self._operator_text(path, self._around.bindings), safe="/%:@!$&'()*+,;=~"), shown

    def beyond_tunnel(self) -> str:
        """Say why what is behind a tunnel cannot be called; empty where no tunnel is needed."""
        namespace, tunnel = self._consumes.namespace, self._consumes.tunnel
        is_elsewhere = namespace in self._around.base_uris or self._around.is_masked
        if tunnel is None or tunnel.fallback == "direct" or is_elsewhere:
            return ""
        kind = f"a {tunnel.type} tunnel" if tunnel.type else "a tunnel"
        return (
            f"`{namespace}` is reached through {kind}, which is not supported yet, and no call goes past it"
        )

    def authentication(self, base: str) -> tuple[Authentication | None, str]:
        """Give the scheme; or, never a call without credentials, why there can be no call."""
        model = self._consumes.authentication
        if model is None:
            return None, ""
        around, namespace = self._around, self._consumes.namespace
        if not model.type:
            return None, f"the authentication of `{namespace}` does not say its `type`"
        if model.type not in installed():
            return None, (
                f"`{namespace}` authenticates with `{model.type}`, which is not supported "
                f"(installed: {', '.join(installed())})"
            )
        block = AuthenticationBlock(
            type=model.type,
            namespace=namespace,
            base=base,
            settings=model.settings,
            text=self._credential,
            send=self._send,
            folder=around.folder,
            is_masked=around.is_masked,
        )
        try:
            return compile_authentication(block), ""
        except ValueError as fault:
            # Where a value is missing, that is what is wrong: the call says so, and is not sent.
            return None, "" if self.missing else f"`{namespace}` cannot authenticate: {fault}"

    async def _send(self, request: OutgoingRequest) -> UpstreamResponse:
        """Send what a scheme itself has to ask, within the limit of the entry."""
        request.max_kept = self.max_response
        return await self._around.transport.send(request)

    def _credential(self, template: str, *, may_be_empty: bool = False) -> str:
        if self._around.is_masked:
            return MASK
        return self._operator_text(template, self._around.bindings, may_be_empty=may_be_empty)


def _is_origin(url: str) -> bool:
    try:
        parts = urlsplit(url)
        return parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:  # brackets or a port that are none
        return False
