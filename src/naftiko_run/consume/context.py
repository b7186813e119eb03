"""What consumed operations need beyond their document."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from naftiko_run.bindings import Bindings, MaskedBindings
from naftiko_run.http.messages import DEFAULT_MAX_RESPONSE, DEFAULT_SECONDS, Transport


@dataclass(frozen=True, slots=True)
class ConsumeContext:
    """What operations need beyond the document.

    Attributes:
        bindings: Values for templates and credentials.
        addresses: Values for the hosts of base URIs.
        transport: Carries every request.
        base_uris: Base URIs by namespace that replace the document's.
        prefixes: What may stand before the name of a caller's input, such as ``tools``.
        folder: Where the document's relative locations begin.
        max_response: How many bytes of a response are kept in memory where the document does not say.
        timeout: How many seconds a call may take where the document does not say.
    """

    bindings: Bindings
    addresses: Bindings
    transport: Transport
    base_uris: Mapping[str, str] = field(default_factory=dict)
    prefixes: frozenset[str] = frozenset({"tools", "rest"})
    folder: Path = Path()
    max_response: int = DEFAULT_MAX_RESPONSE
    timeout: float = DEFAULT_SECONDS

    @property
    def is_masked(self) -> bool:
        """Whether credentials are masks: nothing real may be called then."""
        return isinstance(self.bindings, MaskedBindings)
