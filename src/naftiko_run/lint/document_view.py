"""A view of a document as written, in either spec line: its parts, as lists or named maps, and its variables."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

from naftiko_run.diagnostics import Pointer, Report
from naftiko_run.document.imports.syntax import is_import
from naftiko_run.document.normalize.reader import Reader, texts
from naftiko_run.document.source import SourceDocument
from naftiko_run.spec.document import SECTIONS
from naftiko_run.spec.exposes import EXPOSES
from naftiko_run.spec.table import CONSUMED_NAMESPACE, FUNCTIONS, OPERATION_NAME


class SectionEntry(NamedTuple):
    """An entry of a section that the document defines itself."""

    section: str
    reader: Reader

    @property
    def namespace(self) -> str:
        """Its namespace; empty where it has none."""
        return self.reader.text("namespace") or self.reader.key


class WrittenOperation(NamedTuple):
    """A consumed or exposed operation with its owners."""

    owner: Reader
    resource: Reader
    reader: Reader

    @property
    def name(self) -> str:
        """Its name; empty where it has none."""
        return self.reader.text(*OPERATION_NAME) or self.reader.key

    @property
    def path(self) -> str:
        """Its path as written: that of the resource, followed by its own."""
        return self.resource.text("path") + self.reader.text("path")

    @property
    def title(self) -> str:
        """``METHOD /path``."""
        return f"{self.reader.text('method').upper() or 'GET'} {self.path}"


class WrittenFunction(NamedTuple):
    """A tool, operation, resource or aggregate function, with its kind, its owner and its name for people."""

    kind: str
    owner: Reader
    reader: Reader
    name: str


class DocumentView:
    """A document as written.

    Its readers discard diagnostics: loading reports values of the wrong type.

    Args:
        source: The parsed document.
    """

    def __init__(self, source: SourceDocument) -> None:
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
        """Whether it is something else: neither a capability nor a part of one."""
        return self.is_standalone and not any(section in self.root.data for section in SECTIONS)

    @property
    def is_ikanos(self) -> bool:
        """Whether it follows the ``ikanos`` spec line."""
        return "ikanos" in self.root.data

    def line_of(self, at: Pointer) -> int:
        """Return the line of a place."""
        return self.source.locate(at).line

    def entries(self, *sections: str) -> Iterator[SectionEntry]:
        """Yield the entries of sections, those at the root before those of the capability."""
        for section in sections:
            for owner in (self.root, self.capability):
                if owner is not None:
                    yield from (
                        SectionEntry(section, each)
                        for each in owner.members(section)
                        if not _imports(section, each)
                    )

    @cached_property
    def imports(self) -> tuple[SectionEntry, ...]:
        """The entries that another file defines."""
        return tuple(
            SectionEntry(section, reader)
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
        """Return the adapters of a type."""
        kinds = (kind, *(alias for alias, each in EXPOSES.aliases.items() if each == kind))
        return (exposes for exposes in self.exposes if exposes.text("type").casefold() in kinds)

    @cached_property
    def consumed_operations(self) -> tuple[WrittenOperation, ...]:
        """Every consumed operation."""
        return tuple(_operations(self.consumes))

    @cached_property
    def rest_operations(self) -> tuple[WrittenOperation, ...]:
        """Every operation that a REST adapter exposes."""
        return tuple(_operations(self.adapters("rest")))

    @cached_property
    def tools(self) -> tuple[WrittenFunction, ...]:
        """Every tool of an MCP adapter."""
        return tuple(
            WrittenFunction("tool", exposes, tool, _name(tool))
            for exposes in self.adapters("mcp")
            for tool in exposes.members("tools")
        )

    @cached_property
    def functions(self) -> tuple[WrittenFunction, ...]:
        """Every function of an aggregate; the ``ikanos`` line calls them flows."""
        kind = "flow" if self.is_ikanos else "function"
        return tuple(
            WrittenFunction(kind, aggregate, function, _name(function))
            for entry in self.entries("aggregates")
            for aggregate in [entry.reader]
            for function in aggregate.members(*FUNCTIONS)
        )

    @cached_property
    def callers(self) -> tuple[WrittenFunction, ...]:
        """Everything that can call or run steps."""
        operations = (
            WrittenFunction("operation", each.owner, each.reader, each.title) for each in self.rest_operations
        )
        resources = (
            WrittenFunction("resource", exposes, resource, _name(resource))
            for exposes in self.adapters("mcp")
            for resource in exposes.members("resources")
        )
        return (*operations, *self.tools, *resources, *self.functions)

    def steps(self) -> Iterator[tuple[WrittenFunction, Reader]]:
        """Return every step of every function."""
        return ((caller, step) for caller in self.callers for step in caller.reader.members("steps"))

    def called(self, call: str) -> WrittenOperation | None:
        """Return the consumed operation that a ``call`` refers to exactly; None where this document does not define it."""
        return self._by_call.get(call)

    @cached_property
    def _by_call(self) -> dict[str, WrittenOperation]:
        found: dict[str, WrittenOperation] = {}
        for each in self.consumed_operations:
            namespace = each.owner.text(*CONSUMED_NAMESPACE) or each.owner.key
            found.setdefault(f"{namespace}.{each.name}", each)
        return found

    @cached_property
    def texts(self) -> tuple[tuple[Pointer, str], ...]:
        """Every text value, with its place."""
        return tuple(texts(self.root.data, ()))


def key_pointer(owner: Reader, *keys: str) -> Pointer:
    """Return the place of the first of these keys that an owner has; its own place where there is none."""
    return next(((*owner.at, key) for key in keys if key in owner.data), owner.at)


def _imports(section: str, entry: Reader) -> bool:
    return is_import(entry.data, is_consumed=section == "consumes")


def _operations(owners: Iterator[Reader] | tuple[Reader, ...]) -> Iterator[WrittenOperation]:
    for owner in owners:
        for resource in owner.members("resources"):
            for operation in resource.members("operations"):
                yield WrittenOperation(owner, resource, operation)


def _name(reader: Reader) -> str:
    return reader.text("name") or reader.key


@dataclass(frozen=True, slots=True)
class DeclaredVariable:
    """One variable that a bind declares.

    Attributes:
        namespace: The namespace of the bind.
        name: The name of the variable.
        at: Its place.
        from_environment: Whether its value comes from the process environment.
    """

    namespace: str
    name: str
    at: Pointer
    from_environment: bool

    @property
    def spellings(self) -> tuple[str, ...]:
        """Its names in templates."""
        own = (self.name, f"{self.namespace}.{self.name}")
        return (*own, f"env.{self.name}") if self.from_environment else own


@dataclass(frozen=True, slots=True)
class DeclaredVariables:
    """The variables of a document's binds.

    Attributes:
        variables: In the document's order.
        spellings: All their names in templates.
        is_whole: False where binds are imported, which may declare others.
    """

    variables: tuple[DeclaredVariable, ...]
    spellings: frozenset[str]
    is_whole: bool

    @classmethod
    def of(cls, view: DocumentView) -> DeclaredVariables:
        """Collect the variables that a document declares."""
        variables = tuple(_variables(view))
        spellings = frozenset(spelling for variable in variables for spelling in variable.spellings)
        return cls(variables, spellings, not any(entry.section == "binds" for entry in view.imports))

    def has(self, name: str) -> bool:
        """Whether a name in a template is a declared variable."""
        return name in self.spellings


def _variables(view: DocumentView) -> Iterator[DeclaredVariable]:
    for entry in view.entries("binds"):
        bind = entry.reader
        keys = bind.data.get("keys")
        for index, name in enumerate(keys if isinstance(keys, dict | list) else ()):
            place = name if isinstance(keys, dict) else index
            yield DeclaredVariable(
                entry.namespace or "env",
                str(name),
                (*bind.at, "keys", place),
                from_environment=not bind.text("location"),
            )
