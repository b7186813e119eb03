"""The MCP adapter type: what its blocks are made of, how they are listed, and how they are served."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import partial
from typing import Any, ClassVar

from naftiko_run.capability import BlockCompiler, Capability, Feature, Selection, describe_function
from naftiko_run.document.model import (
    Exposes,
    McpExposes,
    Prompt,
    Resource,
    Tool,
    Unavailable,
)
from naftiko_run.expose.exposer import Adapter, Block, Exposer, ExposeSettings
from naftiko_run.expressions import parse_uri_template
from naftiko_run.folder import Folder
from naftiko_run.invoke import Argument, compile_content, compile_prompt, compile_questions
from naftiko_run.locations import require


class McpExposer(Exposer):
    """Exposes functions as MCP tools."""

    default_port: ClassVar[int] = 9090
    feature_kind: ClassVar[str] = "tool"

    def select(self, exposes: Exposes, selection: Selection) -> Exposes | None:
        """Return the selected tools, resources and prompts; see ``AdapterType.select``."""
        assert isinstance(exposes, McpExposes)
        selected = replace(
            exposes,
            unavailable=selection.unavailable(exposes),
            tools=tuple(each for each in exposes.tools if _is_selected(each, exposes, selection)),
            resources=tuple(each for each in exposes.resources if _is_selected(each, exposes, selection)),
            prompts=tuple(each for each in exposes.prompts if _is_selected(each, exposes, selection)),
        )
        is_empty = not (selected.tools or selected.resources or selected.prompts or selected.unavailable)
        return None if is_empty else selected

    def compile(self, exposes: Exposes, compiler: BlockCompiler) -> None:
        """Compile the tools, resources and prompts; see ``AdapterType.compile``."""
        assert isinstance(exposes, McpExposes)
        for tool in exposes.tools:
            compiler.function(tool, tool.name, required_by_default=True, check=partial(_check_tool, tool))
        for resource in exposes.resources:
            if resource.location:
                title = f"the resource `{resource.name}`"
                compiler.attempt(resource.pointer, title, partial(_find_files, resource, compiler))
            else:
                variables = parse_uri_template(resource.uri).names
                compiler.function(resource, f"resource {resource.name}", (), variables)
        for prompt in exposes.prompts:
            title = f"the prompt `{prompt.name}`"
            compiler.attempt(prompt.pointer, title, partial(_compile_prompt, prompt, compiler))

    def describe(self, exposes: Exposes, capability: Capability) -> Iterator[Feature]:
        """Describe the tools, resources and prompts; see ``AdapterType.describe``."""
        assert isinstance(exposes, McpExposes)
        for tool in exposes.tools:
            yield describe_function(capability, tool, tool.name)
        for resource in exposes.resources:
            if resource.pointer in capability.folders:
                yield Feature(resource.uri, "resource", content="files", inputs=_schema(()))
            else:
                yield describe_function(capability, resource, resource.uri, "resource")
        for prompt in exposes.prompts:
            yield _describe_prompt(prompt, capability)
        yield from (_describe_unavailable(each) for each in exposes.unavailable)

    def for_stdio(self, exposes: Exposes, capability: Capability) -> Exposes:  # noqa: ARG002 - the block itself is served
        """Return the block: MCP itself has a stdio transport; see ``AdapterType.for_stdio``."""
        return exposes

    def expose(self, exposes: Exposes, capability: Capability, settings: ExposeSettings) -> Adapter:
        """Return the adapter of an ``mcp`` block; see ``Exposer.expose``."""
        from naftiko_run.expose.mcp.adapter import build_adapter

        assert isinstance(exposes, McpExposes)
        return build_adapter(exposes, capability, settings, tuple(self.describe(exposes, capability)))

    def combine(self, blocks: Sequence[Block], settings: ExposeSettings) -> Adapter | None:
        """Return one adapter of the tools of several blocks, if they are lazy; see ``Combining.combine``."""
        from naftiko_run.expose.mcp.adapter import combine_blocks

        return combine_blocks(blocks, settings) if settings.lazy_tools else None


def _is_selected(model: Tool | Resource | Prompt, exposes: McpExposes, selection: Selection) -> bool:
    names = dict.fromkeys((model.name, model.written_name or model.name))
    return selection.includes(exposes, model.pointer, *names)


def _check_tool(tool: Tool) -> None:
    compile_questions(tool.asks)
    compile_content(tool.content)


def _find_files(resource: Resource, compiler: BlockCompiler) -> None:
    compiler.compiled.folders[resource.pointer] = Folder.at(require(resource.location, compiler.folder))


def _compile_prompt(model: Prompt, compiler: BlockCompiler) -> None:
    prompt = compiler.compiled.prompts[model.pointer] = compile_prompt(model, compiler.folder)
    for name in prompt.undeclared:
        compiler.report.warning(
            "undeclared-argument",
            f"`{{{{{name}}}}}` in the prompt `{model.name}` is not one of its arguments; it is sent as written "
            "unless the client passes it",
            model.pointer,
            hint=f"add `{name}` to its `arguments`, or correct the name",
        )


def _describe_prompt(model: Prompt, capability: Capability) -> Feature:
    prompt = capability.prompts.get(model.pointer)
    if prompt is None:
        return Feature(model.name, "prompt", reason=capability.unavailable[model.pointer])
    return Feature(
        model.name, "prompt", content=model.location or "messages", inputs=_schema(prompt.arguments)
    )


def _describe_unavailable(unavailable: Unavailable) -> Feature:
    """Describe what could not be read of a block; the name of a resource or prompt begins with its kind."""
    kind, _, name = unavailable.name.partition(" ")
    if kind in ("resource", "prompt"):
        return Feature(name, kind, reason=unavailable.reason)
    return Feature(unavailable.name, reason=unavailable.reason)


def _schema(arguments: Sequence[Argument]) -> dict[str, Any]:
    """Return the JSON Schema of a prompt's arguments, which are text."""
    properties = {
        each.name: {"type": "string"} | ({"description": each.description} if each.description else {})
        for each in arguments
    }
    required = [each.name for each in arguments if each.required]
    return {"type": "object", "properties": properties} | ({"required": required} if required else {})
