"""The Naftiko line: named things are lists of records with a ``name``."""

from __future__ import annotations

from typing import Final

from naftiko_run.document.strict.consumes import consumed_http
from naftiko_run.document.strict.document import binding, document, or_import
from naftiko_run.document.strict.exposes import adapters
from naftiko_run.document.strict.functions import aggregate_function
from naftiko_run.document.strict.line import Line
from naftiko_run.document.strict.rules import Rule, has, one_of, record
from naftiko_run.document.strict.texts import IDENTIFIER, TEXT

NAFTIKO: Final = Line(
    key="naftiko",
    version="1.0.0-alpha2",
    label="label",
    target="targetName",
    keyed=False,
    outputs={"type": "array"},
    additions={},
)


def naftiko() -> Rule:
    """The rule for documents of the Naftiko line."""
    functions = NAFTIKO.named(aggregate_function(NAFTIKO, "an aggregate function"), at_least=1)
    parts = {
        "binds": binding(),
        "consumes": or_import(consumed_http(NAFTIKO), source="location"),
        "exposes": adapters(NAFTIKO),
        "aggregates": record(
            "an aggregate", {"label": TEXT, "namespace": IDENTIFIER, "functions": functions}
        ),
    }
    together = one_of(
        "a document needs either `capability` or, for others to import, `consumes`",
        has("capability"),
        has("consumes"),
    )
    return document(NAFTIKO, parts, ("binds", "consumes"), together)
