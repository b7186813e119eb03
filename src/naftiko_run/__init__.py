"""Serve Naftiko capability documents as REST APIs and MCP servers.

>>> import asyncio, naftiko_run
>>> capability = naftiko_run.load("capabilities/pipelines-track.yaml")
>>> function = capability.function("pipelines-track-mcp.track-event")
>>> outcome = asyncio.run(function.invoke({"body": {"event": "signup"}}))
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from naftiko_run.version import __version__

if TYPE_CHECKING:
    from naftiko_run.bindings import BindingProvider
    from naftiko_run.capability import Capability, Settings, load
    from naftiko_run.consume import AuthenticationScheme, Format, FormatSettings
    from naftiko_run.errors import (
        DocumentError,
        InvalidInput,
        InvocationError,
        LocationUnreadable,
        MissingBinding,
        NaftikoError,
    )
    from naftiko_run.expose import Exposer
    from naftiko_run.serve import Application, ServeSettings, asgi, serve

__all__ = [
    "Application",
    "AuthenticationScheme",
    "BindingProvider",
    "Capability",
    "DocumentError",
    "Exposer",
    "Format",
    "FormatSettings",
    "InvalidInput",
    "InvocationError",
    "LocationUnreadable",
    "MissingBinding",
    "NaftikoError",
    "ServeSettings",
    "Settings",
    "__version__",
    "asgi",
    "load",
    "serve",
]

_EXPORTS = {
    "Application": "naftiko_run.serve",
    "AuthenticationScheme": "naftiko_run.consume",
    "BindingProvider": "naftiko_run.bindings",
    "Capability": "naftiko_run.capability",
    "DocumentError": "naftiko_run.errors",
    "Exposer": "naftiko_run.expose",
    "Format": "naftiko_run.consume",
    "FormatSettings": "naftiko_run.consume",
    "InvalidInput": "naftiko_run.errors",
    "InvocationError": "naftiko_run.errors",
    "LocationUnreadable": "naftiko_run.errors",
    "MissingBinding": "naftiko_run.errors",
    "NaftikoError": "naftiko_run.errors",
    "ServeSettings": "naftiko_run.serve",
    "Settings": "naftiko_run.capability",
    "asgi": "naftiko_run.serve",
    "load": "naftiko_run.capability",
    "serve": "naftiko_run.serve",
}


if not TYPE_CHECKING:  # a type checker would accept any name

    def __getattr__(name: str) -> Any:
        """Import a public name on first use, so that ``--help`` does not import a web server."""
        if name not in _EXPORTS:
            raise AttributeError(f"module `naftiko_run` has no attribute `{name}`")
        from importlib import import_module

        return getattr(import_module(_EXPORTS[name]), name)


def __dir__() -> list[str]:
    """Return the public names."""
    return list(__all__)
