"""Which adapter is on stdin and stdout."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Final

from naftiko_run.capability import Capability
from naftiko_run.document.model import Exposes, Hints, McpExposes, RestExposes, RestOperation, Tool, is_piped
from naftiko_run.errors import ConfigurationError
from naftiko_run.expose import Adapter, Combining, find_exposer
from naftiko_run.invoke import Function, is_safe_to_call
from naftiko_run.serve.mount import ServeSettings

_UNSAFE: Final = re.compile(r"[^A-Za-z0-9_-]+")
_LONGEST_NAME: Final = 64

Choice = tuple[Capability, Exposes]


def piped_adapter(capabilities: Sequence[Capability], settings: ServeSettings) -> Adapter | None:
    """Make the adapter that is served on stdin and stdout.

    That is the one with ``transport: stdio``; of several, the one that ``settings.adapter`` names. With ``settings.stdio`` the one MCP adapter that there is, else the
    one REST adapter, its operations as tools. Of several, ``settings.lazy_tools`` makes one. Their authentication
    is passed over: whoever started the process may use it.

    Returns:
        The adapter; None where nothing asks for one.

    Raises:
        ConfigurationError: There are several, or with ``settings.stdio`` there is none.
    """
    offered = _offered(capabilities)
    if settings.stdio:
        if settings.lazy_tools and not settings.adapter and len(candidates := _candidates(offered)) > 1:
            return _combined(candidates, settings)
        capability, exposes = _chosen(offered, settings.adapter)
    else:
        piped = [each for each in offered if is_piped(each[1])]
        named = _named(piped, settings.adapter, "adapter with `transport: stdio`")
        if len(named) > 1:
            raise ConfigurationError(
                f"several adapters have `transport: stdio`, and there is one stdin: {_listed(named)}",
                hint=_choice_hint(named),
            )
        if not named:
            return None
        capability, exposes = named[0]
    block = _with_tools(exposes, capability)
    exposer = find_exposer(block.type)
    assert exposer is not None
    return exposer.expose(block, capability, settings.of_adapters)


def choices(capability: Capability) -> list[str]:
    """Give the namespaces from which ``--stdio`` chooses: of MCP adapters, else of REST adapters."""
    return [_name(each) for each in _candidates(_offered([capability]))]


def _offered(capabilities: Sequence[Capability]) -> list[Choice]:
    return [
        (capability, exposes)
        for capability in capabilities
        for exposes in capability.document.exposes
        if isinstance(exposes, McpExposes | RestExposes) and exposes.pointer not in capability.unavailable
    ]


def _candidates(offered: Sequence[Choice]) -> Sequence[Choice]:
    return [each for each in offered if isinstance(each[1], McpExposes)] or offered


def _chosen(offered: Sequence[Choice], name: str) -> Choice:
    """Give the adapter for ``--stdio``: of a name, or the only one of its kind."""
    candidates = _candidates(_named(offered, name, "MCP or REST adapter"))
    if not candidates:
        raise ConfigurationError(
            "--stdio: there is no MCP adapter, and no REST adapter whose operations are tools"
        )
    if len(candidates) > 1:
        raise ConfigurationError(
            f"--stdio: there are several adapters: {_listed(candidates)}",
            hint=_choice_hint(candidates),
        )
    return candidates[0]


def _named(offered: Sequence[Choice], name: str, kind: str) -> Sequence[Choice]:
    """Return the adapters of a name; all where it is empty.

    Raises:
        ConfigurationError: There are none.
    """
    named = [each for each in offered if _name(each) == name] if name else offered
    if name and not named:
        raise ConfigurationError(
            f"--adapter names `{name}`, but no {kind} has that namespace",
            hint=f"there are: {_listed(offered)}" if offered else "",
        )
    return named


def _choice_hint(candidates: Sequence[Choice]) -> str:
    """Return how to serve one of several adapters: by its name, or alone where others have the same."""
    names = [_name(each) for each in candidates]
    unique = next((name for name in names if names.count(name) == 1), "")
    if unique:
        return f"serve one of them: --adapter {unique}"
    return f"they have one namespace: serve one document alone, such as {candidates[0][0].file}"


def _listed(choices: Sequence[Choice]) -> str:
    return ", ".join(f"`{_name(each)}` of {each[0].file}" for each in choices)


def _name(choice: Choice) -> str:
    return choice[1].namespace or choice[1].type


def _combined(candidates: Sequence[Choice], settings: ServeSettings) -> Adapter | None:
    blocks = [(_with_tools(exposes, capability), capability) for capability, exposes in candidates]
    exposer = find_exposer(blocks[0][0].type)
    assert isinstance(exposer, Combining)
    return exposer.combine(blocks, settings.of_adapters)


def _with_tools(exposes: Exposes, capability: Capability) -> Exposes:
    return _tools_of(exposes, capability) if isinstance(exposes, RestExposes) else exposes


def _tools_of(exposes: RestExposes, capability: Capability) -> McpExposes:
    """Give the MCP adapter whose tools are the operations of a REST adapter."""
    tools: dict[str, Tool] = {}
    for resource in exposes.resources:
        for operation in resource.operations:
            written = operation.name or f"{operation.method} {resource.path}"
            name = _free_name(written, tools)
            function = capability.functions.get(operation.pointer)
            tools[name] = replace(_tool(name, operation, function), written_name=written)
    return McpExposes(
        pointer=exposes.pointer,
        namespace=exposes.namespace,
        description=exposes.description,
        tools=tuple(tools.values()),
        unavailable=exposes.unavailable,
    )


def _tool(name: str, operation: RestOperation, function: Function | None) -> Tool:
    """Give a tool; what it calls says whether it changes something, and not the method of its route."""
    is_safe = function is not None and is_safe_to_call(operation, function.operations)
    return Tool(
        pointer=operation.pointer,
        name=name,
        label=operation.label,
        description=operation.description,
        hints=Hints(read_only=True) if is_safe else None,
    )


def _free_name(written: str, taken: Iterable[str]) -> str:
    """Give a name that every client takes for a tool, and that no other has."""
    safe = _UNSAFE.sub("-", written).strip("-")[:_LONGEST_NAME] or "operation"
    name, number = safe, 2
    while name in taken:
        name = f"{safe[: _LONGEST_NAME - len(str(number)) - 1]}-{number}"
        number += 1
    return name
