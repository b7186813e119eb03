"""The running process, for the control adapter and the health routes."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Literal

from naftiko_run.capability import Capability
from naftiko_run.diagnostics import Diagnostic
from naftiko_run.document.source import parse
from naftiko_run.errors import DocumentError, Unsupported
from naftiko_run.expose import Adapter
from naftiko_run.expose.control.operations import AdapterState, ReloadOutcome, ValidationLevel
from naftiko_run.serve.site import Site
from naftiko_run.telemetry.telemetry import Telemetry

_StateKey = tuple[Sequence[Capability], Sequence[Site], bool]
"""What the states of adapters depend on: they are found again only when one of these is another object."""


class ProcessOperations:
    """Shows and changes the running process; see ``Operations``.

    Args:
        capabilities: The capabilities that are served.
        telemetry: What is recorded of requests; None if nothing is.
        serves_ports: Whether adapters are served on ports, and not only on stdin and stdout.

    Attributes:
        sites: The sites that are served; set once they are bound.
        on_stdio: The adapter on stdin and stdout; None for none.
        is_draining: Whether the process is stopping.
    """

    def __init__(
        self, capabilities: Sequence[Capability], telemetry: Telemetry | None, *, serves_ports: bool = True
    ) -> None:
        self.telemetry = telemetry
        self.started_at = time.time()
        self.sites: Sequence[Site] = ()
        self.on_stdio: Adapter | None = None
        self.is_draining = False
        self._capabilities = capabilities
        self._serves_ports = serves_ports
        self._states: tuple[_StateKey, Sequence[AdapterState]] | None = None

    def capabilities(self) -> Sequence[Capability]:
        """Return the capabilities that are served."""
        return self._capabilities

    def adapters(self) -> Sequence[AdapterState]:
        """Return the state of each adapter of the documents, then of those that belong to no document."""
        key = (self._capabilities, self.sites, self.is_draining)
        if self._states is None or any(
            each is not before for each, before in zip(key, self._states[0], strict=True)
        ):
            self._states = (key, self._find_states())
        return self._states[1]

    def _find_states(self) -> Sequence[AdapterState]:
        served: dict[tuple[int, str, str], list[int]] = {}
        for site in self.sites:
            for adapter in site.adapters:
                key = id(adapter.capability), adapter.type, adapter.namespace
                served.setdefault(key, []).append(site.port)
        state: Literal["started", "draining"] = "draining" if self.is_draining else "started"
        found: list[AdapterState] = []
        for capability in self._capabilities:
            for exposes in capability.document.exposes:
                ports = served.get((id(capability), exposes.type, exposes.namespace))
                port = ports.pop(0) if ports else None
                if port is None and not exposes.is_stdio and not self._serves_ports:
                    continue
                is_on_stdio = exposes.is_stdio and exposes.pointer not in capability.unavailable
                is_served = port is not None or is_on_stdio
                missing = tuple(each.name for each in capability.missing_of(exposes))
                found.append(
                    AdapterState(
                        exposes.type, exposes.namespace, port, state if is_served else "stopped", missing
                    )
                )
        if self.on_stdio is not None and not any(each.port is None for each in found):
            found.append(AdapterState(self.on_stdio.type, self.on_stdio.namespace, None, state))
        found += [
            AdapterState(kind, namespace, port, state)
            for (_, kind, namespace), ports in served.items()
            for port in ports
        ]
        return found

    async def reload(self) -> ReloadOutcome:
        """Load the documents again; see ``Operations.reload``."""
        raise Unsupported("This process cannot reload its documents; restart it")

    def validate(self, text: str, level: ValidationLevel = "runnable") -> tuple[Diagnostic, ...]:
        """Validate the text of a document; see ``Operations.validate``."""
        from naftiko_run.lint import Level, lint  # imported lazily: few processes need it

        try:
            return lint(parse(text), Level(level))
        except DocumentError as fault:
            return fault.diagnostics
