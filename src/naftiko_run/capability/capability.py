"""A loaded capability: a document with every function compiled. It is immutable; a reload makes a new one."""

from __future__ import annotations

import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from naftiko_run.capability.access import Access
from naftiko_run.consume import Transport
from naftiko_run.diagnostics import Diagnostic, Pointer
from naftiko_run.document.model import Aggregate, Document, Exposes
from naftiko_run.errors import BoundVariable
from naftiko_run.folder import Folder
from naftiko_run.invoke import CompiledPrompt, Forwarder, Function, ScriptCompiler


@dataclass(frozen=True, slots=True)
class Address:
    """The address that an adapter listens on, according to the document.

    Attributes:
        text: A host name or IP address; empty where it is not set, or a variable of it has no value.
        missing: The variables without a value that it needs.
    """

    text: str = ""
    missing: tuple[BoundVariable, ...] = ()


@dataclass(frozen=True, slots=True)
class Capability:
    """A capability that can be served and invoked.

    Attributes:
        file: The path of the document, as given.
        document: The canonical document.
        diagnostics: The diagnostics of loading, in order.
        functions: By their place in the document.
        forwards: By their place in the document.
        folders: Of MCP resources that are files, and of skills, by their place in the document.
        prompts: By their place in the document.
        unavailable: The reasons why a function, forward, prompt, skill or adapter is not served, by its place.
        addresses: The addresses that adapters listen on, by their place.
        access: The authentication of adapters that have one, by their place.
        transport: Carries every consumed call.
        scripts: Compiles its script steps, again when their settings change.
        unmatched: The globs of the settings that match nothing in the document.
        fingerprints: See ``LoadedDocument``.
    """

    file: str
    document: Document
    diagnostics: tuple[Diagnostic, ...]
    functions: Mapping[Pointer, Function]
    forwards: Mapping[Pointer, Forwarder]
    folders: Mapping[Pointer, Folder]
    prompts: Mapping[Pointer, CompiledPrompt]
    unavailable: Mapping[Pointer, str]
    addresses: Mapping[Pointer, Address]
    access: Mapping[Pointer, Access]
    transport: Transport = field(repr=False)
    scripts: ScriptCompiler = field(repr=False)
    _text: bytes = field(repr=False)
    unmatched: frozenset[str] = frozenset()
    fingerprints: Mapping[str, bytes] = field(default_factory=dict, repr=False)

    @property
    def label(self) -> str:
        """The capability's name for people."""
        return self.document.info.label or Path(self.file).stem

    @property
    def text(self) -> str:
        """The text of the document, as it was loaded."""
        return zlib.decompress(self._text).decode("utf-8", "surrogatepass")

    def function(self, name: str) -> Function:
        """Return a function by ``namespace.name``: that of its adapter or aggregate, and its own.

        Raises:
            KeyError: There is none that can be called; the message lists those that there are.
        """
        owners = self.document.owners()
        for owner in owners:
            for function in self.functions_of(owner):
                if f"{owner.namespace}.{function.name}" == name:
                    return function
        known = [f"{each.namespace}.{f.name}" for each in owners for f in self.functions_of(each)]
        raise KeyError(f"no function `{name}`; there are: {', '.join(known)}")

    def functions_of(self, owner: Exposes | Aggregate) -> Iterator[Function]:
        """Return the functions of one adapter or aggregate, in the document's order."""
        depth = len(owner.pointer)
        return (each for at, each in self.functions.items() if at[:depth] == owner.pointer)

    def address_of(self, exposes: Exposes) -> str:
        """Return the address that the document sets for an adapter; empty where it sets none."""
        return self.addresses[exposes.pointer].text

    def missing(self) -> dict[BoundVariable, list[str]]:
        """Return the variables that are not set, each with what needs it: consumed operations, adapters."""
        found: dict[BoundVariable, dict[str, None]] = {}
        for function in self.functions.values():
            for variable in function.missing:
                found.setdefault(variable, {}).update(dict.fromkeys(function.needing([variable])))
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

    def missing_of(self, exposes: Exposes) -> list[BoundVariable]:
        """Return the variables that one adapter needs and that are not set, sorted."""
        depth = len(exposes.pointer)
        found = {*self.addresses[exposes.pointer].missing}
        for function in self.functions_of(exposes):
            found.update(function.missing)
        for at, forward in self.forwards.items():
            if at[:depth] == exposes.pointer:
                found.update(forward.target.plan.missing)
        if exposes.pointer in self.access:
            found.update(self.access[exposes.pointer].missing)
        return sorted(found)

    async def aclose(self) -> None:
        """Close the connections to upstreams."""
        await self.transport.aclose()
