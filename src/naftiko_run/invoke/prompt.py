"""Prompts: messages with placeholders for their arguments (specification: ``prompts`` of an ``mcp`` adapter)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from naftiko_run.document.model import Content, Prompt, PromptMessage
from naftiko_run.errors import InvalidInput, Violation
from naftiko_run.expressions import names_of
from naftiko_run.invoke.content import ContentPart, compile_content
from naftiko_run.invoke.questions import compile_questions
from naftiko_run.locations import require

_SECTION = re.compile(r"\{\{\s*[#^]\s*([^{}]+?)\s*\}\}")
Role = Literal["user", "assistant"]


@dataclass(frozen=True, slots=True)
class Argument:
    """An argument of a prompt.

    Attributes:
        name: Its name.
        label: Title for people.
        description: Description for people and models.
        required: Whether the prompt cannot be rendered without it.
        enum: The allowed values; empty for any.
    """

    name: str
    label: str
    description: str
    required: bool
    enum: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class RenderedMessage:
    """A rendered message of a prompt.

    Attributes:
        role: The role of the speaker.
        text: The text; empty for a resource.
        resource: The URI of the resource; empty for a text.
    """

    role: Role
    text: str = ""
    resource: str = ""


@dataclass(frozen=True, slots=True)
class CompiledPrompt:
    """A prompt, ready to be rendered.

    Attributes:
        arguments: The declared arguments, and those that only appear in the text, which are optional.
        undeclared: The names of the latter; their placeholders are kept as written if they have no value.
    """

    arguments: tuple[Argument, ...]
    _messages: tuple[tuple[Role, ContentPart], ...]
    undeclared: tuple[str, ...] = ()

    def render(self, arguments: Mapping[str, Any]) -> list[RenderedMessage]:
        """Return the messages; a declared argument without a value renders as empty text.

        Raises:
            InvalidInput: Required arguments are missing; the message names all of them.
        """
        absent = [each.name for each in self.arguments if each.required and arguments.get(each.name) is None]
        if absent:
            raise InvalidInput([Violation(f"/{name}", "is required") for name in absent])
        shown = [(role, part.text.evaluate(arguments), part.is_resource) for role, part in self._messages]
        return [
            RenderedMessage(role, resource=text) if is_resource else RenderedMessage(role, text)
            for role, text, is_resource in shown
        ]


def compile_prompt(model: Prompt, folder: Path) -> CompiledPrompt:
    """Compile a prompt; a file is read now, and becomes one message of the user.

    Args:
        model: The prompt.
        folder: The folder that relative locations start from.

    Raises:
        ValueError: Its file cannot be read, a template is malformed, or its questions depend on each other.
    """
    messages = model.template or (
        PromptMessage(role="user", content=Content(text=_text(model.location, folder))),
    )
    compile_questions(model.asks)
    contents = [each.content for each in messages]
    declared = [
        Argument(each.name, each.label, each.description, each.required, each.enum)
        for each in model.arguments
    ]
    declared_names = {each.name for each in declared}
    asked = {each.name for each in model.asks}
    named = names_of(part.text for part in compile_content(contents))
    undeclared = [
        name for name in named if name not in declared_names and name.partition(".")[0] not in asked
    ]
    sections = {name for each in contents for name in _SECTION.findall(each.text)}
    parts = compile_content(contents, frozenset(undeclared) - sections)
    only_named = [Argument(name, "", "", required=False) for name in undeclared]
    roles = [each.role for each in messages]
    return CompiledPrompt((*declared, *only_named), tuple(zip(roles, parts, strict=True)), tuple(undeclared))


def _text(location: str, folder: Path) -> str:
    path = require(location, folder)
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as fault:
        raise ValueError(f"`{location}` cannot be read: {fault}") from None
