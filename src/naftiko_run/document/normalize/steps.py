"""``steps`` and ``mappings``: what a function runs in order, and how its result is built."""

from __future__ import annotations

import difflib
from collections.abc import Callable
from typing import Any

from naftiko_run.document.normalize.call_resolver import CallResolver
from naftiko_run.document.normalize.reader import Reader
from naftiko_run.document.normalize.this_references import read_references, read_value
from naftiko_run.spec.functions import STEP
from naftiko_run.spec.table import STEP_TARGET


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


def _with(written: Reader) -> dict[str, Any]:
    given = written.mapping("with")
    return dict(read_references(given.data)) if given else {}


_KINDS: dict[str, Callable[[Reader, str, CallResolver], dict[str, Any]]] = {
    "call": _call,
    "lookup": _lookup,
    "script": _script,
}
