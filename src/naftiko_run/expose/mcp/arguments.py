"""The arguments of a tool: the input schema that clients see, and the conversion of their arguments to inputs.

Models make small mistakes, which are reported in a note beside the result. An unknown argument is ignored with a note;
an object or array that is passed as JSON text is parsed, with a note as well.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from naftiko_run import _json
from naftiko_run._json_incremental import is_large
from naftiko_run.diagnostics import closest_name, json_pointer
from naftiko_run.errors import InvalidInput
from naftiko_run.expose.mcp.fast_path import Invoke
from naftiko_run.expose.mcp.property_keys import Schema, exposed_schema
from naftiko_run.expose.mcp.truncation import MAX_NAME_LENGTH, shorten_name
from naftiko_run.invoke import LARGE_INPUT, Function, Input, InputValidator, Outcome, run_in_decode_pool

_OPEN_KEYWORDS: Final = frozenset(
    (
        *("additionalProperties", "patternProperties", "unevaluatedProperties", "propertyNames"),
        *("$ref", "allOf", "anyOf", "oneOf", "if", "dependentSchemas"),
    )
)
"""Keywords at the root of a schema with which its author decides about additional arguments."""

_TYPE_KEYWORDS: Final = frozenset(("type", "$ref", "const", "not", "allOf", "anyOf", "oneOf"))
_TYPES: Final = {
    bool: "boolean",
    int: "integer",
    float: "number",
    str: "string",
    list: "array",
    dict: "object",
}
_CONTAINERS: Final = {"object": dict, "array": list}
_MAX_REPORTED: Final = 20


@dataclass(frozen=True, slots=True)
class ParsedArguments:
    """The inputs of a call, and notes for its caller.

    Attributes:
        inputs: The inputs by the function's own names.
        notes: Notes on arguments that were ignored or parsed.
    """

    inputs: Mapping[str, Any]
    notes: tuple[str, ...] = ()


class Arguments:
    """The arguments of one tool.

    Args:
        function: The function that the tool calls.
        is_answer: Returns whether an input is an answer of the client, and so not an argument; None if none is.
        extra: Names that are used in addition to the function's inputs, such as in ``x-content``.

    Attributes:
        schema: The input schema that clients see.
        known: The names of the arguments that are used; None if any other may be used too.
        accepts_extra: Whether other arguments form the body, unless there is an argument ``body``.
    """

    __slots__ = ("_check", "_function", "_keys", "accepts_extra", "known", "schema")

    def __init__(
        self, function: Function, is_answer: Callable[[str], bool] | None = None, extra: Sequence[str] = ()
    ) -> None:
        self._function = function
        own = _typed(function) if not function.has_own_schema else function.input_schema
        if is_answer is not None:
            own = _without(own, is_answer)
        self.schema, self._keys = exposed_schema(own)
        self.accepts_extra = function.accepts_extra_inputs
        names = self.schema.get("properties", {})
        is_open = not _OPEN_KEYWORDS.isdisjoint(self.schema)
        self.known = (
            None if is_open else frozenset((*names, *extra, *(name.partition(".")[0] for name in extra)))
        )
        self._check: Callable[[Mapping[str, Any]], object] = function.check
        if self._keys is not None or is_answer is not None:
            self._check = self._build_validator(own).check

    def _build_validator(self, own: Schema) -> InputValidator:
        """Return a validator of arguments under the keys that clients see, to run before the client is asked anything."""
        names = own.get("properties", {})
        inputs = [each for each in self._function.inputs if each.name in names]
        return InputValidator([self._renamed(each) for each in inputs], self._validated_schema(own))

    def _renamed(self, own: Input) -> Input:
        return replace(own, name=self._keys.exposed.get(own.name, own.name)) if self._keys else own

    def _validated_schema(self, own: Schema) -> Schema:
        """Return the schema that arguments are validated against: an input exposed as a string may have any type."""
        declared = self._function.input_schema.get("properties", {})
        properties = {name: declared.get(name, each) for name, each in own.get("properties", {}).items()}
        checked, _ = exposed_schema(own | {"properties": properties} if "properties" in own else own)
        return checked

    @property
    def invoke(self) -> Invoke:
        """The callable for arguments that need no note: the function's own ``invoke`` if no key differs."""
        return self._function.invoke if self._keys is None else self._invoke

    async def _invoke(self, inputs: Mapping[str, Any], *, size: int) -> Outcome:
        keys = self._keys
        assert keys is not None

        def renamed() -> dict[str, Any]:
            exposed = keys.to_exposed(inputs)
            self._check(exposed)
            return keys.to_original(exposed)

        own = await run_in_decode_pool(renamed) if size > LARGE_INPUT else renamed()
        return await self.call(own, size=size)

    async def call(self, inputs: Mapping[str, Any], *, size: int | None = None) -> Outcome:
        """Call the function with inputs by its own names.

        Args:
            inputs: See ``Function.invoke``.
            size: See ``Function.invoke``.

        Raises:
            InvocationError: See ``Function.invoke``; violations point to the keys that clients see.
        """
        if self._keys is None:
            return await self._function.invoke(inputs, size=size)
        try:
            return await self._function.invoke(inputs, size=size)
        except InvalidInput as error:
            raise self._keys.exposed_error(error) from None

    async def parse(self, arguments: Mapping[str, Any]) -> ParsedArguments:
        """Return the inputs for arguments, and notes for the caller.

        Raises:
            InvalidInput: The arguments do not match the schema.
        """
        return (
            await run_in_decode_pool(lambda: self._parse(arguments))
            if is_large(arguments)
            else self._parse(arguments)
        )

    def _parse(self, arguments: Mapping[str, Any]) -> ParsedArguments:
        exposed = arguments if self._keys is None else self._keys.to_exposed(arguments)
        unknown = self._unknown_names(exposed)
        notes = [*self._unknown_notes(unknown)]
        if len(unknown) > _MAX_REPORTED and self.known is not None:
            kept = self.known.union(unknown[:_MAX_REPORTED])
            exposed = {name: value for name, value in exposed.items() if name in kept}
        try:
            self._check(exposed)
        except InvalidInput:
            parser = _JsonTextParser(self.schema)
            exposed = parser.parse(exposed)
            if not parser.pointers:
                raise
            self._check(exposed)
            notes += parser.notes()
        inputs = exposed if self._keys is None else self._keys.to_original(exposed)
        return ParsedArguments(inputs, tuple(notes))

    async def can_coerce(self, arguments: Mapping[str, Any]) -> bool:
        """Return whether rejected arguments contain JSON text in place of an object or array."""
        if is_large(arguments):
            return await run_in_decode_pool(lambda: self._can_coerce(arguments))
        return self._can_coerce(arguments)

    def _can_coerce(self, arguments: Mapping[str, Any]) -> bool:
        parser = _JsonTextParser(self.schema)
        try:
            parser.parse(arguments if self._keys is None else self._keys.to_exposed(arguments))
        except InvalidInput:
            return False
        return bool(parser.pointers)

    def _unknown_names(self, arguments: Mapping[str, Any]) -> list[str]:
        if self.known is None or (self.accepts_extra and "body" not in arguments):
            return []
        return [name for name in arguments if name not in self.known]

    def _unknown_notes(self, unknown: Sequence[str]) -> Iterable[str]:
        known = sorted(self.known or ())
        for name in unknown[:_MAX_REPORTED]:
            close = closest_name(name[:MAX_NAME_LENGTH], known)
            hint = f" Did you mean `{close}`?" if close else _listed(known)
            yield f"Unknown argument `{shorten_name(name)}` was ignored.{hint}"
        if len(unknown) > _MAX_REPORTED:
            yield f"{len(unknown) - _MAX_REPORTED} more unknown arguments were ignored."


