"""An ``mcp`` block to an MCP server: its tools, over streamable HTTP."""

from __future__ import annotations

from typing import Any, ClassVar, get_args
from urllib.parse import quote

import mcp_types as types
from mcp.server.caching import CacheableMethod, CacheHint
from mcp.server.context import ServerRequestContext
from mcp.server.lowlevel import Server
from mcp.shared.exceptions import MCPError

from naftiko_run.capability import Capability
from naftiko_run.document.model import Exposes, McpExposes
from naftiko_run.errors import InvocationError
from naftiko_run.expose.exposer import Adapter, Endpoint, ExposeSettings, Unit
from naftiko_run.expose.mcp.endpoint import McpEndpoint
from naftiko_run.expose.mcp.prompts import PromptBook
from naftiko_run.expose.mcp.resources import ResourceShelf
from naftiko_run.expose.mcp.results import result_of, result_of_problem
from naftiko_run.expose.mcp.tools import tool_of
from naftiko_run.expose.problems import problem_of
from naftiko_run.expose.units import unit_of
from naftiko_run.expressions import parse_path
from naftiko_run.invoke import Function
from naftiko_run.version import __version__


class McpExposer:
    """Exposes functions as MCP tools."""

    default_port: ClassVar[int] = 9090

    def expose(self, exposes: Exposes, capability: Capability, settings: ExposeSettings) -> Adapter:
        """Make the adapter of an ``mcp`` block; see ``Exposer.expose``."""
        assert isinstance(exposes, McpExposes)
        tools, shelf = ToolBox(exposes, capability), ResourceShelf(exposes, capability)
        book = PromptBook(exposes, capability)
        endpoint = McpEndpoint(_server(exposes, capability, tools, shelf, book), settings)
        namespace = exposes.namespace or "capability"
        own = parse_path(f"/{namespace}/mcp")
        endpoints = (
            Endpoint(own, endpoint),
            Endpoint(parse_path("/mcp"), endpoint, is_alias=True),
            Endpoint(parse_path("/"), endpoint, is_alias=True),
        )
        units = sorted((*tools.units(), *shelf.units(), *book.units()), key=lambda each: bool(each.reason))
        return Adapter(
            "mcp", exposes.namespace, capability, own.text, endpoints, tuple(units), endpoint.running
        )


class ToolBox:
    """The tools of one ``mcp`` block.

    Args:
        exposes: The block.
        capability: Holds the functions.
    """

    def __init__(self, exposes: McpExposes, capability: Capability) -> None:
        self._exposes = exposes
        self._capability = capability
        self._functions: dict[str, Function] = {}
        self._unavailable = {each.name: each.reason for each in exposes.unavailable}
        self._tools: list[types.Tool] = []
        for tool in exposes.tools:
            function = capability.functions.get(tool.pointer)
            if function is None:
                self._unavailable[tool.name] = capability.unavailable[tool.pointer]
            else:
                self._functions[tool.name] = function
                self._tools.append(tool_of(tool, function))

    def units(self) -> tuple[Unit, ...]:
        """Give the tools for the start-up output, and whatever of the block was left out."""
        return (
            *(unit_of(name, function) for name, function in self._functions.items()),
            *(_left_out(name, reason) for name, reason in self._unavailable.items()),
        )

    async def list(
        self, _: ServerRequestContext[Any], __: types.PaginatedRequestParams | None
    ) -> types.ListToolsResult:
        """Answer ``tools/list``."""
        return types.ListToolsResult(tools=self._tools)

    async def call(
        self, context: ServerRequestContext[Any], params: types.CallToolRequestParams
    ) -> types.CallToolResult:
        """Answer ``tools/call``.

        Raises:
            MCPError: There is no such tool, or something broke in here.
        """
        function = self._functions.get(params.name)
        if function is None:
            raise MCPError(types.INVALID_PARAMS, self._absent(params.name))
        try:
            name = f"{quote(self._exposes.namespace)}/{quote(params.name)}"
            return await _answer(function, params.arguments or {}, context.protocol_version, name)
        except Exception as fault:  # noqa: BLE001 - the last door: nothing internal leaves it
            problem = problem_of(fault)
            raise MCPError(types.INTERNAL_ERROR, problem.detail, problem.members) from None

    def input_schema(self, name: str) -> dict[str, Any] | None:
        """Give a tool's input schema; None where there is no such tool."""
        function = self._functions.get(name)
        return function.input_schema if function else None

    def _absent(self, name: str) -> str:
        if name in self._unavailable:
            return f"The tool `{name}` cannot be called: {self._unavailable[name]}"
        return f"There is no tool `{name}`; tools/list names those that there are"


def _left_out(name: str, reason: str) -> Unit:
    """Give the line of what was left out of a block: a tool, or what its name begins with."""
    kind, _, rest = name.partition(" ")
    return (
        Unit(rest, reason=reason, kind=kind) if kind in ("resource", "prompt") else Unit(name, reason=reason)
    )


def _server(
    exposes: McpExposes, capability: Capability, tools: ToolBox, shelf: ResourceShelf, book: PromptBook
) -> Server[Any]:
    """Give an SDK server; it tells clients of the kinds of things that the block has."""
    info = capability.document.info
    hint = CacheHint(exposes.ttl_ms, exposes.cache_scope)
    return Server(
        exposes.namespace or "capability",
        version=info.version or __version__,
        title=capability.label,
        instructions=exposes.description or info.description or None,
        on_list_tools=tools.list,
        on_call_tool=tools.call,
        cache_hints=dict.fromkeys(get_args(CacheableMethod), hint),
        get_tool_input_schema=tools.input_schema,
        on_list_resources=shelf.list if shelf else None,
        on_list_resource_templates=shelf.templates if shelf else None,
        on_read_resource=shelf.read if shelf else None,
        on_list_prompts=book.list if book else None,
        on_get_prompt=book.get if book else None,
    )


async def _answer(
    function: Function, arguments: dict[str, Any], protocol_version: str, name: str
) -> types.CallToolResult:
    try:
        return result_of(await function.invoke(arguments), protocol_version, name)
    except InvocationError as fault:
        return result_of_problem(problem_of(fault))
