"""What adapters offer: functions over consumed operations, their steps and outputs, and the aggregates."""

from dataclasses import field
from typing import Annotated, Any, Literal

from pydantic import Field

from naftiko_run.document.model.base import Node, Parameter, Unavailable, node


@node
class Output(Node):
    """An exposed output parameter: how a piece of the answer is made.

    Attributes:
        mapping: JSONPath; empty where the value is given here or made of members.
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
    """A step that calls a consumed operation; ``call`` and ``with`` are as for a ``Callable``."""

    type: Literal["call"] = "call"
    name: str
    call: str
    with_: Annotated[dict[str, Any], Field(alias="with")] = field(default_factory=dict)


@node
class LookupStep(Node):
    """A step that finds entries in what an earlier step gave.

    Attributes:
        index: The step whose output is searched; what follows a dot is a path in it.
        match: The field that is compared.
        lookup_value: What it is compared with: a reference, template or literal, or a list of these.
        output_parameters: The fields to keep of each entry found; none for all.
    """

    type: Literal["lookup"] = "lookup"
    name: str
    index: str
    match: str
    lookup_value: Any
    output_parameters: tuple[str, ...] = ()


@node
class ScriptStep(Node):
    """A step that runs a script in a sandbox.

    Attributes:
        language: Empty for the control adapter's ``defaultLanguage``.
        location: The folder of the scripts; empty for the control adapter's ``defaultLocation``.
        file: The script, below ``location``.
        dependencies: Scripts that are evaluated before it, in order.
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
    """``mappings[]``: where a value of the steps goes in the function's answer.

    Attributes:
        target: The output parameter; dots lead into objects.
        value: A reference, template or literal.
    """

    target: str
    value: Any


@node
class Semantics(Node):
    """``semantics`` of an aggregate's function; None where the document says nothing."""

    safe: bool | None = None
    idempotent: bool | None = None
    cacheable: bool | None = None


@node
class FunctionModel(Node):
    """What REST operations, tools and aggregate functions share: a function over consumed operations.

    It calls one operation, or runs steps; where it does neither, its outputs' values are the answer (a mock).

    Attributes:
        call: ``namespace.operation`` of a consumed operation, known to exist; empty for none.
        with_: Consumed parameter name to reference, template or literal.
        given: Values for the inputs of the function that a unit refers to, over those of its own caller;
            then those that this function has for the one that it refers to itself, and so on.
        steps: In the author's order.
        mappings: What the answer is made of where there are steps.
        output_media_type: What its answers are said to be; empty where it says nothing.
        input_schema: JSON Schema of its inputs in the author's own words; None where it is made of them.
        semantics: Of an aggregate's function, and of what refers to it.
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
        """Whether the document says that it changes nothing; None where it says neither."""
        return self.semantics.safe if self.semantics else None


@node
class AggregateFunction(FunctionModel):
    """``aggregates[].functions[]`` (``flows`` in the ikanos line)."""


@node
class Aggregate(Node):
    """``aggregates[]``: functions that adapters refer to. References are resolved before this model is made.

    Attributes:
        unavailable: Functions that were left out, and why.
    """

    label: str = ""
    namespace: str
    functions: tuple[AggregateFunction, ...] = ()
    unavailable: tuple[Unavailable, ...] = ()
