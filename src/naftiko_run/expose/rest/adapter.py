"""A ``rest`` block to endpoints: one for each operation."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

from naftiko_run.capability import Capability
from naftiko_run.document.model import Exposes, RestExposes, RestOperation, RestResource, Unavailable
from naftiko_run.expose.exposer import Adapter, Endpoint, ExposeSettings, Unit
from naftiko_run.expose.rest.endpoint import RestEndpoint, UnavailableEndpoint
from naftiko_run.expose.rest.forward import ForwardEndpoint
from naftiko_run.expose.units import unit_of
from naftiko_run.expressions import PathTemplate, parse_path, parse_route


class RestExposer:
    """Exposes operations as REST routes."""

    default_port: ClassVar[int] = 8080

    def expose(self, exposes: Exposes, capability: Capability, settings: ExposeSettings) -> Adapter:
        """Make the adapter of a ``rest`` block; see ``Exposer.expose``."""
        assert isinstance(exposes, RestExposes)
        offered = [
            *(
                each
                for resource in exposes.resources
                for each in _of_resource(exposes, resource, capability, settings.max_body)
            ),
            *(_left_out(each) for each in exposes.unavailable),
        ]
        endpoints: dict[object, Endpoint] = {}
        for endpoint, _ in offered:  # what works, and of several left out the first, answers
            endpoints.setdefault(endpoint.identity, endpoint)
        units = tuple(unit for _, unit in offered)
        return Adapter("rest", exposes.namespace, capability, "", tuple(endpoints.values()), units)


def _of_resource(
    exposes: RestExposes, resource: RestResource, capability: Capability, max_body: int
) -> Iterator[tuple[Endpoint, Unit]]:
    route = parse_route(resource.path)
    path = parse_path(route.path)
    for operation in resource.operations:
        name = f"{operation.method} {resource.path}"
        function = capability.functions.get(operation.pointer)
        if function is None:
            reason = capability.unavailable[operation.pointer]
            yield (
                Endpoint(
                    path,
                    UnavailableEndpoint(name, reason),
                    operation.method,
                    selectors=route.selectors,
                    unit=name,
                ),
                Unit(name, reason=reason),
            )
        else:
            app = RestEndpoint(
                function, path, max_body, own_headers=_own_headers(exposes, resource, operation)
            )
            endpoint = Endpoint(path, app, operation.method, selectors=route.selectors, unit=name)
            yield endpoint, unit_of(name, function)
    if resource.forward is not None:
        name = f"ANY {resource.path}"
        forward = capability.forwards.get(resource.forward.pointer)
        if forward is None:
            reason = capability.unavailable[resource.forward.pointer]
            yield _left_out(Unavailable(name=name, reason=reason))
        else:
            target, passing = forward.target, ForwardEndpoint(forward, path)
            for method in forward.methods or (None,):
                name = f"{method or 'ANY'} {resource.path}"
                unit = Unit(name, target.name, f"{target.address}/…", refusal=target.refusal)
                yield Endpoint(path, passing, method, _is_prefix(path), unit=name), unit


def _own_headers(exposes: RestExposes, resource: RestResource, operation: RestOperation) -> frozenset[str]:
    """Return the headers that are for the adapter alone: its credentials, unless an input is declared for them."""
    if exposes.authentication is None:
        return frozenset()
    declared = {
        parameter.name.casefold()
        for owner in (exposes, resource, operation)
        for parameter in owner.input_parameters
        if parameter.in_ == "header"
    }
    return frozenset({"authorization"} - declared)


def _left_out(unit: Unavailable) -> tuple[Endpoint, Unit]:
    method, _, written = unit.name.partition(" ")
    app = UnavailableEndpoint(unit.name, unit.reason)
    if method == "ANY":
        path = parse_path(written)
        endpoint = Endpoint(path, app, is_prefix=_is_prefix(path), unit=unit.name)
    else:
        route = parse_route(written)
        endpoint = Endpoint(parse_path(route.path), app, method, selectors=route.selectors, unit=unit.name)
    return endpoint, Unit(unit.name, reason=unit.reason)


def _is_prefix(path: PathTemplate) -> bool:
    """Whether the path of a forward takes all segments that follow."""
    return path.variables[-1:] == ("path",)
