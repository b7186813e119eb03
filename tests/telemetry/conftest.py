"""The shop, served with a sink of traces."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from uuid import uuid4

import httpx
import pytest

from naftiko_run import Settings
from naftiko_run.telemetry import Telemetry, Trace
from support.documents import SHOP, SHOP_TOKEN, written
from support.server import Served, serving
from support.upstream import PATIENCE, Upstream

MORE = """\
    - path: /proxy/{path}
      forward: {targetNamespace: shop}
    - path: /both/{id}
      operations:
      - method: GET
        name: get-both
        steps:
        - {type: call, name: one, call: shop.get-item, with: {id: rest.id}}
        - {type: call, name: two, call: shop.list-items, with: {q: $.one.name}}
        outputParameters:
        - {name: one, type: object, mapping: $.one}
        mappings:
        - {targetName: one, value: $.one}
"""
SKILL = """\
  - type: skill
    namespace: shop-skills
    skills:
    - name: shopping
      description: Buys things
      tools:
      - name: get-item
        description: Get an item
        from: {sourceNamespace: shop-mcp, action: get-item}
"""
DOCUMENT = SHOP.replace("  - type: mcp\n", MORE + "  - type: mcp\n") + SKILL


class Sink:
    """A sink that keeps every trace."""

    def __init__(self) -> None:
        self.traces: list[Trace] = []
        self._changed = threading.Condition()

    def record(self, trace: Trace) -> None:
        """Keep a trace."""
        with self._changed:
            self.traces.append(trace)
            self._changed.notify_all()

    def wait_for(self, matches: Callable[[Trace], bool]) -> Trace:
        """Wait for a trace, and return it: the response may arrive before its trace is recorded."""

        def found() -> Trace | None:
            return next((each for each in self.traces if matches(each)), None)

        with self._changed:
            assert self._changed.wait_for(lambda: found() is not None, PATIENCE), self.traces
        trace = found()
        assert trace is not None
        return trace

    def wait_for_count(self, count: int, operation: str) -> None:
        """Wait for so many traces of an operation."""

        def found() -> int:
            return sum(each.operation == operation for each in self.traces)

        with self._changed:
            assert self._changed.wait_for(lambda: found() >= count, PATIENCE), self.traces

    def only(self) -> Trace:
        """Wait for a trace, and return the only one."""
        trace = self.wait_for(lambda _: True)
        assert len(self.traces) == 1, self.traces
        return trace


@dataclass(frozen=True, slots=True)
class TracedShop:
    """The shop and its traces."""

    served: Served
    sink: Sink
    telemetry: Telemetry


@pytest.fixture(scope="session")
def served_shop(shared_upstream: Upstream, tmp_path_factory: pytest.TempPathFactory) -> Iterator[TracedShop]:
    """The shop in front of the upstream, with REST, MCP and skill adapters."""
    document = written(tmp_path_factory.mktemp("traced"), DOCUMENT)
    settings = Settings({"shop": f"{shared_upstream.url}/api"}, environment=SHOP_TOKEN)
    sink = Sink()
    telemetry = Telemetry(sinks=[sink])
    with serving(document, settings=settings, telemetry=telemetry) as served:
        yield TracedShop(served, sink, telemetry)


@pytest.fixture
def shop(served_shop: TracedShop, upstream: Upstream) -> TracedShop:
    """The shop, with no traces yet."""
    assert not upstream.received
    # A trace is recorded after its response: once this one is, those of the tests before are too.
    marker = uuid4().hex
    httpx.get(f"{served_shop.served.origin('rest')}/{marker}")
    served_shop.sink.wait_for(lambda each: marker in each.target)
    served_shop.sink.traces.clear()
    return served_shop
