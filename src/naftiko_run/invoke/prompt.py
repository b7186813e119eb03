"""Prompts: messages with holes for their arguments (specification: ``prompts`` of an ``mcp`` adapter)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from naftiko_run.document.model import Prompt as PromptModel
from naftiko_run.document.model import PromptMessage
from naftiko_run.errors import InvalidInput, Violation
from naftiko_run.expressions import Expression, compile_text, names_of, variable
from naftiko_run.locations import require

Role = Literal["user", "assistant"]


@dataclass(frozen=True, slots=True)
class Argument:
    """An argument of a prompt.

    Attributes:
        name: Its name.
        label: For people.
        description: For people and models.
        required: Whether there is no prompt without it.
    """

    name: str
    label: str
    description: str
    required: bool


@dataclass(frozen=True, slots=True)
class Prompt:
    """A prompt, ready to be rendered.

    Attributes:
        arguments: Declared, and those that only the text names, which are optional.
    """

    arguments: tuple[Argument, ...]
    _messages: tuple[tuple[Role, Expression], ...]

    def render(self, arguments: Mapping[str, Any]) -> list[tuple[Role, str]]:
        """Give the role and the text of each message; an argument that is not given leaves nothing behind.

        Raises:
            InvalidInput: Required arguments are missing, all of which are named.
        """
        absent = [each.name for each in self.arguments if each.required and arguments.get(each.name) is None]
        if absent:
            raise InvalidInput([Violation(f"/{name}", "is required") for name in absent])
        return [(role, text.evaluate(arguments)) for role, text in self._messages]


def compile_prompt(model: PromptModel, folder: Path) -> Prompt:
    """Compile a prompt; a file is read now, and is one message of the user.

    Args:
        model: The prompt.
        folder: Where relative locations begin.

    Raises:
        ValueError: Its file cannot be read, or a template in it is malformed.
    """
    messages = model.template or (PromptMessage(role="user", content=_text(model.location, folder)),)
    texts = [(each.role, compile_text(each.content, variable, lenient=True)) for each in messages]
    declared = [Argument(each.name, each.label, each.description, each.required) for each in model.arguments]
    return Prompt((*declared, *_named_only(declared, [text for _, text in texts])), tuple(texts))


def _named_only(declared: Sequence[Argument], texts: Sequence[Expression]) -> list[Argument]:
    known = {each.name for each in declared}
    return [Argument(name, "", "", required=False) for name in names_of(texts) if name not in known]


def _text(location: str, folder: Path) -> str:
    path = require(location, folder)
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as fault:
        raise ValueError(f"`{location}` cannot be read: {fault}") from None
