"""``skills``: the catalogue of a skill adapter, and the origin of each tool."""

from dataclasses import field
from typing import Annotated, Final, Literal

from pydantic import Field, SkipValidation

from naftiko_run.diagnostics import Pointer
from naftiko_run.document.model.base import Node, node

SKILL_FILE: Final = "SKILL.md"
"""The file that every skill has."""


@node
class SkillSource(Node):
    """``from``: the operation or tool of a sibling adapter that a skill's tool refers to.

    Attributes:
        mode: The sibling's type.
        action: The operation's or tool's name.
        title: ``METHOD /path`` of an operation, or the tool's name.
        unit: The place of the operation or tool, which may be unavailable.
    """

    mode: Literal["rest", "mcp"]
    source_namespace: str
    action: str
    title: str
    unit: Annotated[Pointer, SkipValidation]


@node
class SkillTool(Node):
    """``skills[].tools[]``: a tool or operation of a sibling adapter, or a file of instructions.

    Attributes:
        description: Empty for that of the source.
        instruction: A file below the skill's ``location``; empty for a derived tool.
        reason: The reason why it cannot be used; empty where it can.
    """

    name: str
    description: str = ""
    source: Annotated[SkillSource | None, Field(alias="from")] = None
    instruction: str = ""
    reason: str = ""


@node
class Skill(Node):
    """``exposes[skill].skills[]``; the attributes are the front matter of its ``SKILL.md``.

    Attributes:
        location: A folder with ``SKILL.md`` and further files; empty where it is generated from the tools.
    """

    name: str
    description: str = ""
    license: str = ""
    compatibility: str = ""
    metadata: dict[str, str] = field(default_factory=dict)
    allowed_tools: tuple[str, ...] = ()
    argument_hint: str = ""
    user_invocable: bool = True
    disable_model_invocation: bool = False
    location: str = ""
    tools: tuple[SkillTool, ...] = ()
