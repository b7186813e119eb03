"""Every step of the tutorial, in both spec lines, served in front of servers made of the contracts."""

from __future__ import annotations

import ssl
from collections.abc import Awaitable, Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Any, Final, TypeVar

import httpx
import httpx2
import mcp_types as types
import pytest
import yaml
from mcp.client.client import Client
from mcp.client.streamable_http import streamable_http_client

from naftiko_run import Settings
from naftiko_run.serve import Addressing
from shared.documents import SHARED
from shared.tutorial.contracts import Contract
from shared.tutorial.expected import STEPS, Step
from support.mcp_client import run_async
from support.server import Served, serving
from support.upstream import PATIENCE, Received, Upstream, running_upstream

TUTORIAL: Final = SHARED / "tutorial"
LINES: Final = ("naftiko-1.0.0-alpha2", "ikanos-1.0.0-beta5")
PLAIN: Final = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
"""For clients that speak plain HTTP: each would read all certificates of the machine, longer than it is used."""

T = TypeVar("T")

ANYWHERE: Final = Addressing("127.0.0.1", {"mcp": 0, "rest": 0, "skill": 0})


@dataclass(frozen=True, slots=True)
class Dependency:
    """An upstream of the tutorial: its contract, and the server that answers by it."""

    contract: Contract
    upstream: Upstream

    @property
    def base_uri(self) -> str:
        """What takes the place of the contract's server."""
        return self.upstream.url + self.contract.path

    @property
    def received(self) -> list[Received]:
        """What it was asked in this test."""
        return self.upstream.received


@dataclass(frozen=True, slots=True)
class Tutorial:
    """The upstreams of a spec line, and how its steps are served.

    Attributes:
        token: What callers of the MCP servers bring.
        registry: The maritime registry.
        open_registry: The same, as callers without a credential see it.
        dockyard: The legacy dockyard.
        serve: Serves a step once, whoever asks for it.
    """

    token: str
    registry: Dependency
    open_registry: Dependency
    dockyard: Dependency
    serve: Callable[[int], Served]

    @property
    def dependencies(self) -> tuple[Dependency, ...]:
        """Every upstream."""
        return self.registry, self.open_registry, self.dockyard


@dataclass(frozen=True, slots=True)
class Serving:
    """A step that is served, and its callers.

    Attributes:
        tutorial: What the step is one of.
        expected: What it must give.
        served: Its servers.
    """

    tutorial: Tutorial
    expected: Step
    served: Served

    def use_tools(self, use: Callable[[Client], Awaitable[T]]) -> T:
        """Connect the official MCP client, with the token where one is asked for."""
        headers = {} if self.expected.is_open else {"Authorization": f"Bearer {self.tutorial.token}"}

        async def session() -> T:
            async with (
                httpx2.AsyncClient(headers=headers, timeout=PATIENCE, verify=PLAIN) as http,
                Client(streamable_http_client(self.served.url("mcp"), http_client=http)) as client,
            ):
                return await use(client)

        return run_async(session)

    def list_tools(self) -> list[types.Tool]:
        """Return the tools of the MCP server."""

        async def use(client: Client) -> list[types.Tool]:
            return (await client.list_tools()).tools

        return self.use_tools(use)

    def call_tools(self, *calls: tuple[str, dict[str, Any]]) -> list[types.CallToolResult]:
        """Call tools, one after the other."""

        async def use(client: Client) -> list[types.CallToolResult]:
            return [await client.call_tool(name, arguments) for name, arguments in calls]

        return self.use_tools(use)

    def get(self, target: str, kind: str = "rest") -> httpx.Response:
        """Send a GET request to the adapter of a type, without a credential."""
        return httpx.get(self.served.origin(kind) + target, timeout=PATIENCE, verify=PLAIN)


@pytest.fixture(scope="session")
def serve_line() -> Iterator[Callable[[str], Tutorial]]:
    """Yield the tutorial in a spec line; all that was started stays until the end of the run."""
    with ExitStack() as stack:
        lines: dict[str, Tutorial] = {}

        def serve(line: str) -> Tutorial:
            if line not in lines:
                lines[line] = _tutorial(line, stack)
            return lines[line]

        yield serve


def _tutorial(line: str, stack: ExitStack) -> Tutorial:
    folder = TUTORIAL / line
    secrets: dict[str, Any] = yaml.safe_load((folder / "shared" / "secrets.yaml").read_text())

    def dependency(name: str, credential: str = "", **headers: str) -> Dependency:
        upstream = stack.enter_context(running_upstream())
        file = TUTORIAL / "upstream" / f"naftiko-shipyard-{name}-api.yaml"
        contract = Contract.read(file, credential, **headers)
        upstream.answers(contract.answer)
        return Dependency(contract, upstream)

    version = secrets["registry-api-version"]
    registry = dependency("maritime-registry", secrets["registry-bearer-token"], registry_version=version)
    open_registry = dependency("maritime-registry")
    dockyard = dependency("legacy-dockyard", secrets["dockyard-api-key"])
    served: dict[int, Served] = {}

    def serve(number: int) -> Served:
        if number not in served:
            chosen = open_registry if STEPS[number].is_open else registry
            base_uris = {"registry": chosen.base_uri, "legacy": dockyard.base_uri}
            served[number] = stack.enter_context(
                serving(
                    folder / STEPS[number].document,
                    settings=Settings(base_uris, environment={}),
                    addressing=ANYWHERE,
                )
            )
        return served[number]

    return Tutorial(secrets["mcp-server-token"], registry, open_registry, dockyard, serve)


@pytest.fixture(params=LINES)
def tutorial(request: pytest.FixtureRequest, serve_line: Callable[[str], Tutorial]) -> Iterator[Tutorial]:
    """The tutorial in each spec line; the test fails where an upstream was called against its contract."""
    tutorial = serve_line(request.param)
    for each in tutorial.dependencies:
        each.upstream.received = []
        each.contract.violations.clear()
    yield tutorial
    assert [violation for each in tutorial.dependencies for violation in each.contract.violations] == []


@pytest.fixture
def step(request: pytest.FixtureRequest, tutorial: Tutorial) -> Serving:
    """The step whose number the test is parametrised with (``indirect``)."""
    return Serving(tutorial, STEPS[request.param], tutorial.serve(request.param))
