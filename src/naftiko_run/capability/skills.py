"""What skills need to be served: their folder, and tools that work."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from pathlib import Path

from naftiko_run.consume import NotCallable
from naftiko_run.diagnostics import Pointer, Report
from naftiko_run.document.model import SKILL_FILE, Skill, SkillTool
from naftiko_run.folder import Folder
from naftiko_run.invoke import NotReadOnly
from naftiko_run.locations import require


def find_folder(skill: Skill, home: Path, report: Report) -> Folder | None:
    """Give a skill's folder; None where it has none, with a warning where its ``location`` leads nowhere."""
    if not skill.location:
        return None
    try:
        folder = _folder_at(require(skill.location, home))
    except ValueError as fault:
        report.warning(
            "missing-location",
            f"the skill `{skill.name}` has no files, and its {SKILL_FILE} is made from its tools: {fault}",
            (*skill.pointer, "location"),
        )
        return None
    return folder


def _folder_at(path: Path) -> Folder:
    """Give the folder of a skill, also where its ``SKILL.md`` is named."""
    folder = path.parent if path.name == SKILL_FILE else path
    if not folder.is_dir():
        raise ValueError(f"`{path}` is not a folder")
    return Folder.at(folder)


def check_tool(
    tool: SkillTool, folder: Folder | None, unavailable: Mapping[Pointer, str], withheld: Collection[Pointer]
) -> None:
    """Check that a tool of a skill can be used.

    Args:
        tool: The tool.
        folder: The skill's; None where it has none.
        unavailable: Why a unit is left out.
        withheld: The units of which that was asked for.

    Raises:
        NotCallable: It cannot; the message says why.
    """
    source = tool.source
    if source is not None and source.unit in unavailable:
        name = f"{source.source_namespace}.{source.action}"
        fault = NotReadOnly if source.unit in withheld else NotCallable
        raise fault(f"it is `{name}`, which is left out: {unavailable[source.unit]}")
    if tool.instruction and folder is None:
        raise NotCallable("its `instruction` is a file below the skill's `location`, which is not there")
    if tool.instruction and folder is not None and folder.find(tool.instruction) is None:
        raise NotCallable(
            f"its `instruction` `{tool.instruction}` is not a file below the skill's `location`"
        )


def check_skill(
    skill: Skill, folder: Folder | None, unavailable: Mapping[Pointer, str], withheld: Collection[Pointer]
) -> None:
    """Check that a skill is more than its name; the arguments are as for ``check_tool``.

    Raises:
        NotCallable: All its tools are left out, and it has no files.
    """
    if folder is None and skill.tools and all(tool.pointer in unavailable for tool in skill.tools):
        fault = NotReadOnly if any(tool.pointer in withheld for tool in skill.tools) else NotCallable
        raise fault("none of its tools can be used")
