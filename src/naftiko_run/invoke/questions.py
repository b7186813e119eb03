"""Questions to the user or model of a caller, compiled (``x-ask``)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import jsonschema_rs

from naftiko_run.document.model import Ask
from naftiko_run.expressions import Expression, compile_text, variable
from naftiko_run.invoke.schemas import compile_schema


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
