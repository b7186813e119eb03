"""Output shaping: from the response to the declared outputs of a function (semantics, "Outputs")."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from naftiko_run import _json
from naftiko_run.diagnostics import Place, Pointer
from naftiko_run.document.model import ConsumedOutput, Output
from naftiko_run.expressions import (
    MISSING,
    Accessor,
    Expression,
    Scope,
    build_path,
    compile_members,
    compile_path,
    is_root,
    split_first_name,
)
from naftiko_run.telemetry import DocumentWarning

Shape = Callable[[Any, Scope], Any]
"""Makes the result from the decoded response and the function's inputs."""

Read = Callable[[Any, Any], Any]
"""Reads the value of an output; ``MISSING`` if there is none."""

_OutputPart = Callable[[Any, Any, Scope], Any]
"""Makes an output from the value that it is relative to, the enclosing value, and the function's inputs."""

Evaluate = Callable[[Any], Expression]
"""Compiles an output's own ``value``, which may be a template over the function's inputs."""


_EXPECTED: Final[Mapping[str, tuple[type, ...]]] = {
    "string": (str,),
    "number": (int, float),
    "integer": (int,),
    "boolean": (bool,),
    "object": (dict,),
    "array": (list,),
}
"""The Python types of values that an output of a declared type is, without a conversion."""

_DECLARED: Final = {
    "string": "a string",
    "number": "a number",
    "integer": "an integer",
    "boolean": "a boolean",
    "object": "an object",
    "array": "an array",
}

_SCALARS: Final = ("string", "number", "integer", "boolean")


@dataclass(frozen=True, slots=True)
class OutputPlan:
    """How a response is shaped.

    Attributes:
        apply: Shapes the decoded response; None if it is passed through.
        values: The expressions of outputs with their own ``value``.
        is_structured: Whether a response that is passed through is declared as an object or array.
        schema: JSON Schema of the result; None if the outputs declare nothing about it.
        by_name: The outputs without a mapping, which are read by their names.
    """

    apply: Shape | None
    values: tuple[Expression, ...] = ()
    is_structured: bool = False
    schema: dict[str, Any] | None = None
    by_name: tuple[str, ...] = ()

    @property
    def is_identity(self) -> bool:
        """Whether the response is passed through unchanged."""
        return self.apply is None


_UNTOUCHED: Final = OutputPlan(None)
_UNTOUCHED_DATA: Final = OutputPlan(None, is_structured=True)


@dataclass(frozen=True, slots=True)
class OutputLevel:
    """The position of an output in the tree of outputs.

    Attributes:
        names: The names of the enclosing outputs.
        around: Those of them without a mapping, which therefore do not select a value.
        is_top: Whether it is one of the function's own outputs.
        is_response: Whether it is relative to the whole response.
        is_inside_response: Whether it is relative to a part of the response that a mapping selects.
        is_named: Whether it is a member of an object.
    """

    names: tuple[str, ...] = ()
    around: tuple[str, ...] = ()
    is_top: bool = True
    is_response: bool = True
    is_inside_response: bool = False
    is_named: bool = False

    def beside(self, name: str, *, has_mapping: bool) -> OutputLevel:
        """Return the level of the members of an object whose value is the enclosing value itself."""
        around = self.around if has_mapping else (*self.around, name)
        return replace(self, names=self._with(name), around=around, is_top=False, is_named=True)

    def below(self, name: str) -> OutputLevel:
        """Return the level of the members of an object that is selected by a mapping or by name."""
        in_response = self.is_response or self.is_inside_response
        return OutputLevel(
            self._with(name), is_top=False, is_response=False, is_inside_response=in_response, is_named=True
        )

    def of_elements(self, name: str) -> OutputLevel:
        """Return the level of the elements of a list or the values of a map, which cannot refer to the rest of the response."""
        return OutputLevel(self._with(name), is_top=False, is_response=False)

    def _with(self, name: str) -> tuple[str, ...]:
        return (*self.names, name) if name else self.names


