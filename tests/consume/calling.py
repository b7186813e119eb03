"""Capabilities of one operation and one authentication, called over real connections."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from consume.recording import consumes
from naftiko_run.capability import Capability, Settings, load
from naftiko_run.invoke import Outcome


def authenticated(
    folder: Path,
    base_uri: str,
    authentication: Mapping[str, Any],
    operation: Mapping[str, Any] | None = None,
    *,
    path: str = "/things",
    environment: Mapping[str, str] | None = None,
    sandbox: bool = False,
) -> Capability:
    """Load a document, written into a folder, whose tool ``m.t`` calls one operation of an upstream.

    Args:
        folder: The folder of the document.
        base_uri: The base URI of the upstream.
        authentication: Its authentication block.
        operation: More fields of the operation.
        path: The operation's path.
        environment: The process environment.
        sandbox: Whether to use the sandbox.
    """
    entry = consumes(operation or {}, path, authentication=dict(authentication), baseUri=base_uri)
    exposes = {"type": "mcp", "namespace": "m", "tools": [{"name": "t", "call": "api.op"}]}
    whole = {"naftiko": "1.0.0-alpha2", "capability": {"consumes": [entry], "exposes": [exposes]}}
    file = folder / "document.yaml"
    file.write_text(yaml.safe_dump(whole, sort_keys=False), encoding="utf-8")
    return load(file, Settings(environment=environment or {}, sandbox=sandbox, timeout=10))


def call(capability: Capability, **inputs: Any) -> Outcome:
    """Call the tool once."""
    (outcome,) = call_each(capability, [inputs])
    return outcome


def call_each(capability: Capability, every: list[dict[str, Any]]) -> list[Outcome]:
    """Call the tool with each of several inputs, one after the other, over the same connections."""

    async def calls() -> list[Outcome]:
        try:
            return [await capability.function("m.t").invoke(inputs) for inputs in every]
        finally:
            await capability.aclose()

    return asyncio.run(calls())


def call_at_once(capability: Capability, count: int) -> list[Outcome | BaseException]:
    """Call the tool several times concurrently; return the result of each."""

    async def calls() -> list[Outcome | BaseException]:
        try:
            function = capability.function("m.t")
            return await asyncio.gather(*(function.invoke({}) for _ in range(count)), return_exceptions=True)
        finally:
            await capability.aclose()

    return asyncio.run(calls())
