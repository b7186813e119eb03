"""Functions: what tools, operations, resources and aggregate functions have in common.

Each has ``call``, ``steps``, mock outputs, or a ``ref`` to a function that has.
"""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from naftiko_run.document.normalize.call_resolver import CallResolver
from naftiko_run.document.normalize.extensions import normalize_schema
from naftiko_run.document.normalize.formats import normalize_media_type
from naftiko_run.document.normalize.parameters import hinted_arguments, normalize_outputs
from naftiko_run.document.normalize.reader import Reader
from naftiko_run.document.normalize.steps import normalize_mappings, normalize_steps, note_targets
from naftiko_run.document.normalize.styles import styled_inputs
from naftiko_run.document.normalize.this_references import read_references
from naftiko_run.spec.table import DESCRIPTION, LABEL


@dataclass(frozen=True, slots=True)
class FunctionReader:
    """Reads functions.

    Attributes:
        calls: The operations that can be called.
        functions: The canonical functions of the aggregates, by ``namespace.name``.
        broken: The reason why an aggregate function cannot work, by ``namespace.name``.
        not_imported: The reason why an aggregate could not be imported, by its namespace.
    """

    calls: CallResolver
    functions: dict[str, dict[str, Any]] = field(default_factory=dict)
    broken: dict[str, str] = field(default_factory=dict)
    not_imported: Mapping[str, str] = field(default_factory=dict)

    def read(self, function: Reader, name: str, method: str = "", route: str | None = None) -> dict[str, Any]:
        """Return a function in canonical form.

        Args:
            function: The function as written.
            name: Its name.
            method: The method of a REST operation.
            route: The path of a REST operation; None for anything else.

        Raises:
            ValueError: It cannot work; the message is the reason.
        """
        if _follows_ref(function):
            return self._referring(function, name)
        if "ref" in function.data:
            function.report.warning(
                "ref-overridden",
                "it has steps or a call of its own, so its `ref` is ignored",
                (*function.at, "ref"),
                hint="keep one of the two",
            )
        canonical = _common(function, name)
        steps = normalize_steps(function, self.calls)
        if steps:
            canonical |= {"steps": steps, "mappings": normalize_mappings(function)}
            note_targets(function, canonical["mappings"], canonical["outputParameters"])
        elif function.data.get("call") or not (
            "x-content" in function.data or _is_mock(canonical["outputParameters"])
        ):
            call, reason = self.calls.find(function, method, route)
            if reason:
                raise ValueError(reason)
            canonical |= {"call": call, "with": _with(function) | hinted_arguments(function)}
        return canonical

    def target(self, function: Reader) -> dict[str, Any]:
        """Return the canonical function that a ``ref`` refers to; empty without one."""
        return self.functions.get(function.text("ref"), {}) if _follows_ref(function) else {}

    def _referring(self, function: Reader, name: str) -> dict[str, Any]:
        """Return a function with a ``ref``: its own fields override those that it refers to."""
        ref = function.text("ref")
        if ref in self.broken:
            raise ValueError(f"it refers to `{ref}`, which cannot work: {self.broken[ref]}")
        target = self.functions.get(ref)
        if target is None:
            raise ValueError(self._unknown(ref))
        own, given = _common(function, name), _with(function)
        declared = {parameter["name"] for parameter in own["inputParameters"]}
        inherited = [
            dict(parameter)
            for parameter in target["inputParameters"]
            if parameter["name"] not in declared and parameter["name"] not in given
        ]
        return {
            **target,
            **{key: own[key] for key in ("pointer", "name")},
            **{
                key: own[key] or target[key]
                for key in ("label", "description", "outputParameters", "outputMediaType", "inputSchema")
            },
            "inputParameters": [
                _filled_in(parameter, target["inputParameters"]) for parameter in own["inputParameters"]
            ]
            + inherited,
            "given": [*([given] if given else []), *target.get("given", ())],
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
            f"these exist: {', '.join(known)}"
            if known
            else "no function of `aggregates` is defined before it"
        )
        return f"it refers to `{ref}`, which does not exist; {exist}"


def _follows_ref(function: Reader) -> bool:
    return "ref" in function.data and not function.data.get("call") and not function.data.get("steps")


def _common(function: Reader, name: str) -> dict[str, Any]:
    return {
        "pointer": function.at,
        "name": name,
        "label": function.text(*LABEL),
        "description": function.text(*DESCRIPTION),
        "inputParameters": styled_inputs(function),
        "outputParameters": normalize_outputs(function),
        "outputMediaType": normalize_media_type(function),
        "inputSchema": normalize_schema(function),
    }


def _filled_in(parameter: dict[str, Any], inherited: list[dict[str, Any]]) -> dict[str, Any]:
    """Return a parameter completed by the one of the same name of the function that is referred to."""
    for other in inherited:
        if other["name"] == parameter["name"]:
            return other | {key: value for key, value in parameter.items() if value not in (None, "", ())}
    return parameter


def _is_mock(outputs: list[dict[str, Any]]) -> bool:
    """Whether all outputs have fixed values, so that nothing is called."""
    return any(_brings_value(output) for output in outputs)


def _brings_value(output: Mapping[str, Any]) -> bool:
    members = [*output["properties"], *(output[key] for key in ("items", "values") if output[key])]
    return (
        output["value"] is not None
        or output["const"] is not None
        or any(_brings_value(member) for member in members)
    )


def _with(function: Reader) -> dict[str, Any]:
    written = function.mapping("with")
    return dict(read_references(written.data)) if written else {}
