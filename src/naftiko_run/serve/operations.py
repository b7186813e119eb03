"""The running process, for the control adapter and the health routes."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Literal

from naftiko_run.capability import Capability
from naftiko_run.diagnostics import Diagnostic
from naftiko_run.document.source import parse
from naftiko_run.errors import DocumentError, Unsupported
from naftiko_run.expose.control.operations import AdapterState, ReloadOutcome, ValidationLevel
from naftiko_run.serve.mount import ServeSettings
from naftiko_run.telemetry import Telemetry

if TYPE_CHECKING:
    from naftiko_run.serve.generation import Generation
    from naftiko_run.serve.service import Service


class ProcessOperations:
    """Shows and changes the running process; see ``Operations``.

    Args:
        telemetry: What is recorded of requests; None if nothing is.
        serves_ports: Whether adapters are served on ports, and not only on stdin and stdout.

    Attributes:
        service: What is served; None until it is served.
        reloads: Loads the documents again; None if the process cannot.
    """

    def __init__(self, telemetry: Telemetry | None, *, serves_ports: bool = True) -> None:
        self.telemetry = telemetry
        self.started_at = time.time()
        self.service: Service | None = None
        self.reloads: Callable[[], Awaitable[ReloadOutcome]] | None = None
        self._serves_ports = serves_ports
        self._states: tuple[Generation, bool, Sequence[AdapterState]] | None = None

    @property
    def is_draining(self) -> bool:
        """Whether the process is stopping."""
        return self.service is not None and self.service.is_draining

    def capabilities(self) -> Sequence[Capability]:
        """Return the capabilities that are served."""
        return () if self.service is None else self.service.generation.capabilities

    def adapters(self) -> Sequence[AdapterState]:
        """Return the state of each adapter of the documents, then of those that belong to no document."""
        if self.service is None:
            return ()
        generation, is_draining = self.service.generation, self.service.is_draining
        if self._states is None or self._states[0] is not generation or self._states[1] is not is_draining:
            self._states = generation, is_draining, self._find_states(self.service)
        return self._states[2]

    def _find_states(self, service: Service) -> Sequence[AdapterState]:
        on_stdio = service.generation.stdio
        served: dict[tuple[int, str, str], list[int]] = {}
        for site in service.sites:
            for adapter in site.adapters:
                key = id(adapter.capability), adapter.type, adapter.namespace
                served.setdefault(key, []).append(site.port)
        state: Literal["started", "draining"] = "draining" if service.is_draining else "started"
        found: list[AdapterState] = []
        for capability in service.generation.capabilities:
            for exposes in capability.document.exposes:
                ports = served.get((id(capability), exposes.type, exposes.namespace))
                port = ports.pop(0) if ports else None
                if port is None and not exposes.is_stdio and not self._serves_ports:
                    continue
                if exposes.is_stdio and on_stdio is None:  # skipped, because there is one stdin
                    continue
                is_on_stdio = exposes.is_stdio and exposes.pointer not in capability.unavailable
                is_served = port is not None or is_on_stdio
                missing = tuple(each.name for each in capability.missing_of(exposes))
                found.append(
                    AdapterState(
                        exposes.type, exposes.namespace, port, state if is_served else "stopped", missing
                    )
                )
        if on_stdio is not None and not any(each.port is None for each in found):
            found.append(AdapterState(on_stdio.type, on_stdio.namespace, None, state))
        found += [
            AdapterState(kind, namespace, port, state)
            for (_, kind, namespace), ports in served.items()
            for port in ports
        ]
        return found

    async def reload(self) -> ReloadOutcome:
        """Load the documents again; see ``Operations.reload``."""
        if self.reloads is None:
            raise Unsupported("This process cannot reload its documents; restart it")
        return await self.reloads()

    def validate(self, text: str, level: ValidationLevel = "runnable") -> tuple[Diagnostic, ...]:
        """Validate the text of a document; see ``Operations.validate``."""
        from naftiko_run.lint import Level, lint  # imported lazily: few processes need it

        try:
            return lint(parse(text), Level(level))
        except DocumentError as fault:
            return fault.diagnostics


def with_operations(settings: ServeSettings) -> ServeSettings:
    """Return settings with which adapters can show and change the running process."""
    operations = ProcessOperations(settings.telemetry, serves_ports=not settings.stdio)
    return replace(settings, operations=operations)
