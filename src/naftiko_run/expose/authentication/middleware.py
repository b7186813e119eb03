"""The middleware that authenticates every request to an adapter, and its protected resource metadata (RFC 9728)."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, replace
from typing import Final
from urllib.parse import quote, urlsplit

from naftiko_run.document.model import Exposes
from naftiko_run.errors import BoundVariable, MissingBinding
from naftiko_run.expose.authentication.guard import Challenge, Check, Guard, Refused
from naftiko_run.expose.exposer import Adapter, ASGIApp, Endpoint, Receive, Scope, Send
from naftiko_run.expose.problems import Problem
from naftiko_run.expressions import Selector, parse_path

Running = Callable[[], AbstractAsyncContextManager[None]]

_CODES: Final = {400: "bad-request", 401: "unauthenticated", 403: "forbidden"}


def guarded(adapter: Adapter, exposes: Exposes) -> Adapter:
    """Return an adapter whose endpoints are protected by the guard of its block.

    Args:
        adapter: The adapter of the block.
        exposes: The block; without ``authentication``, its adapter is returned unchanged.
    """
    if exposes.authentication is None:
        return adapter
    assert adapter.capability is not None
    access = adapter.capability.access[exposes.pointer]
    guard: Guard = access.guard or Guard(_reject_combined(access.missing, exposes.namespace or exposes.type))
    url = metadata_url(adapter, guard)
    guarded_endpoints = [
        replace(each, app=GuardMiddleware(each.app, guard.check, url)) for each in adapter.endpoints
    ]
    outer = GuardMiddleware(_no_endpoint, guard.check, url)
    return replace(
        adapter,
        endpoints=(*guarded_endpoints, *metadata_endpoints(adapter, guard)),
        running=_combined([each for each in (guard.running, adapter.running) if each]),
        authentication=access.scheme,
        admit=outer.admit,
    )


class GuardMiddleware:
    """Call an endpoint after its guard has accepted the request.

    Args:
        app: The endpoint.
        check: The check of the guard.
        metadata_url: The URL of the protected resource metadata; None if there are none.
    """

    __slots__ = ("_app", "_check", "_metadata_url")

    def __init__(self, app: ASGIApp, check: Check, metadata_url: MetadataUrl | None) -> None:
        self._app = app
        self._check = check
        self._metadata_url = metadata_url

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Authenticate one request and pass it on."""
        await self.admit(scope)
        await self._app(scope, receive, send)

    async def admit(self, scope: Scope) -> None:
        """Return for an accepted request.

        Raises:
            Problem: The request is rejected.
        """
        try:
            await self._check(scope)
        except Refused as refused:
            raise self._problem(refused, scope) from None

    def _problem(self, refused: Refused, scope: Scope) -> Problem:
        headers = tuple(
            ("www-authenticate", str(self._with_metadata_url(each, scope))) for each in refused.challenges
        )
        code = _CODES.get(refused.status, "refused")
        return Problem(refused.status, code, refused.detail, headers=headers)

    def _with_metadata_url(self, challenge: Challenge, scope: Scope) -> Challenge:
        """Return a bearer challenge with the URL of the metadata; other challenges are returned unchanged."""
        if challenge.scheme != "Bearer" or self._metadata_url is None:
            return challenge
        url = self._metadata_url.for_request(scope)
        return Challenge("Bearer", **challenge.parameters, resource_metadata=url)


async def _no_endpoint(_: Scope, __: Receive, ___: Send) -> None:
    """Do nothing: the router rejects requests without an endpoint."""


def _reject_combined(missing: Sequence[BoundVariable], name: str) -> Check:
    """Return the check of an adapter whose credentials are not set, which rejects every request."""

    async def check(_: Scope) -> None:
        raise MissingBinding(missing, f"the authentication of `{name}`")

    return check


def _combined(each: Sequence[Running]) -> Running | None:
    """Return a context that enters several contexts in order; None if there are none."""
    if not each:
        return None

    @asynccontextmanager
    async def running() -> AsyncIterator[None]:
        async with AsyncExitStack() as stack:
            for enter in each:
                await stack.enter_async_context(enter())
            yield

    return running


WELL_KNOWN: Final = "/.well-known/oauth-protected-resource"


@dataclass(frozen=True, slots=True)
class MetadataUrl:
    """The URL of an adapter's metadata.

    Attributes:
        url: The URL that RFC 9728 derives from the resource.
        mounted: The path after the ``root_path`` if the app is mounted below a path.
    """

    url: str
    mounted: str

    def for_request(self, scope: Scope) -> str:
        """Return the URL at which the client of a request finds the metadata."""
        root: str = scope.get("root_path", "").rstrip("/")
        if not root:
            return self.url
        origin = urlsplit(self.url)
        return f"{origin.scheme}://{origin.netloc}{quote(root)}{self.mounted}"


def metadata_url(adapter: Adapter, guard: Guard) -> MetadataUrl | None:
    """Return the URL of an adapter's metadata; None if it has none.

    Only an adapter with a path of its own, such as an MCP server, has metadata.
    """
    if guard.metadata is None or not adapter.path:
        return None
    resource = urlsplit(guard.metadata["resource"])
    return MetadataUrl(
        f"{resource.scheme}://{resource.netloc}{WELL_KNOWN}{resource.path.rstrip('/')}",
        WELL_KNOWN + adapter.path,
    )


def metadata_endpoints(adapter: Adapter, guard: Guard) -> tuple[Endpoint, ...]:
    """Return the unauthenticated endpoints that serve an adapter's metadata.

    They are served at the adapter's path, and at the path of the resource for the host of the resource; and, unless
    another adapter on the port has the same path, at each alias path, the path of the resource for any host, and the root.
    """
    if guard.metadata is None or not adapter.path:
        return ()
    from starlette.responses import JSONResponse

    app = JSONResponse(dict(guard.metadata))
    alias_paths = [each.path.text for each in adapter.endpoints if each.is_alias]
    resource = urlsplit(guard.metadata["resource"])
    alias_paths += [resource.path, "/"]
    aliases = {path.rstrip("/") for path in alias_paths} - {adapter.path}
    return (
        Endpoint(parse_path(WELL_KNOWN + adapter.path), app, "GET"),
        Endpoint(
            parse_path(WELL_KNOWN + resource.path.rstrip("/")),
            app,
            "GET",
            selectors=(Selector("header", "host", resource.netloc),),
        ),
        *(Endpoint(parse_path(WELL_KNOWN + path), app, "GET", is_alias=True) for path in sorted(aliases)),
    )
