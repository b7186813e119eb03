"""A loaded capability: a document whose every function is compiled. Frozen; a reload makes a new one."""

from __future__ import annotations

import difflib
import gc
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import Any, NoReturn

from naftiko_run import plugins
from naftiko_run.access import Access, compile_access
from naftiko_run.bindings import Bindings, MaskedBindings, ProviderSettings, read_environment, read_sources
from naftiko_run.consume import (
    DEFAULT_SECONDS,
    ConsumedOperations,
    HttpxTransport,
    NotCallable,
    SandboxAddresses,
    SandboxTransport,
    Surroundings,
    Transport,
)
from naftiko_run.diagnostics import Diagnostic, Pointer, Report
from naftiko_run.document import Document, LoadedDocument, load_document, read_unit
from naftiko_run.document.model import Aggregate, Exposes, McpExposes, RestExposes
from naftiko_run.errors import BoundVariable, DocumentError
from naftiko_run.expressions import Expression, compile_text, constant, parse_path
from naftiko_run.invoke import Forward, Function, FunctionCompiler
from naftiko_run.locations import scheme_of


@dataclass(frozen=True, slots=True)
class Settings:
    """How capabilities are loaded.

    Attributes:
        base_uris: Base URIs by consumed namespace that replace the documents'.
        sandbox: Answer every consumed call in-process; send nothing.
        timeout: Seconds to wait for an upstream.
        environment: Values of ``{{env.X}}``.
        env_files: Files that add to the environment; None for ``.env`` in the
            working directory and beside the document.
        provider_timeout: Seconds that reading all the bindings of a document may take.
    """

    base_uris: Mapping[str, str] = field(default_factory=dict)
    sandbox: bool = False
    timeout: float = DEFAULT_SECONDS
    environment: Mapping[str, str] = field(default_factory=lambda: dict(os.environ), repr=False)
    env_files: Sequence[Path] | None = None
    provider_timeout: float = 10.0


@dataclass(frozen=True, slots=True)
class Address:
    """Where an adapter listens, as far as the document says.

    Attributes:
        text: A host name or IP address; empty where it says none, or a variable of it is missing.
        missing: Variables without a value that it needs.
    """

    text: str = ""
    missing: tuple[BoundVariable, ...] = ()


@dataclass(frozen=True, slots=True)
class Capability:
    """A capability that can be served and invoked.

    Attributes:
        file: The document's file as the user named it.
        document: The canonical document.
        diagnostics: What was found, in order.
        functions: By the place of their unit in the document.
        forwards: By their place in the document.
        unavailable: Why a unit or an adapter is left out, by its place.
        addresses: Where the document has adapters listen, by their place.
        access: Who may call an adapter, by its place, where not everyone may.
        transport: Carries every consumed call.
        compiler: Compiles units of adapters that the document model does not know; see ``compile``.
    """

    file: str
    document: Document
    diagnostics: tuple[Diagnostic, ...]
    functions: Mapping[Pointer, Function]
    forwards: Mapping[Pointer, Forward]
    unavailable: Mapping[Pointer, str]
    addresses: Mapping[Pointer, Address]
    access: Mapping[Pointer, Access]
    transport: Transport = field(repr=False)
    compiler: FunctionCompiler = field(repr=False)

    @property
    def label(self) -> str:
        """The capability's name for people."""
        return self.document.info.label or Path(self.file).stem

    def function(self, name: str) -> Function:
        """Give a function by ``namespace.name`` of its adapter, or aggregate, and unit.

        Raises:
            KeyError: There is none, or it is left out; the message says which and why.
        """
        owners = self.document.owners()
        for owner in owners:
            for function in self.functions_of(owner):
                if f"{owner.namespace}.{function.name}" == name:
                    return function
        known = [f"{each.namespace}.{f.name}" for each in owners for f in self.functions_of(each)]
        raise KeyError(f"no function `{name}`; there are: {', '.join(known)}")

    def compile(self, unit: Mapping[str, Any]) -> Function:
        """Compile a unit that a plugin found in its own block.

        Args:
            unit: As the author wrote it, with ``name``, ``call``, and where given
                ``with``, ``inputParameters`` and ``outputParameters``.

        Raises:
            NotCallable: It cannot work; the message says why.
        """
        try:
            return self.compiler.compile(read_unit(unit, self.document, self.compiler.report))
        except ValueError as fault:
            raise NotCallable(str(fault)) from None

    def functions_of(self, owner: Exposes | Aggregate) -> Iterator[Function]:
        """Give the functions of one adapter or aggregate, in the document's order."""
        units: list[Pointer] = []
        if isinstance(owner, RestExposes):
            units = [unit.pointer for resource in owner.resources for unit in resource.operations]
        elif isinstance(owner, McpExposes):
            units = [tool.pointer for tool in owner.tools]
        elif isinstance(owner, Aggregate):
            units = [function.pointer for function in owner.functions]
        return (self.functions[pointer] for pointer in units if pointer in self.functions)

    def address_of(self, exposes: Exposes) -> str:
        """Give the address that the document has an adapter listen on; empty where it says none."""
        return self.addresses[exposes.pointer].text

    def missing(self) -> dict[BoundVariable, list[str]]:
        """Give the variables that are not set, and what needs each: consumed operations, adapters."""
        found: dict[BoundVariable, dict[str, None]] = {}
        for function in self.functions.values():
            for variable in function.missing:
                operations = [each for each in function.operations if variable in each.plan.missing]
                names = [each.name for each in operations or function.operations] or [function.name]
                found.setdefault(variable, {}).update(dict.fromkeys(names))
        for forward in self.forwards.values():
            for variable in forward.target.plan.missing:
                found.setdefault(variable, {})[forward.target.name] = None
        for exposes in self.document.exposes:
            for variable in self.addresses[exposes.pointer].missing:
                found.setdefault(variable, {})[f"the address of {exposes.namespace or exposes.type}"] = None
        for access in self.access.values():
            for variable in access.missing:
                found.setdefault(variable, {})[f"the authentication of {access.name}"] = None
        return {variable: list(operations) for variable, operations in sorted(found.items())}

    async def aclose(self) -> None:
        """Close the connections to upstreams."""
        await self.transport.aclose()


