"""The prompts of an ``mcp`` adapter, and ``completion/complete`` for the arguments of prompts and resource templates."""

from __future__ import annotations

from typing import Any, Final

import mcp_types as types
from mcp.server.context import ServerRequestContext
from mcp.shared.exceptions import MCPError

from naftiko_run.capability import Capability
from naftiko_run.document.model import McpExposes, Prompt
from naftiko_run.errors import InvalidInput
from naftiko_run.expose.mcp.elicitation import Elicitation, ElicitationError
from naftiko_run.expose.mcp.listing import paginate, title_of
from naftiko_run.expose.mcp.resources import ResourceRegistry, resource_block
from naftiko_run.expose.mcp.results import problem_error
from naftiko_run.expose.mcp.truncation import shorten_name
from naftiko_run.invoke import CompiledPrompt, RenderedMessage


class PromptRegistry:
    """The prompts of one ``mcp`` adapter by name.

    Args:
        exposes: The block.
        capability: The capability with the compiled prompts.
        resources: The resources that messages embed.
    """

    def __init__(self, exposes: McpExposes, capability: Capability, resources: ResourceRegistry) -> None:
        self._resources = resources
        self._prompts = {
            model.name: (model, capability.prompts[model.pointer], Elicitation(model.asks))
            for model in exposes.prompts
            if model.pointer in capability.prompts
        }
        written = {model.written_name: name for name, (model, _, _) in self._prompts.items()}
        self._aliases = {
            alias: name for alias, name in written.items() if alias and alias not in self._prompts
        }

    def __bool__(self) -> bool:
        return bool(self._prompts)

    def completion_values(self, name: str, argument: str) -> list[str] | None:
        """Return the allowed values of an argument; None if there is no such prompt."""
        name = self._aliases.get(name, name)
        if name not in self._prompts:
            return None
        _, prompt, _ = self._prompts[name]
        return [value for each in prompt.arguments if each.name == argument for value in each.enum]

    async def list(
        self, _: ServerRequestContext, params: types.PaginatedRequestParams | None
    ) -> types.ListPromptsResult:
        """Handle ``prompts/list``.

        Raises:
            MCPError: The cursor is not valid for this list.
        """
        prompts = [(name, _definition(model, prompt)) for name, (model, prompt, _) in self._prompts.items()]
        page = paginate(prompts, params)
        return types.ListPromptsResult(prompts=page.entries, next_cursor=page.next_cursor)

    async def get(
        self, context: ServerRequestContext, params: types.GetPromptRequestParams
    ) -> types.GetPromptResult | types.InputRequiredResult:
        """Handle ``prompts/get``.

        Raises:
            MCPError: There is no such prompt, required arguments are missing, or the client does not answer
                a required question.
        """
        name = self._aliases.get(params.name, params.name)
        if name not in self._prompts:
            raise MCPError(
                types.INVALID_PARAMS,
                f"Unknown prompt `{shorten_name(params.name)}`; available prompts: {', '.join(self._prompts)}",
            )
        model, prompt, elicitation = self._prompts[name]
        try:
            arguments = await elicitation.inputs(context, params, params.arguments or {})
            if isinstance(arguments, types.InputRequiredResult):
                return arguments
            messages = prompt.render(arguments)
        except ElicitationError as error:
            raise MCPError(types.INVALID_PARAMS, str(error)) from None
        except InvalidInput as error:
            raise problem_error(error, f"prompt `{name}`") from None
        return types.GetPromptResult(
            description=model.description or None,
            messages=[
                types.PromptMessage(role=each.role, content=await self._block(each, context.protocol_version))
                for each in messages
            ],
        )

    async def _block(self, message: RenderedMessage, protocol_version: str) -> types.ContentBlock:
        if message.resource:
            return resource_block(await self._resources.contents(message.resource, protocol_version))
        return types.TextContent(text=message.text)


def _definition(model: Prompt, prompt: CompiledPrompt) -> types.Prompt:
    return types.Prompt(
        name=model.name,
        title=title_of(model),
        description=model.description or None,
        arguments=[
            types.PromptArgument(
                name=each.name,
                title=each.label or None,
                description=each.description or None,
                required=each.required,
            )
            for each in prompt.arguments
        ],
    )


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
