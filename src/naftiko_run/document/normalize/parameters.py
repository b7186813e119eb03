"""Input and output parameters, consumed and exposed."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any, get_args

from naftiko_run import _json
from naftiko_run.document.model import Location, ParameterType
from naftiko_run.document.normalize.input_schemas import normalize_input_schema
from naftiko_run.document.normalize.reader import Reader
from naftiko_run.document.normalize.this_references import read_value
from naftiko_run.expressions import normalize_name
from naftiko_run.spec.common import INPUT_TYPE
from naftiko_run.spec.table import CONSUMED_OUTPUT_VALUE, INPUT_VALUE

_TYPES = frozenset(get_args(ParameterType))
_LOCATIONS = frozenset(get_args(Location))
_TARGET = re.compile(
    r"(?:\$\.)?(?:(?:body|query|path|headers?|cookies?)(?:Parameters)?\.)?(?P<target>[A-Za-z_][\w-]*)"
)
"""The ``mapping`` of an exposed input: a consumed parameter, perhaps with its location."""


def normalize_inputs(owner: Reader) -> list[dict[str, Any]]:
    """Return the ``inputParameters`` of an owner, without duplicates, with known types and locations."""
    inputs: list[dict[str, Any]] = []
    seen: set[tuple[str, str]] = set()
    for written in owner.members("inputParameters"):
        name = written.text("name") or written.key
        if not name:
            written.report.warning(
                "nameless-parameter", "an input parameter has no name; it was ignored", written.at
            )
            continue
        parameter = _input(written, name)
        identity = (name, parameter["in"] or "")
        if identity not in seen:
            seen.add(identity)
            inputs.append(parameter)
    return inputs


def _input(written: Reader, name: str) -> dict[str, Any]:
    enum = written.data.get("enum")
    return {
        "pointer": written.at,
        "name": name,
        "in": _location(written, name),
        "type": _type(written),
        "description": written.text("description"),
        "required": written.flag("required") if not isinstance(written.data.get("required"), list) else None,
        "value": read_value(_first(written.data, INPUT_VALUE)),
        "pattern": written.text("pattern") or None,
        "enum": tuple(enum) if isinstance(enum, list) else (),
        "default": written.data.get("default"),
        "format": written.text("format") or ("binary" if written.data.get("type") == "binary" else None),
        **normalize_input_schema(written),
        "nullable": _nullable(written),
        "style": None,
    }


def _first(data: Mapping[str, Any], keys: tuple[str, ...]) -> Any:
    """Return the value of the first of some keys that is present; None where none is."""
    return next((data[key] for key in keys if key in data), None)


def _location(written: Reader, name: str) -> str | None:
    place = written.text("in")
    if not place or place in _LOCATIONS:
        return place or None
    written.report.warning(
        "unknown-location",
        f"`{name}` has the unknown location `{place}`; another one is used",
        (*written.at, "in"),
        hint="write one of query, header, path, cookie, body",
    )
    return None


def _nullable(written: Reader) -> bool | None:
    """Return whether null is allowed: ``nullable``, or ``null`` among the types."""
    kinds = written.data.get("type")
    if isinstance(kinds, list) and not {None, "null"}.isdisjoint(each for each in kinds if _is_word(each)):
        return True
    return written.flag("nullable")


def _is_word(kind: Any) -> bool:
    return kind is None or isinstance(kind, str)


def _type(written: Reader) -> str | None:
    kinds = written.data.get("type")
    if isinstance(kinds, list) and all(map(_is_word, kinds)):
        named = [kind for kind in kinds if kind not in (None, "null")]
        if len(named) == 1:  # the only type beside null
            written = Reader({**written.data, "type": named[0]}, written.at, written.report)
    kind = written.text("type")
    kind = INPUT_TYPE.aliases.get(kind, kind)
    if not kind or kind in _TYPES:
        return kind or None
    written.report.warning(
        "unknown-type",
        f"`{kind}` is not a type; any value is accepted",
        (*written.at, "type"),
        hint="write one of string, number, integer, boolean, array, object",
    )
    return None


def place_inputs(
    inputs: list[dict[str, Any]], variables: Iterable[str], method: str, operation: Reader
) -> tuple[dict[str, str], list[str]]:
    """Set the location of each consumed input that has no usable one, by the path of its operation.

    A path variable takes precedence over ``in``, in any spelling (case, ``-`` for ``_``).

    Args:
        inputs: Canonical input parameters; ``in`` is filled in.
        variables: The path's variables.
        method: The operation's method.
        operation: The operation as written.

    Returns:
        The path's variables to rename, and the path parameters that the path
        has no placeholder for.
    """
    located = {each.at for each in operation.members("inputParameters") if each.data.get("in")}
    by_spelling = {normalize_name(variable): variable for variable in variables}
    rename: dict[str, str] = {}
    unplaced: list[str] = []
    for parameter in inputs:
        name = parameter["name"]
        variable = name if name in by_spelling.values() else by_spelling.get(normalize_name(name))
        if variable is not None and parameter["in"] in (None, "path", "query"):
            parameter["in"] = "path"
            if variable != name:
                rename[variable] = name
        elif parameter["in"] == "path":
            unplaced.append(name)
        elif parameter["in"] is None:
            parameter["in"] = "query" if method in ("GET", "HEAD", "DELETE") else "body"
            if parameter["pointer"] not in located:
                operation.report.warning(
                    "missing-location",
                    f"`{name}` has no location; it is sent in the {parameter['in']}",
                    parameter["pointer"],
                    hint=f"write `in: {parameter['in']}`, or where it belongs",
                )
    return rename, unplaced


def hinted_arguments(function: Reader) -> dict[str, str]:
    """Return the additions to ``with`` from the ``mapping`` of exposed inputs: the consumed parameter that each fills.

    ``with`` takes precedence; a mapping to the input's own name is redundant.
    """
    explicit = function.data.get("with")
    with_ = explicit if isinstance(explicit, dict) else {}
    used = {(text.partition(".")[2] or text).strip("{} ") for text in with_.values() if isinstance(text, str)}
    arguments: dict[str, str] = {}
    for written in function.members("inputParameters"):
        name, mapping = written.text("name") or written.key, written.text("mapping")
        found = _TARGET.fullmatch(mapping)
        if not name or not mapping:
            continue
        target = found["target"] if found else ""
        fills = target not in ("", name) and target not in with_ and name not in used
        if fills:
            arguments[target] = f"tools.{name}"
        written.report.warning(
            "input-mapping",
            f"the `mapping` of the input `{name}` is read as `with: {{{target}: {name}}}`"
            if fills
            else f"the `mapping` of the input `{name}` is ignored: `with` takes precedence",
            (*written.at, "mapping"),
            hint="name the consumed parameter under `with`",
        )
    return arguments


def normalize_consumed_outputs(operation: Reader) -> list[dict[str, Any]]:
    """Return a consumed operation's ``outputParameters``."""
    return [
        {
            "pointer": written.at,
            "name": written.text("name") or written.key,
            "type": written.text("type") or None,
            "value": written.text(*CONSUMED_OUTPUT_VALUE) or "$",
        }
        for written in operation.members("outputParameters")
    ]


