"""Output shaping: from what was received to what the function promises (semantics, "Outputs")."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from naftiko_run import jsontext
from naftiko_run.document.model import ConsumedOutput, Output
from naftiko_run.expressions import MISSING, Accessor, Expression, Scope, compile_path, first_name, is_root
from naftiko_run.invoke.outputschema import output_schema

Shape = Callable[[Any, Scope], Any]
"""Makes an output of the value that it is relative to, and of the function's inputs."""

Evaluate = Callable[[Any], Expression]
"""Compiles an output's own ``value``, which may be a template over the function's inputs."""


@dataclass(frozen=True, slots=True)
class OutputPlan:
    """How an answer is shaped.

    Attributes:
        apply: Shapes what was received; None where that is the answer, untouched.
        values: The outputs' own values: what they read of the inputs.
        wants_data: Whether an untouched answer is declared to be an object or a list.
        schema: JSON Schema of what it gives; None where the outputs promise nothing of it.
    """

    apply: Shape | None
    values: tuple[Expression, ...] = ()
    wants_data: bool = False
    schema: dict[str, Any] | None = None

    @property
    def is_identity(self) -> bool:
        """Whether the upstream's bytes are the answer."""
        return self.apply is None


_UNTOUCHED: Final = OutputPlan(None)
_UNTOUCHED_DATA: Final = OutputPlan(None, wants_data=True)


class OutputCompiler:
    """Compiles output parameters.

    Args:
        evaluate: What an output's own ``value`` means.
        named: Pieces that mappings may begin with.
        lone_elements: Whether the format writes a list of one as its one element (XML).
        by_name: Whether outputs are members of what was received, each of its
            own name: after steps, whose ``mappings`` made those, and in mocks.
    """

    def __init__(
        self,
        evaluate: Evaluate,
        named: Mapping[str, tuple[Accessor, bool]] | None = None,
        *,
        lone_elements: bool = False,
        by_name: bool = False,
    ) -> None:
        self._evaluate = evaluate
        self._named = named or {}
        self._lone_elements = lone_elements
        self._by_name = by_name
        self._values: list[Expression] = []

    def compile(self, outputs: Sequence[Output]) -> OutputPlan:
        """Compile a function's output parameters.

        Raises:
            ValueError: A mapping is not a JSONPath, or a template is malformed.
        """
        if len(outputs) <= 1 and all(self._is_identity(output) for output in outputs):
            wants_data = any(output.type in ("object", "array") for output in outputs)
            return _UNTOUCHED_DATA if wants_data else _UNTOUCHED
        shapes = [(output.name, self._shape(output)) for output in outputs]
        if len(shapes) == 1 and not (self._by_name and outputs[0].name):
            return OutputPlan(
                shapes[0][1], tuple(self._values), schema=output_schema(outputs, is_object=False)
            )
        if all(name for name, _ in shapes):
            return OutputPlan(
                lambda received, scope: {name: shape(received, scope) for name, shape in shapes},
                tuple(self._values),
                schema=output_schema(outputs, is_object=True),
            )

        def first(received: Any, scope: Scope) -> Any:
            found = (shape(received, scope) for _, shape in shapes)
            return next((value for value in found if value is not None), None)

        return OutputPlan(first, tuple(self._values))

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

    def _shape(self, output: Output, *, is_member: bool = False) -> Shape:
        if output.const is not None:
            fixed = convert(output.type, output.const)
            return lambda _, __: fixed
        if output.value is not None:
            return self._value(output)
        read = self._read(output, is_member=is_member)
        if output.items is not None:
            is_whole = is_root(output.mapping) and not is_member and not (self._by_name and output.name)
            if is_whole and self._lone_elements:
                read = _listed(read, output.items)
            return self._array(read, output.items)
        if output.values is not None:
            return self._map(read, output.values)
        if output.properties:
            return self._object(read, output)
        kind, limit = output.type, output.max_length
        is_list = kind == "array" and self._lone_elements

        def scalar(current: Any, _: Scope) -> Any:
            value = read(current)
            if value is MISSING or value is None:
                return None
            if is_list and not isinstance(value, list):
                return [value]
            return _cut(convert(kind, value), limit)

        return scalar

    def _value(self, output: Output) -> Shape:
        expression = self._evaluate(output.value)
        self._values.append(expression)
        kind, limit, evaluate = output.type, output.max_length, expression.evaluate

        def shape(_: Any, scope: Scope) -> Any:
            value = evaluate(scope)
            return None if value is MISSING else _cut(convert(kind, value), limit)

        return shape

    def _read(self, output: Output, *, is_member: bool) -> Accessor:
        if self._by_name and not output.mapping:
            name = output.name
            if not name:
                return lambda value: value
            return lambda value: value.get(name, MISSING) if isinstance(value, dict) else MISSING
        return compile_path(output.mapping) if is_member else self._access(output.mapping)

    def _access(self, path: str) -> Accessor:
        """Read a path, whose first name may be one of the named pieces."""
        own = compile_path(path)
        begin = first_name(path)
        if begin is None or begin[0] not in self._named:
            return own
        named, names_whole = self._named[begin[0]]
        inner = compile_path(begin[1])

        def projected(received: Any) -> Any:
            value = named(received)
            return MISSING if value is MISSING else inner(value)

        # An output that names the whole response says nothing of a member with the same name.
        first, second = (own, projected) if names_whole else (projected, own)

        def access(received: Any) -> Any:
            value = first(received)
            return second(received) if value is MISSING else value

        return access

    def _array(self, read: Accessor, items: Output) -> Shape:
        element = self._shape(items, is_member=True)
        if items.value is not None or items.const is not None or _is_made_here(items):
            return lambda current, scope: [element(current, scope)]

        def shape(current: Any, scope: Scope) -> Any:
            value = read(current)
            if value is MISSING:
                return None
            if not isinstance(value, list):
                if not self._lone_elements:
                    return value
                value = [value]
            return [element(each, scope) for each in value]

        return shape

    def _map(self, read: Accessor, values: Output) -> Shape:
        member = self._shape(values, is_member=True)

        def shape(current: Any, scope: Scope) -> Any:
            value = read(current)
            if isinstance(value, dict):
                return {key: member(each, scope) for key, each in value.items()}
            return None if value is MISSING else value

        return shape

    def _object(self, read: Accessor, output: Output) -> Shape:
        members = [(each.name, self._shape(each, is_member=True)) for each in output.properties]
        if _is_made_here(output):
            return lambda current, scope: {name: member(current, scope) for name, member in members}

        def shape(current: Any, scope: Scope) -> Any:
            value = read(current)
            if isinstance(value, dict):
                return {name: member(value, scope) for name, member in members}
            return None if value is MISSING else value

        return shape