def load(path: str | os.PathLike[str], settings: Settings | None = None) -> Capability:
    """Load a capability document and compile it.

    Args:
        path: The YAML file.
        settings: How to load it.

    Raises:
        DocumentError: Nothing in it can be run; carries every diagnostic.
    """
    with _no_collection():
        return compile_capability(load_document(Path(path)), settings or Settings())


@contextmanager
def _no_collection() -> Iterator[None]:
    """Put cyclic garbage collection off: of what loading makes, nearly all stays, and the search takes a third."""
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()


def compile_capability(loaded: LoadedDocument, settings: Settings) -> Capability:
    """Compile a loaded document.

    Raises:
        DocumentError: Nothing in it can be run; carries every diagnostic.
    """
    document = loaded.document
    report = Report(loaded.source.file, loaded.source.locate)
    report.extend(loaded.diagnostics)
    namespaces = [each.namespace for each in document.owners() if each.namespace]
    prefixes = frozenset({"rest", "tools", *namespaces})
    environment = _environment(settings, loaded.source.folder, report)
    surroundings = _surroundings(document, settings, environment, prefixes, loaded.source.folder)
    operations = ConsumedOperations(document, surroundings)
    compiler = FunctionCompiler(operations, surroundings.bindings, prefixes, report)
    functions: dict[Pointer, Function] = {}
    owners = document.owners()
    unavailable = {each.pointer: each.reason for owner in owners for each in owner.unavailable}
    for owner in owners:
        for pointer, name, compile_unit in _units(owner, compiler):
            try:
                functions[pointer] = compile_unit()
            except NotCallable as fault:
                report.error("not-runnable", f"`{name}` is left out: {fault}", pointer)
                unavailable[pointer] = str(fault)
    addresses = _addresses(document, surroundings, environment, report)
    access = compile_access(document, _inbound(document, settings, surroundings, environment), report)
    unavailable |= {pointer: each.refusal for pointer, each in access.items() if each.refusal}
    known = plugins.installed(plugins.EXPOSERS)
    served = [each for each in document.exposes if each.pointer not in unavailable]
    others = {each.type for each in served} - {"rest", "mcp"}
    forwards = _forwards(document, compiler, unavailable)
    exposed = {pointer for each in served for pointer, _, _ in _units(each, compiler)}
    is_idle = not forwards and functions.keys().isdisjoint(exposed) and others.isdisjoint(known)
    if is_idle or not served:
        _refuse(document, report)
    for refusal, function in {each.refusal: each for each in functions.values() if each.refusal}.items():
        report.warning("cannot-be-called", f"calls will fail: {refusal}", function.pointer)
    for exposes in document.exposes:
        if exposes.type not in known:
            close = difflib.get_close_matches(exposes.type, known, n=1)
            report.warning(
                "unknown-adapter",
                f"the adapter `{exposes.namespace or exposes.type}` is left out: nothing installed exposes "
                f"`{exposes.type}` (installed: {', '.join(known)})",
                exposes.pointer,
                hint=f"did you mean `type: {close[0]}`?" if close else "",
            )
        if isinstance(exposes, McpExposes) and exposes.transport == "stdio":
            report.warning(
                "stdio-over-http",
                "the stdio transport is not supported yet; this adapter is served over HTTP",
                (*exposes.pointer, "transport"),
            )
    return Capability(
        file=loaded.source.file,
        document=document,
        diagnostics=tuple(report),
        functions=functions,
        forwards=forwards,
        unavailable=unavailable,
        addresses=addresses,
        access=access,
        transport=surroundings.transport,
        compiler=compiler,
    )


