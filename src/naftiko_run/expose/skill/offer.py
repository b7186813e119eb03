"""The served part of a skill: its usable tools, each with the function of its source."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from naftiko_run.capability import Capability
from naftiko_run.document.model import Skill, SkillExposes, SkillTool
from naftiko_run.invoke import Function


@dataclass(frozen=True, slots=True)
class OfferedTool:
    """A tool of a skill that can be used.

    Attributes:
        model: The tool of the document.
        description: Its description, or that of its source.
        function: The function of its source; None for a file of instructions.
    """

    model: SkillTool
    description: str
    function: Function | None

    def document(self) -> dict[str, Any]:
        """Return the JSON representation of the tool."""
        document: dict[str, Any] = {"name": self.model.name, "description": self.description}
        source = self.model.source
        if source is None:
            return document | {"type": "instruction", "instruction": self.model.instruction}
        reference = {
            "targetNamespace": source.source_namespace,
            "action": source.action,
            "mode": source.mode,
        }
        return document | {"type": "derived", "invocationRef": reference}


@dataclass(frozen=True, slots=True)
class Offer:
    """A skill that is served.

    Attributes:
        skill: The skill of the document.
        description: Its description, or a fallback from the document; never empty.
        tools: The tools that can be used.
    """

    skill: Skill
    description: str
    tools: tuple[OfferedTool, ...]

    def summary(self) -> dict[str, Any]:
        """Return the JSON representation of the skill in a list."""
        licence = {"license": self.skill.license} if self.skill.license else {}
        tools = [tool.model.name for tool in self.tools]
        return {"name": self.skill.name, "description": self.description, **licence, "tools": tools}

    def front_matter(self) -> dict[str, Any]:
        """Return the front matter of its ``SKILL.md``; fields outside the Agent Skills format only where they are set."""
        skill = self.skill
        fields = {
            "name": skill.name,
            "description": self.description,
            "license": skill.license,
            "compatibility": skill.compatibility,
            "metadata": skill.metadata,
            "allowed-tools": " ".join(skill.allowed_tools),
            "argument-hint": skill.argument_hint,
        }
        flags = {} if skill.user_invocable else {"user-invocable": False}
        if skill.disable_model_invocation:
            flags["disable-model-invocation"] = True
        return {name: value for name, value in fields.items() if value} | flags

    def document(self) -> dict[str, Any]:
        """Return the JSON representation of the skill, with its tools."""
        flags = {
            "user-invocable": self.skill.user_invocable,
            "disable-model-invocation": self.skill.disable_model_invocation,
        }
        return self.front_matter() | flags | {"tools": [tool.document() for tool in self.tools]}


def offer_of(skill: Skill, exposes: SkillExposes, capability: Capability) -> Offer:
    """Return the served part of a skill."""
    tools = tuple(
        _tool(tool, capability) for tool in skill.tools if tool.pointer not in capability.unavailable
    )
    candidates = (skill.description, exposes.description, capability.document.info.description)
    description = next((each for each in candidates if each.strip()), "")
    return Offer(skill, description or f"What {capability.label} can do.", tools)


def _tool(model: SkillTool, capability: Capability) -> OfferedTool:
    function = capability.functions[model.source.unit] if model.source else None
    return OfferedTool(model, model.description or (function.description if function else ""), function)
