"""The MCP adapter (specification: ``exposes`` of type ``mcp``)."""

from naftiko_run.expose.mcp.adapter import McpExposer

__all__ = ["McpExposer"]