class OutputCompiler:
    """Compiles output parameters.

    Args:
        evaluate: Compiles an output's own ``value``.
        named: Named parts of the response that mappings may begin with.
        lone_elements: Whether the format writes a list with one element as that element (XML).
        by_name: Whether outputs are the members of the value with the same name:
            after steps, whose ``mappings`` create them, and in mocks.
        owner: The name of the operation or tool, for the log.
        place_of: Returns the place of an output in the document, for the log; None if it is unknown.
        expects_matches: Whether to warn if a mapping matches nothing: not for a mock, which has no response.
    """

    def __init__(
        self,
        evaluate: Evaluate,
        named: Mapping[str, tuple[Accessor, bool]] | None = None,
        *,
        lone_elements: bool = False,
        by_name: bool = False,
        owner: str = "",
        place_of: Callable[[Pointer], Place] | None = None,
        expects_matches: bool = True,
    ) -> None:
        self._evaluate = evaluate
        self._place_of = place_of
        self._expects_matches = expects_matches
        self._named = named or {}
        self._lone_elements = lone_elements
        self._by_name = by_name
        self._owner = owner
        self._values: list[Expression] = []
        self._read_by_name: dict[str, None] = {}

    def compile(self, outputs: Sequence[Output]) -> OutputPlan:
        """Compile a function's output parameters.

        Raises:
            ValueError: A mapping is not a JSONPath, or a template is malformed.
        """
        if len(outputs) <= 1 and all(self._is_identity(output) for output in outputs):
            is_structured = any(output.type in ("object", "array") for output in outputs)
            return _UNTOUCHED_DATA if is_structured else _UNTOUCHED
        is_alone = len(outputs) == 1 and not (self._by_name and outputs[0].name)
        is_object = not is_alone and all(output.name for output in outputs)
        # Outputs without names are alternatives: the first one with a value is the result.
        self._expects_matches = self._expects_matches and (is_alone or is_object)
        parts = [(output.name, self._part(output, OutputLevel(is_named=is_object))) for output in outputs]

        def whole(received: Any, scope: Scope) -> Any:
            return parts[0][1](received, received, scope)

        def members(received: Any, scope: Scope) -> Any:
            return {name: part(received, received, scope) for name, part in parts}

        def first(received: Any, scope: Scope) -> Any:
            found = (part(received, received, scope) for _, part in parts)
            return next((value for value in found if value is not None), None)

        schema = output_schema(outputs, is_object=is_object) if is_alone or is_object else None
        shape = whole if is_alone else members if is_object else first
        return OutputPlan(shape, tuple(self._values), schema=schema, by_name=tuple(self._read_by_name))

    def _is_identity(self, output: Output) -> bool:
        return (
            is_root(output.mapping)
            and not _brings_value(output)
            and output.max_length is None
            and not output.properties
            and output.items is None
            and output.values is None
            and output.type in (None, "object", "array", "string")
            and not (self._by_name and output.name)
        )

    def _part(self, output: Output, level: OutputLevel) -> _OutputPart:
        if output.const is not None:
            fixed = convert(output.type, output.const)
            return lambda _, __, ___: fixed
        if output.value is not None:
            return self._value(output)
        if output.properties:
            return self._object(output, level)
        read = self._read(output, level)
        if output.items is not None:
            is_whole = is_root(output.mapping) and level.is_top and not (self._by_name and output.name)
            if is_whole and self._lone_elements:
                read = unwrap_single_root(read, output.items)
            return self._array(read, output, level)
        if output.values is not None:
            return self._map(read, output, level)
        kind, limit = output.type, output.max_length
        is_list = kind == "array" and self._lone_elements
        expected = _EXPECTED.get(kind or "", ())
        missing = self._missing(output, level)
        misfit = self._misfit(output, level, _DECLARED.get(kind or "", ""), "it is passed through")

        def scalar(current: Any, around: Any, _: Scope) -> Any:
            value = read(current, around)
            if type(value) in expected:
                return value if limit is None else _cut(value, limit)
            if value is MISSING or value is None:
                return None if value is None else missing(current)
            if is_list:
                return [value]
            converted = convert(kind, value)
            if expected and type(converted) not in expected and not _is_integral(converted, kind):
                misfit(value)
            return _cut(converted, limit)

        return scalar

    def _value(self, output: Output) -> _OutputPart:
        expression = self._evaluate(output.value)
        self._values.append(expression)
        kind, limit, evaluate = output.type, output.max_length, expression.evaluate

        def part(_: Any, __: Any, scope: Scope) -> Any:
            value = evaluate(scope)
            return None if value is MISSING else _cut(convert(kind, value), limit)

        return part

    def _read(self, output: Output, level: OutputLevel) -> Read:
        """Return how to read an output: by its mapping, or by its name if it is a member without one."""
        path, around = output.mapping, level.around
        if not path and output.name and (self._by_name or level.is_named):
            if not self._by_name:
                self._read_by_name[".".join((*level.names, output.name))] = None
            names = (output.name,)
            paths = [build_path((*around, *names)), build_path(names)] if around else [build_path(names)]
            return compile_read([self._access(each, output, level) for each in paths])
        paths = [path, build_path(around, path)] if around else [path]
        fallback = paths if level.is_inside_response else []
        return compile_read(
            [self._access(each, output, level) for each in paths],
            [self._access(each, output, OutputLevel(is_top=False)) for each in fallback],
        )

    def _access(self, path: str, output: Output, level: OutputLevel) -> Accessor:
        """Return how to read a path, which may begin with the name of a named part."""
        picked = compile_members(path) if output.type == "object" else None
        own = picked or compile_path(path)
        begin = split_first_name(path) if level.is_response else None
        if begin is None or begin[0] not in self._named:
            return own
        named, names_whole = self._named[begin[0]]
        inner = compile_path(begin[1])

        def named_part(received: Any) -> Any:
            value = named(received)
            return MISSING if value is MISSING else inner(value)

        # An output may share the name of the whole response and of a member; a property always means the member.
        first, second = (own, named_part) if names_whole or not level.is_top else (named_part, own)

        def access(received: Any) -> Any:
            value = first(received)
            return second(received) if value is MISSING else value

        return access

    def _array(self, read: Read, output: Output, level: OutputLevel) -> _OutputPart:
        items = output.items
        assert items is not None
        element = self._part(items, level.of_elements(output.name))
        if items.value is not None or items.const is not None or _is_made_here(items):
            return lambda current, around, scope: [element(current, around, scope)]
        misfit = self._misfit(output, level, "an array")
        missing = self._missing(output, level)
        lone_elements = self._lone_elements

        def part(current: Any, around: Any, scope: Scope) -> Any:
            value = read(current, around)
            if value is MISSING or value is None:
                return None if value is None else missing(current)
            if not isinstance(value, list):
                if not lone_elements:
                    return misfit(value)
                value = [value]
            return [element(each, each, scope) for each in value]

        return part

    def _map(self, read: Read, output: Output, level: OutputLevel) -> _OutputPart:
        assert output.values is not None
        member = self._part(output.values, level.of_elements(output.name))
        misfit = self._misfit(output, level, "a map")
        missing = self._missing(output, level)

        def part(current: Any, around: Any, scope: Scope) -> Any:
            value = read(current, around)
            if isinstance(value, dict):
                return {key: member(each, each, scope) for key, each in value.items()}
            if value is MISSING:
                return missing(current)
            return None if value is None else misfit(value)

        return part

    def _object(self, output: Output, level: OutputLevel) -> _OutputPart:
        is_unmapped = not output.mapping and level.is_named and not self._by_name
        if is_unmapped or _is_made_here(output):
            inner = level.beside(output.name, has_mapping=False)
            members = [(each.name, self._part(each, inner)) for each in output.properties]
            return lambda current, around, scope: {
                name: member(current, around, scope) for name, member in members
            }
        read = self._read(output, level)
        is_same = is_root(output.mapping) and not (self._by_name and output.name)
        inner = level.beside(output.name, has_mapping=True) if is_same else level.below(output.name)
        members = [(each.name, self._part(each, inner)) for each in output.properties]
        misfit = self._misfit(output, level, "an object", "it becomes an object whose members are null")
        missing = self._missing(output, level)
        is_inside_response = inner.is_inside_response

        def part(current: Any, around: Any, scope: Scope) -> Any:
            value = read(current, around)
            if value is MISSING or value is None:
                return None if value is None else missing(current)
            around = around if is_inside_response else value
            found = {name: member(value, around, scope) for name, member in members}
            if not isinstance(value, dict) and all(each is None for each in found.values()):
                misfit(value)
            return found

        return part

    def _misfit(
        self, output: Output, level: OutputLevel, kind: str, result: str = "it becomes null"
    ) -> Callable[[Any], None]:
        """Return a function that warns about responses of another type than the output declares."""
        arguments = (_title(output, level), self._owner, kind, result)
        text = "the {0} of `{1}` is declared as {2}, but the response has {4} there; {3}"
        return DocumentWarning(self._place(output), text, arguments).warn

    def _missing(self, output: Output, level: OutputLevel) -> Callable[[Any], None]:
        """Return a function that warns about responses in which the mapping of an output matches nothing."""
        if not (output.mapping and self._expects_matches):
            return _ignore
        arguments = (output.mapping, _title(output, level), self._owner)
        text = "the mapping `{0}` of the {1} of `{2}` matches nothing in {3}; the output is null"
        return DocumentWarning(self._place(output), text, arguments).warn

    def _place(self, output: Output) -> Place:
        """Return the place of an output, or of the nearest part of the document around it."""
        return self._place_of(output.pointer) if self._place_of is not None and output.pointer else Place()


