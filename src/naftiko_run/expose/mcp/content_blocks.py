"""``x-content``: texts and resources of the same adapter, as content of results and messages."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import mcp_types as types

from naftiko_run.document.model import Content
from naftiko_run.expose.mcp.resources import Contents, ResourceRegistry
from naftiko_run.expressions import names_of
from naftiko_run.invoke import compile_content


class ResultContent:
    """What a tool's result shows.

    Args:
        parts: What the document says, which loading has found to be in order.
        shelf: Has the resources.
    """

    def __init__(self, parts: Sequence[Content], shelf: ResourceRegistry) -> None:
        self._parts = compile_content(parts)
        self._shelf = shelf

    def __bool__(self) -> bool:
        return bool(self._parts)

    @property
    def names(self) -> tuple[str, ...]:
        """The inputs that it shows something of."""
        return names_of(part.text for part in self._parts)

    async def blocks(self, inputs: Mapping[str, Any], protocol_version: str) -> list[types.ContentBlock]:
        """Give the content for a function's inputs.

        Raises:
            MCPError: There is no such resource, or its content cannot be had.
        """
        blocks: list[types.ContentBlock] = []
        for part in self._parts:
            text = part.text.evaluate(inputs)
            if part.is_resource:
                blocks.append(block_of(await self._shelf.contents(text, protocol_version)))
            else:
                blocks.append(types.TextContent(text=text))
        return blocks


def block_of(contents: Contents) -> types.ContentBlock:
    """Give a resource's content as an image or audio where it is one, else as an embedded resource."""
    kind = (contents.mime_type or "").partition(";")[0].strip().casefold()
    if isinstance(contents, types.BlobResourceContents) and kind.startswith("image/"):
        return types.ImageContent(data=contents.blob, mime_type=kind)
    if isinstance(contents, types.BlobResourceContents) and kind.startswith("audio/"):
        return types.AudioContent(data=contents.blob, mime_type=kind)
    return types.EmbeddedResource(resource=contents)
