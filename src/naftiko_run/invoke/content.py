"""``x-content``, compiled: texts, and URIs of resources, with holes for inputs."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from naftiko_run.document.model import Content
from naftiko_run.expressions import Expression, compile_text, variable


@dataclass(frozen=True, slots=True)
class ContentPart:
    """A part of what is shown.

    Attributes:
        text: The text, or the resource's URI.
        is_resource: Whether it is the latter.
    """

    text: Expression
    is_resource: bool


def compile_content(parts: Sequence[Content], undeclared: Collection[str] = ()) -> tuple[ContentPart, ...]:
    """Compile what is shown; an input that is not given leaves nothing behind.

    Args:
        parts: What is shown.
        undeclared: Names that stay as they are written where they are not given.

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
