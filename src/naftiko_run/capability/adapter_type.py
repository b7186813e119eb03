"""The types of adapters and what they offer, as far as loading and listing is concerned; serving them is ``expose``."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Protocol

from naftiko_run import plugins
from naftiko_run.capability.capability import Capability
from naftiko_run.capability.compile import BlockCompiler
from naftiko_run.capability.selection import Selection
from naftiko_run.diagnostics import Report
from naftiko_run.document import Document, read_functions
from naftiko_run.document.model import Exposes, FunctionModel, Unavailable


@dataclass(frozen=True, slots=True)
class BlockParser:
    """Parses the functions in the blocks of types that the document model does not have.

    Attributes:
        document: The document, with the operations that functions call.
        report: Receives diagnostics.
    """

    document: Document
    report: Report

    def functions(
        self, exposes: Exposes, key: str
    ) -> tuple[tuple[FunctionModel, ...], tuple[Unavailable, ...]]:
        """Parse the functions under a key of a block: a list, or a mapping by name.

        Args:
            exposes: The block, with its ``settings`` as written.
            key: The key.

        Returns:
            The functions, and those that cannot work, with the reasons; these are reported.
        """
        return read_functions(exposes, key, self.document, self.report)


class AdapterType(Protocol):
    """What a type of adapter knows about its blocks.

    The methods of this class are for adapters without functions of their own: subclass it to inherit them.

    Attributes:
        is_derived: Whether its blocks are made of functions of other adapters: it is then selected and compiled
            after them.
        feature_kind: What its features are, in listings: ``route``, ``tool``, …
        manages_process: Whether it shows and changes the running process: it is then served without authentication
            only on a loopback address, and not in an embedded app.
    """

    is_derived: ClassVar[bool] = False
    feature_kind: ClassVar[str] = "function"
    manages_process: ClassVar[bool] = False

    def parse(self, exposes: Exposes, parser: BlockParser) -> Exposes:  # noqa: ARG002 - for other types
        """Return a block as the type's own model, a subclass of ``Exposes``.

        Args:
            exposes: The block; its keys as written are in ``settings``.
            parser: Parses its functions.
        """
        return exposes

    def select(self, exposes: Exposes, selection: Selection) -> Exposes | None:  # noqa: ARG002 - for other types
        """Return the part of a block that ``--include`` and ``--exclude`` select; None where nothing is left.

        Args:
            exposes: The block, as ``parse`` returned it.
            selection: What is selected.
        """
        return exposes

    def compile(self, exposes: Exposes, compiler: BlockCompiler) -> None:
        """Compile the functions of a block.

        Args:
            exposes: The block, as ``select`` returned it.
            compiler: Compiles functions, and keeps them for the capability.
        """
        compiler.compiled.served.add(exposes.pointer)

    def describe(self, exposes: Exposes, capability: Capability) -> Iterable[Feature]:  # noqa: ARG002 - for other types
        """Describe what a block offers and what of it is not served, in the order of ``naftiko list``.

        Args:
            exposes: The block.
            capability: The capability that it belongs to.
        """
        return ()

    def for_stdio(self, exposes: Exposes, capability: Capability) -> Exposes | None:  # noqa: ARG002 - for other types
        """Return the block that serves this one on stdin and stdout; None where its type cannot do that.

        Args:
            exposes: The block; returned where its own protocol is spoken on stdin and stdout.
            capability: The capability that it belongs to.
        """
        return None


def find_adapter_type(kind: str) -> AdapterType | None:
    """Return the adapter type with this ``type`` in documents; None where none is installed."""
    found = plugins.find(plugins.EXPOSERS, kind)
    if found is None:
        return None
    adapter_type: AdapterType = found()
    return adapter_type


@dataclass(frozen=True, slots=True)
class Feature:
    """Something that an adapter offers to its callers: a route, tool, resource, prompt or skill.

    Attributes:
        name: ``METHOD /path``, a resource's URI, or the name of a tool, prompt or skill.
        kind: Such as ``resource``; empty for the ``feature_kind`` of its adapter's type.
        calls: The names of the consumed operations that it calls.
        tools: The names of the tools of a skill; None for anything else.
        content: What it serves where it calls nothing, such as ``files``.
        request: The method and URL of its only call, without anything that may be a credential.
        inputs: JSON Schema of its inputs.
        missing: The names of the variables without a value that it needs.
        reason: The reason why it is not served; empty where it is.
        refusal: The reason why every call of it fails; empty where calls can succeed.
    """

    name: str
    kind: str = ""
    calls: tuple[str, ...] = ()
    tools: tuple[str, ...] | None = None
    content: str = ""
    request: str = ""
    inputs: Mapping[str, Any] | None = None
    missing: tuple[str, ...] = ()
    reason: str = ""
    refusal: str = ""

    @property
    def title(self) -> str:
        """Its name, after its kind where that is not the usual one."""
        return f"{self.kind} {self.name}" if self.kind else self.name

    @property
    def target(self) -> str:
        """What it calls, as ``-> name, name``; else what it serves, in parentheses."""
        names = ", ".join(self.tools or self.calls)
        return f"-> {names}" if names else f"({self.content})" if self.content else ""


def describe_function(capability: Capability, model: FunctionModel, name: str, kind: str = "") -> Feature:
    """Describe a function of an adapter, or the reason why it is not served.

    Args:
        capability: The capability that it belongs to.
        model: The function in the document.
        name: Its name for callers.
        kind: See ``Feature``.
    """
    function = capability.functions.get(model.pointer)
    if function is None:
        return Feature(name, kind, reason=capability.unavailable[model.pointer])
    operations = function.operations
    request = f"{operations[0].plan.method} {operations[0].address}" if len(operations) == 1 else ""
    return Feature(
        name,
        kind,
        tuple(operation.name for operation in operations),
        content="" if operations else "script" if model.steps else "mock",
        request=request,
        inputs=function.input_schema,
        missing=tuple(variable.name for variable in function.missing),
        refusal=function.refusal,
    )


def describe_unavailable(unavailable: Iterable[Unavailable]) -> Iterator[Feature]:
    """Describe what could not be read of an adapter."""
    return (Feature(each.name, reason=each.reason) for each in unavailable)