def normalize_outputs(function: Reader) -> list[dict[str, Any]]:
    """Return an exposed function's ``outputParameters``, with their members."""
    return [_output(written, is_member=False) for written in function.members("outputParameters")]


def _output(written: Reader, *, is_member: bool) -> dict[str, Any]:
    value = written.data.get("value")
    mapping = written.text("mapping")
    const = written.data.get("const")
    if not mapping and isinstance(value, str) and value.startswith("$") and not is_member:
        mapping = value
        value = None
    max_length = written.data.get("maxLength")
    _note_value(written, value)
    return {
        "pointer": written.at,
        "name": written.text("name") or written.key,
        "type": written.text("type") or None,
        "description": written.text("description"),
        "mapping": mapping,
        "const": const,
        "value": value,
        "properties": [_output(member, is_member=True) for member in written.members("properties")],
        "items": _element(written, "items"),
        "values": _element(written, "values"),
        "maxLength": max_length if isinstance(max_length, int) else None,
    }


def _note_value(written: Reader, value: Any) -> None:
    """Warn of a fixed value that does not have the output's type: it is returned as written."""
    kind = written.text("type")
    if not isinstance(value, str) or "{{" in value:
        return
    fits = {
        "number": _json.parse_number(value.strip()) is not None,
        "integer": isinstance(_json.parse_number(value.strip()), int),
        "boolean": value.strip().casefold() in ("true", "false"),
    }
    if not fits.get(kind, True):
        written.report.warning(
            "wrong-value",
            f"the value `{value}` is not of the type `{kind}`; it is returned as text",
            (*written.at, "value"),
        )


def _element(written: Reader, key: str) -> dict[str, Any] | None:
    """Return the output of every item: one output, or (with steps) the fields of an object.

    Fields are a list of named outputs, or (ikanos) a map of outputs by name.
    """
    element = written.data.get(key)
    if isinstance(element, list) and element and not _is_nameless(element):
        return _fields_of(written, key)
    if isinstance(element, list) and len(element) == 1 and isinstance(element[0], dict):
        return _output(Reader(element[0], (*written.at, key, 0), written.report), is_member=True)
    if isinstance(element, dict) and element and all(map(_is_typed, element.values())):
        return _fields_of(written, key)
    found = written.mapping(key)
    return _output(found, is_member=True) if found else None


def _is_typed(member: Any) -> bool:
    return isinstance(member, dict) and isinstance(member.get("type"), str)


def _is_nameless(element: list[Any]) -> bool:
    return len(element) == 1 and not (isinstance(element[0], dict) and element[0].get("name"))


def _fields_of(written: Reader, key: str) -> dict[str, Any]:
    fields = [_output(member, is_member=True) for member in written.members(key)]
    nothing = Reader({"type": "object"}, (*written.at, key), written.report)
    return _output(nothing, is_member=True) | {"properties": fields}
