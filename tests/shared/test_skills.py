"""Skills of the published documents: each is served, with a SKILL.md and a download that holds it."""

from collections import Counter
from io import BytesIO
from pathlib import Path
from typing import Any
from zipfile import ZipFile

import httpx
import pytest
import yaml

from naftiko_run import Settings
from naftiko_run.document import load_document
from naftiko_run.document.model import SkillExposes
from naftiko_run.errors import DocumentError
from shared.documents import EVERY
from support.server import serving


def has_skills(path: Path) -> bool:
    try:
        return any(isinstance(each, SkillExposes) for each in load_document(path).document.exposes)
    except DocumentError:
        return False


WITH_SKILLS = [path for path in EVERY if has_skills(path)]


def test_documents_with_skills_are_there() -> None:
    lines = Counter(path.parent.name for path in WITH_SKILLS)
    assert lines == {"corpus": 4, "ikanos-1.0.0-beta5": 5, "naftiko-1.0.0-alpha2": 5}


@pytest.mark.parametrize("path", WITH_SKILLS, ids=lambda path: f"{path.parent.name}-{path.stem}")
def test_every_skill_is_served_with_every_tool(path: Path) -> None:
    raw = yaml.safe_load(path.read_text(encoding="utf-8"))
    (block,) = [each for each in raw["capability"]["exposes"] if each["type"] == "skill"]
    written = block["skills"]
    skills = (
        written if isinstance(written, list) else [{"name": name, **each} for name, each in written.items()]
    )
    with (
        serving(path, settings=Settings(sandbox=True, environment={})) as served,
        httpx.Client(base_url=f"{served.url('skill')}/") as client,
    ):
        listed = client.get(served.url("skill")).json()
        assert listed["count"] == len(skills)
        for skill, summary in zip(skills, listed["skills"], strict=True):
            assert summary["name"] == skill["name"]
            assert summary["tools"] == [name for name, _ in members(skill["tools"], "name")]
            descriptions = {name: text for name, text in members(skill["tools"], "description") if text}
            assert set(descriptions) in (set(), set(summary["tools"]))
            told = client.get(skill["name"]).json()
            assert told["description"] == skill["description"]
            for tool in told["tools"]:
                assert tool["invocationRef"]["mode"] == "mcp"
                assert tool["description"] == descriptions.get(tool["name"], ""), tool["name"]
            made = client.get(f"{skill['name']}/contents/SKILL.md").text
            matter = yaml.safe_load(made.split("---\n")[1])
            assert (matter["name"], matter["description"]) == (skill["name"], skill["description"])
            if "allowed-tools" in skill:
                assert matter["allowed-tools"].split(" ") == skill["allowed-tools"].split(",")
            with ZipFile(BytesIO(client.get(f"{skill['name']}/download").content)) as archive:
                assert {name: archive.read(name) for name in archive.namelist()} == {
                    "SKILL.md": made.encode()
                }


def members(written: Any, key: str) -> list[tuple[str, str]]:
    """Return the name of each member of a list or named map, and what it has under a key."""
    if isinstance(written, dict):
        return [(name, each.get(key, "")) for name, each in written.items()]
    return [(each["name"], each.get(key, "")) for each in written]
