"""The tools of an ``mcp`` adapter."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, Final
from urllib.parse import quote

import mcp_types as types
from mcp.server.context import ServerRequestContext
from mcp.shared.exceptions import MCPError
from mcp.shared.inbound import X_MCP_HEADER_KEY, find_invalid_x_mcp_header, x_mcp_header_map
from mcp_types.methods import validate_server_result
from mcp_types.version import LATEST_HANDSHAKE_VERSION, LATEST_MODERN_VERSION, MODERN_PROTOCOL_VERSIONS
from pydantic import ValidationError

from naftiko_run import _json
from naftiko_run.capability import Capability
from naftiko_run.diagnostics import closest_name
from naftiko_run.document.model import McpExposes
from naftiko_run.errors import InvocationError
from naftiko_run.expose.mcp.arguments import Arguments
from naftiko_run.expose.mcp.elicitation import Elicitation, ElicitationError
from naftiko_run.expose.mcp.fast_path import FastPathTool
from naftiko_run.expose.mcp.listing import paginate, tool_definition
from naftiko_run.expose.mcp.output_schema import OutputSchema
from naftiko_run.expose.mcp.resources import ResourceRegistry, ResultContent
from naftiko_run.expose.mcp.results import (
    JsonFragment,
    JsonObject,
    drop_invalid_structure,
    json_fragment,
    problem_result,
    render_fragment,
    render_result,
    text_block,
    text_result,
)
from naftiko_run.expose.mcp.schema_flattening import flatten_root
from naftiko_run.expose.mcp.sessions import CallNotifier
from naftiko_run.expose.mcp.tracing import describe_call
from naftiko_run.expose.mcp.truncation import MAX_NAME_LENGTH, ResultLimit, result_limit, shorten_name
from naftiko_run.expose.problems import problem_of
from naftiko_run.invoke import Function, Outcome, run_in_decode_pool
from naftiko_run.telemetry import current_span, mark_failed

_LIST_VERSIONS: Final = (LATEST_HANDSHAKE_VERSION, LATEST_MODERN_VERSION)
"""One protocol version for each form in which tools are listed."""

_EMPTY_LIST: Final = types.ListToolsResult(tools=[]).model_dump(mode="json", by_alias=True)


@dataclass(frozen=True, slots=True)
class _Tool:
    """A tool that can be called.

    Attributes:
        name: ``namespace/tool``, percent-encoded.
        operation: ``namespace.tool``, for telemetry.
        elicitation: The questions to the client.
        content: The content blocks that replace the text of a result.
        definition: The definition without the output schema.
        arguments: Parses the arguments of a call, before the client is asked anything.
        limit: The maximum size of results; None for no limit.
        output_schema: The schema that clients validate results against; None for no schema.
    """

    name: str
    operation: str
    function: Function
    elicitation: Elicitation
    content: ResultContent
    definition: types.Tool
    arguments: Arguments
    limit: ResultLimit | None
    output_schema: OutputSchema | None

    def definition_for(self, protocol_version: str) -> types.Tool:
        """Return its definition in ``tools/list`` for a protocol version."""
        if self.output_schema is None:
            return self.definition
        return self.definition.model_copy(
            update={"output_schema": self.output_schema.schema(protocol_version)}
        )


class ToolRegistry:
    """The tools of one ``mcp`` adapter by name.

    Args:
        exposes: The block.
        capability: The capability with the compiled functions.
        resources: The resources that results embed.
        notifier: Notifies clients of the progress of their calls.
        max_result: The maximum size of results in bytes, unless a tool has its own; None for no limit.
    """

    def __init__(
        self,
        exposes: McpExposes,
        capability: Capability,
        resources: ResourceRegistry,
        notifier: CallNotifier,
        max_result: int | None,
    ) -> None:
        self._notifier = notifier
        self._tools: dict[str, _Tool] = {}
        self._fast_path: dict[str, FastPathTool] = {}
        self._aliases: dict[str, str] = {}
        self._unavailable = {each.name: each.reason for each in exposes.unavailable}
        for model in exposes.tools:
            function = capability.functions.get(model.pointer)
            if function is None:
                self._unavailable[model.name] = capability.unavailable[model.pointer]
                continue
            elicitation, content = Elicitation(model.asks), ResultContent(model.content, resources)
            extra = (*content.names, *elicitation.names)
            arguments = Arguments(function, elicitation.is_answer if elicitation else None, extra)
            definition = tool_definition(model, function.description, flatten_root(arguments.schema))
            limit = result_limit(model.max_result or max_result, definition.input_schema)
            name = f"{quote(exposes.namespace)}/{quote(model.name)}"
            output_schema = (
                OutputSchema(model.name, function.output_schema) if function.output_schema else None
            )
            operation = f"{exposes.namespace}.{model.name}"
            tool = _Tool(
                name,
                operation,
                function,
                elicitation,
                content,
                definition,
                arguments,
                limit,
                output_schema,
            )
            if reason := _invalid_definition(tool):
                self._unavailable[model.name] = reason
                continue
            self._tools[model.name] = tool
            self._aliases.setdefault(model.written_name, model.name)
            if fast_path_tool := _fast_path_tool(tool):
                self._fast_path[model.name] = fast_path_tool
        self._aliases = {
            each: name for each, name in self._aliases.items() if each and each not in self._tools
        }
        for alias, name in self._aliases.items():
            if name in self._fast_path:
                self._fast_path[alias] = self._fast_path[name].named(alias)
        self._lists = {
            version: [(name, each.definition_for(version)) for name, each in self._tools.items()]
            for version in _LIST_VERSIONS
        }

    @property
    def definitions(self) -> Sequence[types.Tool]:
        """The definitions of the tools that can be called, without output schemas."""
        return [tool.definition for tool in self._tools.values()]

    def definition_for(self, name: str, protocol_version: str) -> types.Tool:
        """Return the definition of a tool that can be called for a protocol version."""
        return self._tools[name].definition_for(protocol_version)

    @property
    def aliases(self) -> Mapping[str, str]:
        """The names of tools that can be called by their names in the document, if those differ."""
        return self._aliases

    @property
    def unavailable(self) -> Mapping[str, str]:
        """The reasons why other tools cannot be called, by name."""
        return self._unavailable

    async def list(
        self, context: ServerRequestContext[Any], params: types.PaginatedRequestParams | None
    ) -> types.ListToolsResult:
        """Handle ``tools/list``.

        Raises:
            MCPError: The cursor is not valid for this list.
        """
        version = _LIST_VERSIONS[context.protocol_version in MODERN_PROTOCOL_VERSIONS]
        page = paginate(self._lists[version], params)
        return types.ListToolsResult(tools=page.entries, next_cursor=page.next_cursor)

    async def call(
        self, context: ServerRequestContext[Any], params: types.CallToolRequestParams
    ) -> types.CallToolResult | types.InputRequiredResult:
        """Handle ``tools/call``.

        Raises:
            MCPError: There is no such tool, the client lacks a required capability, or an internal error occurred.
        """
        tool = self._tool(params.name)
        if tool is None:
            raise MCPError(types.INVALID_PARAMS, self._unknown_message(params.name))
        current = current_span()
        if current is not None:
            describe_call(current.trace, tool.operation, params.name, context.protocol_version)
        try:
            with self._notifier.notify(context, params.name):
                return await self._answer(tool, context, params)
        except MCPError:
            raise
        except Exception as error:  # noqa: BLE001 - outermost handler: clients get no internal details
            raise _internal_error(error) from None

    @property
    def fast_path(self) -> Mapping[str, FastPathTool]:
        """The tools whose calls need nothing but their arguments, by name and by alias."""
        return self._fast_path

    def input_schema(self, name: str) -> dict[str, Any] | None:
        """Return the input schema of a tool; None if there is no such tool."""
        tool = self._tool(name)
        return tool.definition.input_schema if tool else None

    def _tool(self, name: str) -> _Tool | None:
        return self._tools.get(name) or self._tools.get(self._aliases.get(name, ""))

    async def _answer(
        self, tool: _Tool, context: ServerRequestContext[Any], params: types.CallToolRequestParams
    ) -> types.CallToolResult | types.InputRequiredResult:
        try:
            parsed = await tool.arguments.parse(params.arguments or {})
            inputs = await tool.elicitation.inputs(context, params, parsed.inputs)
        except ElicitationError as error:
            return _typed(text_result(str(error), is_error=True))
        except InvocationError as error:
            return _typed(_problem_result(tool, error, context.protocol_version))
        if isinstance(inputs, types.InputRequiredResult):
            return inputs
        result = await _result(tool, inputs, context.protocol_version)
        result["content"] += [text_block(note) for note in parsed.notes]
        return _typed(result)

    def _unknown_message(self, name: str) -> str:
        if name in self._unavailable:
            return f"The tool `{name}` cannot be called: {self._unavailable[name]}"
        close = closest_name(name[:MAX_NAME_LENGTH], self._tools)
        hint = f"did you mean `{close}`?" if close else "tools/list lists the available tools"
        return f"Unknown tool `{shorten_name(name)}`; {hint}"


async def _result(tool: _Tool, inputs: Mapping[str, Any], protocol_version: str) -> JsonObject:
    """Call a tool and return its result.

    Raises:
        MCPError: A resource that the result embeds cannot be read.
    """
    try:
        outcome = await tool.arguments.call(inputs)
        if outcome.has_failed:
            mark_failed(str(outcome.status))
        render = partial(render_result, outcome, protocol_version, tool.name, tool.limit, tool.output_schema)
        result = await run_in_decode_pool(render) if outcome.is_long else render()
    except InvocationError as error:
        return _problem_result(tool, error, protocol_version)
    if tool.content and not outcome.has_failed:
        content = await tool.content.blocks(inputs, protocol_version)
        blocks = [block.model_dump(mode="json", by_alias=True, exclude_none=True) for block in content]
        result["content"] = [*blocks, *result["content"][1:]]
    return result


def _problem_result(tool: _Tool, error: InvocationError, protocol_version: str) -> JsonObject:
    mark_failed(type(error).__name__)
    return drop_invalid_structure(tool.output_schema, problem_result(problem_of(error)), protocol_version)


def _typed(result: JsonObject) -> types.CallToolResult:
    return types.CallToolResult.model_validate(result)


def _fast_path_tool(tool: _Tool) -> FastPathTool | None:
    """Return a tool for the fast path; None if its calls need the SDK."""
    schema = tool.definition.input_schema
    if tool.elicitation or tool.content or (_may_have_headers(schema) and x_mcp_header_map(schema)):
        return None

    def result(outcome: Outcome, protocol_version: str) -> JsonFragment:
        return render_fragment(outcome, protocol_version, tool.name, tool.limit, tool.output_schema)

    def failure(error: Exception, protocol_version: str) -> JsonFragment | MCPError:
        if isinstance(error, InvocationError):
            return json_fragment(_problem_result(tool, error, protocol_version))
        return _internal_error(error)

    arguments = tool.arguments
    fast_path_tool = FastPathTool(
        arguments.invoke,
        result,
        failure,
        arguments.known,
        arguments.accepts_extra,
        arguments.can_coerce,
        operation=tool.operation,
    )
    return fast_path_tool.named(tool.definition.name)


def _internal_error(error: Exception) -> MCPError:
    problem = problem_of(error)
    return MCPError(types.INTERNAL_ERROR, problem.detail, problem.members)


def _invalid_definition(tool: _Tool) -> str:
    """Return why clients would reject a list with this tool; empty if they accept it."""
    definition = tool.definition.model_dump(mode="json", by_alias=True)
    for version in _LIST_VERSIONS:
        output_schema = tool.output_schema.schema(version) if tool.output_schema else None
        listed = {**_EMPTY_LIST, "tools": [{**definition, "outputSchema": output_schema}]}
        try:
            validate_server_result("tools/list", version, listed)
        except ValidationError as error:
            return f"clients would reject its definition: {error.errors()[0]['msg']}"
    schema = tool.definition.input_schema
    reason = find_invalid_x_mcp_header(schema) if _may_have_headers(schema) else ""
    return f"clients would reject an `x-mcp-header` in its schema: {reason}" if reason else ""


def _may_have_headers(schema: dict[str, Any]) -> bool:
    """Return whether a schema may declare headers: a search in its JSON is faster than a walk through it."""
    return X_MCP_HEADER_KEY.encode() in _json.dumps(schema)
