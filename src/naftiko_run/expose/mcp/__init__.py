"""The MCP adapter (specification: ``exposes`` of type ``mcp``)."""

from naftiko_run.expose.mcp.sdk import import_models, put_off

# Before anything imports from the SDK.
put_off("mcp")
put_off("mcp.server")
import_models()

from naftiko_run.expose.mcp.adapter import McpExposer  # noqa: E402

__all__ = ["McpExposer"]