def _environment(settings: Settings, folder: Path, report: Report) -> Mapping[str, str]:
    environment, faults = read_environment(settings.environment, folder, settings.env_files)
    for fault in faults:
        report.warning("unreadable-env-file", f"{fault}; its variables are missing")
    return environment


def _surroundings(
    document: Document,
    settings: Settings,
    environment: Mapping[str, str],
    prefixes: frozenset[str],
    folder: Path,
) -> Surroundings:
    binds = document.binds
    if settings.sandbox:
        return Surroundings(
            MaskedBindings(binds, environment),
            SandboxAddresses(binds, environment),
            SandboxTransport(document),
            settings.base_uris,
            prefixes,
            folder,
        )
    sources = read_sources(binds, ProviderSettings(folder, environment, settings.provider_timeout))
    bindings = Bindings(binds, environment, sources)
    return Surroundings(
        bindings, bindings, HttpxTransport(settings.timeout), settings.base_uris, prefixes, folder
    )


def _addresses(
    document: Document, around: Surroundings, environment: Mapping[str, str], report: Report
) -> dict[Pointer, Address]:
    """Give where adapters listen; a sandbox asks no provider, and misses nothing."""
    bindings = Bindings(document.binds, environment) if around.is_masked else around.bindings
    found = {each.pointer: _address(each, bindings, report) for each in document.exposes}
    return {at: replace(each, missing=()) for at, each in found.items()} if around.is_masked else found


def _address(exposes: Exposes, bindings: Bindings, report: Report) -> Address:
    missing: dict[BoundVariable, None] = {}

    def resolve(name: str) -> Expression:
        bound = bindings.find_or_environment(name)
        value = bound.value.reveal() if bound.value else ""
        if not value:
            missing[bound.variable] = None
        return constant(value)

    try:
        text = str(compile_text(exposes.address, resolve).evaluate({}))
    except ValueError as fault:
        report.warning("bad-address", f"the address is left out: {fault}", (*exposes.pointer, "address"))
        return Address()
    return Address("" if missing else text, tuple(missing))


def _inbound(
    document: Document, settings: Settings, around: Surroundings, environment: Mapping[str, str]
) -> Bindings:
    """Give the values of credentials that callers bring; the real ones in the sandbox too, from files."""
    if not (around.is_masked and any(each.authentication for each in document.exposes)):
        return around.bindings
    files = [bind for bind in document.binds if bind.location and scheme_of(bind.location) == "file"]
    reading = ProviderSettings(around.folder, environment, settings.provider_timeout)
    return Bindings(document.binds, environment, read_sources(files, reading))


def _units(
    owner: Exposes | Aggregate, compiler: FunctionCompiler
) -> Iterator[tuple[Pointer, str, Callable[[], Function]]]:
    """Give, for each unit of an adapter or aggregate, its place, its name for people, and how it is compiled."""
    if isinstance(owner, RestExposes):
        for resource in owner.resources:
            inherited = [*owner.input_parameters, *resource.input_parameters]
            variables = parse_path(resource.path).variables
            for unit in resource.operations:
                compile_unit = partial(compiler.compile, unit, inherited, variables)
                yield unit.pointer, f"{unit.method} {resource.path}", compile_unit
    elif isinstance(owner, McpExposes):
        for tool in owner.tools:
            yield tool.pointer, tool.name, partial(compiler.compile, tool, silence_is_required=True)
    elif isinstance(owner, Aggregate):
        for function in owner.functions:
            name = f"{owner.namespace}.{function.name}"
            yield function.pointer, name, partial(compiler.compile, function, silence_is_required=True)


def _forwards(
    document: Document, compiler: FunctionCompiler, unavailable: dict[Pointer, str]
) -> dict[Pointer, Forward]:
    """Compile every forward; note why one cannot work."""
    forwards: dict[Pointer, Forward] = {}
    for exposes in document.exposes:
        for resource in exposes.resources if isinstance(exposes, RestExposes) else ():
            if resource.forward is None:
                continue
            pointer = resource.forward.pointer
            try:
                forwards[pointer] = compiler.compile_forward(resource.forward)
            except NotCallable as fault:
                compiler.report.error(
                    "not-runnable", f"the forward of `{resource.path}` is left out: {fault}", pointer
                )
                unavailable[pointer] = str(fault)
    return forwards


def _refuse(document: Document, report: Report) -> NoReturn:
    """Refuse a document in which nothing can be run; units left out have said why already."""
    if not document.exposes:
        report.error(
            "nothing-exposed",
            "the capability exposes nothing",
            ("capability",),
            hint="add an adapter under `exposes`, such as `- type: rest`",
        )
    elif not report.has_errors:
        report.error(
            "nothing-exposed",
            "the capability's adapters have no operation and no tool",
            ("capability", "exposes"),
            hint="add `resources` to a rest adapter, or `tools` to an mcp adapter",
        )
    raise DocumentError(list(report))
