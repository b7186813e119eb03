"""Prompts (specification: ``prompts`` of an ``mcp`` adapter), content (``x-content``) and questions (``x-ask``), compiled."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import jsonschema_rs

from naftiko_run.document.model import Ask, Content, Prompt, PromptMessage
from naftiko_run.errors import InvalidInput, Violation
from naftiko_run.expressions import Expression, compile_text, names_of, variable
from naftiko_run.invoke.schemas import compile_schema
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


@dataclass(frozen=True, slots=True)
class ContentPart:
    """One part of the content.

    Attributes:
        text: The text, or the URI of a resource.
        is_resource: Whether the text is the URI of a resource.
    """

    text: Expression
    is_resource: bool


def compile_content(parts: Sequence[Content], undeclared: Collection[str] = ()) -> tuple[ContentPart, ...]:
    """Compile content; a placeholder without a value renders as empty text.

    Args:
        parts: The parts of the content.
        undeclared: Names whose placeholders are kept as written if they have no value.

    Raises:
        ValueError: A template is malformed.
    """

    def resolve(name: str) -> Expression:
        if name not in undeclared:
            return variable(name)
        written = f"{{{{{name}}}}}"
        return Expression(lambda scope: scope.get(name, written), (name,))

    return tuple(
        ContentPart(compile_text(each.resource or each.text, resolve, lenient=True), bool(each.resource))
        for each in parts
    )


@dataclass(frozen=True, slots=True)
class CompiledQuestion:
    """A compiled question.

    Attributes:
        model: The question as the document declares it.
        text: The text that the user or the model reads.
        after: The questions whose answers the text refers to.
        validator: Validates the answer.
    """

    model: Ask
    text: Expression
    after: frozenset[str]
    validator: jsonschema_rs.Draft202012Validator


def compile_questions(models: Sequence[Ask]) -> tuple[CompiledQuestion, ...]:
    """Compile the questions of one tool or prompt.

    Raises:
        ValueError: A question has a malformed template or schema, or the questions depend on each other.
    """
    names = frozenset(each.name for each in models)
    asks = tuple(_compiled(each, names) for each in models)
    known: set[str] = set()
    for _ in asks:
        known |= {each.model.name for each in asks if each.after <= known}
    if waiting := names - known:
        raise ValueError(f"its questions depend on each other in a cycle: {', '.join(sorted(waiting))}")
    return asks


def _compiled(model: Ask, names: frozenset[str]) -> CompiledQuestion:
    text = compile_text(model.text, variable, lenient=True)
    after = names & {name.partition(".")[0] for name in text.names}
    try:
        return CompiledQuestion(model, text, after, compile_schema(model.answer))
    except ValueError as fault:
        raise ValueError(f"the `answer` of `{model.name}` is not a valid schema: {fault}") from None
