"""The skill adapter type: selects, compiles, checks, describes and exposes ``skill`` blocks."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import ClassVar

from naftiko_run.capability import BlockCompiler, Capability, Compiled, Feature, Selection
from naftiko_run.diagnostics import Report
from naftiko_run.document.model import SKILL_FILE, Exposes, Skill, SkillExposes, SkillTool
from naftiko_run.expose.exposer import Adapter, Exposer, ExposeSettings
from naftiko_run.folder import Folder
from naftiko_run.invoke import NotReadOnly
from naftiko_run.locations import require


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


def find_folder(skill: Skill, home: Path, report: Report) -> Folder | None:
    """Return a skill's folder; None where it has none, with a warning where its ``location`` does not exist."""
    if not skill.location:
        return None
    try:
        folder = _folder_at(require(skill.location, home))
    except ValueError as error:
        report.warning(
            "missing-location",
            f"the skill `{skill.name}` has no files, and its {SKILL_FILE} is made from its tools: {error}",
            (*skill.pointer, "location"),
        )
        return None
    return folder


def _folder_at(path: Path) -> Folder:
    """Return the folder of a skill, given the path of the folder or of its ``SKILL.md``."""
    folder = path.parent if path.name == SKILL_FILE else path
    if not folder.is_dir():
        raise ValueError(f"`{path}` is not a folder")
    return Folder.at(folder)


def check_tool(tool: SkillTool, folder: Folder | None, compiled: Compiled) -> None:
    """Check that a tool of a skill can be used.

    Args:
        tool: The tool.
        folder: The folder of the skill; None where it has none.
        compiled: The compiled functions of the other adapters.

    Raises:
        ValueError: The tool cannot be used; the message is the reason.
        NotReadOnly: The tool that it refers to is excluded by ``--read-only``.
    """
    source = tool.source
    if source is not None and source.unit in compiled.unavailable:
        name = f"{source.source_namespace}.{source.action}"
        reason = f"it is `{name}`, which is not served: {compiled.unavailable[source.unit]}"
        raise NotReadOnly(reason) if source.unit in compiled.withheld else ValueError(reason)
    if tool.instruction and folder is None:
        raise ValueError("its `instruction` is a file below the skill's `location`, which does not exist")
    if tool.instruction and folder is not None and folder.find(tool.instruction) is None:
        raise ValueError(f"its `instruction` `{tool.instruction}` is not a file below the skill's `location`")


def check_skill(skill: Skill, folder: Folder | None, compiled: Compiled) -> None:
    """Check that a skill has a usable tool or a file; the arguments are those of ``check_tool``.

    Raises:
        ValueError: None of its tools can be used, and it has no files.
        NotReadOnly: The same, and some of its tools are excluded by ``--read-only``.
    """
    if folder is None and skill.tools and all(tool.pointer in compiled.unavailable for tool in skill.tools):
        reason = "none of its tools can be used"
        is_withheld = any(tool.pointer in compiled.withheld for tool in skill.tools)
        raise NotReadOnly(reason) if is_withheld else ValueError(reason)
