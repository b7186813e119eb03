"""The arguments of a tool: the schema that clients are shown, and what their arguments become.

Models make small mistakes that are better said than suffered. An argument that the tool does not know is not used, and a
text beside the result says so; an object or array that is given as JSON text is read, with a text as well.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from difflib import get_close_matches
from typing import Any, Final

from naftiko_run import _json
from naftiko_run._json_incremental import is_large
from naftiko_run.diagnostics import json_pointer
from naftiko_run.errors import InvalidInput
from naftiko_run.expose.mcp.propertykeys import Schema, shown_schema
from naftiko_run.invoke import Function, Input, InputValidator, Outcome, run_in_decode_pool

_OPEN: Final = frozenset(
    (
        *("additionalProperties", "patternProperties", "unevaluatedProperties", "propertyNames"),
        *("$ref", "allOf", "anyOf", "oneOf", "if", "dependentSchemas"),
    )
)
"""Keywords at the root of a schema by which its author says what becomes of other arguments."""

_UNTYPED: Final = frozenset(("type", "$ref", "const", "not", "allOf", "anyOf", "oneOf"))
_TYPES: Final = {
    bool: "boolean",
    int: "integer",
    float: "number",
    str: "string",
    list: "array",
    dict: "object",
}
_JSON: Final = {"object": dict, "array": list}
_MAX_NAMED: Final = 20
_MAX_NAME: Final = 100


@dataclass(frozen=True, slots=True)
class Read:
    """Arguments that a tool can be called with.

    Attributes:
        inputs: By the function's own names.
        notes: What the caller should know of them.
    """

    inputs: Mapping[str, Any]
    notes: tuple[str, ...] = ()


class Arguments:
    """The arguments of one tool.

    Args:
        function: What the tool calls.
        answered: Inputs that are answers of the client's user, and so no arguments.
        extra: Names that are used besides the function's inputs, such as in ``x-content``.

    Attributes:
        schema: As clients are shown it.
        known: The arguments of which every one is used; None where any other may be, too.
        takes_others: Whether the others make up the body, unless there is an argument ``body``.
    """

    __slots__ = ("_check", "_function", "_keys", "known", "schema", "takes_others")

    def __init__(
        self, function: Function, is_answered: Callable[[str], bool] | None = None, extra: Sequence[str] = ()
    ) -> None:
        self._function = function
        own = _typed(function) if not function.has_own_schema else function.input_schema
        if is_answered is not None:
            own = _without(own, is_answered)
        self.schema, self._keys = shown_schema(own)
        self.takes_others = function.accepts_extra_inputs
        names = self.schema.get("properties", {})
        is_open = not _OPEN.isdisjoint(self.schema)
        self.known = (
            None if is_open else frozenset((*names, *extra, *(name.partition(".")[0] for name in extra)))
        )
        self._check: Callable[[Mapping[str, Any]], object] = function.check
        if self._keys is not None or is_answered is not None:
            self._check = self._validator(own).check

    def _validator(self, own: Schema) -> InputValidator:
        """Return what checks arguments before anything else is done with them, under the keys that are shown."""
        names = own.get("properties", {})
        inputs = [each for each in self._function.inputs if each.name in names]
        return InputValidator([self._renamed(each) for each in inputs], self._checked(own))

    def _renamed(self, given: Input) -> Input:
        return replace(given, name=self._keys.shown.get(given.name, given.name)) if self._keys else given

    def _checked(self, own: Schema) -> Schema:
        """Return the schema that arguments are checked against: what is only shown as text may be anything."""
        given = self._function.input_schema.get("properties", {})
        properties = {name: given.get(name, each) for name, each in own.get("properties", {}).items()}
        checked, _ = shown_schema(own | {"properties": properties} if "properties" in own else own)
        return checked

    @property
    def invoke(self) -> Callable[[Mapping[str, Any]], Awaitable[Outcome]]:
        """What calls the function with arguments that need no note; the function itself where no key differs."""
        return self._function.invoke if self._keys is None else self._invoke

    async def _invoke(self, arguments: Mapping[str, Any]) -> Outcome:
        keys = self._keys
        assert keys is not None

        def renamed() -> dict[str, Any]:
            shown = keys.to_shown(arguments)
            self._check(shown)
            return keys.to_original(shown)

        return await self.call(await run_in_decode_pool(renamed) if is_large(arguments) else renamed())

    async def call(self, inputs: Mapping[str, Any]) -> Outcome:
        """Call the function with inputs by its own names.

        Raises:
            InvocationError: As ``Function.invoke``; violations point to the keys that clients are shown.
        """
        if self._keys is None:
            return await self._function.invoke(inputs)
        try:
            return await self._function.invoke(inputs)
        except InvalidInput as fault:
            raise self._keys.fault(fault) from None

    async def read(self, arguments: Mapping[str, Any]) -> Read:
        """Return the inputs that arguments make, and what the caller should know.

        Raises:
            InvalidInput: They do not fit.
        """
        return (
            await run_in_decode_pool(lambda: self._read(arguments))
            if is_large(arguments)
            else self._read(arguments)
        )

    def _read(self, arguments: Mapping[str, Any]) -> Read:
        shown = arguments if self._keys is None else self._keys.to_shown(arguments)
        notes = [*self._unknown(shown)]
        try:
            self._check(shown)
        except InvalidInput:
            parsed = _Texts(self.schema)
            shown = parsed.read(shown)
            if not parsed.pointers:
                raise
            self._check(shown)
            notes += parsed.notes()
        inputs = shown if self._keys is None else self._keys.to_original(shown)
        return Read(inputs, tuple(notes))

    async def can_be_read(self, arguments: Mapping[str, Any]) -> bool:
        """Return whether arguments that did not fit hold JSON text where an object or array is wanted."""
        if is_large(arguments):
            return await run_in_decode_pool(lambda: self._can_be_read(arguments))
        return self._can_be_read(arguments)

    def _can_be_read(self, arguments: Mapping[str, Any]) -> bool:
        parsed = _Texts(self.schema)
        try:
            parsed.read(arguments if self._keys is None else self._keys.to_shown(arguments))
        except InvalidInput:
            return False
        return bool(parsed.pointers)

    def _unknown(self, arguments: Mapping[str, Any]) -> Iterable[str]:
        if self.known is None or (self.takes_others and "body" not in arguments):
            return
        known = sorted(self.known)
        unknown = [name for name in arguments if name not in self.known]
        for name in unknown[:_MAX_NAMED]:
            close = get_close_matches(name[:_MAX_NAME], known, n=1)
            meant = f" Did you mean `{close[0]}`?" if close else _listed(known)
            yield f"The argument `{_short(name)}` is not known to this tool and was not used.{meant}"
        if len(unknown) > _MAX_NAMED:
            yield f"{len(unknown) - _MAX_NAMED} more arguments are not known and were not used."


def read_texts(arguments: Mapping[str, Any], schema: Schema) -> Read:
    """Return arguments with the JSON texts parsed that stand where their schema wants an object or an array."""
    parsed = _Texts(schema)
    return Read(parsed.read(arguments), tuple(parsed.notes()))


class _Texts:
    """Reads JSON texts where a schema wants an object or an array.

    Attributes:
        pointers: Where there were some.
    """

    def __init__(self, schema: Schema) -> None:
        self._schema = schema
        self.pointers: list[str] = []

    def read(self, arguments: Mapping[str, Any]) -> dict[str, Any]:
        read: dict[str, Any] = self._value(dict(arguments), self._schema, ())
        return read

    def notes(self) -> Iterable[str]:
        for pointer in self.pointers[:_MAX_NAMED]:
            yield (
                f"The argument `{pointer}` was given as JSON text and was read as what that says; "
                "give it as an object or array."
            )

    def _value(self, value: Any, schema: Any, path: tuple[str | int, ...]) -> Any:
        if not isinstance(schema, dict):
            return value
        here = [*_alternatives(schema)]
        kinds = [kind for each in here for kind in _kinds(each)]
        if isinstance(value, str) and "string" not in kinds:
            value = self._parsed(value, [_JSON[kind] for kind in kinds if kind in _JSON], path)
        if isinstance(value, dict):
            members: Schema = {}
            for each in here:
                members = each.get("properties", {}) | members
            return {
                name: self._value(each, members[name], (*path, name)) if name in members else each
                for name, each in value.items()
            }
        items = next((each["items"] for each in here if "items" in each), None)
        if isinstance(value, list) and items is not None:
            return [self._value(each, items, (*path, at)) for at, each in enumerate(value)]
        return value

    def _parsed(self, text: str, wanted: list[type], path: tuple[str | int, ...]) -> Any:
        if not wanted or text.lstrip()[:1] not in ("{", "["):
            return text
        try:
            value = _json.loads(text.encode())
        except ValueError:
            return text
        if type(value) not in wanted:
            return text
        self.pointers.append(json_pointer(path))
        return value


def _alternatives(schema: Any) -> Iterable[Schema]:
    """Yield a schema and those in it that speak of the same value."""
    if isinstance(schema, dict):
        yield schema
        for keyword in ("anyOf", "oneOf", "allOf"):
            for each in schema.get(keyword, ()):
                yield from _alternatives(each)


def _kinds(schema: Schema) -> list[Any]:
    kinds = schema.get("type")
    return kinds if isinstance(kinds, list) else [kinds]


def _typed(function: Function) -> Schema:
    """Return the schema of a function's inputs, in which what travels as text and has no type says ``string``."""
    schema = function.input_schema
    as_text = {each.name for each in function.inputs if each.travels_as_text}
    properties: dict[str, Any] = schema.get("properties", {})
    typed = {
        name: {"type": _type_of(each), **each}
        for name, each in properties.items()
        if _is_untyped(each, name in as_text)
    }
    return {**schema, "properties": {**properties, **typed}} if typed else schema


def _is_untyped(schema: Any, travels_as_text: bool) -> bool:  # noqa: FBT001 - of one property
    return travels_as_text and isinstance(schema, dict) and _UNTYPED.isdisjoint(schema)


def _type_of(schema: Schema) -> str:
    """Return the one type of the values that a schema names; text where it names none."""
    values = [*schema.get("enum", ()), *([schema["default"]] if "default" in schema else [])]
    types = {_TYPES.get(type(each), "") for each in values}
    return types.pop() or "string" if len(types) == 1 else "string"


def _without(schema: Schema, is_answered: Callable[[str], bool]) -> Schema:
    given = {name: each for name, each in schema.get("properties", {}).items() if not is_answered(name)}
    required = [name for name in schema.get("required", ()) if not is_answered(name)]
    return {**schema, "properties": given, "required": required}


def _short(name: str) -> str:
    return name if len(name) <= _MAX_NAME else f"{name[:_MAX_NAME]}…"


def _listed(known: list[str]) -> str:
    if not known:
        return " It takes no arguments."
    more = ", …" if len(known) > _MAX_NAMED else ""
    return f" There are: {', '.join(f'`{each}`' for each in known[:_MAX_NAMED])}{more}."