def parse_json_texts(arguments: Mapping[str, Any], schema: Schema) -> ParsedArguments:
    """Return arguments in which JSON text is parsed wherever the schema requires an object or array."""
    parser = _JsonTextParser(schema)
    return ParsedArguments(parser.parse(arguments), tuple(parser.notes()))


class _JsonTextParser:
    """Parses JSON text wherever a schema requires an object or array.

    Attributes:
        pointers: The locations of the parsed texts.
    """

    def __init__(self, schema: Schema) -> None:
        self._schema = schema
        self.pointers: list[str] = []

    def parse(self, arguments: Mapping[str, Any]) -> dict[str, Any]:
        parsed: dict[str, Any] = self._value(dict(arguments), self._schema, ())
        return parsed

    def notes(self) -> Iterable[str]:
        for pointer in self.pointers[:_MAX_REPORTED]:
            yield (
                f"The argument `{pointer}` was passed as JSON text, which was parsed; "
                "pass an object or array instead."
            )

    def _value(self, value: Any, schema: Any, path: tuple[str | int, ...]) -> Any:
        if not isinstance(schema, dict):
            return value
        subschemas = [*_alternatives(schema)]
        kinds = [kind for each in subschemas for kind in _kinds(each)]
        if isinstance(value, str) and "string" not in kinds:
            value = self._parse_text(
                value, [_CONTAINERS[kind] for kind in kinds if kind in _CONTAINERS], path
            )
        if isinstance(value, dict):
            members: Schema = {}
            for each in subschemas:
                members = each.get("properties", {}) | members
            return {
                name: self._value(each, members[name], (*path, name)) if name in members else each
                for name, each in value.items()
            }
        items = next((each["items"] for each in subschemas if "items" in each), None)
        if isinstance(value, list) and items is not None:
            return [self._value(each, items, (*path, at)) for at, each in enumerate(value)]
        return value

    def _parse_text(self, text: str, expected: list[type], path: tuple[str | int, ...]) -> Any:
        if not expected or text.lstrip()[:1] not in ("{", "["):
            return text
        try:
            value, _ = _json.loads_repaired(_json.encode(text))
        except ValueError:
            return text
        if type(value) not in expected:
            return text
        self.pointers.append(json_pointer(path))
        return value


