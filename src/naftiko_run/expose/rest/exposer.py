"""The REST adapter type: selects, compiles, describes and exposes ``rest`` blocks."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import ClassVar

from naftiko_run.capability import (
    BlockCompiler,
    Capability,
    Feature,
    Selection,
    describe_function,
    describe_unavailable,
)
from naftiko_run.diagnostics import Report
from naftiko_run.document.model import Exposes, RestExposes, RestResource
from naftiko_run.expose.exposer import Adapter, Exposer, ExposeSettings
from naftiko_run.expressions import parse_path, parse_route


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
        from naftiko_run.expose.rest.mcp_tools import tools_of

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