def _title(output: Output, level: OutputLevel) -> str:
    names = ".".join(filter(None, (*level.names, output.name)))
    return f"output `{names}`" if names else "output"


def _ignore(_: Any) -> None:
    """Do not warn."""


def _is_integral(value: Any, kind: str | None) -> bool:
    """Return whether a value is an integer that is written as ``5.0``."""
    return kind == "integer" and isinstance(value, float) and value.is_integer()


def compile_read(relative: Sequence[Accessor], from_response: Sequence[Accessor] = ()) -> Read:
    """Return how to read the first path that has a value: relative paths first, then paths from the response."""
    access, *others = relative
    if not others and not from_response:
        return lambda current, _: access(current)
    gives_list = access(None) == []

    def read(current: Any, around: Any) -> Any:
        found = access(current)
        if found is not MISSING and not (gives_list and not found):
            return found
        for accesses, value in ((others, current), (from_response, around)):
            for other in accesses:
                later = other(value)
                if later is not MISSING and later != []:
                    return later
                found = later if found is MISSING else found
        return found

    return read


def unwrap_single_root(read: Read, items: Output) -> Read:
    """Return how to read a root element as a list: its child elements, if they all share one name."""
    begins = [split_first_name(each.mapping) for each in items.properties]
    own = {begin[0] for begin in begins if begin is not None}

    def elements(current: Any, around: Any) -> Any:
        root = read(current, around)
        if root == "":
            return []
        if not isinstance(root, dict) or len(root) != 1:
            return root
        ((name, inner),) = root.items()
        is_record = name in own or (bool(own) and not isinstance(inner, dict | list))
        return root if is_record else inner

    return elements


