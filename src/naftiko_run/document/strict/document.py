"""What a whole document is made of, in either line."""

from __future__ import annotations

from collections.abc import Sequence

from naftiko_run.document.strict.functions import definitions
from naftiko_run.document.strict.line import Line
from naftiko_run.document.strict.rules import (
    Fields,
    Rule,
    has,
    list_of,
    map_of,
    record,
    some_of,
    when,
)
from naftiko_run.document.strict.texts import (
    DATE,
    EMAIL,
    EXTENDED_IDENTIFIER,
    IDENTIFIER,
    PROVIDER,
    TEXT,
    VARIABLE,
)


def document(line: Line, parts: Fields, standalone: Sequence[str], together: Rule) -> Rule:
    """The rule for a line's documents.

    Args:
        line: The line.
        parts: What one entry of each part of a capability is.
        standalone: The parts that may stand at the root too, for other documents to import.
        together: Which root keys go together.
    """
    lists = {part: list_of(entry, at_least=1) for part, entry in parts.items()}
    version = {
        "const": line.version,
        "description": f"the strict rules known are those of {line.key} {line.version}",
    }
    capability = record(
        "`capability`",
        {},
        lists,
        some_of("`capability` needs `exposes` or `consumes`", has("exposes"), has("consumes")),
    )
    root = record(
        "the document",
        {line.key: version},
        {"info": _info(line), "capability": capability, **{part: lists[part] for part in standalone}},
        together,
    )
    return {**root, "$defs": definitions(line)}


def binding() -> Rule:
    """Variables, and where their values come from."""
    return record(
        "a binding",
        {"namespace": IDENTIFIER, "keys": map_of(EXTENDED_IDENTIFIER, keys=VARIABLE)},
        {"description": TEXT, "location": PROVIDER},
    )


def or_import(rule: Rule, source: str) -> Rule:
    """What the rule says, or an entry that takes it from a shared file."""
    entry = record("an import", {source: TEXT, "import": IDENTIFIER}, {"as": IDENTIFIER, "description": TEXT})
    return when(has("import"), entry, rule)


def _info(line: Line) -> Rule:
    stakeholder = record("a stakeholder", {"role": TEXT, "fullName": TEXT}, {"email": EMAIL})
    return line.record(
        "`info`",
        {line.label: TEXT, "description": TEXT},
        {"tags": list_of(TEXT), "created": DATE, "modified": DATE, "stakeholders": list_of(stakeholder)},
    )