def named_pieces(outputs: Sequence[ConsumedOutput]) -> dict[str, tuple[Accessor, bool]]:
    """Give the named pieces of a consumed operation's response, and whether each is all of it.

    Raises:
        ValueError: One of them is not a JSONPath.
    """
    return {
        output.name: (compile_path(output.value), is_root(output.value)) for output in outputs if output.name
    }


def convert(kind: str | None, value: Any) -> Any:
    """Convert a scalar to its declared type where nothing is lost; leave it otherwise."""
    if kind in ("number", "integer") and isinstance(value, str):
        number = jsontext.number(value.strip(), exact=True)
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


def _listed(read: Accessor, items: Output) -> Accessor:
    """Read a root element as a list: its elements, where it has nothing but some of one name."""
    begins = [first_name(each.mapping) for each in items.properties]
    own = {begin[0] for begin in begins if begin is not None}

    def elements(value: Any) -> Any:
        root = read(value)
        if root == "":
            return []
        if not isinstance(root, dict) or len(root) != 1:
            return root
        ((name, inner),) = root.items()
        is_record = name in own or (bool(own) and not isinstance(inner, dict | list))
        return root if is_record else inner

    return elements


def _brings_value(output: Output) -> bool:
    return output.const is not None or output.value is not None or _is_made_here(output)


def _is_made_here(output: Output) -> bool:
    """Whether an object or array is made of nothing but values that the document gives."""
    members = [*output.properties, *([output.items] if output.items else [])]
    return not output.mapping and bool(members) and all(_brings_value(member) for member in members)
