"""Output shaping: from a decoded response to what the function promises (semantics, "Outputs")."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from naftiko_run import jsontext
from naftiko_run.document.model import ConsumedOutput, Output
from naftiko_run.expressions import MISSING, Accessor, compile_path, first_name, is_root


@dataclass(frozen=True, slots=True)
class OutputPlan:
    """How an answer is shaped.

    Attributes:
        apply: Shapes a decoded response; None where the response is the answer, untouched.
    """

    apply: Callable[[Any], Any] | None

    @property
    def is_identity(self) -> bool:
        """Whether the upstream's bytes are the answer."""
        return self.apply is None


def compile_outputs(
    outputs: Sequence[Output], consumed: Sequence[ConsumedOutput], *, lone_elements: bool = False
) -> OutputPlan:
    """Compile a function's output parameters.

    Args:
        outputs: The exposed output parameters.
        consumed: The consumed operation's, whose names mappings may begin with.
        lone_elements: Whether the format writes a list of one as its one element (XML).

    Raises:
        ValueError: A mapping is not a JSONPath.
    """
    if all(_is_identity(output) for output in outputs[:1]) and len(outputs) <= 1:
        return OutputPlan(None)
    compiler = _OutputCompiler(consumed, lone_elements=lone_elements)
    if len(outputs) == 1:
        return OutputPlan(compiler.compile(outputs[0]))
    shapes = [(output.name, compiler.compile(output)) for output in outputs]
    if all(name for name, _ in shapes):
        return OutputPlan(lambda decoded: {name: shape(decoded) for name, shape in shapes})

    def first(decoded: Any) -> Any:
        return next((value for _, shape in shapes if (value := shape(decoded)) is not None), None)

    return OutputPlan(first)


def _is_identity(output: Output) -> bool:
    return (
        is_root(output.mapping)
        and output.const is None
        and output.max_length is None
        and not output.properties
        and output.items is None
        and output.values is None
        and output.type in (None, "object", "array", "string")
    )


class _OutputCompiler:
    """Compiles output parameters against one consumed operation."""

    def __init__(self, consumed: Sequence[ConsumedOutput], *, lone_elements: bool) -> None:
        self._named: Mapping[str, tuple[Accessor, bool]] = {
            output.name: (compile_path(output.value), is_root(output.value))
            for output in consumed
            if output.name
        }
        self._lone_elements = lone_elements

    def compile(self, output: Output, *, is_member: bool = False) -> Callable[[Any], Any]:
        """Give the function that makes an output of the value that it is relative to."""
        if output.const is not None:
            fixed = convert(output.type, output.const)
            return lambda _: fixed
        read = compile_path(output.mapping) if is_member else self._access(output.mapping)
        if output.items is not None:
            return self._array(read, output.items)
        if output.values is not None:
            return self._map(read, output.values)
        if output.properties:
            return self._object(read, output.properties)
        kind, limit = output.type, output.max_length

        def scalar(current: Any) -> Any:
            value = read(current)
            if value is MISSING:
                return None
            value = convert(kind, value)
            return value[:limit] if limit is not None and isinstance(value, str) else value

        return scalar

    def _access(self, path: str) -> Accessor:
        """Read a path, whose first name may be one of the consumed operation's outputs."""
        own = compile_path(path)
        begin = first_name(path)
        if begin is None or begin[0] not in self._named:
            return own
        named, names_whole = self._named[begin[0]]
        inner = compile_path(begin[1])

        def projected(decoded: Any) -> Any:
            value = named(decoded)
            return MISSING if value is MISSING else inner(value)

        # An output that names the whole response says nothing of a member with the same name.
        first, second = (own, projected) if names_whole else (projected, own)

        def access(decoded: Any) -> Any:
            value = first(decoded)
            return second(decoded) if value is MISSING else value

        return access

    def _array(self, read: Accessor, items: Output) -> Callable[[Any], Any]:
        element = self.compile(items, is_member=True)

        def shape(current: Any) -> Any:
            value = read(current)
            if value is MISSING:
                return None
            if not isinstance(value, list):
                if not self._lone_elements:
                    return value
                value = [value]
            return [element(each) for each in value]

        return shape

    def _map(self, read: Accessor, values: Output) -> Callable[[Any], Any]:
        member = self.compile(values, is_member=True)

        def shape(current: Any) -> Any:
            value = read(current)
            if isinstance(value, dict):
                return {key: member(each) for key, each in value.items()}
            return None if value is MISSING else value

        return shape

    def _object(self, read: Accessor, properties: Sequence[Output]) -> Callable[[Any], Any]:
        members = [(each.name, self.compile(each, is_member=True)) for each in properties]

        def shape(current: Any) -> Any:
            value = read(current)
            if isinstance(value, dict):
                return {name: member(value) for name, member in members}
            return None if value is MISSING else value

        return shape


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
