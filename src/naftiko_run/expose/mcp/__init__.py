"""The MCP adapter (specification: ``exposes`` of type ``mcp``)."""

from naftiko_run.expose.mcp.sdk import put_off

# Before anything imports from the SDK.
put_off("mcp")
put_off("mcp.server")

from naftiko_run.expose.mcp.adapter import McpExposer  # noqa: E402

__all__ = ["McpExposer"]
