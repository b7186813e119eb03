"""A loaded capability: a document whose every function is compiled. Frozen; a reload makes a new one."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from naftiko_run.capability.access import Access
from naftiko_run.consume import Transport
from naftiko_run.diagnostics import Diagnostic, Pointer
from naftiko_run.document.model import Aggregate, Document, Exposes
from naftiko_run.errors import BoundVariable
from naftiko_run.folder import Folder
from naftiko_run.invoke import Forward, Function, Prompt


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
        folders: Of MCP resources that are files, and of skills, by their place in the document.
        prompts: By their place in the document.
        unavailable: Why a unit or an adapter is left out, by its place.
        addresses: Where the document has adapters listen, by their place.
        access: Who may call an adapter, by its place, where not everyone may.
        transport: Carries every consumed call.
        unmatched: The globs of its settings that match nothing in it.
    """

    file: str
    document: Document
    diagnostics: tuple[Diagnostic, ...]
    functions: Mapping[Pointer, Function]
    forwards: Mapping[Pointer, Forward]
    folders: Mapping[Pointer, Folder]
    prompts: Mapping[Pointer, Prompt]
    unavailable: Mapping[Pointer, str]
    addresses: Mapping[Pointer, Address]
    access: Mapping[Pointer, Access]
    transport: Transport = field(repr=False)
    unmatched: frozenset[str] = frozenset()

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

    def functions_of(self, owner: Exposes | Aggregate) -> Iterator[Function]:
        """Return the functions of one adapter or aggregate, in the document's order."""
        depth = len(owner.pointer)
        return (each for at, each in self.functions.items() if at[:depth] == owner.pointer)

    def address_of(self, exposes: Exposes) -> str:
        """Give the address that the document has an adapter listen on; empty where it says none."""
        return self.addresses[exposes.pointer].text

    def missing(self) -> dict[BoundVariable, list[str]]:
        """Give the variables that are not set, and what needs each: consumed operations, adapters."""
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

    async def aclose(self) -> None:
        """Close the connections to upstreams."""
        await self.transport.aclose()
