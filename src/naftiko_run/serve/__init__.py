"""Serve capabilities: bind ports, start and drain adapters, run several documents in one process."""

from naftiko_run.expose.control.operations import ReloadOutcome
from naftiko_run.serve.addresses import Addressing, parse_port, port_variable
from naftiko_run.serve.application import Application, asgi
from naftiko_run.serve.mount import HttpServer, ServeSettings
from naftiko_run.serve.reload import Reloader, Reloading, ReloadRefused
from naftiko_run.serve.service import Service, running
from naftiko_run.serve.site import Site, build_sites, urls
from naftiko_run.serve.stdio import is_unambiguous, stdio_candidates
from naftiko_run.serve.supervisor import serve
from naftiko_run.serve.watch import WatchedFiles

__all__ = [
    "Addressing",
    "Application",
    "HttpServer",
    "ReloadOutcome",
    "ReloadRefused",
    "Reloader",
    "Reloading",
    "ServeSettings",
    "Service",
    "Site",
    "WatchedFiles",
    "asgi",
    "build_sites",
    "is_unambiguous",
    "parse_port",
    "port_variable",
    "running",
    "serve",
    "stdio_candidates",
    "urls",
]
