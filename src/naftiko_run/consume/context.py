"""The context in which consumed operations are compiled: all that they need besides their document."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from naftiko_run.bindings import Bindings, MaskedBindings
from naftiko_run.diagnostics import Place, Pointer
from naftiko_run.http.messages import DEFAULT_MAX_RESPONSE, DEFAULT_SECONDS, Transport


@dataclass(frozen=True, slots=True)
class ConsumeContext:
    """The inputs of compiling operations, besides the document.

    Attributes:
        bindings: The values of templates and credentials.
        addresses: The values of variables in the hosts of base URIs.
        transport: Sends every request.
        base_uris: Base URIs that replace those of the document, by namespace.
        prefixes: Prefixes that the name of an input may have in a template, such as ``tools``.
        folder: The folder that relative locations in the document are resolved against.
        max_response: The default for the maximum number of response bytes kept in memory.
        timeout: The default timeout of a call in seconds.
        place_of: Returns the place of a part of the document, for warnings.
    """

    bindings: Bindings
    addresses: Bindings
    transport: Transport
    base_uris: Mapping[str, str] = field(default_factory=dict)
    prefixes: frozenset[str] = frozenset({"tools", "rest"})
    folder: Path = Path()
    max_response: int = DEFAULT_MAX_RESPONSE
    timeout: float = DEFAULT_SECONDS
    place_of: Callable[[Pointer], Place] = field(default=lambda _: Place(), repr=False)

    @property
    def is_masked(self) -> bool:
        """Whether credentials are masks, so that no real upstream may be called."""
        return isinstance(self.bindings, MaskedBindings)
