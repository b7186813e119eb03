"""Steps 7 to 11, two spec lines: what the tutorial promises of every skill, at every path."""

from __future__ import annotations

from io import BytesIO
from zipfile import ZipFile

import pytest
import yaml

from shared.tutorial.conftest import Serving
from shared.tutorial.expected import SKILL_DESCRIPTIONS, SKILL_TOOL_DESCRIPTIONS, STEPS

every_catalogue = pytest.mark.parametrize(
    "step", [number for number, step in STEPS.items() if step.skills], indirect=True
)


@every_catalogue
def test_the_list_names_every_skill_and_its_tools(step: Serving) -> None:
    assert step.get("/skills", "skill").json() == {
        "count": 2,
        "skills": [
            {"name": name, "description": SKILL_DESCRIPTIONS[name], "tools": list(tools)}
            for name, tools in step.expected.skills.items()
        ],
    }


@every_catalogue
def test_a_skill_tells_where_each_of_its_tools_is_called(step: Serving) -> None:
    for name, tools in step.expected.skills.items():
        skill = step.get(f"/skills/{name}", "skill").json()
        assert (skill["name"], skill["description"]) == (name, SKILL_DESCRIPTIONS[name])
        assert skill["tools"] == [
            {
                "name": tool,
                "description": SKILL_TOOL_DESCRIPTIONS[tool],
                "type": "derived",
                "invocationRef": {"targetNamespace": "shipyard-tools", "action": tool, "mode": "mcp"},
            }
            for tool in tools
        ]


@every_catalogue
def test_a_skill_is_a_file_that_agents_can_read(step: Serving) -> None:
    for name, tools in step.expected.skills.items():
        files = step.get(f"/skills/{name}/contents", "skill").json()["files"]
        assert [file["path"] for file in files] == ["SKILL.md"]
        answer = step.get(f"/skills/{name}/contents/SKILL.md", "skill")
        assert answer.headers["content-type"] == "text/markdown; charset=utf-8"
        _, head, text = answer.text.split("---\n", 2)
        assert yaml.safe_load(head) == {"name": name, "description": SKILL_DESCRIPTIONS[name]}
        for tool in tools:
            assert f"### {tool}\n\n{SKILL_TOOL_DESCRIPTIONS[tool]}" in text
            assert f"Call the tool `{tool}` of the MCP server `shipyard-tools`." in text
        archive = step.get(f"/skills/{name}/download", "skill")
        assert archive.headers["content-type"] == "application/zip"
        with ZipFile(BytesIO(archive.content)) as downloaded:
            assert {each: downloaded.read(each) for each in downloaded.namelist()} == {
                "SKILL.md": answer.content
            }


@every_catalogue
def test_a_skill_that_is_not_there_is_not_found(step: Serving) -> None:
    for path in ("/skills/crew-ops", "/skills/crew-ops/download", "/skills/fleet-ops/contents/none.md"):
        assert step.get(path, "skill").status_code == 404
