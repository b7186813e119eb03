"""Capabilities served in this process, on free ports, in a thread of their own."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from anyio.from_thread import start_blocking_portal

from naftiko_run import Capability, Settings, load
from naftiko_run.serve import Addressing, ServeSettings, Site, running
from naftiko_run.telemetry import Telemetry

ANY_PORT: Mapping[str, int] = {"rest": 0, "mcp": 0, "skill": 0, "control": 0}


@dataclass(frozen=True, slots=True)
class Served:
    """What is served.

    Attributes:
        capabilities: One for each document.
        sites: One for each port.
    """

    capabilities: tuple[Capability, ...]
    sites: tuple[Site, ...]

    def urls(self, kind: str) -> list[str]:
        """Give the URL of every adapter of a type."""
        return [site.url_of(each) for site in self.sites for each in site.adapters if each.type == kind]

    def origins(self, kind: str) -> set[str]:
        """Give ``http://host:port`` of every port that has an adapter of a type."""
        return {site.origin for site in self.sites for each in site.adapters if each.type == kind}

    def url(self, kind: str) -> str:
        """Give the URL of the one adapter of a type."""
        (url,) = self.urls(kind)
        return url

    def origin(self, kind: str) -> str:
        """Give ``http://host:port`` of the one adapter of a type."""
        (origin,) = self.origins(kind)
        return origin


@contextmanager
def serving(
    *documents: Path | Capability,
    settings: Settings,
    addressing: Addressing | None = None,
    max_body: int = ServeSettings().max_body,
    allowed_hosts: Sequence[str] = (),
    drain: int = 30,
    max_result: int | None = None,
    lazy_tools: bool = False,
    prefix_routes: bool = False,
    refuses_clashes: bool = False,
    telemetry: Telemetry | None = None,
    has_control: bool = False,
) -> Iterator[Served]:
    """Serve documents, or what has been loaded of them, while the context is entered."""
    serve_settings = ServeSettings(
        addressing or Addressing("", ANY_PORT),
        max_body,
        tuple(allowed_hosts),
        drain,
        max_result=max_result,
        lazy_tools=lazy_tools,
        prefix_routes=prefix_routes,
        refuses_clashes=refuses_clashes,
        telemetry=telemetry,
        has_control=has_control,
        http_server="uvicorn" if os.environ.get("NAFTIKO_HTTP_SERVER") == "uvicorn" else "naftiko",
    )
    if os.environ.get("NAFTIKO_HTTP_CLIENT") == "httpx":
        settings = replace(settings, http_client="httpx")
    capabilities = [
        document if isinstance(document, Capability) else load(document, settings) for document in documents
    ]
    with (
        start_blocking_portal() as portal,
        portal.wrap_async_context_manager(running(capabilities, serve_settings)) as service,
    ):
        yield Served(tuple(capabilities), service.sites)
