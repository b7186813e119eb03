"""A document of each line that has every field: what is read of it, and what is told of the rest."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

import httpx
import pytest

from naftiko_run import Capability, Settings, load
from naftiko_run.invoke import Outcome
from naftiko_run.lint import Level, lint
from support.server import serving
from support.upstream import Answer, Upstream

HARBOUR = Path(__file__).parent / "harbour"
ENVIRONMENT = {"HARBOUR_TOKEN": "t-1"}
LINES = pytest.mark.parametrize("line", ["naftiko", "ikanos"])
NOT_SUPPORTED: dict[str, dict[str, str]] = {"naftiko": {}, "ikanos": {"cannot-be-called": "tunnel:"}}
"""By its code, what is told of a document, and a text that stands in the line."""


def document(line: str) -> Path:
    return HARBOUR / f"{line}.yaml"


def loaded(line: str) -> Capability:
    return load(document(line), Settings(environment=ENVIRONMENT))


@LINES
def test_only_what_is_not_supported_is_told_with_its_place(line: str) -> None:
    capability = loaded(line)
    lines = document(line).read_text(encoding="utf-8").splitlines()
    told = {each.code: lines[each.line - 1] for each in capability.diagnostics}
    assert told.keys() == NOT_SUPPORTED[line].keys(), [str(each) for each in capability.diagnostics]
    assert len(told) == len(capability.diagnostics)
    for code, text in NOT_SUPPORTED[line].items():
        assert text in told[code]
    assert not capability.unavailable
    assert not capability.missing()


@LINES
def test_no_field_is_unknown_and_all_are_as_the_specification_has_them(line: str) -> None:
    for file in (document(line), HARBOUR / f"shared-{line}.yaml"):
        codes = {each.code for each in lint(file, Level.STRICT)}
        assert not codes & {"unknown-key", "schema"}


@LINES
def test_a_flow_with_every_kind_of_step(line: str, upstream: Upstream) -> None:
    answers = {"/ships/7": {"name": "Aurora"}, "/berths": [{"ship": "Aurora", "number": "3"}]}
    upstream.answers(lambda request: Answer(body=json.dumps(answers[request.path]).encode()))
    settings = Settings({"harbour": upstream.url}, environment=ENVIRONMENT)
    outcome = invoked(load(document(line), settings), "fleet.berth", {"imo": "7"})
    assert outcome.value == {"berth": {"number": 3}, "said": [{"word": "AURORA!"}]}
    assert {each.header("authorization") for each in upstream.received} == {"Bearer t-1"}
    assert {each.header("x-harbour") for each in upstream.received} == {"main"}


@LINES
def test_every_adapter_asks_for_its_credentials(line: str) -> None:
    settings = Settings(sandbox=True, environment=ENVIRONMENT)
    with serving(document(line), settings=settings) as served:
        assert httpx.get(f"{served.origin('rest')}/ships/7").status_code == 401
        control = served.origin("control")
        assert httpx.get(f"{control}/health/live").status_code == 401
        token = {"Authorization": "Bearer t-1"}
        assert httpx.get(f"{control}/health/ready", headers=token).json()["status"] == "UP"
        skills = f"{served.origin('skill')}/skills"
        assert httpx.get(skills).status_code == 401
        listed = httpx.get(skills, headers={"X-Key": "k-1"}).json()
        if line == "ikanos":
            assert httpx.post(served.url("mcp"), json={}).status_code == 401
    (skill,) = listed["skills"]
    assert (skill["name"], skill["description"]) == ("berthing", "How to find a berth")


def invoked(capability: Capability, name: str, inputs: dict[str, str]) -> Outcome:
    async def invoke() -> Outcome:
        try:
            return await capability.function(name).invoke(inputs)
        finally:
            await capability.aclose()

    return asyncio.run(invoke())
