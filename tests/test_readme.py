"""What the README and the tutorial show: their documents serve, their calls and commands work, their options exist."""

import json
import re
import shlex
import subprocess
from pathlib import Path
from typing import Any

import httpx
import pytest
from jsonschema_rs import Draft7Validator
from starlette.testclient import TestClient

from naftiko_run import Settings, load
from naftiko_run.document.source import parse
from support.commands import ended
from support.ports import free_ports
from support.process import COMMAND, ROOT, started
from support.upstream import Upstream

README = (ROOT / "README.md").read_text(encoding="utf-8")
TUTORIAL = (ROOT / "docs" / "tutorial" / "first-capability.md").read_text(encoding="utf-8")


def block(language: str, holding: str, page: str = README) -> str:
    """Return the code block of a language that contains a text; of the README, unless another page is given."""
    blocks = re.findall(rf"^```{language}\n(.*?)^```", page, re.DOTALL | re.MULTILINE)
    (found,) = [each for each in blocks if holding in each]
    return str(found)


def test_the_example_document_serves_with_the_inputs_that_it_implies(tmp_path: Path) -> None:
    document = tmp_path / "weather.yaml"
    document.write_text(block("yaml", "naftiko: "), encoding="utf-8")
    capability = load(document, Settings(environment={"WEATHER_KEY": "k"}))
    assert not capability.diagnostics
    schema = capability.function("weather-tools.get-forecast").input_schema
    assert schema["required"] == ["city"]
    assert schema["properties"]["days"] == {"type": "integer", "description": "How many days ahead."}
    assert capability.function("weather-api.forecast").input_schema == schema


def test_the_first_call_gets_the_answer_that_the_readme_shows() -> None:
    shown = block("console", "curl -s localhost:8080/v1/track")
    sent = re.search(r"-d '(.*)'", shown)
    assert sent is not None
    answer = json.loads(shown[shown.index('{"sandbox"') :].replace("\n", ""))
    with started("capabilities/pipelines-track.yaml", "--sandbox") as command:
        response = httpx.post(
            f"{command.url('rest')}/v1/track", content=sent[1], headers={"Content-Type": "application/json"}
        )
    assert response.status_code == 200
    assert response.json() == answer


def test_the_document_of_the_tutorial_answers_as_it_shows(tmp_path: Path) -> None:
    (tmp_path / "books.yaml").write_text(block("yaml", "naftiko: ", TUTORIAL), encoding="utf-8")
    shown = json.loads(block("json", '"sandbox"', TUTORIAL))
    path = re.search(r"curl -s localhost:8080(\S+)", TUTORIAL)
    assert path is not None
    with started(tmp_path / "books.yaml", "--sandbox") as command:
        answer = httpx.get(f"{command.url('rest')}{path[1]}").json()
    assert answer == shown
    for line in re.findall(r"^\$ (naftiko (?!run).*)$", TUTORIAL, flags=re.MULTILINE):
        program, *arguments = shlex.split(line)
        subprocess.run(
            [COMMAND.with_name(program), *arguments], cwd=tmp_path, capture_output=True, check=True
        )


def test_the_asgi_app_answers_below_the_path_that_it_is_mounted_at(
    tmp_path: Path, upstream: Upstream, monkeypatch: pytest.MonkeyPatch
) -> None:
    document = block("yaml", "naftiko: ").replace("https://api.weather.example/v2", upstream.url)
    (tmp_path / "weather.yaml").write_text(document, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("WEATHER_KEY", "k")
    names: dict[str, Any] = {}
    exec(block("python", "naftiko_run.asgi"), names)  # noqa: S102 - the README's own snippet
    assert TestClient(names["api"]).get("/weather/forecast/Paris").json() == {"ok": True}
    assert upstream.only.target == "/cities/Paris/forecast"


COMMANDS = [
    shlex.split(line, comments=True) for line in re.findall(r"^\$ (naftiko .*)$", README, flags=re.MULTILINE)
]


DOCUMENT_COMMANDS = [each for each in COMMANDS if "weather.yaml" in each]
CONTROL_COMMANDS = [each for each in COMMANDS if "weather.yaml" not in each]


@pytest.mark.parametrize("command", DOCUMENT_COMMANDS, ids=" ".join)
def test_the_commands_for_the_example_document_run_as_they_are_written(
    tmp_path: Path, command: list[str]
) -> None:
    (tmp_path / "weather.yaml").write_text(block("yaml", "naftiko: "), encoding="utf-8")
    program, *arguments = command
    done = subprocess.run(
        [COMMAND.with_name(program), *arguments], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("command", CONTROL_COMMANDS, ids=" ".join)
def test_the_commands_that_use_a_control_adapter_have_a_valid_command_line(command: list[str]) -> None:
    result = ended(*command, environment={"NAFTIKO_CONTROL_PORT": str(free_ports(1)[0])})
    assert result.returncode == 69, result.stderr


def test_the_readme_has_the_environment_activated_before_the_first_command_of_it() -> None:
    activated = README.index("$ . .venv/bin/activate")
    assert all(found.start() > activated for found in re.finditer(r"^\$ naftiko", README, flags=re.MULTILINE))


def test_every_target_of_make_that_is_mentioned_exists() -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    pages = [
        ROOT / "README.md",
        ROOT / "CONTRIBUTING.md",
        ROOT / "SECURITY.md",
        *(ROOT / "docs").rglob("*.md"),
        *(ROOT / ".github").rglob("*.*"),
        ROOT / ".pre-commit-config.yaml",
        ROOT / ".ci" / "run",
    ]
    told = {
        target
        for page in pages
        for target in re.findall(
            r"(?:`|\$ |^ *)make ([a-z][a-z-]*)", page.read_text(encoding="utf-8"), re.MULTILINE
        )
    }
    assert {"run", "test", "lock"} <= told
    assert {target for target in told if not re.search(rf"^{target}:", makefile, re.MULTILINE)} == set()


def test_every_option_that_is_mentioned_exists() -> None:
    naftiko = COMMAND.with_name("naftiko")
    helps = [
        subprocess.run([program, *arguments, "--help"], capture_output=True, text=True, check=True).stdout
        for program, *arguments in (
            (COMMAND,),
            *(
                (naftiko, name)
                for name in ("validate", "list", "mcp-config", "schema", "traces", "logs", "top")
            ),
        )
    ]
    options = set(re.findall(r"--[a-z-]+", "\n".join(helps)))
    told = set(re.findall(r"`(--[a-z-]+)", README)) | set(
        re.findall(r"^\$ naftiko.* (--[a-z-]+)", README, re.MULTILINE)
    )
    assert {"--sandbox", "--client"} <= told
    assert told - options == set()


def test_an_editor_finds_nothing_in_the_example_document_by_the_schema_that_the_readme_tells_to_write() -> (
    None
):
    told = re.search(r"`naftiko (schema) > (\S+)`", README)
    assert told is not None
    assert block("yaml", "yaml-language-server") == f"# yaml-language-server: $schema={told[2]}\n"
    printed = subprocess.run([COMMAND.with_name("naftiko"), told[1]], capture_output=True, check=True).stdout
    editor = Draft7Validator(json.loads(printed))
    assert list(editor.iter_errors(parse(block("yaml", "naftiko: ")).data)) == []
