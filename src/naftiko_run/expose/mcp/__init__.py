"""The MCP adapter (specification: ``exposes`` of type ``mcp``)."""

from naftiko_run.expose.mcp.exposer import McpExposer

__all__ = ["McpExposer"]
