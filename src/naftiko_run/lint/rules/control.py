"""The control adapter: at most one, on its own port, on a loopback address."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from naftiko_run.diagnostics import Severity
from naftiko_run.lint.document_view import DocumentView
from naftiko_run.lint.rule import Finding, Rule
from naftiko_run.urls import is_loopback


def _singleton_and_unique(view: DocumentView) -> Iterator[Finding]:
    controls = list(view.adapters("control"))
    for other in controls[1:]:
        line = view.line_of(controls[0].at)
        yield Finding(
            other.at, f"there is a control adapter already, on line {line}", "remove one of the two"
        )
    taken = {
        exposes.text("port"): exposes
        for exposes in reversed(view.exposes)
        if exposes.text("type").casefold() != "control" and exposes.text("port")
    }
    for control in controls:
        other_on_port = taken.get(control.text("port"))
        if other_on_port is not None:
            yield Finding(
                (*control.at, "port"),
                f"the control adapter has the port {control.text('port')}, which the "
                f"{other_on_port.text('type')} adapter on line {view.line_of(other_on_port.at)} has too",
                "give the control adapter another port",
            )


def _address_localhost(view: DocumentView) -> Iterator[Finding]:
    for control in view.adapters("control"):
        address = control.text("address")
        if address and "{" not in address and not is_loopback(address):
            yield Finding(
                (*control.at, "address"),
                f"the control adapter listens on `{address}`: anyone who can reach this address can use it",
            )


RULES: Final = (
    Rule(
        "control-port-singleton-and-unique",
        Severity.ERROR,
        "There is at most one control adapter, and no other adapter has its port.",
        "keep one control adapter, on its own port",
        _singleton_and_unique,
    ),
    Rule(
        "control-address-localhost-warning",
        Severity.WARNING,
        "The control adapter listens on loopback only.",
        "write `address: localhost`",
        _address_localhost,
        reported_by=frozenset({"not-guarded"}),
    ),
)
