"""Check that skills can be served: their folders and their tools."""

from __future__ import annotations

from pathlib import Path

from naftiko_run.capability import Compiled
from naftiko_run.diagnostics import Report
from naftiko_run.document.model import SKILL_FILE, Skill, SkillTool
from naftiko_run.folder import Folder
from naftiko_run.invoke import NotReadOnly
from naftiko_run.locations import require


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