def _alternatives(schema: Any) -> Iterable[Schema]:
    """Yield a schema and its subschemas that apply to the same value."""
    if isinstance(schema, dict):
        yield schema
        for keyword in ("anyOf", "oneOf", "allOf"):
            for each in schema.get(keyword, ()):
                yield from _alternatives(each)


def _kinds(schema: Schema) -> list[Any]:
    kinds = schema.get("type")
    return kinds if isinstance(kinds, list) else [kinds]


def _typed(function: Function) -> Schema:
    """Return the input schema of a function, with a type for each untyped input that is sent as text."""
    schema = function.input_schema
    as_text = {each.name for each in function.inputs if each.travels_as_text}
    properties: dict[str, Any] = schema.get("properties", {})
    typed = {
        name: {"type": _type_of(each), **each}
        for name, each in properties.items()
        if _is_untyped(each, is_text=name in as_text)
    }
    return {**schema, "properties": {**properties, **typed}} if typed else schema


def _is_untyped(schema: Any, *, is_text: bool) -> bool:
    return is_text and isinstance(schema, dict) and _TYPE_KEYWORDS.isdisjoint(schema)


def _type_of(schema: Schema) -> str:
    """Return the common type of the values that a schema lists; ``string`` if it lists none or several types."""
    values = [*schema.get("enum", ()), *([schema["default"]] if "default" in schema else [])]
    types = {_TYPES.get(type(each), "") for each in values}
    return types.pop() or "string" if len(types) == 1 else "string"


def _without(schema: Schema, is_answer: Callable[[str], bool]) -> Schema:
    properties = {name: each for name, each in schema.get("properties", {}).items() if not is_answer(name)}
    required = [name for name in schema.get("required", ()) if not is_answer(name)]
    return {**schema, "properties": properties, "required": required}


def _listed(known: list[str]) -> str:
    if not known:
        return " The tool has no arguments."
    more = ", …" if len(known) > _MAX_REPORTED else ""
    return f" Known arguments: {', '.join(f'`{each}`' for each in known[:_MAX_REPORTED])}{more}."
