"""Compile what all operations of a ``consumes`` entry share: base URI, authentication, limits, fixed headers."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from urllib.parse import parse_qsl, quote, unquote, urlsplit

from naftiko_run.bindings import Bindings, MaskedBindings
from naftiko_run.consume.authentication import AuthenticationBlock, compile_authentication, installed
from naftiko_run.consume.authentication.apikey import BodyKeys
from naftiko_run.consume.authentication.scheme import AuthenticationScheme, StaticCredentials
from naftiko_run.consume.masking import UrlSecrets
from naftiko_run.consume.tracing import traced
from naftiko_run.diagnostics import Place, Pointer
from naftiko_run.document.model import Consumes
from naftiko_run.errors import BoundVariable
from naftiko_run.expressions import Expression, compile_text, constant, encode_name
from naftiko_run.http.messages import (
    DEFAULT_MAX_RESPONSE,
    DEFAULT_SECONDS,
    FixedHeaders,
    OutgoingRequest,
    Transport,
    UpstreamResponse,
)
from naftiko_run.secret import MASK
from naftiko_run.urls import PLACEHOLDER, describe_placeholder, has_origin, strip_credentials
from naftiko_run.version import USER_AGENT


@dataclass(frozen=True, slots=True)
class ConsumeContext:
    """The inputs of compiling operations, besides the document.

    Attributes:
        bindings: The values of templates and credentials.
        addresses: The values of variables in the hosts of base URIs.
        transport: Sends every request.
        base_uris: Base URIs that replace those of the document, by namespace.
        prefixes: Prefixes that the name of an input may have in a template, such as ``tools``.
        folder: The folder that relative locations in the document are resolved against.
        max_response: The default for the maximum number of response bytes kept in memory.
        timeout: The default timeout of a call in seconds.
        place_of: Returns the place of a part of the document, for warnings.
    """

    bindings: Bindings
    addresses: Bindings
    transport: Transport
    base_uris: Mapping[str, str] = field(default_factory=dict)
    prefixes: frozenset[str] = frozenset({"tools", "rest"})
    folder: Path = Path()
    max_response: int = DEFAULT_MAX_RESPONSE
    timeout: float = DEFAULT_SECONDS
    place_of: Callable[[Pointer], Place] = field(default=lambda _: Place(), repr=False)

    @property
    def is_masked(self) -> bool:
        """Whether credentials are masks, so that no real upstream may be called."""
        return isinstance(self.bindings, MaskedBindings)


_PLACEHOLDER_PORT = re.compile(r"(?<=[\w>}\]]):(?:" + PLACEHOLDER.pattern + r")(?=/|$)")
_UNSAFE = re.compile(r"[^a-zA-Z0-9]+")
"""Characters that a host name cannot have."""
_BINDING = re.compile(r"([^{}]*)(\{\{[^{}]+\}\})")


@dataclass(frozen=True, slots=True)
class Upstream:
    """The shared part of the operations of one namespace.

    Attributes:
        namespace: The namespace.
        base: The base URL to call, without a trailing slash.
        shown: The base URL for display, without values of bindings in its path, which may be credentials.
        credentials: Headers that are the same for every request, if they are the whole authentication.
        authentication: None if there is none, or if ``credentials`` are all of it.
        refusal: Why the upstream cannot be called, although it was compiled; empty if it can.
        refused_at: The location in the document that causes ``refusal``.
        missing: Variables that are not set.
        max_response: The default for the maximum number of response bytes kept in memory.
        timeout: The default timeout of a call in seconds.
        secrets: Secrets in the URLs of its requests.
        query: Query parameters in the value of its base URI, sent with every operation.
        has_slash: Whether the value of its base URI ends with a slash.
    """

    namespace: str
    base: str = field(repr=False)
    shown: str
    credentials: Sequence[tuple[str, str]] = field(repr=False)
    authentication: AuthenticationScheme | None
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
        """Return the fixed headers for an ``Accept`` value; operations with the same value share one object."""
        if accept not in self._fixed:
            defaults = (("User-Agent", USER_AGENT), ("Accept", accept))
            names = [name.lower() for name, _ in defaults]
            others = (header for header in self.credentials if header[0].lower() not in names)
            self._fixed[accept] = FixedHeaders((*defaults, *others))
        return self._fixed[accept]


def compile_upstream(consumes: Consumes, context: ConsumeContext) -> Upstream:
    """Compile the shared part of a ``consumes`` entry.

    Raises:
        ValueError: Its base URI is invalid.
    """
    compiler = _UpstreamCompiler(consumes, context)
    base = compiler.base()
    authentication, refusal = compiler.authentication(base.url)
    at = consumes.authentication.pointer if consumes.authentication else consumes.pointer
    if placeholder := compiler.placeholder():
        refusal, at = placeholder, (*consumes.pointer, "baseUri")
    if consumes.tunnel is not None and (blocked := compiler.tunnel_refusal()):
        refusal, at = blocked, consumes.tunnel.pointer
    credentials, remaining = _split_fixed_headers(authentication)
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
        UrlSecrets() if context.is_masked else compiler.secrets(base, authentication),
        base.query,
        base.has_slash,
    )


def _split_fixed_headers(
    authentication: AuthenticationScheme | None,
) -> tuple[Sequence[tuple[str, str]], AuthenticationScheme | None]:
    """Return the headers of a scheme that only sets fixed headers, or else the scheme to apply to each request."""
    if isinstance(authentication, StaticCredentials) and not (authentication.query or authentication.cookie):
        return authentication.headers, None
    return (), authentication


class _UpstreamCompiler:
    def __init__(self, consumes: Consumes, context: ConsumeContext) -> None:
        self._consumes = consumes
        self._context = context
        self.missing: dict[BoundVariable, None] = {}
        self.max_response = context.max_response if consumes.max_response is None else consumes.max_response
        self.timeout = context.timeout if consumes.timeout is None else consumes.timeout

    def _operator_text(
        self,
        template: str,
        bindings: Bindings,
        *,
        may_be_empty: bool = True,
        escape: Callable[[str], str] = str,
    ) -> str:
        """Render a template with the operator's variables only, and record those that are not set."""

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
            ValueError: It is not an http or https URL.
        """
        namespace, template = self._consumes.namespace, self._consumes.base_uri
        replaced = self._context.base_uris.get(namespace)
        if replaced is not None:
            return replaced_base_uri(replaced)
        if self._context.is_masked:
            template = template if has_origin(template) else _sandbox_address(namespace)
        fillable = _PLACEHOLDER_PORT.sub("", template)
        fillable = PLACEHOLDER.sub(lambda found: _UNSAFE.sub("-", found[0]).strip("-"), fillable)
        addresses, bindings = self._context.addresses, self._context.bindings
        try:
            filled = fill_base_uri(
                fillable,
                lambda text: self._operator_text(text, addresses),
                lambda text: self._operator_text(text, addresses, escape=_percent_encoded),
                lambda text: self._operator_text(text, bindings),
            )
        except ValueError:
            if self._context.is_masked:
                address = _sandbox_address(namespace)
                return BaseUri(address, address)
            self._operator_text(
                fillable, addresses, may_be_empty=False
            )  # records variables that are set to an empty value
            if not self.missing:
                raise ValueError(
                    f"the base URI of `{namespace}` is not an http or https URL; "
                    f"set one with --base-uri {namespace}=URL"
                ) from None
            filled = BaseUri(template, "")
        if self.missing or fillable != template:
            return replace(filled, shown=strip_credentials(template))
        return filled

    def placeholder(self) -> str:
        """Return why a placeholder in the base URI prevents calls; empty if there is none."""
        namespace = self._consumes.namespace
        found = PLACEHOLDER.search(self._consumes.base_uri)
        if not found or namespace in self._context.base_uris or self._context.is_masked:
            return ""
        return (
            f"the base URI of `{namespace}` has {describe_placeholder(found[0])}, write the value in its place, "
            f"or serve with --base-uri {namespace}=https://…"
        )

    def secrets(self, base: BaseUri, authentication: AuthenticationScheme | None) -> UrlSecrets:
        """Return the secrets in the URLs: user info, API keys in the query, values of bindings in the path."""
        secrets = UrlSecrets()
        user_info = urlsplit(base.url).netloc.rpartition("@")[0]
        if user_info:
            secrets.add("//", unquote(user_info))
            secrets.add(":", unquote(user_info.partition(":")[2]), is_credential=True)
        for name, value in base.query:
            secrets.add(f"{encode_name(name)}=", value)
        if isinstance(authentication, BodyKeys):
            authentication = authentication.others
        if isinstance(authentication, StaticCredentials):
            for name, value in parse_qsl(authentication.query):
                secrets.add(f"{encode_name(name)}=", value, is_credential=True)
        if self._consumes.namespace not in self._context.base_uris:
            _, _, rest = self._consumes.base_uri.partition("://")
            for segment in rest.split("/")[1:]:
                for literal, name in _BINDING.findall(segment):
                    value = self._operator_text(name, self._context.bindings)
                    secrets.add(f"/{literal}", value)
        return secrets

    def tunnel_refusal(self) -> str:
        """Return why an upstream behind a tunnel cannot be called; empty if no tunnel is needed."""
        namespace, tunnel = self._consumes.namespace, self._consumes.tunnel
        is_replaced = namespace in self._context.base_uris or self._context.is_masked
        if tunnel is None or tunnel.fallback == "direct" or is_replaced:
            return ""
        kind = f"a {tunnel.type} tunnel" if tunnel.type else "a tunnel"
        return f"`{namespace}` is reached through {kind}, which is not supported yet, so no requests are sent to it"

    def authentication(self, base: str) -> tuple[AuthenticationScheme | None, str]:
        """Return the scheme, and why calls are impossible, since none is made without its credentials."""
        model = self._consumes.authentication
        if model is None:
            return None, ""
        around, namespace = self._context, self._consumes.namespace
        if not model.type:
            return None, f"the authentication of `{namespace}` has no `type`"
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
            # If a variable is not set, that is the cause: calls report it instead.
            return None, "" if self.missing else f"`{namespace}` cannot authenticate: {fault}"

    async def _send(self, request: OutgoingRequest) -> UpstreamResponse:
        """Send a request of the scheme itself, within the limits of the entry."""
        limited = request.copy(max_kept=self.max_response, timeout=self.timeout)
        return await traced(self._context.transport).send(limited)

    def _credential(self, template: str, *, may_be_empty: bool = False) -> str:
        if self._context.is_masked:
            return MASK
        text = self._operator_text(template, self._context.bindings, may_be_empty=may_be_empty)
        return text.rstrip("\r\n")  # a YAML block scalar ends with a line break


def _sandbox_address(namespace: str) -> str:
    """Return a base URI to display if the document has none."""
    return f"https://{_UNSAFE.sub('-', namespace.lower()).strip('-') or 'upstream'}.example"


def _percent_encoded(text: str) -> str:
    return quote(text, safe="")


Fill = Callable[[str], str]
"""Render a template."""

_SCHEME = re.compile(r"(?:https?:)?//", re.IGNORECASE)
_SCHEME_TWICE = re.compile(r"\Ahttps?://(?=(?:https?:)?//)", re.IGNORECASE)
"""A scheme in the document before a variable whose value has a scheme too; the latter is used."""
_PATH: str = "/%:@!$&'()*+,;=~"


@dataclass(frozen=True, slots=True)
class BaseUri:
    """A base URI that can be called.

    Attributes:
        url: Scheme, host and path, without a trailing slash.
        shown: The URL for display, without values of bindings in its path, which may be credentials.
        query: Query parameters in its value, which every operation sends.
        has_slash: Whether it ends with a slash, which is kept for an operation without a path.
    """

    url: str = field(repr=False)
    shown: str
    query: tuple[tuple[str, str], ...] = field(default=(), repr=False)
    has_slash: bool = False


def replaced_base_uri(url: str) -> BaseUri:
    """Return the base URI that a command-line option sets instead of the one in the document."""
    bare = url.rstrip("/")
    return BaseUri(bare, strip_credentials(bare), has_slash=url.endswith("/"))


def fill_base_uri(template: str, fill_host: Fill, fill_user: Fill, fill_path: Fill) -> BaseUri:
    """Fill in a base URI.

    A value at the beginning is parsed like a base URI in a document: it may have a scheme, user info, a path, a
    query, a trailing slash, and spaces around it; the default scheme is https. A value in the path stays in the path.

    Args:
        template: The base URI; starts with a scheme or a variable, and has no trailing slash.
        fill_host: Renders the scheme and the host.
        fill_user: Renders the user name and password, percent-encoded.
        fill_path: Renders the path.

    Raises:
        ValueError: The result is not an http or https URL.
    """
    start = template.find("/", template.index("://") + 3 if "://" in template else 0)
    authority, path = (template, "") if start < 0 else (template[:start], template[start:])
    user, at, host = authority.rpartition("@")
    filled = (fill_user(user) if at else "") + at + fill_host(host).strip()
    base, query, slash = _split(_with_scheme(filled))
    below = fill_path(path).rstrip()
    if path.startswith("/{{"):
        below = f"/{below.lstrip('/')}"
    base = _quoted(base)
    if not _is_origin(base):
        raise ValueError("is not an http or https URL")
    return BaseUri(
        base + quote(below.rstrip("/"), safe=_PATH),
        strip_credentials(base) + path,
        query,
        below.endswith("/") if path else slash,
    )


def _with_scheme(url: str) -> str:
    url = _SCHEME_TWICE.sub("", url)
    found = _SCHEME.match(url)
    if not found:
        return url if "://" in url else f"https://{url}"
    return (found.group().lower() if found.group()[0] != "/" else "https://") + url[found.end() :]


def _split(url: str) -> tuple[str, tuple[tuple[str, str], ...], bool]:
    """Return a URL without its query and trailing slash, the query, and whether there was a trailing slash."""
    url, _, query = url.strip().partition("#")[0].partition("?")
    return url.rstrip("/"), tuple(parse_qsl(query, keep_blank_values=True)), url.endswith("/")


def _quoted(base: str) -> str:
    """Percent-encode the characters of a URL's path that are not allowed in it."""
    start = base.find("/", base.index("://") + 3)
    return base if start < 0 else base[:start] + quote(base[start:], safe=_PATH)


def _is_origin(url: str) -> bool:
    try:
        parts = urlsplit(url)
        has_space = any(character.isspace() for character in parts.netloc)
        return (
            parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0 and not has_space
        )
    except ValueError:  # invalid brackets or port
        return False
