"""Everything that a document offers, compiled; what cannot work is left out, with its reason."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from naftiko_run.capability.skills import check_skill, check_tool, find_folder
from naftiko_run.capability.templates import TemplatePlaces
from naftiko_run.consume import NotCallable
from naftiko_run.diagnostics import Pointer
from naftiko_run.document import Document
from naftiko_run.document.model import (
    Aggregate,
    Exposes,
    Forward,
    McpExposes,
    Parameter,
    Prompt,
    Resource,
    RestExposes,
    SkillExposes,
    Tool,
)
from naftiko_run.document.model import FunctionModel as Unit
from naftiko_run.expressions import parse_path, parse_route, parse_uri_template
from naftiko_run.folder import Folder
from naftiko_run.invoke import Forward as CompiledForward
from naftiko_run.invoke import (
    Function,
    FunctionCompiler,
    Withheld,
    compile_asks,
    compile_content,
    compile_prompt,
)
from naftiko_run.invoke import Prompt as CompiledPrompt
from naftiko_run.locations import require


@dataclass(frozen=True, slots=True)
class Units:
    """What a document offers, by its place in the document.

    Attributes:
        functions: What can be invoked.
        forwards: What passes requests on.
        folders: MCP resources that are files, and the files of skills.
        prompts: MCP prompts.
        unavailable: Why something is left out.
        exposed: What adapters can serve.
        withheld: What of ``unavailable`` could work, and is left out as was asked.
    """

    functions: dict[Pointer, Function] = field(default_factory=dict)
    forwards: dict[Pointer, CompiledForward] = field(default_factory=dict)
    folders: dict[Pointer, Folder] = field(default_factory=dict)
    prompts: dict[Pointer, CompiledPrompt] = field(default_factory=dict)
    unavailable: dict[Pointer, str] = field(default_factory=dict)
    exposed: set[Pointer] = field(default_factory=set)
    withheld: set[Pointer] = field(default_factory=set)


def compile_units(document: Document, compiler: FunctionCompiler, folder: Path) -> Units:
    """Compile everything that a document offers.

    Args:
        document: The document.
        compiler: Its function compiler, whose report takes what is left out.
        folder: Where relative locations begin.
    """
    unavailable = {each.pointer: each.reason for owner in document.owners() for each in owner.unavailable}
    units = Units(unavailable=unavailable)
    places = TemplatePlaces(document)
    for owner in sorted(document.owners(), key=lambda each: isinstance(each, SkillExposes)):
        parts = _Parts(units, compiler, folder, owner.max_binary_size if isinstance(owner, Exposes) else None)
        for pointer, name, add in parts.of(owner):
            try:
                add()
            except Withheld as fault:
                units.unavailable[pointer] = str(fault)
                units.withheld.add(pointer)
            except (NotCallable, ValueError) as fault:
                told = NotCallable.of(fault) if isinstance(fault, ValueError) else fault
                at = told.at or places.find(told.template) or pointer
                compiler.report.error("not-runnable", f"{name} is left out: {fault}", at)
                units.unavailable[pointer] = str(fault)
            else:
                if isinstance(owner, Exposes):
                    units.exposed.add(pointer)
    return units


_Part = tuple[Pointer, str, Callable[[], None]]
"""The place of something that is offered, its name for people, and what compiles and keeps it."""


@dataclass(frozen=True, slots=True)
class _Parts:
    """Goes through what owners offer.

    Attributes:
        units: Keeps what is compiled.
        compiler: Compiles functions and forwards.
        folder: Where relative locations begin.
        max_binary_size: The owner's, in bytes; None where it has none.
    """

    units: Units
    compiler: FunctionCompiler
    folder: Path
    max_binary_size: int | None

    def of(self, owner: Exposes | Aggregate) -> Iterator[_Part]:
        if isinstance(owner, RestExposes):
            yield from self._of_rest(owner)
        elif isinstance(owner, McpExposes):
            yield from self._of_mcp(owner)
        elif isinstance(owner, SkillExposes):
            yield from self._of_skills(owner)
        elif isinstance(owner, Aggregate):
            for unit in owner.functions:
                yield self._function(unit, f"{owner.namespace}.{unit.name}", silence_is_required=True)

    def _of_rest(self, owner: RestExposes) -> Iterator[_Part]:
        for resource in owner.resources:
            inherited = [*owner.input_parameters, *resource.input_parameters]
            variables = parse_path(parse_route(resource.path).path).variables
            for unit in resource.operations:
                yield self._function(unit, f"{unit.method} {resource.path}", inherited, variables)
            if resource.forward is not None:
                yield self._forward(resource.forward, resource.path, inherited)

    def _of_mcp(self, owner: McpExposes) -> Iterator[_Part]:
        for tool in owner.tools:
            yield self._tool(tool)
        for resource in owner.resources:
            if resource.location:
                yield self._files(resource)
            else:
                yield self._function(
                    resource, f"resource {resource.name}", (), parse_uri_template(resource.uri).names
                )
        for prompt in owner.prompts:
            yield self._prompt(prompt)

    def _of_skills(self, owner: SkillExposes) -> Iterator[_Part]:
        unavailable, withheld = self.units.unavailable, self.units.withheld
        for skill in owner.skills:
            folder = find_folder(skill, self.folder, self.compiler.report)
            if folder is not None:
                self.units.folders[skill.pointer] = folder
            for tool in skill.tools:
                if tool.reason:
                    unavailable[tool.pointer] = tool.reason
                else:
                    add = partial(check_tool, tool, folder, unavailable, withheld)
                    yield tool.pointer, f"`{skill.name}.{tool.name}`", add
            check = partial(check_skill, skill, folder, unavailable, withheld)
            yield skill.pointer, f"the skill `{skill.name}`", check

    def _function(
        self,
        unit: Unit,
        name: str,
        inherited: Sequence[Parameter] = (),
        route_variables: Sequence[str] | None = None,
        *,
        silence_is_required: bool = False,
    ) -> _Part:
        def add() -> None:
            self.units.functions[unit.pointer] = self.compiler.compile(
                unit,
                inherited,
                route_variables,
                silence_is_required=silence_is_required,
                max_binary_size=self.max_binary_size,
            )

        return unit.pointer, f"`{name}`", add

    def _tool(self, tool: Tool) -> _Part:
        pointer, name, add_function = self._function(tool, tool.name, silence_is_required=True)

        def add() -> None:
            compile_asks(tool.asks)
            compile_content(tool.content)
            add_function()

        return pointer, name, add

    def _forward(self, model: Forward, path: str, inherited: Sequence[Parameter]) -> _Part:
        def add() -> None:
            self.units.forwards[model.pointer] = self.compiler.compile_forward(model, inherited)

        return model.pointer, f"the forward of `{path}`", add

    def _files(self, model: Resource) -> _Part:
        def add() -> None:
            self.units.folders[model.pointer] = Folder.at(require(model.location, self.folder))

        return model.pointer, f"the resource `{model.name}`", add

    def _prompt(self, model: Prompt) -> _Part:
        def add() -> None:
            prompt = self.units.prompts[model.pointer] = compile_prompt(model, self.folder)
            for name in prompt.undeclared:
                self.compiler.report.warning(
                    "undeclared-argument",
                    f"`{{{{{name}}}}}` in the prompt `{model.name}` names none of its arguments; it stays as it is "
                    "written where a client does not give it",
                    model.pointer,
                    hint=f"add `{name}` to its `arguments`, or correct the name",
                )

        return model.pointer, f"the prompt `{model.name}`", add
