"""Capabilities as one ASGI app, for any ASGI server, framework or test client."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

from naftiko_run.capability import Capability, Settings, load
from naftiko_run.errors import ConfigurationError
from naftiko_run.expose import Adapter, Block, HostGuard, Lifespan, Receive, Scope, Send, find_exposer
from naftiko_run.serve.mount import Mount, ServeSettings, build_mount, end_streams, running_adapters

_ANY_ADDRESS = "0.0.0.0"  # noqa: S104 - nothing is bound here: the server chooses the address


def asgi(
    *capabilities: Capability | str | os.PathLike[str],
    adapter: str = "",
    settings: Settings | None = None,
    serving: ServeSettings | None = None,
) -> Application:
    """Return an ASGI 3 app that serves capabilities.

    The app starts at the ``lifespan`` startup event, or with the first request if the server or framework sends
    no such event.

    Args:
        capabilities: Loaded capabilities, or paths of documents.
        adapter: The namespace of the only adapter to serve, or a type, such as ``mcp``, to serve the adapters of that
            type; empty for all of them, as on a shared port.
        settings: How the documents are loaded.
        serving: How they are served. These settings apply: ``max_body``, ``allowed_hosts``, ``max_result``, ``lazy_tools``,
            ``prefix_routes`` and ``limits``. With several server processes set ``workers`` to their number.
            Host names are only checked where ``allowed_hosts`` is set.

    Raises:
        DocumentError: No part of a document can be run.
        ConfigurationError: There is no adapter to serve, or none matches ``adapter``.
    """
    loaded = [each if isinstance(each, Capability) else load(Path(each), settings) for each in capabilities]
    serving = serving or ServeSettings()
    blocks = _chosen(loaded, adapter)
    guard = HostGuard(_ANY_ADDRESS, serving.allowed_hosts)
    return Application(loaded, build_mount(blocks, guard, serving), serving)


class Application:
    """An ASGI app that serves the adapters of capabilities.

    Args:
        capabilities: Closed when the app stops.
        mounted: The adapters and their router.
        settings: How they are served.
    """

    def __init__(self, capabilities: Sequence[Capability], mounted: Mount, settings: ServeSettings) -> None:
        self._capabilities = capabilities
        self._mounted = mounted
        self._settings = settings
        self._run: Lifespan | None = None

    @property
    def adapters(self) -> tuple[Adapter, ...]:
        """The adapters that are served."""
        return self._mounted.adapters

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one ASGI connection."""
        if scope["type"] == "http":
            run = self._run
            if run is None or not run.is_started or not run.is_of_running_loop:
                await self._start()
            await self._mounted.router(scope, receive, send)
        elif scope["type"] == "lifespan":
            await self._lifespan(receive, send)
        elif scope["type"] == "websocket":
            await send({"type": "websocket.close", "code": 1000})
        else:
            raise ValueError(f"unknown ASGI scope type `{scope['type']}`")

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Start the app and stop it on exit: for the lifespan of an app that mounts this one."""
        await self._start()
        try:
            yield
        finally:
            await self._stop()

    async def _start(self) -> None:
        run = self._run
        if run is None or run.has_ended or not run.is_of_running_loop:
            run = self._run = Lifespan(
                lambda: running_adapters(self._capabilities, self.adapters, self._settings.limits)
            )
        await run.started()

    async def _stop(self) -> None:
        end_streams(self.adapters)
        run, self._run = self._run, None
        if run is not None and run.is_of_running_loop:
            await run.stop()

    async def _lifespan(self, receive: Receive, send: Send) -> None:
        while True:
            event = (await receive())["type"].removeprefix("lifespan.")
            try:
                await (self._start() if event == "startup" else self._stop())
            except Exception as fault:
                await send({"type": f"lifespan.{event}.failed", "message": str(fault)})
                raise
            await send({"type": f"lifespan.{event}.complete"})
            if event == "shutdown":
                return


def _chosen(capabilities: Sequence[Capability], adapter: str) -> list[Block]:
    """Return the blocks to serve.

    Raises:
        ConfigurationError: There are none.
    """
    offered = [
        (exposes, capability)
        for capability in capabilities
        for exposes in capability.document.exposes
        if (exposer := find_exposer(exposes.type)) is not None
        and not exposer.manages_process
        and not exposes.is_stdio
        and exposes.pointer not in capability.unavailable
    ]
    if not adapter:
        chosen = offered
    else:
        chosen = [each for each in offered if each[0].namespace == adapter]
        chosen = chosen or [each for each in offered if each[0].type == adapter]
    if not chosen:
        names = ", ".join(f"`{each.name}` ({each.type})" for each, _ in offered)
        what = f"no adapter has the namespace or type `{adapter}`" if adapter else "there is no adapter"
        raise ConfigurationError(f"{what} that can be served over HTTP", hint=f"there are: {names or 'none'}")
    return chosen
