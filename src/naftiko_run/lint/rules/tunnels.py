"""Tunnels to consumed APIs (ikanos line)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from naftiko_run.diagnostics import Severity
from naftiko_run.document.normalize.reader import Reader
from naftiko_run.expressions import names_in
from naftiko_run.lint.document_view import DeclaredVariables, DocumentView
from naftiko_run.lint.hosts import host_of, is_public
from naftiko_run.lint.rule import Finding, Rule
from naftiko_run.spec.table import BASE_URI
from naftiko_run.urls import is_loopback


def _tunnels(view: DocumentView) -> Iterator[tuple[Reader, str]]:
    """Yield every tunnel, and the host of the base URI behind it."""
    for consumes in view.consumes:
        tunnel = consumes.mapping("tunnel")
        if tunnel is not None:
            yield tunnel, host_of(consumes.text(*BASE_URI))


def _identity_must_bind(view: DocumentView) -> Iterator[Finding]:
    declared = DeclaredVariables.of(view)
    for tunnel, _ in _tunnels(view):
        for name in names_in(tunnel.text("identity")):
            if declared.is_whole and not declared.has(name):
                yield Finding(
                    (*tunnel.at, "identity"), f"the tunnel's identity uses `{name}`, which no bind declares"
                )


def _fallback_direct_warns(view: DocumentView) -> Iterator[Finding]:
    for tunnel, host in _tunnels(view):
        if tunnel.text("fallback") == "direct" and not is_loopback(host):
            yield Finding(
                (*tunnel.at, "fallback"),
                "when the tunnel is down, calls use the public network",
            )


def _public_base_uri_warns(view: DocumentView) -> Iterator[Finding]:
    for tunnel, host in _tunnels(view):
        if is_public(host):
            yield Finding(tunnel.at, f"`{host}` is a public host name: the tunnel may not be needed")


RULES: Final = (
    Rule(
        "tunnel-identity-must-bind",
        Severity.ERROR,
        "The variables of a tunnel's identity are declared in `binds`.",
        "declare it under `keys` of a bind",
        _identity_must_bind,
    ),
    Rule(
        "tunnel-fallback-direct-warns",
        Severity.WARNING,
        "A tunnel to another machine does not fall back to a direct connection.",
        "write `fallback: fail`",
        _fallback_direct_warns,
    ),
    Rule(
        "tunnel-with-public-baseuri-warns",
        Severity.INFO,
        "A tunnel leads to a private host name.",
        "write the private host name that the tunnel serves, or remove the tunnel",
        _public_base_uri_warns,
    ),
)
