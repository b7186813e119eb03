"""The tools of an ``mcp`` block."""

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
from naftiko_run.document.model import McpExposes
from naftiko_run.errors import InvocationError
from naftiko_run.expose.mcp.arguments import Arguments
from naftiko_run.expose.mcp.asks import Questionnaire, Unanswered
from naftiko_run.expose.mcp.content import Showing
from naftiko_run.expose.mcp.describing import describe
from naftiko_run.expose.mcp.directcall import DirectTool
from naftiko_run.expose.mcp.notices import Notices
from naftiko_run.expose.mcp.pages import page_of
from naftiko_run.expose.mcp.promises import Promise
from naftiko_run.expose.mcp.resources import ResourceShelf
from naftiko_run.expose.mcp.results import (
    Begun,
    Wire,
    begun,
    begun_result_of,
    keep_to,
    result_of,
    result_of_problem,
    result_of_text,
    text_block,
)
from naftiko_run.expose.mcp.schemaroots import plain_root
from naftiko_run.expose.mcp.trimming import ResultLimit, limit_of
from naftiko_run.expose.problems import problem_of
from naftiko_run.invoke import Function, Outcome, run_in_decode_pool

_ERAS: Final = (LATEST_HANDSHAKE_VERSION, LATEST_MODERN_VERSION)
"""A revision of each era, in which tools are told alike."""

_NO_TOOLS: Final = types.ListToolsResult(tools=[]).model_dump(mode="json", by_alias=True)


@dataclass(frozen=True, slots=True)
class _Tool:
    """A tool that can be called.

    Attributes:
        name: ``namespace/tool``, percent-encoded.
        arguments: Read what the caller gives, before anything is asked.
        limit: How long results may be; None for no limit.
        promise: What clients check its results against; None where nothing is promised.
    """

    name: str
    function: Function
    asks: Questionnaire
    showing: Showing
    described: types.Tool
    arguments: Arguments
    limit: ResultLimit | None
    promise: Promise | None

    def told(self, protocol_version: str) -> types.Tool:
        """Give what ``tools/list`` tells a client of it."""
        if self.promise is None:
            return self.described
        return self.described.model_copy(update={"output_schema": self.promise.schema(protocol_version)})


class ToolBox:
    """The tools of one ``mcp`` block.

    Args:
        exposes: The block.
        capability: Holds the functions.
        shelf: Has the resources that results show.
        notices: Tells clients how far their calls have come.
        max_result: How long results may be where a tool does not say, in bytes; None for no limit.
    """

    def __init__(
        self,
        exposes: McpExposes,
        capability: Capability,
        shelf: ResourceShelf,
        notices: Notices,
        max_result: int | None,
    ) -> None:
        self._notices = notices
        self._tools: dict[str, _Tool] = {}
        self._direct: dict[str, DirectTool] = {}
        self._aliases: dict[str, str] = {}
        self._unavailable = {each.name: each.reason for each in exposes.unavailable}
        for model in exposes.tools:
            function = capability.functions.get(model.pointer)
            if function is None:
                self._unavailable[model.name] = capability.unavailable[model.pointer]
                continue
            asks, showing = Questionnaire(model.asks), Showing(model.content, shelf)
            extra = (*showing.names, *asks.names)
            arguments = Arguments(function, asks.is_asked if asks else None, extra)
            described = describe(model, function.description, plain_root(arguments.schema))
            limit = limit_of(model.max_result or max_result, described.input_schema)
            name = f"{quote(exposes.namespace)}/{quote(model.name)}"
            promise = Promise(model.name, function.output_schema) if function.output_schema else None
            tool = _Tool(name, function, asks, showing, described, arguments, limit, promise)
            if fault := _fault(tool):
                self._unavailable[model.name] = fault
                continue
            self._tools[model.name] = tool
            self._aliases.setdefault(model.written_name, model.name)
            if direct := _direct(tool):
                self._direct[model.name] = direct
        self._aliases = {
            each: name for each, name in self._aliases.items() if each and each not in self._tools
        }
        for alias, name in self._aliases.items():
            if name in self._direct:
                self._direct[alias] = self._direct[name].named(alias)
        self._lists = {
            version: [(name, each.told(version)) for name, each in self._tools.items()] for version in _ERAS
        }

    @property
    def described(self) -> Sequence[types.Tool]:
        """The tools that can be called."""
        return [tool.described for tool in self._tools.values()]

    def told(self, name: str, protocol_version: str) -> types.Tool:
        """Give what a client is told of a tool that can be called."""
        return self._tools[name].told(protocol_version)

    @property
    def aliases(self) -> Mapping[str, str]:
        """The names of tools that can be called, by what the document writes where that is another name."""
        return self._aliases

    @property
    def unavailable(self) -> Mapping[str, str]:
        """Why other tools cannot be called, by name."""
        return self._unavailable

    async def list(
        self, context: ServerRequestContext[Any], params: types.PaginatedRequestParams | None
    ) -> types.ListToolsResult:
        """Answer ``tools/list``.

        Raises:
            MCPError: The cursor is none of this list's.
        """
        era = _ERAS[context.protocol_version in MODERN_PROTOCOL_VERSIONS]
        page = page_of(self._lists[era], params)
        return types.ListToolsResult(tools=page.entries, next_cursor=page.next_cursor)

    async def call(
        self, context: ServerRequestContext[Any], params: types.CallToolRequestParams
    ) -> types.CallToolResult | types.InputRequiredResult:
        """Answer ``tools/call``.

        Raises:
            MCPError: There is no such tool, the client cannot answer what it asks, or something broke in here.
        """
        tool = self._tool(params.name)
        if tool is None:
            raise MCPError(types.INVALID_PARAMS, self._absent(params.name))
        try:
            with self._notices.watching(context, params.name):
                return await self._answer(tool, context, params)
        except MCPError:
            raise
        except Exception as fault:  # noqa: BLE001 - the last door: nothing internal leaves it
            raise _broken(fault) from None

    @property
    def direct(self) -> Mapping[str, DirectTool]:
        """The tools whose calls need nothing but their arguments, by name and by alias."""
        return self._direct

    def input_schema(self, name: str) -> dict[str, Any] | None:
        """Give a tool's input schema; None where there is no such tool."""
        tool = self._tool(name)
        return tool.described.input_schema if tool else None

    def _tool(self, name: str) -> _Tool | None:
        return self._tools.get(name) or self._tools.get(self._aliases.get(name, ""))

    async def _answer(
        self, tool: _Tool, context: ServerRequestContext[Any], params: types.CallToolRequestParams
    ) -> types.CallToolResult | types.InputRequiredResult:
        try:
            read = await tool.arguments.read(params.arguments or {})
            inputs = await tool.asks.inputs(context, params, read.inputs)
        except Unanswered as fault:
            return _typed(result_of_text(str(fault), is_error=True))
        except InvocationError as fault:
            return _typed(_refused(tool, fault, context.protocol_version))
        if isinstance(inputs, types.InputRequiredResult):
            return inputs
        result = await _result(tool, inputs, context.protocol_version)
        result["content"] += [text_block(note) for note in read.notes]
        return _typed(result)

    def _absent(self, name: str) -> str:
        if name in self._unavailable:
            return f"The tool `{name}` cannot be called: {self._unavailable[name]}"
        return f"There is no tool `{name}`; tools/list names those that there are"


