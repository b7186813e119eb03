"""How capabilities are loaded."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from naftiko_run.consume import DEFAULT_LIMITS, DEFAULT_MAX_RESPONSE, DEFAULT_SECONDS, Limits

HttpClient = Literal["naftiko", "httpx"]


@dataclass(frozen=True, slots=True)
class Settings:
    """How capabilities are loaded.

    Attributes:
        base_uris: Base URIs by consumed namespace that replace the documents'.
        sandbox: Answer every consumed call in the process, and send nothing.
        timeout: Timeout of a call in seconds where the document sets none; of a streamed response, of each chunk.
        max_response: Maximum size of a response in memory in bytes, before and after decompression.
        limits: Maximum numbers of connections to upstreams; those of ``ServeSettings`` apply while serving.
        environment: Values of ``{{env.X}}``.
        env_files: Files with more variables; None for ``.env`` in the working directory and beside the document.
        provider_timeout: Timeout in seconds for reading all bindings of a document.
        read_only: Serve only read-only operations.
        include: Globs on names; only what matches one is served; see ``Selection``.
        exclude: Globs on names; nothing that matches one is served.
        http_client: The HTTP client for upstreams: our own, or httpx.
    """

    base_uris: Mapping[str, str] = field(default_factory=dict)
    sandbox: bool = False
    timeout: float = DEFAULT_SECONDS
    max_response: int = DEFAULT_MAX_RESPONSE
    limits: Limits = DEFAULT_LIMITS
    environment: Mapping[str, str] = field(default_factory=lambda: dict(os.environ), repr=False)
    env_files: Sequence[Path] | None = None
    provider_timeout: float = 10.0
    read_only: bool = False
    include: Sequence[str] = ()
    exclude: Sequence[str] = ()
    http_client: HttpClient = "naftiko"

    def is_replaced(self, namespace: str) -> bool:
        """Return whether the base URI of a consumed namespace is overridden."""
        return self.sandbox or namespace in self.base_uris
