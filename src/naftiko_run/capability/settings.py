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
        sandbox: Answer every consumed call in-process; send nothing.
        timeout: How many seconds a call of an upstream may take where the document does not say; of what
            streams, each pause.
        max_response: How many bytes of an upstream's response are kept in memory, before and after decompression.
        limits: The most connections to upstreams; while capabilities are served, those of ``ServeSettings`` hold.
        environment: Values of ``{{env.X}}``.
        env_files: Files that add to the environment; None for ``.env`` in the
            working directory and beside the document.
        provider_timeout: Seconds that reading all the bindings of a document may take.
        read_only: Leave out whatever is not known to be safe; see ``docs/explanation/decisions/index.md``.
        include: Globs on names; serve only what matches one; see ``Selection``.
        exclude: Globs on names; serve nothing that matches one.
        http_client: What speaks HTTP with upstreams: our own client, or httpx alone.
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
        """Whether a consumed namespace is called elsewhere than its base URI says."""
        return self.sandbox or namespace in self.base_uris
