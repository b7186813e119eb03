"""The examples beside the tutorial: one function for two adapters, and scripts in two languages."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, quote

import httpx
import pytest

from naftiko_run import Settings
from shared.tutorial.conftest import ANYWHERE, TUTORIAL
from support.documents import written
from support.mcp_client import call_tool, list_tools
from support.server import Served, serving
from support.upstream import Answer, Received, Upstream

EXAMPLES = TUTORIAL / "naftiko-1.0.0-alpha2" / "examples"
MEMBERS = [
    {"login": "ann", "id": 1, "active": True, "site_admin": False},
    {"login": "bo", "id": 2, "active": False, "site_admin": False},
    {"login": "cy", "id": 3, "active": True, "site_admin": True},
]
READINGS = [{"value": 20.5}, {"value": 19.0}, {"value": 22.0}]
SCRIPTS = {
    "lib/array-utils.js": "function pick(each, names) {\n"
    "  return Object.fromEntries(names.map((name) => [name, each[name]]));\n}\n",
    "filter-active.js": 'const members = context["list-members"].filter((each) => each.active);\n'
    'result = members.map((each) => pick(each, ["login", "id"]));\n',
    "analyze-readings.py": 'values = [each["value"] for each in context["fetch-readings"]]\n'
    "result = {\n"
    '    "average": sum(values) / len(values),\n'
    '    "min": min(values),\n'
    '    "max": max(values),\n'
    '    "count": len(values),\n'
    "}\n",
}


@contextmanager
def serving_example(document: Path, upstream: Upstream, *namespaces: str) -> Iterator[Served]:
    """Serve an example in front of an upstream that is all of its APIs."""
    base_uris = {namespace: f"{upstream.url}/{namespace}" for namespace in namespaces}
    settings = Settings(base_uris, environment={})
    with serving(document, settings=settings, addressing=ANYWHERE) as served:
        yield served


def answering_with(choose: Callable[[Received], Any]) -> Callable[[Received], Answer]:
    """Answer the JSON that is chosen for a request; 404 where there is none."""

    def answer(request: Received) -> Answer:
        value = choose(request)
        return Answer(404, b"{}") if value is None else Answer(body=json.dumps(value).encode())

    return answer


@pytest.mark.parametrize("location", ["Paris", "48.8566,2.3522", "Aix-en-Provence / Marseille & côte"])
def test_one_forecast_is_a_tool_and_a_route(location: str, upstream: Upstream) -> None:
    def forecast(request: Received) -> Any:
        asked = parse_qs(request.query)
        weather = {"temperature": 21.5, "condition": f"sunny in {location}", "humidity": 0.4}
        is_right = request.path == "/weather-api/forecast" and asked == {"location": [location]}
        return {"forecast": weather, "source": "satellite"} if is_right else None

    upstream.answers(answering_with(forecast))
    expected = {"temperature": 21.5, "condition": f"sunny in {location}"}
    with serving_example(EXAMPLES / "forecast-aggregate.yml", upstream, "weather-api") as served:
        answer = httpx.get(f"{served.url('rest')}/forecast/{quote(location, safe='')}")
        assert (answer.status_code, answer.json()) == (200, expected)
        result = call_tool(served.url("mcp"), "get-forecast", {"location": location})
        assert (result.is_error, result.structured_content) == (False, expected)


def test_the_hints_of_the_forecast_come_from_its_semantics(upstream: Upstream) -> None:
    with serving_example(EXAMPLES / "forecast-aggregate.yml", upstream, "weather-api") as served:
        (tool,) = list_tools(served.url("mcp"))
    assert tool.annotations is not None
    assert tool.annotations.model_dump(exclude_none=True) == {
        "read_only_hint": True,
        "destructive_hint": False,
        "idempotent_hint": True,
    }


@pytest.fixture
def scripted(tmp_path: Path, upstream: Upstream) -> Iterator[Served]:
    """The example with scripts of our own, in a folder of their own."""
    folder = tmp_path / "scripts"
    (folder / "lib").mkdir(parents=True)
    for name, text in SCRIPTS.items():
        written(folder, text, name)
    text = (EXAMPLES / "script-step.yml").read_text(encoding="utf-8")
    assert text.count("file:///app/capabilities/scripts") == 3
    document = written(tmp_path, text.replace("file:///app/capabilities/scripts", folder.as_uri()))
    answers = {"/github/orgs/acme/members": MEMBERS, "/sensors/devices/d%2F7/readings": READINGS}
    upstream.answers(answering_with(lambda request: answers.get(request.path)))
    with serving_example(document, upstream, "github", "sensors") as served:
        yield served


def test_a_script_in_javascript_filters_members(scripted: Served) -> None:
    result = call_tool(scripted.url("mcp"), "active-members", {"org": "acme"})
    members = [{"login": "ann", "id": 1}, {"login": "cy", "id": 3}]
    assert (result.is_error, result.structured_content) == (False, {"active-members": members})


def test_a_script_in_python_sums_readings_up(scripted: Served) -> None:
    result = call_tool(scripted.url("mcp"), "readings-summary", {"device-id": "d/7"})
    summary = {"average": 20.5, "min": 19.0, "max": 22.0, "count": 3}
    assert (result.is_error, result.structured_content) == (False, summary)


def test_an_organization_that_is_not_there_runs_no_script(scripted: Served) -> None:
    result = call_tool(scripted.url("mcp"), "active-members", {"org": "nobody"})
    assert result.is_error
    assert result.structured_content is not None
    assert result.structured_content["step"] == "list-members"
