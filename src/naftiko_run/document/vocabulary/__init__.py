"""Every key that a document may have: what it means, what it holds, and which spec line has it.

The union of what both spec lines define and what loading reads beside them. The
JSON Schema for editors and the rule against unknown keys are made of it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Final

from naftiko_run.document.vocabulary import authentication, consumes, control, exposes, functions, whole
from naftiko_run.document.vocabulary.words import Choice, Form, Key, Rule, Shape, pattern_of, words

__all__ = [
    "CHOICES",
    "IMPORTABLE",
    "SHAPES",
    "Choice",
    "Form",
    "Key",
    "Rule",
    "Shape",
    "pattern_of",
    "words",
]

CHOICES: Final[Mapping[str, Choice]] = {**authentication.CHOICES, **exposes.CHOICES, **functions.CHOICES}
"""The objects that are one of several kinds, by their ``type``."""

_TYPE: Final = {
    kind: {"type": Key(choice.says)} for choice in CHOICES.values() for kind in choice.kinds.values()
}

SHAPES: Final[Mapping[str, Shape]] = {
    kind: replace(shape, keys={**_TYPE.get(kind, {}), **shape.keys})
    for kind, shape in {
        **whole.SHAPES,
        **consumes.SHAPES,
        **authentication.SHAPES,
        **exposes.SHAPES,
        **control.SHAPES,
        **functions.SHAPES,
    }.items()
}
"""Every object of the specification, by its kind."""

IMPORTABLE: Final = ("consumes", "exposes", "aggregate", "bind")
"""The kinds of what can be imported from another file."""
