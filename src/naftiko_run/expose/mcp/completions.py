"""``completion/complete``: values for the arguments of prompts and the holes of resource templates."""

from __future__ import annotations

from typing import Any, Final

import mcp_types as types
from mcp.server.context import ServerRequestContext
from mcp.shared.exceptions import MCPError

from naftiko_run.expose.mcp.prompts import PromptRegistry
from naftiko_run.expose.mcp.resources import ResourceRegistry

_MOST: Final = 100


class Completions:
    """Completes what the document has an ``enum`` for; for anything else there is nothing to propose.

    Args:
        shelf: The resources.
        book: The prompts.
    """

    def __init__(self, shelf: ResourceRegistry, book: PromptRegistry) -> None:
        self._shelf = shelf
        self._book = book

    async def complete(
        self, _: ServerRequestContext[Any, Any], params: types.CompleteRequestParams
    ) -> types.CompleteResult:
        """Answer ``completion/complete``.

        Raises:
            MCPError: There is no such prompt or template.
        """
        reference, argument = params.ref, params.argument
        if isinstance(reference, types.PromptReference):
            title, values = (
                f"prompt `{reference.name}`",
                self._book.completion_values(reference.name, argument.name),
            )
        else:
            title, values = (
                f"resource `{reference.uri}`",
                self._shelf.completion_values(reference.uri, argument.name),
            )
        if values is None:
            raise MCPError(types.INVALID_PARAMS, f"There is no {title}")
        begun = argument.value.casefold()
        found = [each for each in values if each.casefold().startswith(begun)]
        completion = types.Completion(values=found[:_MOST], total=len(found), has_more=len(found) > _MOST)
        return types.CompleteResult(completion=completion)
