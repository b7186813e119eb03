"""An ``mcp`` block to an MCP server: its tools, resources and prompts, over streamable HTTP and stdio."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import replace
from typing import Any, Final, get_args

import mcp_types as types
from mcp.server.caching import CacheableMethod, CacheHint
from mcp.server.lowlevel import Server

from naftiko_run.capability import Capability, Feature
from naftiko_run.document.model import Exposes, McpExposes
from naftiko_run.expose.exposer import Adapter, Block, Endpoint, ExposeSettings
from naftiko_run.expose.mcp.completions import Completions
from naftiko_run.expose.mcp.directcall import DirectCalls
from naftiko_run.expose.mcp.endpoint import McpEndpoint
from naftiko_run.expose.mcp.lazily import LazyTools, Shelved
from naftiko_run.expose.mcp.notices import Notices
from naftiko_run.expose.mcp.prompts import PromptBook
from naftiko_run.expose.mcp.resources import ResourceShelf
from naftiko_run.expose.mcp.sessions import Subscriptions, set_level
from naftiko_run.expose.mcp.standins import keeping_result, taking_arguments
from naftiko_run.expose.mcp.stdio import pipe_of
from naftiko_run.expose.mcp.tools import ToolBox
from naftiko_run.expressions import parse_path
from naftiko_run.version import __version__

_log = logging.getLogger(__name__)

_COMBINED: Final = "all-tools"
"""The name of a server of the tools of several adapters."""


def build_adapter(
    exposes: McpExposes, capability: Capability, settings: ExposeSettings, features: tuple[Feature, ...]
) -> Adapter:
    """Return the adapter of an ``mcp`` block.

    Args:
        exposes: The block.
        capability: The capability that it belongs to.
        settings: How it is served.
        features: What it offers.
    """
    shelf = ResourceShelf(exposes, capability)
    tools = _tools(exposes, capability, shelf, settings)
    lazy = LazyTools([Shelved(tools, capability.label)]) if settings.lazy_tools and tools.described else None
    book = PromptBook(exposes, capability, shelf)
    server = _server(exposes, capability, lazy or tools, shelf, book)
    if exposes.converses:
        _converse(server, shelf, settings)
        if not settings.keeps_sessions:
            _log.warning(
                "`%s` asks its callers (x-asks): several workers keep no sessions, so that only clients of "
                "protocol 2026-07-28 can be asked",
                exposes.name,
            )
    direct = DirectCalls((lazy or tools).direct, server.server_info_stamp)
    keeps_sessions = exposes.converses and settings.keeps_sessions
    endpoint = McpEndpoint(server, settings, direct=direct, keeps_sessions=keeps_sessions)
    own = parse_path(f"/{_namespace(exposes)}/mcp")
    endpoints = (
        Endpoint(own, endpoint),
        Endpoint(parse_path("/mcp"), endpoint, is_alias=True),
        Endpoint(parse_path("/"), endpoint, is_alias=True),
    )
    return Adapter(
        "mcp",
        exposes.namespace,
        capability,
        own.text,
        endpoints,
        tuple(_served_first(features, tools)),
        endpoint.running,
        endpoint.end_streams,
        stdio=pipe_of(server),
        note=lazy.note if lazy else "",
    )


def combine_blocks(blocks: Sequence[Block], settings: ExposeSettings) -> Adapter:
    """Return one adapter of the tools of several blocks, which it searches; see ``Combining.combine``."""
    lazy = LazyTools([_shelved(exposes, capability, settings) for exposes, capability in blocks])
    server: Server[Any] = Server(
        _COMBINED,
        version=__version__,
        instructions=lazy.instructions,
        on_list_tools=lazy.list,
        on_call_tool=keeping_result(taking_arguments(lazy.call)),
        get_tool_input_schema=lazy.input_schema,
    )
    converses = any(
        tool.asks for exposes, _ in blocks if isinstance(exposes, McpExposes) for tool in exposes.tools
    )
    if converses:
        _converse(server, None, settings)
    direct = DirectCalls(lazy.direct, server.server_info_stamp)
    keeps_sessions = converses and settings.keeps_sessions
    endpoint = McpEndpoint(server, settings, direct=direct, keeps_sessions=keeps_sessions)
    path, shorter = parse_path("/mcp"), parse_path("/")
    return Adapter(
        "mcp",
        _COMBINED,
        None,
        path.text,
        (Endpoint(path, endpoint), Endpoint(shorter, endpoint)),
        (),
        endpoint.running,
        endpoint.end_streams,
        stdio=pipe_of(server),
        note=f"{lazy.note}, of {len(blocks)} adapters",
    )


def _served_first(features: Sequence[Feature], tools: ToolBox) -> list[Feature]:
    """Return features with those that are not served last, among them tools that clients would reject."""
    served = {tool.name for tool in tools.described}
    checked = [
        each
        if each.kind or each.reason or each.name in served
        else replace(each, reason=tools.unavailable[each.name])
        for each in features
    ]
    return sorted(checked, key=lambda each: bool(each.reason))


def _shelved(exposes: Exposes, capability: Capability, settings: ExposeSettings) -> Shelved:
    assert isinstance(exposes, McpExposes)
    tools = _tools(exposes, capability, ResourceShelf(exposes, capability), settings)
    return Shelved(tools, capability.label, f"{_namespace(exposes)}.")


def _tools(
    exposes: McpExposes, capability: Capability, shelf: ResourceShelf, settings: ExposeSettings
) -> ToolBox:
    return ToolBox(exposes, capability, shelf, Notices(_namespace(exposes)), settings.max_result)


def _namespace(exposes: McpExposes) -> str:
    return exposes.namespace or "capability"


def _server(
    exposes: McpExposes,
    capability: Capability,
    tools: ToolBox | LazyTools,
    shelf: ResourceShelf,
    book: PromptBook,
) -> Server[Any]:
    """Give an SDK server; it tells clients of the kinds of things that the block has."""
    info = capability.document.info
    hint = CacheHint(exposes.ttl_ms, exposes.cache_scope)
    told = [
        exposes.description or info.description,
        tools.instructions if isinstance(tools, LazyTools) else "",
    ]
    return Server(
        _namespace(exposes),
        version=info.version or __version__,
        title=capability.label,
        instructions="\n\n".join(filter(None, told)) or None,
        on_list_tools=tools.list,
        on_call_tool=keeping_result(taking_arguments(tools.call)),
        cache_hints=dict.fromkeys(get_args(CacheableMethod), hint),
        get_tool_input_schema=tools.input_schema,
        on_list_resources=shelf.list if shelf else None,
        on_list_resource_templates=shelf.templates if shelf else None,
        on_read_resource=keeping_result(shelf.read) if shelf else None,
        on_list_prompts=book.list if book else None,
        on_get_prompt=taking_arguments(book.get) if book else None,
        on_completion=Completions(shelf, book).complete if shelf or book else None,
    )


def _converse(server: Server[Any], shelf: ResourceShelf | None, settings: ExposeSettings) -> None:
    """Have a server ask its clients: answers travel sealed, or within sessions, and so can what these keep."""
    from mcp.server.request_state import RequestStateBoundary, RequestStateSecurity  # brings cryptography

    key = settings.state_key
    security = RequestStateSecurity(keys=[key.reveal()]) if key else RequestStateSecurity.ephemeral()
    server.middleware.append(RequestStateBoundary(security, default_audience=server.name))
    if not settings.keeps_sessions:
        return
    server.add_request_handler("logging/setLevel", types.SetLevelRequestParams, set_level)
    if shelf:
        subscriptions = Subscriptions(shelf)
        server.add_request_handler(
            "resources/subscribe", types.SubscribeRequestParams, subscriptions.subscribe
        )
        server.add_request_handler(
            "resources/unsubscribe", types.UnsubscribeRequestParams, subscriptions.unsubscribe
        )
