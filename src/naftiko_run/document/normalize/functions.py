"""Functions: what tools, operations, resources and aggregate functions have in common, and the aggregates.

Each has ``call``, ``steps`` (which run in order), mock outputs, or a ``ref`` to a function that has.
"""

from __future__ import annotations

import difflib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from naftiko_run.document.normalize.call_resolver import CallResolver
from naftiko_run.document.normalize.extensions import normalize_schema
from naftiko_run.document.normalize.formats import normalize_media_type
from naftiko_run.document.normalize.parameters import (
    hinted_arguments,
    normalize_outputs,
    read_references,
    read_value,
    styled_inputs,
)
from naftiko_run.document.normalize.reader import Reader
from naftiko_run.spec.functions import STEP
from naftiko_run.spec.table import DESCRIPTION, FUNCTIONS, LABEL, STEP_TARGET


def normalize_steps(function: Reader, calls: CallResolver) -> list[dict[str, Any]]:
    """Return a function's steps in the author's order.

    Raises:
        ValueError: One of them cannot work; the message names it and the reason.
    """
    steps: list[dict[str, Any]] = []
    names: set[str] = set()
    for number, written in enumerate(function.members("steps"), start=1):
        name = written.text("name") or written.key or f"step-{number}"
        if name in names:
            raise ValueError(f"two of its steps are named `{name}`")
        names.add(name)
        kind = written.text("type").casefold() or _kind(written)
        read = _KINDS.get(kind)
        if read is None:
            raise ValueError(
                f"its step `{name}` has the unknown type `{kind}`; write one of {', '.join(_KINDS)}"
                if kind
                else f"its step `{name}` has no `type`; write one of {', '.join(_KINDS)}"
            )
        step = {"pointer": written.at, "type": kind, "name": name}
        steps.append(step | read(written, name, calls))
    return steps


def normalize_mappings(function: Reader) -> list[dict[str, Any]]:
    """Return a function's ``mappings``, except those without a target."""
    mappings = []
    for written in function.members("mappings"):
        target = written.text(*STEP_TARGET) or written.key
        if target:
            value = read_references(written.data.get("value"))
            mappings.append({"pointer": written.at, "target": target, "value": value})
        else:
            written.report.warning(
                "nameless-mapping",
                "the mapping has no target; it was ignored",
                written.at,
                hint="write `targetName:` with the name of an output parameter",
            )
    return mappings


def note_targets(function: Reader, mappings: list[dict[str, Any]], outputs: list[dict[str, Any]]) -> None:
    """Warn of mappings to undeclared outputs: their values are returned without conversion."""
    names = [output["name"] for output in outputs]
    if not names or not all(names):
        return
    for mapping in mappings:
        target = mapping["target"].partition(".")[0]
        if target not in names:
            close = difflib.get_close_matches(target, names, n=1)
            function.report.warning(
                "unknown-target",
                f"there is no output `{target}`; the value is returned without a declared type",
                mapping["pointer"],
                hint=f"did you mean `{close[0]}`?" if close else f"declared: {', '.join(names)}",
            )


def _kind(written: Reader) -> str:
    """Return a step's type by a key that only this type has."""
    kind = next((kind for key, kind in STEP.type_by_key.items() if key in written.data), "")
    if kind:
        written.report.warning(
            "missing-type",
            f"the step has no `type`; it is read as a {kind}",
            written.at,
            hint=f"write `type: {kind}`",
        )
    return kind


def _call(written: Reader, name: str, calls: CallResolver) -> dict[str, Any]:
    call, reason = calls.find(written)
    if reason:
        hint = calls.hint(written) if written.data.get("call") else ""
        raise ValueError(f"its step `{name}` cannot work: {reason}{f' ({hint})' if hint else ''}")
    return {"call": call, "with": _with(written)}


def _lookup(written: Reader, name: str, _: CallResolver) -> dict[str, Any]:
    absent = [key for key in ("index", "match", "lookupValue") if written.data.get(key) is None]
    if absent:
        raise ValueError(
            f"its step `{name}` is a lookup without {' and '.join(f'`{key}`' for key in absent)}"
        )
    return {
        "index": written.text("index").removeprefix("$."),
        "match": written.text("match"),
        "lookupValue": read_value(written.data["lookupValue"]),
        "outputParameters": _fields(written),
    }


def _fields(written: Reader) -> list[str]:
    """Return the names of a lookup's ``outputParameters``: a list of names or mappings, or a named map."""
    fields = written.data.get("outputParameters")
    if isinstance(fields, str):
        return [fields]
    if isinstance(fields, dict):
        return list(fields)
    if isinstance(fields, list):
        return [str(field.get("name", "")) if isinstance(field, dict) else str(field) for field in fields]
    return []


def _script(written: Reader, name: str, _: CallResolver) -> dict[str, Any]:
    file = written.text("file")
    if not file:
        raise ValueError(f"its step `{name}` is a script without `file`")
    dependencies = written.data.get("dependencies")
    if isinstance(dependencies, str):
        dependencies = [dependencies]
    return {
        "language": written.text("language").casefold(),
        "location": written.text("location"),
        "file": file,
        "dependencies": [str(each) for each in dependencies] if isinstance(dependencies, list) else [],
        "with": _with(written),
    }


_KINDS: dict[str, Callable[[Reader, str, CallResolver], dict[str, Any]]] = {
    "call": _call,
    "lookup": _lookup,
    "script": _script,
}


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


def normalize_aggregates(owner: Reader, function_reader: FunctionReader) -> list[dict[str, Any]]:
    """Return the canonical aggregates, and register their functions for references.

    Args:
        owner: The capability.
        function_reader: Receives the functions.
    """
    aggregates = []
    for written in owner.members("aggregates"):
        namespace = written.text("namespace") or written.key
        if not namespace:
            written.report.warning(
                "nameless-aggregate",
                "the aggregate has no `namespace`, so nothing can refer to it",
                written.at,
            )
            continue
        functions, unavailable = _functions(written, namespace, function_reader)
        aggregates.append(
            {
                "pointer": written.at,
                "label": written.text(*LABEL),
                "namespace": namespace,
                "functions": functions,
                "unavailable": unavailable,
            }
        )
    return aggregates


def _functions(
    aggregate: Reader, namespace: str, function_reader: FunctionReader
) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    functions: list[dict[str, Any]] = []
    unavailable: list[dict[str, Any]] = []
    for written in aggregate.members(*FUNCTIONS):
        name = written.text("name") or written.key
        ref = f"{namespace}.{name}"
        if ref in function_reader.functions or ref in function_reader.broken:
            written.report.error(
                "duplicate-function",
                f"the function `{ref}` is defined twice; the first one is used",
                written.at,
                hint="give it another name",
            )
            continue
        try:
            function = function_reader.read(written, name)
        except ValueError as fault:
            written.report.error("not-runnable", f"the function `{ref}` cannot work: {fault}", written.at)
            unavailable.append({"pointer": written.at, "name": name, "reason": str(fault)})
            function_reader.broken[ref] = str(fault)
            continue
        functions.append(function | {"semantics": _semantics(written) or function.get("semantics")})
        function_reader.functions[ref] = functions[-1]
    return functions, unavailable


def _semantics(written: Reader) -> dict[str, Any] | None:
    semantics = written.mapping("semantics")
    if semantics is None:
        return None
    return {"pointer": semantics.at} | {
        key: semantics.flag(key) for key in ("safe", "idempotent", "cacheable")
    }
