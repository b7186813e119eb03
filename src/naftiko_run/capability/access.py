"""Compile the authentication of callers (specification: ``authentication`` of an ``exposes`` entry)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from secrets import token_urlsafe
from typing import Any

from naftiko_run import plugins
from naftiko_run.bindings import Bindings
from naftiko_run.diagnostics import Pointer, Report
from naftiko_run.document.model import Authentication, Document
from naftiko_run.errors import BoundVariable
from naftiko_run.expressions import Expression, compile_text, constant
from naftiko_run.secret import Secret


@dataclass(frozen=True, slots=True)
class GuardSettings:
    """The settings from which a scheme compiles its guard.

    Attributes:
        settings: The keys beside ``type``, as written.
        realm: The name of the adapter in challenges.
        secret: Returns the value of a template in the settings. For a variable that is not set the value is
            random: the guard is never used then.
    """

    settings: Mapping[str, Any]
    realm: str
    secret: Callable[[str], Secret]

    def text(self, key: str) -> str:
        """Return the value of a setting.

        Raises:
            ValueError: It is not set.
        """
        written = self.settings.get(key)
        value = "" if written is None else self.secret(str(written)).reveal()
        if not value:
            raise ValueError(f"it needs a `{key}`")
        return value


@dataclass(frozen=True, slots=True)
class Access:
    """The authentication of an adapter's callers.

    Attributes:
        name: The adapter's name for people.
        scheme: The scheme's ``type``.
        guard: The compiled guard, for ``expose``; None where it cannot be compiled.
        missing: Variables that are not set; while there are any, every request is rejected.
        refusal: The reason why the adapter cannot be served; empty where it can.
    """

    name: str
    scheme: str
    guard: Any = field(default=None, repr=False)
    missing: tuple[BoundVariable, ...] = ()
    refusal: str = ""


def compile_access(document: Document, bindings: Bindings, report: Report) -> dict[Pointer, Access]:
    """Compile the authentication of adapters, and report those that cannot be served.

    Stdio has no authentication: the user who starts the process can use it.

    Args:
        document: The document.
        bindings: The values of templates in the blocks.
        report: Receives diagnostics.
    """
    found: dict[Pointer, Access] = {}
    for exposes in document.exposes:
        if exposes.authentication is not None and not exposes.is_stdio:
            name = exposes.name
            found[exposes.pointer] = access = _access(name, exposes.authentication, bindings)
            if access.refusal:
                message = f"the adapter `{name}` is not served: {access.refusal}"
                report.error("not-guarded", message, exposes.pointer)
    return found


def _access(name: str, model: Authentication, bindings: Bindings) -> Access:
    compiling = _Compiling(bindings)
    guard, refusal = None, ""
    try:
        guard = _compiler(model.type)(GuardSettings(model.settings, name, compiling.secret))
    except (ValueError, ImportError) as fault:
        refusal = f"its authentication cannot be checked: {fault}"
    if compiling.missing:
        return Access(name, model.type, missing=tuple(sorted(compiling.missing)))
    return Access(name, model.type, guard, refusal=refusal)


def _compiler(scheme: str) -> Callable[[GuardSettings], Any]:
    """Return the function that compiles the guards of a scheme.

    Raises:
        ValueError: The scheme is not installed.
    """
    if not scheme:
        raise ValueError("it has no `type`")
    found = plugins.find(plugins.GUARDS, scheme)
    if found is None:
        known = ", ".join(plugins.installed(plugins.GUARDS))
        raise ValueError(f"the scheme `{scheme}` is not installed (installed: {known})")
    compile_guard: Callable[[GuardSettings], Any] = found
    return compile_guard


class _Compiling:
    """Evaluates templates, and collects the variables that are not set."""

    def __init__(self, bindings: Bindings) -> None:
        self._bindings = bindings
        self.missing: set[BoundVariable] = set()

    def secret(self, template: str) -> Secret:
        return Secret(str(compile_text(template, self._resolve).evaluate({})).rstrip("\r\n"))

    def _resolve(self, name: str) -> Expression:
        bound = self._bindings.find_or_environment(name)
        if bound.value is None or not bound.value.reveal():
            self.missing.add(bound.variable)
            return constant(token_urlsafe())
        return constant(bound.value.reveal())
