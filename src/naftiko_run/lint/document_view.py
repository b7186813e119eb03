"""A document as its author wrote it: its parts in either spec line, lists and named maps alike."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property
from typing import NamedTuple

from naftiko_run.diagnostics import Pointer, Report
from naftiko_run.document.imports.syntax import is_import
from naftiko_run.document.normalize.reader import Reader, texts
from naftiko_run.document.source import Source
from naftiko_run.spec.document import SECTIONS
from naftiko_run.spec.exposes import EXPOSES
from naftiko_run.spec.spellings import CONSUMED_NAMESPACE, FUNCTIONS, OPERATION_NAME


class Entry(NamedTuple):
    """An entry of a section, defined here and not imported."""

    section: str
    reader: Reader

    @property
    def namespace(self) -> str:
        """Its namespace; empty where it has none."""
        return self.reader.text("namespace") or self.reader.key


class Operation(NamedTuple):
    """An operation with what it stands under, consumed or exposed."""

    owner: Reader
    resource: Reader
    reader: Reader

    @property
    def name(self) -> str:
        """Its name; empty where it has none."""
        return self.reader.text(*OPERATION_NAME) or self.reader.key

    @property
    def path(self) -> str:
        """Its path as written: the resource's and its own."""
        return self.resource.text("path") + self.reader.text("path")

    @property
    def title(self) -> str:
        """``METHOD /path``."""
        return f"{self.reader.text('method').upper() or 'GET'} {self.path}"


class Unit(NamedTuple):
    """Anything that calls, or runs steps: what it is, what it stands under, and its name for people."""

    kind: str
    owner: Reader
    reader: Reader
    name: str


class Written:
    """A document as written.

    Readers of it report nowhere: what is wrong with the shape of a value,
    loading says.

    Args:
        source: The parsed document.
    """

    def __init__(self, source: Source) -> None:
        data = source.data if isinstance(source.data, dict) else {}
        self.source = source
        self.root = Reader(data, (), Report(source.file))
        self.capability = self.root.mapping("capability")

    @property
    def is_standalone(self) -> bool:
        """Whether it only defines parts for others to import."""
        return "capability" not in self.root.data

    @property
    def is_foreign(self) -> bool:
        """Whether it is nothing of ours: no capability, and no part of one."""
        return self.is_standalone and not any(section in self.root.data for section in SECTIONS)

    @property
    def is_ikanos(self) -> bool:
        """Whether it follows the ``ikanos`` spec line."""
        return "ikanos" in self.root.data

    def line_of(self, at: Pointer) -> int:
        """Give the line of a place."""
        return self.source.locate(at).line

    def entries(self, *sections: str) -> Iterator[Entry]:
        """Give the entries that sections define, the root's before the capability's."""
        for section in sections:
            for owner in (self.root, self.capability):
                if owner is not None:
                    yield from (
                        Entry(section, each) for each in owner.members(section) if not _imports(section, each)
                    )

    @cached_property
    def imports(self) -> tuple[Entry, ...]:
        """The entries that import what another file defines."""
        return tuple(
            Entry(section, reader)
            for owner in (self.root, self.capability)
            if owner is not None
            for section in SECTIONS
            for reader in owner.members(section)
            if _imports(section, reader)
        )

    @cached_property
    def consumes(self) -> tuple[Reader, ...]:
        """The consumed APIs."""
        return tuple(entry.reader for entry in self.entries("consumes"))

    @cached_property
    def exposes(self) -> tuple[Reader, ...]:
        """The adapters."""
        return tuple(entry.reader for entry in self.entries("exposes"))

    def adapters(self, kind: str) -> Iterator[Reader]:
        """Give the adapters of a type."""
        kinds = (kind, *(alias for alias, each in EXPOSES.aliases.items() if each == kind))
        return (exposes for exposes in self.exposes if exposes.text("type").casefold() in kinds)

    @cached_property
    def consumed_operations(self) -> tuple[Operation, ...]:
        """Every consumed operation."""
        return tuple(_operations(self.consumes))

    @cached_property
    def rest_operations(self) -> tuple[Operation, ...]:
        """Every operation that a REST adapter exposes."""
        return tuple(_operations(self.adapters("rest")))

    @cached_property
    def tools(self) -> tuple[Unit, ...]:
        """Every tool of an MCP adapter."""
        return tuple(
            Unit("tool", exposes, tool, _name(tool))
            for exposes in self.adapters("mcp")
            for tool in exposes.members("tools")
        )

    @cached_property
    def functions(self) -> tuple[Unit, ...]:
        """Every function of an aggregate; the ``ikanos`` line calls them flows."""
        kind = "flow" if self.is_ikanos else "function"
        return tuple(
            Unit(kind, aggregate, function, _name(function))
            for entry in self.entries("aggregates")
            for aggregate in [entry.reader]
            for function in aggregate.members(*FUNCTIONS)
        )

    @cached_property
    def units(self) -> tuple[Unit, ...]:
        """Everything that can call or run steps."""
        operations = (Unit("operation", each.owner, each.reader, each.title) for each in self.rest_operations)
        resources = (
            Unit("resource", exposes, resource, _name(resource))
            for exposes in self.adapters("mcp")
            for resource in exposes.members("resources")
        )
        return (*operations, *self.tools, *resources, *self.functions)

    def steps(self) -> Iterator[tuple[Unit, Reader]]:
        """Give every step of every unit."""
        return ((unit, step) for unit in self.units for step in unit.reader.members("steps"))

    def called(self, call: str) -> Operation | None:
        """Give the consumed operation that a ``call`` names exactly, where this document defines it."""
        return self._by_call.get(call)

    @cached_property
    def _by_call(self) -> dict[str, Operation]:
        found: dict[str, Operation] = {}
        for each in self.consumed_operations:
            namespace = each.owner.text(*CONSUMED_NAMESPACE) or each.owner.key
            found.setdefault(f"{namespace}.{each.name}", each)
        return found

    @cached_property
    def texts(self) -> tuple[tuple[Pointer, str], ...]:
        """Every text value, with its place."""
        return tuple(texts(self.root.data, ()))


def written_key(owner: Reader, *keys: str) -> Pointer:
    """Give the place of the first of these keys that an owner has; its own place where it has none."""
    return next(((*owner.at, key) for key in keys if key in owner.data), owner.at)


def _imports(section: str, entry: Reader) -> bool:
    return is_import(entry.data, is_consumed=section == "consumes")


def _operations(owners: Iterator[Reader] | tuple[Reader, ...]) -> Iterator[Operation]:
    for owner in owners:
        for resource in owner.members("resources"):
            for operation in resource.members("operations"):
                yield Operation(owner, resource, operation)


def _name(reader: Reader) -> str:
    return reader.text("name") or reader.key
