"""The prompts of an ``mcp`` block."""

from __future__ import annotations

import mcp_types as types
from mcp.server.context import ServerRequestContext
from mcp.shared.exceptions import MCPError

from naftiko_run.capability import Capability
from naftiko_run.document.model import McpExposes, Prompt
from naftiko_run.errors import InvalidInput
from naftiko_run.expose.mcp.asks import Questionnaire, Unanswered
from naftiko_run.expose.mcp.content import block_of
from naftiko_run.expose.mcp.describing import title_of
from naftiko_run.expose.mcp.failures import error_of
from naftiko_run.expose.mcp.pages import page_of
from naftiko_run.expose.mcp.resources import ResourceShelf
from naftiko_run.invoke import CompiledPrompt, RenderedMessage


class PromptBook:
    """The prompts of one ``mcp`` block.

    Args:
        exposes: The block.
        capability: Holds what they are made of.
        shelf: Has the resources that messages show.
    """

    def __init__(self, exposes: McpExposes, capability: Capability, shelf: ResourceShelf) -> None:
        self._shelf = shelf
        self._prompts = {
            model.name: (model, capability.prompts[model.pointer], Questionnaire(model.asks))
            for model in exposes.prompts
            if model.pointer in capability.prompts
        }
        written = {model.written_name: name for name, (model, _, _) in self._prompts.items()}
        self._aliases = {
            alias: name for alias, name in written.items() if alias and alias not in self._prompts
        }

    def __bool__(self) -> bool:
        return bool(self._prompts)

    def values_of(self, name: str, argument: str) -> list[str] | None:
        """Give the values that an argument can have; None where there is no such prompt."""
        name = self._aliases.get(name, name)
        if name not in self._prompts:
            return None
        _, prompt, _ = self._prompts[name]
        return [value for each in prompt.arguments if each.name == argument for value in each.enum]

    async def list(
        self, _: ServerRequestContext, params: types.PaginatedRequestParams | None
    ) -> types.ListPromptsResult:
        """Answer ``prompts/list``.

        Raises:
            MCPError: The cursor is none of this list's.
        """
        prompts = [(name, _described(model, prompt)) for name, (model, prompt, _) in self._prompts.items()]
        page = page_of(prompts, params)
        return types.ListPromptsResult(prompts=page.entries, next_cursor=page.next_cursor)

    async def get(
        self, context: ServerRequestContext, params: types.GetPromptRequestParams
    ) -> types.GetPromptResult | types.InputRequiredResult:
        """Answer ``prompts/get``.

        Raises:
            MCPError: There is no such prompt, required arguments are missing, or the client does not answer
                what it asks.
        """
        name = self._aliases.get(params.name, params.name)
        if name not in self._prompts:
            raise MCPError(
                types.INVALID_PARAMS,
                f"There is no prompt `{params.name}`; there are: {', '.join(self._prompts)}",
            )
        model, prompt, asks = self._prompts[name]
        try:
            arguments = await asks.inputs(context, params, params.arguments or {})
            if isinstance(arguments, types.InputRequiredResult):
                return arguments
            messages = prompt.render(arguments)
        except Unanswered as fault:
            raise MCPError(types.INVALID_PARAMS, str(fault)) from None
        except InvalidInput as fault:
            raise error_of(fault, f"prompt `{name}`") from None
        return types.GetPromptResult(
            description=model.description or None,
            messages=[
                types.PromptMessage(role=each.role, content=await self._block(each, context.protocol_version))
                for each in messages
            ],
        )

    async def _block(self, message: RenderedMessage, protocol_version: str) -> types.ContentBlock:
        if message.resource:
            return block_of(await self._shelf.contents(message.resource, protocol_version))
        return types.TextContent(text=message.text)


def _described(model: Prompt, prompt: CompiledPrompt) -> types.Prompt:
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
