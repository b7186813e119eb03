"""The canonical model of a capability document: one form for every spec line and habit.

The names are the specification's own (camelCase in YAML, snake_case here).
``document.normalize`` converts what authors write into this form; the packages
above read only this.
"""

from __future__ import annotations

from naftiko_run.document.model.base import (
    Authentication,
    Node,
    Parameter,
    Style,
    Unavailable,
)
from naftiko_run.document.model.consumes import (
    Body,
    ConsumedOperation,
    ConsumedOutput,
    ConsumedResource,
    Consumes,
    Tunnel,
)
from naftiko_run.document.model.document import (
    Bind,
    Document,
    Info,
)
from naftiko_run.document.model.exposes import (
    SKILL_FILE,
    AnyExposes,
    Ask,
    Content,
    Exposes,
    Forward,
    Hints,
    McpExposes,
    Prompt,
    PromptArgument,
    PromptMessage,
    Resource,
    RestExposes,
    RestOperation,
    RestResource,
    Skill,
    SkillExposes,
    SkillSource,
    SkillTool,
    Tool,
)
from naftiko_run.document.model.functions import (
    Aggregate,
    AggregateFunction,
    CallStep,
    FunctionModel,
    LookupStep,
    Output,
    ScriptStep,
    Semantics,
    Step,
    StepMapping,
)
from naftiko_run.spec.common import Location, Method, ParameterType
from naftiko_run.spec.consumes import BodyType

__all__ = [
    "SKILL_FILE",
    "Aggregate",
    "AggregateFunction",
    "AnyExposes",
    "Ask",
    "Authentication",
    "Bind",
    "Body",
    "BodyType",
    "CallStep",
    "ConsumedOperation",
    "ConsumedOutput",
    "ConsumedResource",
    "Consumes",
    "Content",
    "Document",
    "Exposes",
    "Forward",
    "FunctionModel",
    "Hints",
    "Info",
    "Location",
    "LookupStep",
    "McpExposes",
    "Method",
    "Node",
    "Output",
    "Parameter",
    "ParameterType",
    "Prompt",
    "PromptArgument",
    "PromptMessage",
    "Resource",
    "RestExposes",
    "RestOperation",
    "RestResource",
    "ScriptStep",
    "Semantics",
    "Skill",
    "SkillExposes",
    "SkillSource",
    "SkillTool",
    "Step",
    "StepMapping",
    "Style",
    "Tool",
    "Tunnel",
    "Unavailable",
]
