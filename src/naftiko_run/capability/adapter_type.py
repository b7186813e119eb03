"""The types of adapters, as far as loading and listing a capability is concerned; serving them is ``expose``."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import ClassVar, Protocol

from naftiko_run import plugins
from naftiko_run.capability.capability import Capability
from naftiko_run.capability.compile import BlockCompiler
from naftiko_run.capability.features import Feature
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
