"""``--tools lazy``: clients see only two tools, one that searches all tools and one that calls them."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any, Final

import mcp_types as types
from mcp.server.context import ServerRequestContext
from mcp.shared.exceptions import MCPError

from naftiko_run import _json
from naftiko_run.errors import InvalidInput
from naftiko_run.expose.mcp.arguments import parse_json_texts
from naftiko_run.expose.mcp.fast_path import FastPathTool
from naftiko_run.expose.mcp.results import problem_result
from naftiko_run.expose.mcp.tool_index import IndexedTool, ToolIndex
from naftiko_run.expose.mcp.tools import ToolRegistry
from naftiko_run.expose.problems import problem_of
from naftiko_run.invoke import InputValidator

_DEFAULT_RESULTS: Final = 8
_MAX_RESULTS: Final = 50
_NAMES_PER_PAGE: Final = 200
_MAX_SUGGESTIONS: Final = 3
_MAX_NAME_LENGTH: Final = 200
_MAX_TITLES: Final = 12

_SEARCH_SCHEMA: Final = {
    "type": "object",
    "properties": {
        "query": {
            "type": "string",
            "default": "",
            "description": "The task in a few words; empty for the names of all tools",
        },
        "limit": {
            "type": "integer",
            "minimum": 1,
            "maximum": _MAX_RESULTS,
            "default": _DEFAULT_RESULTS,
            "description": "The maximum number of tools to return",
        },
        "page": {
            "type": "integer",
            "minimum": 1,
            "maximum": 1_000_000,
            "default": 1,
            "description": "The page to return: a previous result with more pages has it as `nextPage`",
        },
    },
    "additionalProperties": False,
}
_CALL_SCHEMA: Final = {
    "type": "object",
    "properties": {
        "name": {"type": "string", "description": "The name of the tool"},
        "arguments": {
            "type": "object",
            "default": {},
            "description": "The arguments of the tool, which match its inputSchema",
        },
    },
    "required": ["name"],
    "additionalProperties": False,
}


@dataclass(frozen=True, slots=True)
class SearchableTools:
    """The tools of one adapter, to be indexed.

    Attributes:
        registry: The tools.
        title: The title of their capability, which is indexed too.
        prefix: The prefix of their names for clients.
    """

    registry: ToolRegistry
    title: str
    prefix: str = ""


class ToolSearch:
    """Handles requests for tools as a ``ToolRegistry`` does, but lists only the search and call tools.

    A tool can still be called by its own name.

    Args:
        groups: The tools of each adapter.

    Raises:
        ConfigurationError: The SQLite of this Python has no FTS5.
    """

    def __init__(self, groups: Sequence[SearchableTools]) -> None:
        self._tools: dict[str, tuple[ToolRegistry, types.Tool]] = {}
        self._aliases: dict[str, str] = {}
        self._unavailable: dict[str, str] = {}
        indexed: list[IndexedTool] = []
        for group in groups:
            written = {name: alias for alias, name in group.registry.aliases.items()}
            for tool in group.registry.definitions:
                name = _unique_name(group.prefix + tool.name, self._tools)
                self._tools[name] = (group.registry, tool)
                indexed.append((tool, name, f"{group.prefix} {group.title}"))
                if alias := written.get(tool.name):
                    self._aliases.setdefault(group.prefix + alias, name)
            reasons = group.registry.unavailable.items()
            self._unavailable |= {group.prefix + name: reason for name, reason in reasons}
        self._fast_path = {
            name: fast_path_tool.named(name)
            for name, (registry, tool) in self._tools.items()
            if (fast_path_tool := registry.fast_path.get(tool.name))
        }
        self._aliases = {alias: name for alias, name in self._aliases.items() if alias not in self._tools}
        for alias, name in self._aliases.items():
            if name in self._fast_path:
                self._fast_path[alias] = self._fast_path[name].named(alias)
        self._names = list(self._tools)
        self._index = ToolIndex(indexed)
        self._search_tool = types.Tool(
            name=_unique_name("search_tools", self._tools),
            title="Find tools",
            input_schema=_SEARCH_SCHEMA,
            annotations=types.ToolAnnotations(
                read_only_hint=True, destructive_hint=False, idempotent_hint=True, open_world_hint=False
            ),
        )
        self._call_tool = types.Tool(
            name=_unique_name("call_tool", self._tools),
            title="Call a tool",
            description=f"Calls a tool found by {self._search_tool.name} and returns its result.",
            input_schema=_CALL_SCHEMA,
            annotations=_common([tool for _, tool in self._tools.values()]),
        )
        self._search_tool.description = (
            f"Finds tools for a task by keywords, among {self._count} of {_listed(groups)}. Returns the name, description "
            f"and inputSchema of each; call one with {self._call_tool.name}."
        )
        self._validators = {
            each.name: InputValidator((), each.input_schema) for each in (self._search_tool, self._call_tool)
        }

    @property
    def instructions(self) -> str:
        """The instructions for the model."""
        return (
            f"This server has {self._count} that tools/list does not list: find them with {self._search_tool.name}, by "
            f"keywords for the task, and call one with {self._call_tool.name}, by its name and with arguments that match "
            "its inputSchema."
        )

    @property
    def note(self) -> str:
        """The note for the start-up output."""
        return f"{self._count}, behind {self._search_tool.name} and {self._call_tool.name}"

    @property
    def _count(self) -> str:
        return f"{len(self._names)} tool{'' if len(self._names) == 1 else 's'}"

    async def list(
        self, _: ServerRequestContext[Any], __: types.PaginatedRequestParams | None
    ) -> types.ListToolsResult:
        """Handle ``tools/list``."""
        return types.ListToolsResult(tools=[self._search_tool, self._call_tool])

    def input_schema(self, name: str) -> dict[str, Any] | None:
        """Return the input schema of a listed tool; clients do not know those of others, and send no headers for them."""
        return next(
            (each.input_schema for each in (self._search_tool, self._call_tool) if each.name == name), None
        )

    @property
    def fast_path(self) -> Mapping[str, FastPathTool]:
        """The tools whose calls need nothing but their arguments, by name; see ``ToolRegistry.fast_path``."""
        return self._fast_path

    async def call(
        self, context: ServerRequestContext[Any], params: types.CallToolRequestParams
    ) -> types.CallToolResult | types.InputRequiredResult:
        """Handle ``tools/call``.

        Raises:
            MCPError: There is no such tool, or its call raises the error; see ``ToolRegistry.call``.
        """
        if params.name not in self._validators:
            name = self._aliases.get(params.name, params.name)
            if name not in self._tools:
                raise MCPError(types.INVALID_PARAMS, self._unknown_message(params.name))
            return await self._call(context, params, name, params.arguments)
        arguments = {key: value for key, value in (params.arguments or {}).items() if value is not None}
        notes: tuple[str, ...] = ()
        if params.name == self._call_tool.name and isinstance(arguments.get("arguments"), str):
            parsed = parse_json_texts(arguments, _CALL_SCHEMA)
            arguments, notes = dict(parsed.inputs), parsed.notes
        try:
            self._validators[params.name].check(arguments)
        except InvalidInput as error:
            return types.CallToolResult.model_validate(problem_result(problem_of(error)))
        if params.name == self._search_tool.name:
            query, page = arguments.get("query", ""), arguments.get("page", 1)
            limit = arguments.get("limit", _DEFAULT_RESULTS)
            return self._search(query, int(limit), int(page), context.protocol_version)
        name = self._aliases.get(arguments["name"], arguments["name"])
        if name not in self._tools:
            text = types.TextContent(text=self._unknown_message(arguments["name"]))
            return types.CallToolResult(content=[text], is_error=True)
        result = await self._call(context, params, name, arguments.get("arguments"))
        if notes and isinstance(result, types.CallToolResult):
            result.content = [*result.content, *(types.TextContent(text=note) for note in notes)]
        return result

    async def _call(
        self,
        context: ServerRequestContext[Any],
        params: types.CallToolRequestParams,
        name: str,
        arguments: dict[str, Any] | None,
    ) -> types.CallToolResult | types.InputRequiredResult:
        registry, tool = self._tools[name]
        # Everything else in the request, such as answers of the user, is for the tool.
        own = params.model_copy(update={"name": tool.name, "arguments": arguments})
        return await registry.call(context, own)

    def _search(self, query: str, limit: int, page: int, protocol_version: str) -> types.CallToolResult:
        """Return the tools that match a query, or the names of all tools if it is empty."""
        results: dict[str, Any]
        if query.strip():
            indexes = self._index.search(query, limit + 1, skip=limit * (page - 1))
            is_more = len(indexes) > limit
            results = {
                "tools": [self._definition(self._names[index], protocol_version) for index in indexes[:limit]]
            }
            if not indexes:
                results["hint"] = (
                    f"No {'more ' if page > 1 else ''}tools match these keywords. Try others, or an empty query for "
                    f"the names of all {len(self._names)}."
                )
        else:
            begin = _NAMES_PER_PAGE * (page - 1)
            is_more = begin + _NAMES_PER_PAGE < len(self._names)
            results = {"total": len(self._names), "names": self._names[begin : begin + _NAMES_PER_PAGE]}
        if is_more:
            results["nextPage"] = page + 1
        text = types.TextContent(text=_json.dumps(results).decode())
        return types.CallToolResult(content=[text], structured_content=results)

    def _definition(self, name: str, protocol_version: str) -> dict[str, Any]:
        registry, tool = self._tools[name]
        definition = registry.definition_for(tool.name, protocol_version)
        return definition.model_dump(mode="json", by_alias=True, exclude_none=True) | {"name": name}

    def _unknown_message(self, name: str) -> str:
        if name in self._unavailable:
            return f"The tool `{name}` cannot be called: {self._unavailable[name]}"
        close = get_close_matches(name[:_MAX_NAME_LENGTH], self._names, _MAX_SUGGESTIONS)
        close = close or [self._names[index] for index in self._index.search(name, _MAX_SUGGESTIONS)]
        hint = f" Did you mean {' or '.join(f'`{each}`' for each in close)}?" if close else ""
        return f"Unknown tool `{name}`.{hint} Find tools by keywords with {self._search_tool.name}."


def _unique_name(name: str, taken: Collection[str]) -> str:
    """Return the name, with a number if it is taken."""
    unique, number = name, 2
    while unique in taken:
        unique = f"{name}-{number}"
        number += 1
    return unique


def _listed(groups: Sequence[SearchableTools]) -> str:
    """Return the titles of the first capabilities, and the number of others."""
    titles = list(dict.fromkeys(group.title for group in groups if group.registry.definitions))
    more = len(titles) - _MAX_TITLES
    return ", ".join(titles[:_MAX_TITLES]) + (f" and {more} more" if more > 0 else "")


def _common(tools: Iterable[types.Tool]) -> types.ToolAnnotations:
    """Return the annotations that hold for all tools; a missing hint counts as unsafe."""
    hints = [tool.annotations or types.ToolAnnotations() for tool in tools]
    safe = [each.read_only_hint is True for each in hints]
    return types.ToolAnnotations(
        read_only_hint=all(safe),
        destructive_hint=not all(
            is_safe or each.destructive_hint is False for is_safe, each in zip(safe, hints, strict=True)
        ),
        idempotent_hint=all(
            is_safe or each.idempotent_hint is True for is_safe, each in zip(safe, hints, strict=True)
        ),
        open_world_hint=not all(each.open_world_hint is False for each in hints),
    )
