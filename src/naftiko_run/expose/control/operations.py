"""What the control adapter needs of the running process; ``serve`` implements it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, Protocol

from naftiko_run.capability import Capability
from naftiko_run.diagnostics import Diagnostic
from naftiko_run.telemetry.telemetry import Telemetry

ValidationLevel = Literal["runnable", "recommended", "strict"]


@dataclass(frozen=True, slots=True)
class AdapterState:
    """The state of one adapter.

    Attributes:
        type: Its type.
        namespace: Its namespace; empty for none.
        port: The port that it listens on; None on stdin and stdout, or if it is not served.
        state: Whether it is served.
        missing: The names of the variables that it needs and that are not set.
    """

    type: str
    namespace: str
    port: int | None
    state: Literal["started", "stopped", "draining"]
    missing: tuple[str, ...] = ()

    @property
    def is_ready(self) -> bool:
        """Whether it can handle requests."""
        return self.state == "started" and not self.missing


@dataclass(frozen=True, slots=True)
class ReloadOutcome:
    """The outcome of a reload.

    Attributes:
        ok: Whether the documents as they are now are served; otherwise those that were served before still are.
        diagnostics: The diagnostics of loading.
        changed: Whether anything that is served has changed.
        capabilities: The capabilities that are served now.
    """

    ok: bool
    diagnostics: tuple[Diagnostic, ...] = ()
    changed: bool = False
    capabilities: tuple[Capability, ...] = ()


class Operations(Protocol):
    """Shows and changes the running process."""

    @property
    def telemetry(self) -> Telemetry | None:
        """What is recorded of requests; None if nothing is."""
        ...

    @property
    def started_at(self) -> float:
        """When the process started to serve, in seconds since the epoch."""
        ...

    @property
    def is_draining(self) -> bool:
        """Whether the process is stopping."""
        ...

    def adapters(self) -> Sequence[AdapterState]:
        """Return the state of each adapter."""
        ...

    def capabilities(self) -> Sequence[Capability]:
        """Return the capabilities that are served."""
        ...

    async def reload(self) -> ReloadOutcome:
        """Load the documents again, and serve them if that succeeds.

        Raises:
            Unsupported: This process cannot reload.
        """
        ...

    def validate(self, text: str, level: ValidationLevel = "runnable") -> tuple[Diagnostic, ...]:
        """Validate the text of a document; may block.

        Args:
            text: The document.
            level: How strictly it is checked.
        """
        ...