def named_parts(outputs: Sequence[ConsumedOutput]) -> dict[str, tuple[Accessor, bool]]:
    """Return the named parts of a consumed operation's response, and whether each is the whole response.

    Raises:
        ValueError: A path is not a JSONPath.
    """
    return {
        output.name: (compile_path(output.value), is_root(output.value)) for output in outputs if output.name
    }


def convert(kind: str | None, value: Any) -> Any:
    """Convert a scalar to its declared type if nothing is lost; return it unchanged otherwise."""
    if kind in ("number", "integer") and isinstance(value, str):
        number = _json.parse_number(value.strip(), exact=True)
        return value if number is None or (kind == "integer" and isinstance(number, float)) else number
    if kind == "boolean" and isinstance(value, str) and value.strip().casefold() in ("true", "false"):
        return value.strip().casefold() == "true"
    if kind == "string" and isinstance(value, bool):
        return "true" if value else "false"
    if kind == "string" and isinstance(value, int | float):
        return str(value)
    return value


def _cut(value: Any, limit: int | None) -> Any:
    return value[:limit] if limit is not None and isinstance(value, str) else value


def _brings_value(output: Output) -> bool:
    return output.const is not None or output.value is not None or _is_made_here(output)


def _is_made_here(output: Output) -> bool:
    """Return whether an object or array consists only of values in the document."""
    members = [*output.properties, *([output.items] if output.items else [])]
    return not output.mapping and bool(members) and all(_brings_value(member) for member in members)


def output_schema(outputs: Sequence[Output], *, is_object: bool) -> dict[str, Any] | None:
    """Return the JSON Schema of a result.

    Everything is nullable and nothing is required: a mapping without a match
    yields null, and long results are truncated. An object or array without
    declared members can contain anything, because it is passed through.

    Args:
        outputs: The outputs of the function.
        is_object: Whether they are the members of an object; otherwise, the first one is the whole result.

    Returns:
        The schema; None if it declares no string, number or boolean.
    """
    schema = _object(outputs) if is_object else _schema(outputs[0])
    return schema if any(kind in _SCALARS for kind in _types(schema)) else None


def _schema(output: Output) -> dict[str, Any]:
    schema: dict[str, Any] = {}
    is_given = output.const is not None or output.value is not None
    if output.items is not None and not is_given:
        schema = {"type": ["array", "null"], "items": _schema(output.items)}
    elif output.values is not None and not is_given:
        schema = {"type": ["object", "null"], "additionalProperties": _schema(output.values)}
    elif output.properties and not is_given:
        schema = _object(output.properties)
    elif output.type in _SCALARS:
        schema = {"type": [output.type, "null"]}
    return schema | ({"description": output.description} if output.description else {})


def _object(members: Sequence[Output]) -> dict[str, Any]:
    return {"type": ["object", "null"], "properties": {each.name: _schema(each) for each in members}}


def _types(schema: dict[str, Any]) -> Iterator[str]:
    yield from schema.get("type", ())
    for member in schema.get("properties", {}).values():
        yield from _types(member)
    for keyword in ("items", "additionalProperties"):
        if keyword in schema:
            yield from _types(schema[keyword])
