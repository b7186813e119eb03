"""The REST adapter type: selects, compiles, describes and exposes ``rest`` blocks, and derives MCP tools for stdio."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import ClassVar, Final

from naftiko_run.capability import (
    BlockCompiler,
    Capability,
    Feature,
    Selection,
    describe_function,
    describe_unavailable,
)
from naftiko_run.diagnostics import Report
from naftiko_run.document.model import (
    Exposes,
    Hints,
    McpExposes,
    RestExposes,
    RestOperation,
    RestResource,
    Tool,
)
from naftiko_run.expose.exposer import Adapter, Exposer, ExposeSettings
from naftiko_run.expressions import parse_path, parse_route
from naftiko_run.invoke import Function, is_safe_to_call


class RestExposer(Exposer):
    """Exposes operations as REST routes."""

    default_port: ClassVar[int] = 8080
    feature_kind: ClassVar[str] = "route"

    def select(self, exposes: Exposes, selection: Selection) -> Exposes | None:
        """Return the selected operations and forwards; see ``AdapterType.select``."""
        assert isinstance(exposes, RestExposes)
        resources = [_selected(resource, exposes, selection) for resource in exposes.resources]
        kept = tuple(each for each in resources if each.operations or each.forward)
        unavailable = selection.unavailable(exposes)
        return replace(exposes, resources=kept, unavailable=unavailable) if kept or unavailable else None

    def compile(self, exposes: Exposes, compiler: BlockCompiler) -> None:
        """Compile the operations and forwards; see ``AdapterType.compile``."""
        assert isinstance(exposes, RestExposes)
        for resource in exposes.resources:
            inherited = [*exposes.input_parameters, *resource.input_parameters]
            variables = parse_path(parse_route(resource.path).path).variables
            for operation in resource.operations:
                compiler.function(operation, f"{operation.method} {resource.path}", inherited, variables)
            if resource.forward is not None:
                compiler.forward(resource.forward, f"the forward of `{resource.path}`", inherited)
                if exposes.authentication is not None:
                    _check_forwarded_credential(resource, compiler.report)

    def describe(self, exposes: Exposes, capability: Capability) -> Iterator[Feature]:
        """Describe the operations and forwards; see ``AdapterType.describe``."""
        assert isinstance(exposes, RestExposes)
        for resource in exposes.resources:
            for operation in resource.operations:
                yield describe_function(capability, operation, f"{operation.method} {resource.path}")
            yield from _describe_forward(resource, capability)
        yield from describe_unavailable(exposes.unavailable)

    def for_stdio(self, exposes: Exposes, capability: Capability) -> Exposes:
        """Return the operations as tools of an MCP block; see ``AdapterType.for_stdio``."""
        assert isinstance(exposes, RestExposes)
        return tools_of(exposes, capability)

    def expose(self, exposes: Exposes, capability: Capability, settings: ExposeSettings) -> Adapter:
        """Return the adapter of a ``rest`` block; see ``Exposer.expose``."""
        from naftiko_run.expose.rest.adapter import build_adapter

        assert isinstance(exposes, RestExposes)
        return build_adapter(exposes, capability, settings, tuple(self.describe(exposes, capability)))


def _selected(resource: RestResource, exposes: RestExposes, selection: Selection) -> RestResource:
    operations = tuple(
        each
        for each in resource.operations
        if selection.includes(exposes, each.pointer, f"{each.method} {resource.path}", each.name)
    )
    forward = resource.forward
    if forward is not None and not selection.includes(exposes, forward.pointer, f"ANY {resource.path}"):
        forward = None
    return replace(resource, operations=operations, forward=forward)


def _describe_forward(resource: RestResource, capability: Capability) -> Iterator[Feature]:
    """Describe a forward: one feature for each forwarded method, or one for all methods."""
    if resource.forward is None:
        return
    forward = capability.forwards.get(resource.forward.pointer)
    if forward is None:
        yield Feature(f"ANY {resource.path}", reason=capability.unavailable[resource.forward.pointer])
        return
    target = forward.target
    for method in forward.methods or ("ANY",):
        yield Feature(
            f"{method} {resource.path}",
            calls=(target.name,),
            request=f"{target.address}/…",
            inputs={"type": "object", "properties": {}},
            missing=tuple(variable.name for variable in target.plan.missing),
            refusal=target.refusal,
        )


def _check_forwarded_credential(resource: RestResource, report: Report) -> None:
    """Warn about a forward that sends the caller's credentials for this adapter to an upstream."""
    forward = resource.forward
    if forward is not None and "authorization" in forward.trusted_headers:
        report.warning(
            "credential-passed-on",
            "callers authenticate to this adapter with `Authorization`, and this forward sends it to "
            f"`{forward.target_namespace}`",
            (*forward.pointer, "trustedHeaders"),
            hint="remove `Authorization` from `trustedHeaders`, unless both are meant to receive it",
        )


_UNSAFE: Final = re.compile(r"[^A-Za-z0-9_-]+")
_MAX_NAME: Final = 64


def tools_of(exposes: RestExposes, capability: Capability) -> McpExposes:
    """Return the MCP adapter whose tools are the operations of a REST adapter."""
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
    """Return the tool of an operation; it is read-only if its calls are, whatever the method of its route."""
    is_safe = function is not None and is_safe_to_call(operation, function.operations)
    return Tool(
        pointer=operation.pointer,
        name=name,
        label=operation.label,
        description=operation.description,
        hints=Hints(read_only=True) if is_safe else None,
    )


def _free_name(written: str, taken: Iterable[str]) -> str:
    """Return a tool name that every client accepts and that is not in use."""
    safe = _UNSAFE.sub("-", written).strip("-")[:_MAX_NAME] or "operation"
    name, number = safe, 2
    while name in taken:
        name = f"{safe[: _MAX_NAME - len(str(number)) - 1]}-{number}"
        number += 1
    return name
