"""What a tool, an operation, a resource and an aggregate function share: inputs, steps and outputs."""

from __future__ import annotations

from typing import Any, Final

from naftiko_run.document.strict.line import Line
from naftiko_run.document.strict.rules import (
    ANYTHING,
    FLAG,
    Fields,
    Rule,
    by_type,
    choice,
    has,
    list_of,
    map_of,
    one_of,
    or_else,
    record,
    some_of,
    text,
)
from naftiko_run.document.strict.texts import (
    CALL,
    EXTENDED_IDENTIFIER,
    FILE,
    IDENTIFIER,
    INPUT_TYPE,
    LANGUAGE,
    TARGET,
    TEXT,
)

MAPPED: Final[Rule] = {"$ref": "#/$defs/mapped"}
ORCHESTRATED: Final[Rule] = {"$ref": "#/$defs/orchestrated"}
STEP: Final[Rule] = {"$ref": "#/$defs/step"}
WITH: Final = map_of(or_else(TEXT, "number"))
SCALARS: Final = ("string", "number", "boolean")


def definitions(line: Line) -> dict[str, Rule]:
    """What ``MAPPED``, ``ORCHESTRATED`` and ``STEP`` refer to."""
    return {"mapped": _mapped_output(), "orchestrated": _orchestrated_output(line), "step": _step(line)}


def routine(line: Line) -> Fields:
    """The keys that say what a function does and gives."""
    return {
        "call": CALL,
        "with": WITH,
        "steps": line.named(STEP, at_least=1),
        "mappings": list_of(record("a mapping", {line.target: TARGET, "value": TEXT})),
        "outputParameters": line.outputs,
    }


def called() -> Rule:
    """A function that calls one operation, and maps its response."""
    return _giving("call", list_of(MAPPED))


def orchestrated(line: Line) -> Rule:
    """A function that takes steps, and names its outputs."""
    return _giving("steps", line.named(ORCHESTRATED, names=ANYTHING))


def mocked(line: Line) -> Rule:
    """A function that only gives fixed outputs."""
    output = record(
        "a mock output", {**line.name(EXTENDED_IDENTIFIER), "type": choice(*SCALARS), "value": TEXT}
    )
    return _giving("outputParameters", line.named(output, names=ANYTHING, at_least=1))


def inputs(line: Line) -> Rule:
    """The inputs of a tool or an aggregate function."""
    parameter = record(
        "an input parameter",
        {**line.name(EXTENDED_IDENTIFIER), "type": INPUT_TYPE, "description": TEXT},
        {"required": FLAG},
    )
    return line.named(parameter, names=EXTENDED_IDENTIFIER)


def aggregate_function(line: Line, title: str) -> Rule:
    """A function that several adapters can refer to."""
    return line.record(
        title,
        {**line.name(), "description": TEXT},
        {
            "semantics": record("`semantics`", {}, {"safe": FLAG, "idempotent": FLAG, "cacheable": FLAG}),
            "inputParameters": inputs(line),
            **routine(line),
        },
        some_of(
            f"{title} needs `call` or `steps`, or else mock `outputParameters`",
            called(),
            orchestrated(line),
            mocked(line),
        ),
    )


def _giving(key: str, outputs: Rule) -> Rule:
    return {**has(key), "properties": {"outputParameters": outputs}}


def _step(line: Line) -> Rule:
    name = line.name()
    lookup = {
        "index": IDENTIFIER,
        "match": IDENTIFIER,
        "lookupValue": TEXT,
        "outputParameters": list_of(TEXT, at_least=1),
    }
    script = {
        "language": LANGUAGE,
        "location": FILE,
        "dependencies": list_of(text(shortest=1), at_least=1),
        "with": WITH,
    }
    return by_type(
        "a step",
        {
            "call": record("a `call` step", {**name, "call": CALL}, {"with": WITH}),
            "lookup": record("a `lookup` step", {**name, **lookup}),
            "script": record("a `script` step", {**name, "file": text(shortest=1)}, script),
        },
    )


def _mapped_output() -> Rule:
    constant: dict[str, Any] = {"type": ["string", "number", "boolean", "array", "object"]}
    sources = {"mapping": TEXT, "const": constant, "value": TEXT}
    scalar = record(
        "an output",
        {},
        sources,
        one_of("an output needs just one of `mapping` and `value`", has("mapping"), has("value")),
    )
    return by_type(
        "an output",
        {
            **dict.fromkeys(SCALARS, scalar),
            "object": record("an `object` output", {"properties": map_of(MAPPED)}, sources),
            "array": record("an `array` output", {"items": MAPPED}, sources),
        },
    )


def _orchestrated_output(line: Line) -> Rule:
    name = line.name(EXTENDED_IDENTIFIER)
    several = line.named(ORCHESTRATED, names=ANYTHING, at_least=1)
    return by_type(
        "an output of steps",
        {
            **dict.fromkeys(SCALARS, record("an output of steps", name)),
            "array": record("an `array` output of steps", {**name, "items": several}),
            "object": record("an `object` output of steps", {**name, "properties": map_of(ORCHESTRATED)}),
        },
    )
