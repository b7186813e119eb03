"""Functions over consumed operations, their steps and outputs, and the aggregates."""

from dataclasses import field
from typing import Annotated, Any, Literal

from pydantic import Field

from naftiko_run.document.model.base import Node, Parameter, Unavailable, node


@node
class Output(Node):
    """An exposed output parameter: how a part of the result is built.

    Attributes:
        mapping: JSONPath; empty for a fixed value, or one built from members.
        const: A fixed value; None for none.
        value: A fixed value, or a template over the function's inputs; None for none.
    """

    name: str = ""
    type: str | None = None
    description: str = ""
    mapping: str = ""
    const: Any = None
    value: Any = None
    properties: tuple["Output", ...] = ()
    items: "Output | None" = None
    values: "Output | None" = None
    max_length: int | None = None


@node
class CallStep(Node):
    """A step that calls a consumed operation; ``call`` and ``with`` are as in ``FunctionModel``."""

    type: Literal["call"] = "call"
    name: str
    call: str
    with_: Annotated[dict[str, Any], Field(alias="with")] = field(default_factory=dict)


@node
class LookupStep(Node):
    """A step that finds entries in the output of an earlier step.

    Attributes:
        index: The step whose output is searched; after a dot, a path in it.
        match: The field that is compared.
        lookup_value: The value to compare with: a reference, template or literal, or a list of these.
        output_parameters: The fields of each entry found to keep; empty for all.
    """

    type: Literal["lookup"] = "lookup"
    name: str
    index: str
    match: str
    lookup_value: Any
    output_parameters: tuple[str, ...] = ()


@node
class ScriptStep(Node):
    """A step that runs an isolated script.

    Attributes:
        language: Empty for the control adapter's ``defaultLanguage``.
        location: The folder of the scripts; empty for the control adapter's ``defaultLocation``.
        file: The script, relative to ``location``.
        dependencies: Scripts that run before it, in order.
    """

    type: Literal["script"] = "script"
    name: str
    language: str = ""
    location: str = ""
    file: str
    dependencies: tuple[str, ...] = ()
    with_: Annotated[dict[str, Any], Field(alias="with")] = field(default_factory=dict)


Step = Annotated[CallStep | LookupStep | ScriptStep, Field(discriminator="type")]


@node
class StepMapping(Node):
    """``mappings[]``: which output of the function a value of the steps fills.

    Attributes:
        target: The output parameter; dots lead into objects.
        value: A reference, template or literal.
    """

    target: str
    value: Any


@node
class Semantics(Node):
    """``semantics`` of an aggregate's function; None where unset."""

    safe: bool | None = None
    idempotent: bool | None = None
    cacheable: bool | None = None


@node
class FunctionModel(Node):
    """A function over consumed operations: the base of REST operations, tools and aggregate functions.

    It calls one operation, or runs steps; where it does neither, the fixed values of its outputs are the result.

    Attributes:
        call: ``namespace.operation`` of a consumed operation, known to exist; empty for none.
        with_: Consumed parameter name to reference, template or literal.
        given: Values for the inputs of the function that this one refers to, which override those of the caller;
            then those of that function for the one that it refers to itself, and so on.
        steps: In the author's order.
        mappings: How the result of steps is built.
        output_media_type: The media type of its results; empty where unset.
        input_schema: JSON Schema of its inputs as written; None where it is built from them.
        semantics: Of an aggregate's function, and of functions that refer to it.
    """

    name: str
    label: str = ""
    description: str = ""
    call: str = ""
    with_: Annotated[dict[str, Any], Field(alias="with")] = field(default_factory=dict)
    given: tuple[dict[str, Any], ...] = ()
    steps: tuple[Step, ...] = ()
    mappings: tuple[StepMapping, ...] = ()
    input_parameters: tuple[Parameter, ...] = ()
    output_parameters: tuple[Output, ...] = ()
    output_media_type: str = ""
    input_schema: dict[str, Any] | None = None
    semantics: Semantics | None = None

    @property
    def is_safe(self) -> bool | None:
        """Whether the document declares it as read-only; None where unset."""
        return self.semantics.safe if self.semantics else None


@node
class AggregateFunction(FunctionModel):
    """``aggregates[].functions[]`` (``flows`` in the ikanos line)."""


@node
class Aggregate(Node):
    """``aggregates[]``: functions that adapters refer to. References are resolved before validation.

    Attributes:
        unavailable: Functions that are left out, with the reasons.
    """

    label: str = ""
    namespace: str
    functions: tuple[AggregateFunction, ...] = ()
    unavailable: tuple[Unavailable, ...] = ()
