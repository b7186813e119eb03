"""The door before an adapter: no request passes it unchecked, whatever protocol is behind it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from dataclasses import replace
from typing import Final

from naftiko_run.document.model import Exposes
from naftiko_run.errors import BoundVariable, MissingBinding
from naftiko_run.expose.authentication.guard import Challenge, Check, Guard, Refused
from naftiko_run.expose.authentication.metadata import MetadataUrl, metadata_endpoints, metadata_url
from naftiko_run.expose.exposer import Adapter, ASGIApp, Receive, Scope, Send
from naftiko_run.expose.problems import Problem

Running = Callable[[], AbstractAsyncContextManager[None]]

_CODES: Final = {400: "bad-request", 401: "unauthenticated", 403: "forbidden"}


def guarded(adapter: Adapter, exposes: Exposes) -> Adapter:
    """Put the guard of a block before every endpoint of its adapter.

    Args:
        adapter: What the block's exposer made.
        exposes: The block; without ``authentication`` its adapter stays as it is.
    """
    if exposes.authentication is None:
        return adapter
    assert adapter.capability is not None
    access = adapter.capability.access[exposes.pointer]
    guard: Guard = access.guard or Guard(_closed(access.missing, exposes.namespace or exposes.type))
    url = metadata_url(adapter, guard)
    doors = [replace(each, app=Door(each.app, guard.check, url)) for each in adapter.endpoints]
    outer = Door(_nothing, guard.check, url)
    return replace(
        adapter,
        endpoints=(*doors, *metadata_endpoints(adapter, guard)),
        running=_all([each for each in (guard.running, adapter.running) if each]),
        authentication=access.scheme,
        admit=outer.admit,
    )


class Door:
    """Lets a request through to an endpoint once its guard has.

    Args:
        app: The endpoint.
        check: The guard's check.
        metadata_url: Where clients read how to get a token; None for nowhere.
    """

    __slots__ = ("_app", "_check", "_metadata_url")

    def __init__(self, app: ASGIApp, check: Check, metadata_url: MetadataUrl | None) -> None:
        self._app = app
        self._check = check
        self._metadata_url = metadata_url

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request, or refuse it."""
        await self.admit(scope)
        await self._app(scope, receive, send)

    async def admit(self, scope: Scope) -> None:
        """Return for a request that may pass.

        Raises:
            Problem: It may not.
        """
        try:
            await self._check(scope)
        except Refused as refused:
            raise self._problem(refused, scope) from None

    def _problem(self, refused: Refused, scope: Scope) -> Problem:
        headers = tuple(("www-authenticate", str(self._located(each, scope))) for each in refused.challenges)
        code = _CODES.get(refused.status, "refused")
        return Problem(refused.status, code, refused.detail, headers=headers)

    def _located(self, challenge: Challenge, scope: Scope) -> Challenge:
        """Return a challenge for bearer tokens with the URL of the metadata; any other as it is."""
        if challenge.scheme != "Bearer" or self._metadata_url is None:
            return challenge
        url = self._metadata_url.for_request(scope)
        return Challenge("Bearer", **challenge.parameters, resource_metadata=url)


async def _nothing(_: Scope, __: Receive, ___: Send) -> None:
    """Answer nothing: what no endpoint answers is refused by the router."""


def _closed(missing: Sequence[BoundVariable], name: str) -> Check:
    """Return the check of an adapter whose credentials are not set: it rejects every request."""

    async def check(_: Scope) -> None:
        raise MissingBinding(missing, f"the authentication of `{name}`")

    return check


def _all(each: Sequence[Running]) -> Running | None:
    """Return a function that enters several contexts in order; None for none."""
    if not each:
        return None

    @asynccontextmanager
    async def running() -> AsyncIterator[None]:
        async with AsyncExitStack() as stack:
            for enter in each:
                await stack.enter_async_context(enter())
            yield

    return running
