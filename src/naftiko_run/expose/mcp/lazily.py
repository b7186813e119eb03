"""``--tools lazy``: two tools before all others, one that finds them and one that calls them."""

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
from naftiko_run.expose.mcp.arguments import read_texts
from naftiko_run.expose.mcp.directcall import DirectTool
from naftiko_run.expose.mcp.results import result_of_problem
from naftiko_run.expose.mcp.search import Searched, ToolIndex
from naftiko_run.expose.mcp.tools import ToolBox
from naftiko_run.expose.problems import problem_of
from naftiko_run.invoke import InputValidator

_FOUND: Final = 8
_MOST_FOUND: Final = 50
_NAMED: Final = 200
_CLOSE: Final = 3
_LONGEST_NAME: Final = 200
_MOST_TITLES: Final = 12

_SEARCH_SCHEMA: Final = {
    "type": "object",
    "properties": {
        "query": {
            "type": "string",
            "default": "",
            "description": "What to do with what, in a few words; empty for the names of all tools",
        },
        "limit": {
            "type": "integer",
            "minimum": 1,
            "maximum": _MOST_FOUND,
            "default": _FOUND,
            "description": "How many tools to find at most",
        },
        "page": {
            "type": "integer",
            "minimum": 1,
            "maximum": 1_000_000,
            "default": 1,
            "description": "Which of several pages, where an answer has a `nextPage`",
        },
    },
    "additionalProperties": False,
}
_CALL_SCHEMA: Final = {
    "type": "object",
    "properties": {
        "name": {"type": "string", "description": "The tool's name"},
        "arguments": {
            "type": "object",
            "default": {},
            "description": "The tool's own arguments, as its inputSchema says",
        },
    },
    "required": ["name"],
    "additionalProperties": False,
}


@dataclass(frozen=True, slots=True)
class Shelved:
    """Tools that are found by words.

    Attributes:
        box: Has them.
        title: What they are of, in words that are searched too.
        prefix: What their names begin with here.
    """

    box: ToolBox
    title: str
    prefix: str = ""


