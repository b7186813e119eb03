"""The prompts of an ``mcp`` block."""

from __future__ import annotations

from collections.abc import Iterator

import mcp_types as types
from mcp.server.context import ServerRequestContext
from mcp.shared.exceptions import MCPError

from naftiko_run.capability import Capability
from naftiko_run.document.model import McpExposes
from naftiko_run.document.model import Prompt as PromptModel
from naftiko_run.errors import InvalidInput
from naftiko_run.expose.exposer import Unit
from naftiko_run.expose.mcp.failures import error_of
from naftiko_run.invoke import Prompt


class PromptBook:
    """The prompts of one ``mcp`` block.

    Args:
        exposes: The block.
        capability: Holds what they are made of.
    """

    def __init__(self, exposes: McpExposes, capability: Capability) -> None:
        self._prompts = {
            model.name: (model, capability.prompts[model.pointer])
            for model in exposes.prompts
            if model.pointer in capability.prompts
        }

        self._left_out = {
            model.name: capability.unavailable[model.pointer]
            for model in exposes.prompts
            if model.pointer not in capability.prompts
        }

    def __bool__(self) -> bool:
        return bool(self._prompts)

    def units(self) -> Iterator[Unit]:
        """Give the prompts for the start-up output."""
        for name, (model, _) in self._prompts.items():
            yield Unit(name, model.location or "its messages", kind="prompt")
        for name, reason in self._left_out.items():
            yield Unit(name, reason=reason, kind="prompt")

    async def list(
        self, _: ServerRequestContext, __: types.PaginatedRequestParams | None
    ) -> types.ListPromptsResult:
        """Answer ``prompts/list``."""
        prompts = [_described(model, prompt) for model, prompt in self._prompts.values()]
        return types.ListPromptsResult(prompts=prompts)

    async def get(
        self, _: ServerRequestContext, params: types.GetPromptRequestParams
    ) -> types.GetPromptResult:
        """Answer ``prompts/get``.

        Raises:
            MCPError: There is no such prompt, or required arguments are missing.
        """
        if params.name not in self._prompts:
            raise MCPError(
                types.INVALID_PARAMS,
                f"There is no prompt `{params.name}`; there are: {', '.join(self._prompts)}",
            )
        model, prompt = self._prompts[params.name]
        try:
            messages = prompt.render(params.arguments or {})
        except InvalidInput as fault:
            raise error_of(fault) from None
        return types.GetPromptResult(
            description=model.description or None,
            messages=[
                types.PromptMessage(role=role, content=types.TextContent(text=text))
                for role, text in messages
            ],
        )


def _described(model: PromptModel, prompt: Prompt) -> types.Prompt:
    return types.Prompt(
        name=model.name,
        title=model.label or None,
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
