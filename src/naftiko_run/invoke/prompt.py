"""Prompts: messages with holes for their arguments (specification: ``prompts`` of an ``mcp`` adapter)."""

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
        label: For people.
        description: For people and models.
        required: Whether there is no prompt without it.
        enum: The values to choose from; none where anything goes.
    """

    name: str
    label: str
    description: str
    required: bool
    enum: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class RenderedMessage:
    """A message of a prompt.

    Attributes:
        role: Who says it.
        text: What is said; empty where a resource is shown.
        resource: The URI of the resource that is shown; empty for a text.
    """

    role: Role
    text: str = ""
    resource: str = ""


@dataclass(frozen=True, slots=True)
class CompiledPrompt:
    """A prompt, ready to be rendered.

    Attributes:
        arguments: Declared, and those that only the text names, which are optional.
        undeclared: The names of the latter; where one is not given, it stays as it is written.
    """

    arguments: tuple[Argument, ...]
    _messages: tuple[tuple[Role, ContentPart], ...]
    undeclared: tuple[str, ...] = ()

    def render(self, arguments: Mapping[str, Any]) -> list[RenderedMessage]:
        """Give the messages; a declared argument that is not given leaves nothing behind.

        Raises:
            InvalidInput: Required arguments are missing, all of which are named.
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
    """Compile a prompt; a file is read now, and is one message of the user.

    Args:
        model: The prompt.
        folder: Where relative locations begin.

    Raises:
        ValueError: Its file cannot be read, a template in it is malformed, or its questions are not in order.
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
