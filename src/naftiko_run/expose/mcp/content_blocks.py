"""``x-content``: texts and resources of the same adapter as content blocks of tool results and prompt messages."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import mcp_types as types

from naftiko_run.document.model import Content
from naftiko_run.expose.mcp.resources import ResourceContents, ResourceRegistry
from naftiko_run.expressions import names_of
from naftiko_run.invoke import compile_content


class ResultContent:
    """The content blocks that the document adds to a tool's results.

    Args:
        parts: The parts as the document declares them, already validated.
        resources: The resources of the adapter.
    """

    def __init__(self, parts: Sequence[Content], resources: ResourceRegistry) -> None:
        self._parts = compile_content(parts)
        self._resources = resources

    def __bool__(self) -> bool:
        return bool(self._parts)

    @property
    def names(self) -> tuple[str, ...]:
        """The names of the inputs that its templates use."""
        return names_of(part.text for part in self._parts)

    async def blocks(self, inputs: Mapping[str, Any], protocol_version: str) -> list[types.ContentBlock]:
        """Return the content blocks for a function's inputs.

        Raises:
            MCPError: There is no such resource, or it cannot be read.
        """
        blocks: list[types.ContentBlock] = []
        for part in self._parts:
            text = part.text.evaluate(inputs)
            if part.is_resource:
                blocks.append(resource_block(await self._resources.contents(text, protocol_version)))
            else:
                blocks.append(types.TextContent(text=text))
        return blocks


def resource_block(contents: ResourceContents) -> types.ContentBlock:
    """Return a resource's contents as an image or audio block by their media type, else as an embedded resource."""
    kind = (contents.mime_type or "").partition(";")[0].strip().casefold()
    if isinstance(contents, types.BlobResourceContents) and kind.startswith("image/"):
        return types.ImageContent(data=contents.blob, mime_type=kind)
    if isinstance(contents, types.BlobResourceContents) and kind.startswith("audio/"):
        return types.AudioContent(data=contents.blob, mime_type=kind)
    return types.EmbeddedResource(resource=contents)
