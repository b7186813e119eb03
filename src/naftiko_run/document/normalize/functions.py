"""What every unit that does something has in common: ``call``, ``steps``, a mock, or a ``ref`` to one of these."""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from naftiko_run.document.normalize.call_resolver import Calls
from naftiko_run.document.normalize.extensions import normalise_schema
from naftiko_run.document.normalize.formats import normalise_media_type
from naftiko_run.document.normalize.parameters import hinted_arguments, normalise_outputs
from naftiko_run.document.normalize.reader import Reader
from naftiko_run.document.normalize.steps import normalise_mappings, normalise_steps, note_targets
from naftiko_run.document.normalize.styles import styled_inputs
from naftiko_run.document.normalize.this_references import read_references
from naftiko_run.spec.spellings import DESCRIPTION, LABEL


@dataclass(frozen=True, slots=True)
class Callables:
    """Reads units.

    Attributes:
        calls: The operations that can be called.
        functions: The canonical functions of the aggregates, by ``namespace.name``.
        broken: Why a function of an aggregate cannot work, by ``namespace.name``.
        not_imported: Why an aggregate could not be imported, by its namespace.
    """

    calls: Calls
    functions: dict[str, dict[str, Any]] = field(default_factory=dict)
    broken: dict[str, str] = field(default_factory=dict)
    not_imported: Mapping[str, str] = field(default_factory=dict)

    def read(self, unit: Reader, name: str, method: str = "", route: str | None = None) -> dict[str, Any]:
        """Give a unit in canonical form.

        Args:
            unit: The unit.
            name: Its name.
            method: The method of a REST operation.
            route: The path of a REST operation; None for anything else.

        Raises:
            ValueError: It cannot work; the message says why.
        """
        if _follows_ref(unit):
            return self._referring(unit, name)
        if "ref" in unit.data:
            unit.report.warning(
                "ref-overridden",
                "the unit has steps or a call of its own; its `ref` is not followed",
                (*unit.at, "ref"),
                hint="keep one of the two",
            )
        canonical = _common(unit, name)
        steps = normalise_steps(unit, self.calls)
        if steps:
            canonical |= {"steps": steps, "mappings": normalise_mappings(unit)}
            note_targets(unit, canonical["mappings"], canonical["outputParameters"])
        elif unit.data.get("call") or not (
            "x-content" in unit.data or _is_mock(canonical["outputParameters"])
        ):
            call, reason = self.calls.find(unit, method, route)
            if reason:
                raise ValueError(reason)
            canonical |= {"call": call, "with": _with(unit) | hinted_arguments(unit)}
        return canonical

    def target(self, unit: Reader) -> dict[str, Any]:
        """Give the canonical function that a unit refers to; empty where it follows no reference."""
        return self.functions.get(unit.text("ref"), {}) if _follows_ref(unit) else {}

    def _referring(self, unit: Reader, name: str) -> dict[str, Any]:
        """Give a unit that refers to a function: what it says itself wins, field by field."""
        ref = unit.text("ref")
        if ref in self.broken:
            raise ValueError(f"it refers to `{ref}`, which cannot work: {self.broken[ref]}")
        function = self.functions.get(ref)
        if function is None:
            raise ValueError(self._unknown(ref))
        own, given = _common(unit, name), _with(unit)
        declared = {parameter["name"] for parameter in own["inputParameters"]}
        inherited = [
            dict(parameter)
            for parameter in function["inputParameters"]
            if parameter["name"] not in declared and parameter["name"] not in given
        ]
        return {
            **function,
            **{key: own[key] for key in ("pointer", "name")},
            **{
                key: own[key] or function[key]
                for key in ("label", "description", "outputParameters", "outputMediaType", "inputSchema")
            },
            "inputParameters": [
                _filled_in(parameter, function["inputParameters"]) for parameter in own["inputParameters"]
            ]
            + inherited,
            "given": [*([given] if given else []), *function.get("given", ())],
        }

    def _unknown(self, ref: str) -> str:
        namespace = ref.partition(".")[0]
        if namespace in self.not_imported:
            return f"it refers to `{ref}`, which cannot work: {self.not_imported[namespace]}"
        known = [*self.functions, *self.broken]
        close = difflib.get_close_matches(ref, known, n=1)
        if close:
            return f"it refers to `{ref}`, which does not exist; did you mean `{close[0]}`?"
        exist = (
            f"these exist: {', '.join(known)}" if known else "no function of `aggregates` stands before it"
        )
        return f"it refers to `{ref}`, which does not exist; {exist}"


def _follows_ref(unit: Reader) -> bool:
    return "ref" in unit.data and not unit.data.get("call") and not unit.data.get("steps")


def _common(unit: Reader, name: str) -> dict[str, Any]:
    return {
        "pointer": unit.at,
        "name": name,
        "label": unit.text(*LABEL),
        "description": unit.text(*DESCRIPTION),
        "inputParameters": styled_inputs(unit),
        "outputParameters": normalise_outputs(unit),
        "outputMediaType": normalise_media_type(unit),
        "inputSchema": normalise_schema(unit),
    }


def _filled_in(parameter: dict[str, Any], inherited: list[dict[str, Any]]) -> dict[str, Any]:
    """Give a parameter with what it leaves open taken from the function's of the same name."""
    for other in inherited:
        if other["name"] == parameter["name"]:
            return other | {key: value for key, value in parameter.items() if value not in (None, "", ())}
    return parameter


def _is_mock(outputs: list[dict[str, Any]]) -> bool:
    """Whether the outputs bring their own values, so that nothing has to be called."""
    return any(_brings_value(output) for output in outputs)


def _brings_value(output: Mapping[str, Any]) -> bool:
    members = [*output["properties"], *(output[key] for key in ("items", "values") if output[key])]
    return (
        output["value"] is not None
        or output["const"] is not None
        or any(_brings_value(member) for member in members)
    )


def _with(unit: Reader) -> dict[str, Any]:
    written = unit.mapping("with")
    return dict(read_references(written.data)) if written else {}
