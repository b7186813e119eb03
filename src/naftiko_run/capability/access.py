"""Who may call an adapter (specification: ``authentication`` of an ``exposes`` entry): compiled, never open."""

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
    """An authentication block, as its scheme compiles it.

    Attributes:
        settings: What the author wrote beside ``type``.
        realm: Names the adapter in challenges.
        secret: Gives the value of a template in the settings. For a variable that
            is not set, something random: what is compiled then is never used.
    """

    settings: Mapping[str, Any]
    realm: str
    secret: Callable[[str], Secret]

    def text(self, key: str) -> str:
        """Give the value of a setting.

        Raises:
            ValueError: It is not there.
        """
        written = self.settings.get(key)
        value = "" if written is None else self.secret(str(written)).reveal()
        if not value:
            raise ValueError(f"it needs a `{key}`")
        return value


@dataclass(frozen=True, slots=True)
class Access:
    """Who may call an adapter.

    Attributes:
        name: The adapter's name for people.
        scheme: The scheme's ``type``.
        guard: What its plugin made of the block, for the room that serves; None where it made nothing.
        missing: Variables that are not set: nobody may call then.
        refusal: Why the adapter cannot be served at all; empty where it can.
    """

    name: str
    scheme: str
    guard: Any = field(default=None, repr=False)
    missing: tuple[BoundVariable, ...] = ()
    refusal: str = ""


def compile_access(document: Document, bindings: Bindings, report: Report) -> dict[Pointer, Access]:
    """Compile who may call the adapters that ask for authentication; tell of those that must be left out.

    Over stdio nobody is asked: whoever has started the process may use it.

    Args:
        document: Has the adapters.
        bindings: Values of the templates in their blocks.
        report: Takes what is found.
    """
    found: dict[Pointer, Access] = {}
    for exposes in document.exposes:
        if exposes.authentication is not None and not exposes.is_stdio:
            name = exposes.name
            found[exposes.pointer] = access = _access(name, exposes.authentication, bindings)
            if access.refusal:
                told = f"the adapter `{name}` is left out: {access.refusal}"
                report.error("not-guarded", told, exposes.pointer)
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
    """Give what compiles the blocks of a scheme.

    Raises:
        ValueError: There is none.
    """
    if not scheme:
        raise ValueError("it names no `type`")
    found = plugins.find(plugins.GUARDS, scheme)
    if found is None:
        known = ", ".join(plugins.installed(plugins.GUARDS))
        raise ValueError(f"nothing installed checks `{scheme}` (installed: {known})")
    compile_guard: Callable[[GuardSettings], Any] = found
    return compile_guard


class _Compiling:
    """Fills in templates, and notes the variables that are not set."""

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