class LazyTools:
    """Answers for tools as a ``ToolBox`` does, and tells clients only how to find them.

    A tool answers to its own name too: who knows it need not take the detour.

    Args:
        shelves: The tools.

    Raises:
        ConfigurationError: This Python has nothing to search with.
    """

    def __init__(self, shelves: Sequence[Shelved]) -> None:
        self._tools: dict[str, tuple[ToolBox, types.Tool]] = {}
        self._aliases: dict[str, str] = {}
        self._unavailable: dict[str, str] = {}
        searched: list[Searched] = []
        for shelf in shelves:
            written = {name: alias for alias, name in shelf.box.aliases.items()}
            for tool in shelf.box.described:
                name = _free(shelf.prefix + tool.name, self._tools)
                self._tools[name] = (shelf.box, tool)
                searched.append((tool, name, f"{shelf.prefix} {shelf.title}"))
                if alias := written.get(tool.name):
                    self._aliases.setdefault(shelf.prefix + alias, name)
            reasons = shelf.box.unavailable.items()
            self._unavailable |= {shelf.prefix + name: reason for name, reason in reasons}
        self._direct = {
            name: direct.named(name)
            for name, (box, tool) in self._tools.items()
            if (direct := box.direct.get(tool.name))
        }
        self._aliases = {alias: name for alias, name in self._aliases.items() if alias not in self._tools}
        for alias, name in self._aliases.items():
            if name in self._direct:
                self._direct[alias] = self._direct[name].named(alias)
        self._names = list(self._tools)
        self._index = ToolIndex(searched)
        self._search = types.Tool(
            name=_free("search_tools", self._tools),
            title="Find tools",
            input_schema=_SEARCH_SCHEMA,
            annotations=types.ToolAnnotations(
                read_only_hint=True, destructive_hint=False, idempotent_hint=True, open_world_hint=False
            ),
        )
        self._call = types.Tool(
            name=_free("call_tool", self._tools),
            title="Call a tool",
            description=f"Calls one of the tools that {self._search.name} finds, and gives that tool's own answer.",
            input_schema=_CALL_SCHEMA,
            annotations=_common([tool for _, tool in self._tools.values()]),
        )
        self._search.description = (
            f"Finds tools by words for a task, among {self._number} of {_listed(shelves)}. Gives the name, description "
            f"and inputSchema of each; {self._call.name} calls one."
        )
        self._validators = {
            each.name: InputValidator((), each.input_schema) for each in (self._search, self._call)
        }

    @property
    def instructions(self) -> str:
        """What a model has to know."""
        return (
            f"This server has {self._number}, which tools/list does not name: find them with {self._search.name}, by "
            f"words for the task, and call one with {self._call.name}, by its name and with the arguments that its "
            "inputSchema asks for."
        )

    @property
    def note(self) -> str:
        """What start-up says."""
        return f"{self._number}, behind {self._search.name} and {self._call.name}"

    @property
    def _number(self) -> str:
        return f"{len(self._names)} tool{'' if len(self._names) == 1 else 's'}"

    async def list(
        self, _: ServerRequestContext[Any], __: types.PaginatedRequestParams | None
    ) -> types.ListToolsResult:
        """Answer ``tools/list``."""
        return types.ListToolsResult(tools=[self._search, self._call])

    def input_schema(self, name: str) -> dict[str, Any] | None:
        """Give the input schema of a tool that is listed; clients know no other's, and send no headers for it."""
        return next((each.input_schema for each in (self._search, self._call) if each.name == name), None)

    @property
    def direct(self) -> Mapping[str, DirectTool]:
        """The tools whose calls need nothing but their arguments, by their own names; see ``ToolBox.direct``."""
        return self._direct

    async def call(
        self, context: ServerRequestContext[Any], params: types.CallToolRequestParams
    ) -> types.CallToolResult | types.InputRequiredResult:
        """Answer ``tools/call``.

        Raises:
            MCPError: There is no such tool, or its own call raises one; see ``ToolBox.call``.
        """
        if params.name not in self._validators:
            called = self._aliases.get(params.name, params.name)
            if called not in self._tools:
                raise MCPError(types.INVALID_PARAMS, self._absent(params.name))
            return await self._called(context, params, called, params.arguments)
        given = {name: value for name, value in (params.arguments or {}).items() if value is not None}
        notes: tuple[str, ...] = ()
        if params.name == self._call.name and isinstance(given.get("arguments"), str):
            read = read_texts(given, _CALL_SCHEMA)
            given, notes = dict(read.inputs), read.notes
        try:
            self._validators[params.name].check(given)
        except InvalidInput as fault:
            return types.CallToolResult.model_validate(result_of_problem(problem_of(fault)))
        if params.name == self._search.name:
            query, limit, page = given.get("query", ""), given.get("limit", _FOUND), given.get("page", 1)
            return self._found(query, int(limit), int(page), context.protocol_version)
        called = self._aliases.get(given["name"], given["name"])
        if called not in self._tools:
            text = types.TextContent(text=self._absent(given["name"]))
            return types.CallToolResult(content=[text], is_error=True)
        result = await self._called(context, params, called, given.get("arguments"))
        if notes and isinstance(result, types.CallToolResult):
            result.content = [*result.content, *(types.TextContent(text=note) for note in notes)]
        return result

    async def _called(
        self,
        context: ServerRequestContext[Any],
        params: types.CallToolRequestParams,
        name: str,
        arguments: dict[str, Any] | None,
    ) -> types.CallToolResult | types.InputRequiredResult:
        box, tool = self._tools[name]
        # Whatever else the request carries, such as answers of its user, is for the tool.
        own = params.model_copy(update={"name": tool.name, "arguments": arguments})
        return await box.call(context, own)

    def _found(self, query: str, limit: int, page: int, protocol_version: str) -> types.CallToolResult:
        """Give the tools for a query, or without one the names of all."""
        found: dict[str, Any]
        if query.strip():
            places = self._index.search(query, limit + 1, skip=limit * (page - 1))
            is_more = len(places) > limit
            found = {"tools": [self._told(self._names[place], protocol_version) for place in places[:limit]]}
            if not places:
                found["hint"] = (
                    f"No {'more ' if page > 1 else ''}tool has any of these words. Try others, or an empty query for "
                    f"the names of all {len(self._names)}."
                )
        else:
            begin = _NAMED * (page - 1)
            is_more = begin + _NAMED < len(self._names)
            found = {"total": len(self._names), "names": self._names[begin : begin + _NAMED]}
        if is_more:
            found["nextPage"] = page + 1
        text = types.TextContent(text=_json.dumps(found).decode())
        return types.CallToolResult(content=[text], structured_content=found)

    def _told(self, name: str, protocol_version: str) -> dict[str, Any]:
        box, tool = self._tools[name]
        told = box.told(tool.name, protocol_version)
        return told.model_dump(mode="json", by_alias=True, exclude_none=True) | {"name": name}

    def _absent(self, name: str) -> str:
        if name in self._unavailable:
            return f"The tool `{name}` cannot be called: {self._unavailable[name]}"
        close = get_close_matches(name[:_LONGEST_NAME], self._names, _CLOSE)
        close = close or [self._names[place] for place in self._index.search(name, _CLOSE)]
        guess = f" Did you mean {' or '.join(f'`{each}`' for each in close)}?" if close else ""
        return f"There is no tool `{name}`.{guess} {self._search.name} finds tools by words for the task."


def _free(name: str, taken: Collection[str]) -> str:
    """Give a name that no tool has."""
    free, number = name, 2
    while free in taken:
        free = f"{name}-{number}"
        number += 1
    return free


def _listed(shelves: Sequence[Shelved]) -> str:
    """Name what some of the tools are of, and how much more there is."""
    titles = list(dict.fromkeys(shelf.title for shelf in shelves if shelf.box.described))
    more = len(titles) - _MOST_TITLES
    return ", ".join(titles[:_MOST_TITLES]) + (f" and {more} more" if more > 0 else "")


def _common(tools: Iterable[types.Tool]) -> types.ToolAnnotations:
    """Give what is true of all tools; what one does not say, it may do."""
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
