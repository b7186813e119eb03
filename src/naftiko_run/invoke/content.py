"""``x-content``, compiled: texts, and URIs of resources, with holes for inputs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from naftiko_run.document.model import Content
from naftiko_run.expressions import Expression, compile_text, variable


@dataclass(frozen=True, slots=True)
class Part:
    """A part of what is shown.

    Attributes:
        text: The text, or the resource's URI.
        is_resource: Whether it is the latter.
    """

    text: Expression
    is_resource: bool


def compile_content(parts: Sequence[Content]) -> tuple[Part, ...]:
    """Compile what is shown; an input that is not given leaves nothing behind.

    Raises:
        ValueError: A template is malformed.
    """
    return tuple(
        Part(compile_text(each.resource or each.text, variable, lenient=True), bool(each.resource))
        for each in parts
    )
