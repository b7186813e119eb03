"""The adapter of an ``mcp`` block: an MCP server over streamable HTTP and stdio."""

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
from naftiko_run.expose.mcp.endpoint import McpEndpoint
from naftiko_run.expose.mcp.fast_path import FastPath
from naftiko_run.expose.mcp.large_payloads import attach_arguments, detach_result
from naftiko_run.expose.mcp.prompts import Completions, PromptRegistry
from naftiko_run.expose.mcp.resources import ResourceRegistry
from naftiko_run.expose.mcp.session_host import CapabilityServer, SessionHost
from naftiko_run.expose.mcp.sessions import CallNotifier, Subscriptions, set_log_level
from naftiko_run.expose.mcp.stdio_transport import build_stdio_transport
from naftiko_run.expose.mcp.tool_search import SearchableTools, ToolSearch
from naftiko_run.expose.mcp.tools import ToolRegistry
from naftiko_run.expose.mcp.tracing import TracingMiddleware
from naftiko_run.expressions import parse_path
from naftiko_run.version import __version__

_log = logging.getLogger(__name__)

_COMBINED_NAME: Final = "all-tools"
"""The name of a server with the tools of several adapters."""


def build_adapter(
    exposes: McpExposes, capability: Capability, settings: ExposeSettings, features: tuple[Feature, ...]
) -> Adapter:
    """Return the adapter of an ``mcp`` block.

    Args:
        exposes: The block.
        capability: The capability that it belongs to.
        settings: The settings of the adapter.
        features: The features of the block.
    """
    resources = ResourceRegistry(exposes, capability)
    tools = _tools(exposes, capability, resources, settings)
    tool_search = (
        ToolSearch([SearchableTools(tools, capability.label)])
        if settings.lazy_tools and tools.definitions
        else None
    )
    prompts = PromptRegistry(exposes, capability, resources)
    server = _server(exposes, capability, tool_search or tools, resources, prompts)
    if exposes.converses:
        _enable_client_requests(server, resources, settings)
        if not settings.keeps_sessions:
            _log.warning(
                "`%s` asks its callers (x-asks): several workers keep no sessions, so that only clients of "
                "protocol 2026-07-28 can be asked",
                exposes.name,
            )
    _trace_requests(server, settings)
    fast_path = FastPath((tool_search or tools).fast_path, server.server_info_stamp)
    keeps_sessions = exposes.converses and settings.keeps_sessions
    sessions = SessionHost(server, settings, keeps_sessions=keeps_sessions)
    endpoint = McpEndpoint(server, settings, sessions, fast_path=fast_path)
    path = parse_path(f"/{_namespace(exposes)}/mcp")
    endpoints = (
        Endpoint(path, endpoint),
        Endpoint(parse_path("/mcp"), endpoint, is_alias=True),
        Endpoint(parse_path("/"), endpoint, is_alias=True),
    )
    return Adapter(
        "mcp",
        exposes.namespace,
        capability,
        path.text,
        endpoints,
        tuple(_served_first(features, tools)),
        endpoint.running,
        sessions.end_streams,
        stdio=build_stdio_transport(server, notifies=settings.is_reloadable),
        note=tool_search.note if tool_search else "",
        sessions=sessions if settings.is_reloadable else None,
    )


def combine_blocks(blocks: Sequence[Block], settings: ExposeSettings) -> Adapter:
    """Return one adapter that searches and calls the tools of several blocks; see ``Combining.combine``."""
    tool_search = ToolSearch([_searchable(exposes, capability, settings) for exposes, capability in blocks])
    server = CapabilityServer(
        _COMBINED_NAME,
        version=__version__,
        instructions=tool_search.instructions,
        on_list_tools=tool_search.list,
        on_call_tool=detach_result(attach_arguments(tool_search.call)),
        get_tool_input_schema=tool_search.input_schema,
    )
    converses = any(
        tool.asks for exposes, _ in blocks if isinstance(exposes, McpExposes) for tool in exposes.tools
    )
    if converses:
        _enable_client_requests(server, None, settings)
    _trace_requests(server, settings)
    fast_path = FastPath(tool_search.fast_path, server.server_info_stamp)
    sessions = SessionHost(server, settings, keeps_sessions=converses and settings.keeps_sessions)
    endpoint = McpEndpoint(server, settings, sessions, fast_path=fast_path)
    path, root = parse_path("/mcp"), parse_path("/")
    return Adapter(
        "mcp",
        _COMBINED_NAME,
        None,
        path.text,
        (Endpoint(path, endpoint), Endpoint(root, endpoint)),
        (),
        endpoint.running,
        sessions.end_streams,
        stdio=build_stdio_transport(server, notifies=settings.is_reloadable),
        note=f"{tool_search.note}, of {len(blocks)} adapters",
        sessions=sessions if settings.is_reloadable else None,
    )


