"""Adapters: plugins that convert requests of a protocol into inputs, and outcomes into responses."""

from naftiko_run.expose.clashes import Clash, at_free_path, prefixed, without_clashes
from naftiko_run.expose.exposer import (
    DEFAULT_MAX_BODY,
    Adapter,
    ASGIApp,
    Block,
    Combining,
    Endpoint,
    Exposer,
    ExposeSettings,
    Message,
    Receive,
    Scope,
    Send,
    Sessions,
    StdioServer,
    find_exposer,
)
from naftiko_run.expose.lifespan import Lifespan
from naftiko_run.expose.router import Router
from naftiko_run.expose.trusted_host import HostGuard, local_only

__all__ = [
    "DEFAULT_MAX_BODY",
    "ASGIApp",
    "Adapter",
    "Block",
    "Clash",
    "Combining",
    "Endpoint",
    "ExposeSettings",
    "Exposer",
    "HostGuard",
    "Lifespan",
    "Message",
    "Receive",
    "Router",
    "Scope",
    "Send",
    "Sessions",
    "StdioServer",
    "at_free_path",
    "find_exposer",
    "local_only",
    "prefixed",
    "without_clashes",
]
