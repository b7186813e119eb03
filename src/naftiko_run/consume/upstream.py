"""A ``consumes`` entry as far as all its operations share it: where it is, and how it is authenticated."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from urllib.parse import parse_qsl, quote, unquote, urlsplit

from naftiko_run.bindings import Bindings
from naftiko_run.consume.authentication import AuthenticationBlock, compile_authentication, installed
from naftiko_run.consume.authentication.apikey import BodyKeys
from naftiko_run.consume.authentication.header import HeaderAuthentication
from naftiko_run.consume.authentication.scheme import Authentication
from naftiko_run.consume.baseuri import BaseUri, fill_base_uri, replaced_base_uri
from naftiko_run.consume.masking import UrlSecrets
from naftiko_run.consume.surroundings import Surroundings
from naftiko_run.diagnostics import Pointer
from naftiko_run.document.model import Consumes
from naftiko_run.errors import BoundVariable
from naftiko_run.expressions import Expression, compile_text, constant, encode_name
from naftiko_run.http.messages import FixedHeaders, OutgoingRequest, UpstreamResponse
from naftiko_run.secret import MASK
from naftiko_run.urls import PLACEHOLDER, describe_placeholder, has_origin, strip_credentials
from naftiko_run.version import USER_AGENT

_PLACEHOLDER_PORT = re.compile(r"(?<=[\w>}\]]):(?:" + PLACEHOLDER.pattern + r")(?=/|$)")
_UNSAFE = re.compile(r"[^a-zA-Z0-9]+")
"""What no host name has."""
_BINDING = re.compile(r"([^{}]*)(\{\{[^{}]+\}\})")


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
        timeout: How many seconds a call may take where an operation does not say.
        secrets: What must not be shown of the URLs of its requests.
        query: What the value of its base URI adds to the query of every operation.
        has_slash: Whether the value of its base URI ends with a slash.
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
    timeout: float
    secrets: UrlSecrets = field(repr=False)
    query: tuple[tuple[str, str], ...] = field(default=(), repr=False)
    has_slash: bool = False
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
    base = compiler.base()
    authentication, refusal = compiler.authentication(base.url)
    at = consumes.authentication.pointer if consumes.authentication else consumes.pointer
    if placeholder := compiler.placeholder():
        refusal, at = placeholder, (*consumes.pointer, "baseUri")
    if consumes.tunnel is not None and (beyond := compiler.beyond_tunnel()):
        refusal, at = beyond, consumes.tunnel.pointer
    credentials, remaining = _settled(authentication)
    return Upstream(
        consumes.namespace,
        base.url,
        base.shown,
        credentials,
        remaining,
        refusal,
        at,
        tuple(compiler.missing),
        compiler.max_response,
        compiler.timeout,
        UrlSecrets() if surroundings.is_masked else compiler.secrets(base, authentication),
        base.query,
        base.has_slash,
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
        self.timeout = surroundings.timeout if consumes.timeout is None else consumes.timeout

    def _operator_text(
        self,
        template: str,
        bindings: Bindings,
        *,
        may_be_empty: bool = True,
        escape: Callable[[str], str] = str,
    ) -> str:
        """Fill in a template in which only the operator has a say; note what is missing."""

        def resolve(name: str) -> Expression:
            bound = bindings.find_or_environment(name)
            if bound.value is None or not (may_be_empty or bound.value.reveal()):
                self.missing[bound.variable] = None
                return constant("")
            return constant(escape(bound.value.reveal()))

        return str(compile_text(template, resolve).evaluate({}))

    def base(self) -> BaseUri:
        """Return the base URI to call.

        Raises:
            ValueError: It is not an http or https address.
        """
        namespace, template = self._consumes.namespace, self._consumes.base_uri
        replaced = self._around.base_uris.get(namespace)
        if replaced is not None:
            return replaced_base_uri(replaced)
        if self._around.is_masked:
            template = template if has_origin(template) else _sandbox_address(namespace)
        fillable = _PLACEHOLDER_PORT.sub("", template)
        fillable = PLACEHOLDER.sub(lambda found: _UNSAFE.sub("-", found[0]).strip("-"), fillable)
        addresses, bindings = self._around.addresses, self._around.bindings
        try:
            filled = fill_base_uri(
                fillable,
                lambda text: self._operator_text(text, addresses),
                lambda text: self._operator_text(text, addresses, escape=_percent_encoded),
                lambda text: self._operator_text(text, bindings),
            )
        except ValueError:
            if self._around.is_masked:
                address = _sandbox_address(namespace)
                return BaseUri(address, address)
            self._operator_text(fillable, addresses, may_be_empty=False)  # which notes what is set to nothing
            if not self.missing:
                raise ValueError(
                    f"the base URI of `{namespace}` is not an http or https address; "
                    f"--base-uri {namespace}=URL gives it one"
                ) from None
            filled = BaseUri(template, "")
        if self.missing or fillable != template:
            return replace(filled, shown=strip_credentials(template))
        return filled

    def placeholder(self) -> str:
        """Return why the upstream cannot be called: a placeholder in the base URI; empty if there is none."""
        namespace = self._consumes.namespace
        found = PLACEHOLDER.search(self._consumes.base_uri)
        if not found or namespace in self._around.base_uris or self._around.is_masked:
            return ""
        return (
            f"the base URI of `{namespace}` has {describe_placeholder(found[0])}, write the value in its place, "
            f"or serve with --base-uri {namespace}=https://…"
        )

    def secrets(self, base: BaseUri, authentication: Authentication | None) -> UrlSecrets:
        """Return what must not be shown of the URLs: user info, keys in the query, bindings in the path."""
        secrets = UrlSecrets()
        user_info = urlsplit(base.url).netloc.rpartition("@")[0]
        if user_info:
            secrets.add("//", unquote(user_info))
            secrets.add(":", unquote(user_info.partition(":")[2]), is_credential=True)
        for name, value in base.query:
            secrets.add(f"{encode_name(name)}=", value)
        if isinstance(authentication, BodyKeys):
            authentication = authentication.others
        if isinstance(authentication, HeaderAuthentication):
            for name, value in parse_qsl(authentication.query):
                secrets.add(f"{encode_name(name)}=", value, is_credential=True)
        if self._consumes.namespace not in self._around.base_uris:
            _, _, rest = self._consumes.base_uri.partition("://")
            for segment in rest.split("/")[1:]:
                for literal, name in _BINDING.findall(segment):
                    value = self._operator_text(name, self._around.bindings)
                    secrets.add(f"/{literal}", value)
        return secrets

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
            timeout=self.timeout,
        )
        try:
            return compile_authentication(block), ""
        except ValueError as fault:
            # Where a value is missing, that is what is wrong: the call says so, and is not sent.
            return None, "" if self.missing else f"`{namespace}` cannot authenticate: {fault}"

    async def _send(self, request: OutgoingRequest) -> UpstreamResponse:
        """Send what a scheme itself has to ask, within the limits of the entry."""
        limited = request.copy(max_kept=self.max_response, timeout=self.timeout)
        return await self._around.transport.send(limited)

    def _credential(self, template: str, *, may_be_empty: bool = False) -> str:
        if self._around.is_masked:
            return MASK
        text = self._operator_text(template, self._around.bindings, may_be_empty=may_be_empty)
        return text.rstrip("\r\n")  # which a block of YAML ends with


def _sandbox_address(namespace: str) -> str:
    """Return a base URI to show where the document has none."""
    return f"https://{_UNSAFE.sub('-', namespace.lower()).strip('-') or 'upstream'}.example"


def _percent_encoded(text: str) -> str:
    return quote(text, safe="")
