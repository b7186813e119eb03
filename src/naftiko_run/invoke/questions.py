"""Questions to a caller's user or model, compiled."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import jsonschema_rs

from naftiko_run.document.model import Ask
from naftiko_run.expressions import Expression, compile_text, variable
from naftiko_run.invoke.schemas import compile_schema


@dataclass(frozen=True, slots=True)
class CompiledQuestion:
    """A question.

    Attributes:
        model: What the document says.
        text: What the user or the model reads.
        after: The questions whose answers the text reads.
        validator: Of the user's answer.
    """

    model: Ask
    text: Expression
    after: frozenset[str]
    validator: jsonschema_rs.Draft202012Validator


def compile_questions(models: Sequence[Ask]) -> tuple[CompiledQuestion, ...]:
    """Compile the questions of one unit.

    Raises:
        ValueError: One has a malformed template or schema, or they wait for each other.
    """
    names = frozenset(each.name for each in models)
    asks = tuple(_compiled(each, names) for each in models)
    known: set[str] = set()
    for _ in asks:
        known |= {each.model.name for each in asks if each.after <= known}
    if waiting := names - known:
        raise ValueError(f"its questions wait for each other: {', '.join(sorted(waiting))}")
    return asks


def _compiled(model: Ask, names: frozenset[str]) -> CompiledQuestion:
    text = compile_text(model.text, variable, lenient=True)
    after = names & {name.partition(".")[0] for name in text.names}
    try:
        return CompiledQuestion(model, text, after, compile_schema(model.answer))
    except ValueError as fault:
        raise ValueError(f"the `answer` of `{model.name}` is no valid schema: {fault}") from None