def _trace_requests(server: Server[Any], settings: ExposeSettings) -> None:
    """Trace the requests that the SDK handles, if anything records traces."""
    if settings.telemetry is not None:
        server.middleware.append(TracingMiddleware(settings.telemetry, server.name))


def _served_first(features: Sequence[Feature], tools: ToolRegistry) -> list[Feature]:
    """Return features with those that are not served last, among them tools that clients would reject."""
    served = {tool.name for tool in tools.definitions}
    checked = [
        each
        if each.kind or each.reason or each.name in served
        else replace(each, reason=tools.unavailable[each.name])
        for each in features
    ]
    return sorted(checked, key=lambda each: bool(each.reason))


def _searchable(exposes: Exposes, capability: Capability, settings: ExposeSettings) -> SearchableTools:
    assert isinstance(exposes, McpExposes)
    tools = _tools(exposes, capability, ResourceRegistry(exposes, capability), settings)
    return SearchableTools(tools, capability.label, f"{_namespace(exposes)}.")


def _tools(
    exposes: McpExposes, capability: Capability, resources: ResourceRegistry, settings: ExposeSettings
) -> ToolRegistry:
    return ToolRegistry(
        exposes, capability, resources, CallNotifier(_namespace(exposes)), settings.max_result
    )


def _namespace(exposes: McpExposes) -> str:
    return exposes.namespace or "capability"


def _server(
    exposes: McpExposes,
    capability: Capability,
    tools: ToolRegistry | ToolSearch,
    resources: ResourceRegistry,
    prompts: PromptRegistry,
) -> CapabilityServer:
    """Return an SDK server; it announces only the features that the block uses."""
    info = capability.document.info
    hint = CacheHint(exposes.ttl_ms, exposes.cache_scope)
    instructions = [
        exposes.description or info.description,
        tools.instructions if isinstance(tools, ToolSearch) else "",
    ]
    return CapabilityServer(
        _namespace(exposes),
        version=info.version or __version__,
        title=capability.label,
        instructions="\n\n".join(filter(None, instructions)) or None,
        on_list_tools=tools.list,
        on_call_tool=detach_result(attach_arguments(tools.call)),
        cache_hints=dict.fromkeys(get_args(CacheableMethod), hint),
        get_tool_input_schema=tools.input_schema,
        on_list_resources=resources.list if resources else None,
        on_list_resource_templates=resources.templates if resources else None,
        on_read_resource=detach_result(resources.read) if resources else None,
        on_list_prompts=prompts.list if prompts else None,
        on_get_prompt=attach_arguments(prompts.get) if prompts else None,
        on_completion=Completions(resources, prompts).complete if resources or prompts else None,
    )


def _enable_client_requests(
    server: Server[Any], resources: ResourceRegistry | None, settings: ExposeSettings
) -> None:
    """Enable requests to clients: in a sealed request state, or in sessions, which also have log levels and subscriptions."""
    from mcp.server.request_state import RequestStateBoundary, RequestStateSecurity  # imports cryptography

    key = settings.state_key
    security = RequestStateSecurity(keys=[key.reveal()]) if key else RequestStateSecurity.ephemeral()
    server.middleware.append(RequestStateBoundary(security, default_audience=server.name))
    if not settings.keeps_sessions:
        return
    server.add_request_handler("logging/setLevel", types.SetLevelRequestParams, set_log_level)
    if resources:
        subscriptions = Subscriptions(resources)
        server.add_request_handler(
            "resources/subscribe", types.SubscribeRequestParams, subscriptions.subscribe
        )
        server.add_request_handler(
            "resources/unsubscribe", types.UnsubscribeRequestParams, subscriptions.unsubscribe
        )
