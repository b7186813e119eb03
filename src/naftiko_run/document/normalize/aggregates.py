"""``aggregates``: functions that adapters refer to, as lists or (ikanos) as named maps."""

from __future__ import annotations

from typing import Any

from naftiko_run.document.normalize.functions import FunctionReader
from naftiko_run.document.normalize.reader import Reader
from naftiko_run.spec.table import FUNCTIONS, LABEL


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