async def _result(tool: _Tool, inputs: Mapping[str, Any], protocol_version: str) -> Wire:
    """Call a tool; give its result.

    Raises:
        MCPError: What it shows cannot be had.
    """
    try:
        outcome = await tool.arguments.call(inputs)
        made = partial(result_of, outcome, protocol_version, tool.name, tool.limit, tool.promise)
        result = await run_in_decode_pool(made) if outcome.is_long else made()
    except InvocationError as fault:
        return _refused(tool, fault, protocol_version)
    if tool.showing and not outcome.has_failed:
        shown = await tool.showing.blocks(inputs, protocol_version)
        blocks = [block.model_dump(mode="json", by_alias=True, exclude_none=True) for block in shown]
        result["content"] = [*blocks, *result["content"][1:]]
    return result


def _refused(tool: _Tool, fault: InvocationError, protocol_version: str) -> Wire:
    return keep_to(tool.promise, result_of_problem(problem_of(fault)), protocol_version)


def _typed(result: Wire) -> types.CallToolResult:
    return types.CallToolResult.model_validate(result)


def _direct(tool: _Tool) -> DirectTool | None:
    """Give what calls a tool without the SDK; None where only that can."""
    schema = tool.described.input_schema
    if tool.asks or tool.showing or (_names_headers(schema) and x_mcp_header_map(schema)):
        return None

    def result(outcome: Outcome, protocol_version: str) -> Begun:
        return begun_result_of(outcome, protocol_version, tool.name, tool.limit, tool.promise)

    def failure(fault: Exception, protocol_version: str) -> Begun | MCPError:
        if isinstance(fault, InvocationError):
            return begun(_refused(tool, fault, protocol_version))
        return _broken(fault)

    arguments = tool.arguments
    direct = DirectTool(
        arguments.invoke, result, failure, arguments.known, arguments.takes_others, arguments.can_be_read
    )
    return direct.named(tool.described.name)


def _broken(fault: Exception) -> MCPError:
    problem = problem_of(fault)
    return MCPError(types.INTERNAL_ERROR, problem.detail, problem.members)


def _fault(tool: _Tool) -> str:
    """Say why clients would refuse a list with this tool in it; empty where they take it."""
    described = tool.described.model_dump(mode="json", by_alias=True)
    for version in _ERAS:
        promised = tool.promise.schema(version) if tool.promise else None
        listed = {**_NO_TOOLS, "tools": [{**described, "outputSchema": promised}]}
        try:
            validate_server_result("tools/list", version, listed)
        except ValidationError as fault:
            return f"clients would refuse what is told of it: {fault.errors()[0]['msg']}"
    schema = tool.described.input_schema
    reason = find_invalid_x_mcp_header(schema) if _names_headers(schema) else ""
    return f"clients would refuse an `x-mcp-header` of its schema: {reason}" if reason else ""


def _names_headers(schema: dict[str, Any]) -> bool:
    """Whether a schema may have arguments travel in headers too: its text tells sooner than a walk through it."""
    return X_MCP_HEADER_KEY.encode() in _json.dumps(schema)
