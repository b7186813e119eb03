"""Build the endpoints of a ``rest`` block: one for each operation."""

from __future__ import annotations

from collections.abc import Iterator

from naftiko_run.capability import Capability, Feature
from naftiko_run.document.model import RestExposes, RestOperation, RestResource
from naftiko_run.expose.exposer import Adapter, ASGIApp, Endpoint, ExposeSettings
from naftiko_run.expose.rest.endpoint import RestEndpoint, UnavailableEndpoint
from naftiko_run.expose.rest.forward import ForwardEndpoint
from naftiko_run.expressions import PathTemplate, parse_path, parse_route


def build_adapter(
    exposes: RestExposes, capability: Capability, settings: ExposeSettings, features: tuple[Feature, ...]
) -> Adapter:
    """Return the adapter of a ``rest`` block.

    Args:
        exposes: The block.
        capability: The capability that it belongs to.
        settings: The serving settings.
        features: The features of the adapter.
    """
    endpoints: dict[object, Endpoint] = {}
    # Of endpoints that match the same requests, the first is used: served operations precede unavailable ones.
    for resource in exposes.resources:
        for endpoint in _endpoints(exposes, resource, capability, settings.max_body):
            endpoints.setdefault(endpoint.identity, endpoint)
    for each in exposes.unavailable:
        endpoint = _unavailable(each.name, each.reason)
        endpoints.setdefault(endpoint.identity, endpoint)
    return Adapter("rest", exposes.namespace, capability, "", tuple(endpoints.values()), features)


def _endpoints(
    exposes: RestExposes, resource: RestResource, capability: Capability, max_body: int
) -> Iterator[Endpoint]:
    route = parse_route(resource.path)
    path = parse_path(route.path)
    for operation in resource.operations:
        name = f"{operation.method} {resource.path}"
        function = capability.functions.get(operation.pointer)
        if function is None:
            app: ASGIApp = UnavailableEndpoint(name, capability.unavailable[operation.pointer])
        else:
            app = RestEndpoint(
                function,
                path,
                max_body,
                own_headers=_own_headers(exposes, resource, operation),
                static_query=frozenset(each.name for each in route.selectors if each.place == "query"),
            )
        yield Endpoint(
            path,
            app,
            operation.method,
            selectors=route.selectors,
            feature=name,
            operation=f"{exposes.namespace}.{operation.name or name}",
        )
    if resource.forward is not None:
        forward = capability.forwards.get(resource.forward.pointer)
        if forward is None:
            yield _unavailable(f"ANY {resource.path}", capability.unavailable[resource.forward.pointer])
        else:
            forwarding = ForwardEndpoint(forward, path)
            for method in forward.methods or (None,):
                name = f"{method or 'ANY'} {resource.path}"
                yield Endpoint(
                    path,
                    forwarding,
                    method,
                    _is_prefix(path),
                    feature=name,
                    operation=f"{exposes.namespace}.{name}",
                )


def _own_headers(exposes: RestExposes, resource: RestResource, operation: RestOperation) -> frozenset[str]:
    """Return the headers that only the adapter reads: its credentials, unless an input is declared for them."""
    if exposes.authentication is None:
        return frozenset()
    declared = {
        parameter.name.casefold()
        for owner in (exposes, resource, operation)
        for parameter in owner.input_parameters
        if parameter.in_ == "header"
    }
    return frozenset({"authorization"} - declared)


def _unavailable(name: str, reason: str) -> Endpoint:
    """Return the endpoint that responds with the reason why a route is not served."""
    method, _, route_text = name.partition(" ")
    app = UnavailableEndpoint(name, reason)
    if method == "ANY":
        path = parse_path(route_text)
        return Endpoint(path, app, is_prefix=_is_prefix(path), feature=name)
    route = parse_route(route_text)
    return Endpoint(parse_path(route.path), app, method, selectors=route.selectors, feature=name)


def _is_prefix(path: PathTemplate) -> bool:
    """Return whether the path of a forward matches all remaining segments."""
    return path.variables[-1:] == ("path",)
