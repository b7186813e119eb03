"""Input and output parameters, consumed and exposed: their types, styles (OpenAPI and Swagger) and references (``$this``)."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any, Final, get_args

from naftiko_run import _json
from naftiko_run.document.model import Location, ParameterType
from naftiko_run.document.normalize.input_schemas import normalize_input_schema
from naftiko_run.document.normalize.reader import Reader
from naftiko_run.expressions import normalize_name
from naftiko_run.spec.common import INPUT_TYPE
from naftiko_run.spec.table import CONSUMED_OUTPUT_VALUE, INPUT_VALUE

_REFERENCE: Final = r"\$this\.(?:[A-Za-z0-9_*-]+\.(?=[^\s.{}]))?(?=[^\s.{}])"
_THIS = re.compile(_REFERENCE)
_WHOLE = re.compile(r"\$this\.[^\s{}]+\Z")
_IN_BRACES = re.compile(r"(\{\{\{?\s*[#^/&]?\s*)" + _REFERENCE)
_IN_QUOTES = re.compile(r'"(\$this\.[^\s{}"\\]+)"')


def read_references(value: Any) -> Any:
    """Return a value of ``with`` with ``$this.<namespace>.x`` replaced by ``tools.x``, also in templates."""
    if isinstance(value, str):
        return _THIS.sub("tools.", value) if "$this." in value else value
    if isinstance(value, dict):
        return {key: read_references(member) for key, member in value.items()}
    if isinstance(value, list):
        return [read_references(member) for member in value]
    return value


def read_value(value: Any) -> Any:
    """Return the ``value`` of a parameter, in which ``$this.<namespace>.x`` is the template ``{{tools.x}}``."""
    if isinstance(value, dict):
        return {key: read_value(member) for key, member in value.items()}
    if isinstance(value, list):
        return [read_value(member) for member in value]
    return _template(value) if isinstance(value, str) and _WHOLE.match(value) else read_references(value)


def read_data(data: Any) -> Any:
    """Return the ``data`` of a body, in which a text ``$this.<namespace>.x`` is the template ``{{tools.x}}``.

    Inside another text it is one only between braces, and in JSON written as text between quotes.
    """
    if isinstance(data, dict):
        return {key: read_data(member) for key, member in data.items()}
    if isinstance(data, list):
        return [read_data(member) for member in data]
    if not isinstance(data, str) or "$this." not in data:
        return data
    if _WHOLE.match(data):
        return _template(data)
    if data.lstrip().startswith(("{", "[")):
        data = _IN_QUOTES.sub(lambda found: _template(found[1]), data)
    return _IN_BRACES.sub(r"\1tools.", data)


def _template(reference: str) -> str:
    return f"{{{{{read_references(reference)}}}}}"


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


STYLE_KEYS: Final = ("style", "explode", "allowReserved", "collectionFormat")

_STYLES: Final = {
    "path": ("simple", "label", "matrix"),
    "query": ("form", "spaceDelimited", "pipeDelimited", "deepObject"),
    "header": ("simple",),
    "cookie": ("form",),
}
"""The styles that OpenAPI defines for each location, the default first."""
_DELIMITED: Final = ("spaceDelimited", "pipeDelimited", "tabDelimited")
_COLLECTION_FORMATS: Final[dict[str, dict[str, Any]]] = {
    "csv": {"style": "", "explode": False},
    "ssv": {"style": "spaceDelimited", "explode": False},
    "tsv": {"style": "tabDelimited", "explode": False},
    "pipes": {"style": "pipeDelimited", "explode": False},
    "multi": {"style": "", "explode": True},
}
_SCALARS: Final = ("string", "number", "integer", "boolean")


def styled_inputs(owner: Reader) -> list[dict[str, Any]]:
    """Return the ``inputParameters`` of an owner with their styles; their locations must be as written."""
    inputs = normalize_inputs(owner)
    note_styles(owner, inputs)
    return inputs


def note_styles(owner: Reader, inputs: list[dict[str, Any]], body_type: str = "") -> None:
    """Set the styles of an owner's parameters, once their locations are known; warn of invalid ones and ignore them.

    Args:
        owner: The owner of the parameters, as written.
        inputs: Its canonical input parameters; ``style`` is filled in.
        body_type: The type of the operation's body; empty where there is none.
    """
    for written in owner.members("inputParameters"):
        if written.data.keys().isdisjoint(STYLE_KEYS):
            continue
        parameter = next((each for each in inputs if each["pointer"] == written.at), None)
        if parameter is None:
            continue
        style = _written_style(written)
        key, fault = _fault(parameter, style, written, body_type)
        if fault:
            written.report.warning(
                "impossible-style",
                f"`{parameter['name']}`: {fault}; the default style is used",
                (*written.at, key),
                hint="see the table of styles in the OpenAPI specification, under Style Values",
            )
            style = {"style": "", "explode": None, "allowReserved": False}
        parameter["style"] = style


def _written_style(written: Reader) -> dict[str, Any]:
    style = {
        "style": written.text("style"),
        "explode": written.flag("explode"),
        "allowReserved": written.flag("allowReserved") or False,
    }
    collection = written.text("collectionFormat")
    if collection in _COLLECTION_FORMATS and not style["style"] and style["explode"] is None:
        style |= _COLLECTION_FORMATS[collection]
    return style


def _fault(
    parameter: dict[str, Any], style: dict[str, Any], written: Reader, body_type: str
) -> tuple[str, str]:
    """Return the invalid key and the reason; empty texts where the style is valid."""
    place, kind = parameter["in"] or "query", parameter["type"]
    name, collection = style["style"], written.text("collectionFormat")
    key = "collectionFormat" if collection else "style" if name else "explode"
    if place in ("body", "environment"):
        is_form = place == "body" and body_type in ("formUrlEncoded", "multipartForm")
        return ("", "") if is_form else (key, f"`{key}` has no effect in {_A_PLACE[place]}")
    if collection:
        is_possible = collection in _COLLECTION_FORMATS and (place, collection) not in _IMPOSSIBLE_FORMATS
        known = "" if is_possible else f"a {place} parameter has no `collectionFormat` `{collection}`"
    else:
        known = "" if name in ("", *_STYLES[place]) else f"a {place} parameter has no style `{name}`"
    is_delimited = name in _DELIMITED
    faults = (
        (bool(known), key, known),
        (is_delimited and bool(style["explode"]), "explode", f"`{name}` cannot be exploded"),
        (
            is_delimited and kind in _SCALARS,
            key,
            f"`{name}` is for arrays and objects, and its type is {kind}",
        ),
        (
            name == "deepObject" and kind not in (None, "object"),
            key,
            f"`deepObject` is for objects, and its type is {kind}",
        ),
        (
            name == "deepObject" and style["explode"] is False,
            "explode",
            "`deepObject` is always exploded",
        ),
        (
            style["allowReserved"] and place not in ("path", "query"),
            "allowReserved",
            f"`allowReserved` has no effect in a {place}",
        ),
    )
    return next(((key, message) for is_fault, key, message in faults if is_fault), ("", ""))


_A_PLACE: Final = {"body": "a body that is not a form", "environment": "the environment"}
_IMPOSSIBLE_FORMATS: Final = frozenset(
    (("path", "tsv"), *((place, "multi") for place in ("path", "header", "cookie")))
)
"""A path cannot contain tabs, and only a query can repeat a name."""
