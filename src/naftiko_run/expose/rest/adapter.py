"""A ``rest`` block to endpoints: one for each operation."""

from __future__ import annotations

from typing import ClassVar

from naftiko_run.capability import Capability
from naftiko_run.document.model import Exposes, RestExposes
from naftiko_run.expose.exposer import Adapter, Endpoint, ExposeSettings, Unit
from naftiko_run.expose.rest.endpoint import RestEndpoint, UnavailableEndpoint
from naftiko_run.expose.units import unit_of
from naftiko_run.expressions import parse_path


class RestExposer:
    """Exposes operations as REST routes."""

    default_port: ClassVar[int] = 8080

    def expose(self, exposes: Exposes, capability: Capability, settings: ExposeSettings) -> Adapter:
        """Make the adapter of a ``rest`` block; see ``Exposer.expose``."""
        assert isinstance(exposes, RestExposes)
        endpoints: list[Endpoint] = []
        units: list[Unit] = []
        for resource in exposes.resources:
            path = parse_path(resource.path)
            for operation in resource.operations:
                name = f"{operation.method} {resource.path}"
                function = capability.functions.get(operation.pointer)
                if function is None:
                    reason = capability.unavailable[operation.pointer]
                    endpoints.append(Endpoint(path, UnavailableEndpoint(name, reason), operation.method))
                    units.append(Unit(name, reason=reason))
                    continue
                endpoints.append(
                    Endpoint(
                        path, RestEndpoint(function, path.variables, settings.max_body), operation.method
                    )
                )
                units.append(unit_of(name, function))
        for left_out in exposes.unavailable:
            method, _, written = left_out.name.partition(" ")
            endpoints.append(
                Endpoint(
                    parse_path(written),
                    UnavailableEndpoint(left_out.name, left_out.reason),
                    None if method == "ANY" else method,
                )
            )
            units.append(Unit(left_out.name, reason=left_out.reason))
        return Adapter("rest", exposes.namespace, capability, "", tuple(endpoints), tuple(units))
