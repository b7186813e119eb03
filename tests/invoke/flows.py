"""Documents with steps, for an upstream whose responses are a table in the test."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping, Sequence
from typing import Any

import yaml

from naftiko_run.capability import Capability, Settings, compile_capability
from naftiko_run.document.load import load_text
from naftiko_run.invoke import Outcome
from support.upstream import Answer, Received, Upstream

CONSUMES = """
type: http
namespace: fleet
resources:
- path: /ships
  operations:
  - {name: list-ships, method: GET, inputParameters: [{name: status, in: query}], outputParameters: [{name: number, type: string, value: $.imo_number}]}
  - {name: add-ship, method: POST, body: {type: json, data: {name: "{{name}}"}}}
- path: /ships/{imo}
  operations: [{name: get-ship, method: GET, inputParameters: [{name: imo, in: path, required: true}]}]
- path: /crew
  operations:
  - {name: list-crew, method: GET}
  - {name: find-crew, method: GET, inputParameters: [{name: key, in: query, value: "{{env.NOT_SET}}"}]}
- path: /crew/{id}
  operations:
  - {name: get-member, method: GET, outputParameters: [{name: who, value: $.profile.name}, {name: rank, value: $.profile.rank}, {name: age, type: number, value: $.profile.age}]}
"""

SHIPS = [{"imo_number": "IMO-1", "name": "Northern Star"}, {"imo_number": "IMO-2", "name": "Sea Breeze"}]
CREW: list[dict[str, Any]] = [
    {"id": 1, "name": "Ann", "role": "captain", "ship": "IMO-1"},
    {"id": 2, "name": "Bo", "role": "cook", "ship": "IMO-1"},
    {"id": "2", "name": "Cy", "role": "mate", "ship": "IMO-2"},
]
SHIP = {"imo_number": "IMO-1", "name": "Northern Star", "crew": [2, 1, 9], "size": {"length": 294.0}}
MEMBER = {
    "profile": {"name": "Ann", "rank": 1, "age": "41"},
    "secret": "s",
    "tags": [{"name": "a"}, {"name": "b"}],
}
ANSWERS: dict[str, Any] = {"/ships": SHIPS, "/ships/IMO-1": SHIP, "/crew": CREW, "/crew/7": MEMBER}


def answering(upstream: Upstream, answers: Mapping[str, Any] = ANSWERS) -> Upstream:
    """Return an upstream that responds by path: with JSON, an ``Answer``, or 404 with a JSON body."""

    def answer(request: Received) -> Answer:
        found = answers.get(request.path, Answer(404, b'{"error": "no such thing"}'))
        return found if isinstance(found, Answer) else Answer(body=json.dumps(found).encode())

    upstream.answers(answer)
    return upstream


def document(
    upstream: Upstream,
    exposes: Sequence[Mapping[str, Any]],
    aggregates: Sequence[Mapping[str, Any]] = (),
    **root: Any,
) -> Capability:
    """Load a document over the fleet's API."""
    consumes = {**yaml.safe_load(CONSUMES), "baseUri": upstream.url}
    whole = {"consumes": [consumes], "aggregates": [*aggregates], "exposes": [*exposes]}
    text = yaml.safe_dump({"naftiko": "1.0.0-alpha2", "capability": whole, **root}, sort_keys=False)
    return compile_capability(load_text(text), Settings(environment={"TOKEN": "t-1"}))


def tool(upstream: Upstream, written: str, aggregates: Sequence[Mapping[str, Any]] = ()) -> Capability:
    """Load a document whose one tool, ``m.t``, is written in YAML."""
    exposes = {"type": "mcp", "namespace": "m", "tools": [{"name": "t", **yaml.safe_load(written)}]}
    return document(upstream, [exposes], aggregates)


def call(capability: Capability, inputs: Mapping[str, Any] | None = None, name: str = "m.t") -> Outcome:
    """Call a function once."""

    async def invoke() -> Outcome:
        try:
            return await capability.function(name).invoke(inputs or {})
        finally:
            await capability.aclose()

    return asyncio.run(invoke())
