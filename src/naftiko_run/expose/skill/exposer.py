"""The skill adapter type: selects, compiles, describes and exposes ``skill`` blocks."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from typing import ClassVar

from naftiko_run.capability import BlockCompiler, Capability, Feature, Selection
from naftiko_run.document.model import Exposes, Skill, SkillExposes
from naftiko_run.expose.exposer import Adapter, Exposer, ExposeSettings
from naftiko_run.expose.skill.checks import check_skill, check_tool, find_folder


class SkillExposer(Exposer):
    """Exposes skills: metadata, files, and where to call each tool. It executes nothing."""

    default_port: ClassVar[int] = 3011
    feature_kind: ClassVar[str] = "skill"
    is_derived: ClassVar[bool] = True

    def select(self, exposes: Exposes, selection: Selection) -> Exposes | None:
        """Return the skills whose tools refer to selected functions; see ``AdapterType.select``."""
        assert isinstance(exposes, SkillExposes)
        selected = (_selected(skill, selection) for skill in exposes.skills)
        skills = tuple(each for each in selected if each is not None)
        return replace(exposes, skills=skills) if skills else None

    def compile(self, exposes: Exposes, compiler: BlockCompiler) -> None:
        """Find the files of the skills and check their tools; see ``AdapterType.compile``."""
        assert isinstance(exposes, SkillExposes)
        compiled = compiler.compiled
        for skill in exposes.skills:
            folder = find_folder(skill, compiler.folder, compiler.report)
            if folder is not None:
                compiled.folders[skill.pointer] = folder
            for tool in skill.tools:
                if tool.reason:
                    compiled.unavailable[tool.pointer] = tool.reason
                else:
                    title = f"`{skill.name}.{tool.name}`"
                    compiler.attempt(tool.pointer, title, partial(check_tool, tool, folder, compiled))
            title = f"the skill `{skill.name}`"
            compiler.attempt(skill.pointer, title, partial(check_skill, skill, folder, compiled))

    def describe(self, exposes: Exposes, capability: Capability) -> Iterator[Feature]:
        """Describe each skill with its tools, then its tools that are not served; see ``AdapterType.describe``."""
        assert isinstance(exposes, SkillExposes)
        unavailable = capability.unavailable
        for skill in exposes.skills:
            if skill.pointer in unavailable:
                yield Feature(skill.name, reason=unavailable[skill.pointer])
            else:
                tools = tuple(tool.name for tool in skill.tools if tool.pointer not in unavailable)
                yield Feature(skill.name, tools=tools, content="files")
            for tool in skill.tools:
                if tool.pointer in unavailable:
                    yield Feature(f"{skill.name}.{tool.name}", reason=unavailable[tool.pointer])

    def expose(self, exposes: Exposes, capability: Capability, settings: ExposeSettings) -> Adapter:  # noqa: ARG002 - it accepts no bodies
        """Return the adapter of a ``skill`` block; see ``Exposer.expose``."""
        from naftiko_run.expose.skill.adapter import build_adapter

        assert isinstance(exposes, SkillExposes)
        features = sorted(self.describe(exposes, capability), key=lambda each: bool(each.reason))
        return build_adapter(exposes, capability, tuple(features))


def _selected(skill: Skill, selection: Selection) -> Skill | None:
    """Return a skill without the tools that refer to excluded functions; None where nothing remains."""
    tools = tuple(
        each for each in skill.tools if each.source is None or not selection.is_excluded(each.source.unit)
    )
    has_content = tools or skill.location or not skill.tools
    return replace(skill, tools=tools) if has_content else None
