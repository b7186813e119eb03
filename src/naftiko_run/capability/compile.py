"""Compile the functions of adapters and aggregates; what cannot work is not served, and the reason is reported."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, fields
from functools import cached_property
from pathlib import Path
from typing import Any

from pydantic.alias_generators import to_camel

from naftiko_run.consume import NotCallable
from naftiko_run.diagnostics import Pointer, Report
from naftiko_run.document import Document
from naftiko_run.document.model import Aggregate, Forward, FunctionModel, Node, Parameter
from naftiko_run.folder import Folder
from naftiko_run.invoke import CompiledPrompt, Forwarder, Function, FunctionCompiler, NotReadOnly


@dataclass(frozen=True, slots=True)
class Compiled:
    """What the adapters and aggregates of a document are made of, by its place in the document.

    Attributes:
        functions: What can be invoked.
        forwards: What forwards requests.
        folders: MCP resources that are files, and the files of skills.
        prompts: MCP prompts.
        unavailable: The reasons why something is not served.
        withheld: The places in ``unavailable`` that ``--read-only`` excludes: they could work.
        served: The places of what adapters serve.
    """

    functions: dict[Pointer, Function] = field(default_factory=dict)
    forwards: dict[Pointer, Forwarder] = field(default_factory=dict)
    folders: dict[Pointer, Folder] = field(default_factory=dict)
    prompts: dict[Pointer, CompiledPrompt] = field(default_factory=dict)
    unavailable: dict[Pointer, str] = field(default_factory=dict)
    withheld: set[Pointer] = field(default_factory=set)
    served: set[Pointer] = field(default_factory=set)


@dataclass(frozen=True, slots=True)
class BlockCompiler:
    """Compiles what one adapter offers.

    Attributes:
        compiled: Receives it.
        folder: The folder that relative locations start from.
        max_binary_size: The adapter's, in bytes; None where it has none.
    """

    compiled: Compiled
    folder: Path
    _compiler: FunctionCompiler
    _templates: TemplateIndex
    max_binary_size: int | None = None

    @property
    def report(self) -> Report:
        """Receives diagnostics."""
        return self._compiler.report

    def function(
        self,
        model: FunctionModel,
        title: str,
        inherited: Sequence[Parameter] = (),
        route_variables: Sequence[str] | None = None,
        *,
        required_by_default: bool = False,
        check: Callable[[], object] | None = None,
    ) -> bool:
        """Compile a function.

        Args:
            model: The function.
            title: Its name in messages.
            inherited: Input parameters of its adapter and its resource; its own override them.
            route_variables: The variables of its route; None where it has no route.
            required_by_default: Whether inputs that do not say so are required.
            check: Called first; raises ``ValueError`` where the function cannot work.

        Returns:
            Whether it is served.
        """

        def compile_() -> None:
            if check is not None:
                check()
            self.compiled.functions[model.pointer] = self._compiler.compile(
                model,
                inherited,
                route_variables,
                required_by_default=required_by_default,
                max_binary_size=self.max_binary_size,
            )

        return self.attempt(model.pointer, f"`{title}`", compile_)

    def forward(self, model: Forward, title: str, inherited: Sequence[Parameter] = ()) -> None:
        """Compile a forward.

        Args:
            model: The forward.
            title: As for ``attempt``.
            inherited: As for ``function``.
        """

        def compile_() -> None:
            self.compiled.forwards[model.pointer] = self._compiler.compile_forward(model, inherited)

        self.attempt(model.pointer, title, compile_)

    def attempt(self, pointer: Pointer, title: str, compile_: Callable[[], object]) -> bool:
        """Compile something; where that fails it is not served, and the reason is reported.

        Args:
            pointer: Its place in the document.
            title: What it is, in messages.
            compile_: Compiles it and keeps the result; raises ``ValueError`` where it cannot work.

        Returns:
            Whether it is served.
        """
        try:
            compile_()
        except NotReadOnly as fault:
            self.compiled.unavailable[pointer] = str(fault)
            self.compiled.withheld.add(pointer)
            return False
        except (NotCallable, ValueError) as fault:
            cause = NotCallable.of(fault) if isinstance(fault, ValueError) else fault
            at = cause.at or self._templates.find(cause.template) or pointer
            self.report.error("not-runnable", f"{title} is not served: {fault}", at)
            self.compiled.unavailable[pointer] = str(fault)
            return False
        self.compiled.served.add(pointer)
        return True


def compile_aggregate(aggregate: Aggregate, compiler: BlockCompiler) -> None:
    """Compile the functions of an aggregate: adapters refer to them, and they serve nothing themselves."""
    for function in aggregate.functions:
        compiler.function(function, f"{aggregate.namespace}.{function.name}", required_by_default=True)
        compiler.compiled.served.discard(function.pointer)


class TemplateIndex:
    """Finds the places of templates; the document is searched when the first one is needed.

    Args:
        document: The document.
    """

    def __init__(self, document: Document) -> None:
        self._document = document

    def find(self, template: str) -> Pointer:
        """Return the place of the first text that is a template or contains it; empty where there is none."""
        if not template:
            return ()
        if template in self._places:
            return self._places[template]
        return next((place for text, place in self._places.items() if template in text), ())

    @cached_property
    def _places(self) -> dict[str, Pointer]:
        places: dict[str, Pointer] = {}
        for text, place in _texts(self._document, ()):
            if "{{" in text:
                places.setdefault(text, place)
        return places


def _texts(value: Any, at: Pointer) -> Iterator[tuple[str, Pointer]]:
    if isinstance(value, str):
        yield value, at
    elif isinstance(value, Node):
        at = value.pointer or at
        for each in fields(value):
            if each.name != "pointer":
                yield from _texts(getattr(value, each.name), (*at, to_camel(each.name.rstrip("_"))))
    elif isinstance(value, dict):
        for key, member in value.items():
            yield from _texts(member, (*at, key))
    elif isinstance(value, list | tuple):
        for index, member in enumerate(value):
            yield from _texts(member, (*at, index))
