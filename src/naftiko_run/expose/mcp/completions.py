"""``completion/complete``: values for prompt arguments and for the variables of resource templates."""

from __future__ import annotations

from typing import Any, Final

import mcp_types as types
from mcp.server.context import ServerRequestContext
from mcp.shared.exceptions import MCPError

from naftiko_run.expose.mcp.prompts import PromptRegistry
from naftiko_run.expose.mcp.resources import ResourceRegistry

_MAX_VALUES: Final = 100


class Completions:
    """Completes arguments that have an ``enum`` in the document; any other argument has no completions.

    Args:
        resources: The resources of the adapter.
        prompts: The prompts of the adapter.
    """

    def __init__(self, resources: ResourceRegistry, prompts: PromptRegistry) -> None:
        self._resources = resources
        self._prompts = prompts

    async def complete(
        self, _: ServerRequestContext[Any, Any], params: types.CompleteRequestParams
    ) -> types.CompleteResult:
        """Handle ``completion/complete``.

        Raises:
            MCPError: There is no such prompt or template.
        """
        reference, argument = params.ref, params.argument
        if isinstance(reference, types.PromptReference):
            title = f"prompt `{reference.name}`"
            values = self._prompts.completion_values(reference.name, argument.name)
        else:
            title = f"resource `{reference.uri}`"
            values = self._resources.completion_values(reference.uri, argument.name)
        if values is None:
            raise MCPError(types.INVALID_PARAMS, f"Unknown {title}")
        prefix = argument.value.casefold()
        matches = [each for each in values if each.casefold().startswith(prefix)]
        completion = types.Completion(
            values=matches[:_MAX_VALUES], total=len(matches), has_more=len(matches) > _MAX_VALUES
        )
        return types.CompleteResult(completion=completion)
