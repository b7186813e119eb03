"""``x-content``, compiled: texts and resource URIs with placeholders for inputs."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from naftiko_run.document.model import Content
from naftiko_run.expressions import Expression, compile_text, variable


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
