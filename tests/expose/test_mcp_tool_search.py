"""``--tools lazy``: one tool that searches the tools of an adapter, and one that calls them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import mcp_types as types
import pytest
from mcp.client.client import Client
from mcp.client.session import ClientRequestContext

from naftiko_run import Settings
from support.documents import written
from support.many import NUMBER, many_tools
from support.mcp_client import ERAS, call_tool, error_of_call, list_tools, run_async, text_of, with_client
from support.process import READY, launched, run
from support.server import serving
from support.upstream import Answer, Upstream

MODES = pytest.mark.parametrize("mode", ERAS)

CLASHING = """
naftiko: 1.0.0-alpha2
capability:
  consumes:
  - type: http
    namespace: api
    baseUri: UPSTREAM
    resources:
    - path: /things/{id}
      operations:
      - name: look
        method: POST
        inputParameters: [{name: size, in: body, type: integer}]
  exposes:
  - type: mcp
    namespace: m
    description: Tools that are named like ours.
    tools:
    - name: search_tools
      description: Looks at a thing
      call: api.look
      inputParameters:
      - {name: id, type: string, required: true}
      - {name: size, type: integer, required: true}
    - {name: long, description: Has a long answer, call: api.look, with: {id: a}, x-maxResult: 100B}
    - name: two-steps
      description: Looks twice
      steps:
      - {name: one, call: api.look, with: {id: a}}
      - {name: two, call: api.look, with: {id: b}}
    - {name: broken, description: Cannot work, call: api.nothing}
    - name: greet
      description: Greets the user
      x-asks: [{name: who, user: Your name?, answer: {type: object, properties: {first: {type: string}}}}]
      x-content: [{text: "Hello {{who.first}}!"}]
    prompts:
    - {name: p, description: A prompt, template: [{role: user, content: Hi}]}
"""


@pytest.fixture(scope="module")
def url(shared_upstream: Upstream, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    document = written(tmp_path_factory.mktemp("many"), many_tools(upstream=shared_upstream.url))
    with serving(document, settings=Settings(environment={}), lazy_tools=True) as served:
        yield served.url("mcp")


@pytest.fixture(scope="module")
def clashing(shared_upstream: Upstream, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    text = CLASHING.replace("UPSTREAM", shared_upstream.url)
    document = written(tmp_path_factory.mktemp("clashing"), text)
    with serving(document, settings=Settings(environment={}), lazy_tools=True) as served:
        yield served.url("mcp")


def search(url: str, mode: str = "auto", **arguments: Any) -> dict[str, Any]:
    result = call_tool(url, "search_tools", arguments, mode)
    assert not result.is_error
    found: dict[str, Any] = json.loads(text_of(result))
    assert found == result.structured_content
    return found


@MODES
def test_only_two_tools_are_listed(url: str, mode: str) -> None:
    finder, caller = list_tools(url, mode)
    assert (finder.name, caller.name) == ("search_tools", "call_tool")
    assert finder.description is not None
    assert f"{NUMBER} tools of Company" in finder.description
    assert finder.annotations is not None
    assert finder.annotations.read_only_hint
    assert caller.annotations is not None
    assert not caller.annotations.read_only_hint


@MODES
def test_the_instructions_explain_both_tools(url: str, mode: str) -> None:
    async def use(client: Client) -> str | None:
        return client.instructions

    told = with_client(url, mode, use)
    assert told is not None
    assert told.startswith("Everything of company\n\nThis server has 63 tools")
    assert "search_tools" in told
    assert "call_tool" in told


@MODES
def test_a_search_returns_everything_that_a_call_needs(url: str, mode: str) -> None:
    tools = search(url, mode, query="get one customer")["tools"]
    assert tools[0] == {
        "name": "get-customer",
        "description": "Gives one customer by its identifier: a person or company that buys from us.",
        "inputSchema": {
            "type": "object",
            "properties": {"id": {"type": "string", "description": "Its identifier"}},
            "required": ["id"],
        },
        "annotations": {"readOnlyHint": True},
    }
    assert len(tools) == 8


@MODES
def test_a_found_tool_is_called_with_its_own_arguments(url: str, upstream: Upstream, mode: str) -> None:
    upstream.answers_json({"id": "7", "name": "Ann"})
    result = call_tool(url, "call_tool", {"name": "get-customer", "arguments": {"id": "7"}}, mode)
    assert result == call_tool(url, "get-customer", {"id": "7"}, mode)
    assert result.structured_content == {"id": "7", "name": "Ann"}
    assert [each.path for each in upstream.received] == ["/things/7"] * 2


@MODES
def test_an_invalid_call_is_rejected_with_every_violation(
    clashing: str, upstream: Upstream, mode: str
) -> None:
    result = call_tool(clashing, "call_tool", {"name": "search_tools", "arguments": {"size": "big"}}, mode)
    assert result.is_error
    assert "- /id is required" in text_of(result)
    assert "- /size must be an integer, not text" in text_of(result)
    assert upstream.received == []


@MODES
def test_arguments_as_json_text_are_parsed_with_a_note(url: str, upstream: Upstream, mode: str) -> None:
    upstream.answers_json({"id": "7"})
    result = call_tool(url, "call_tool", {"name": "get-customer", "arguments": '{"id": "7"}'}, mode)
    assert not result.is_error
    assert result.structured_content == {"id": "7"}
    assert "`/arguments` was passed as JSON text" in str(result.content[-1])
    assert upstream.only.path == "/things/7"


def test_arguments_may_be_omitted_or_null(url: str, upstream: Upstream) -> None:
    upstream.answers_json([])
    no_arguments: list[dict[str, Any]] = [{}, {"arguments": None}, {"arguments": {}}]
    for arguments in no_arguments:
        assert not call_tool(url, "call_tool", {"name": "list-customers", **arguments}).is_error


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        ({}, "- /name is required"),
        ({"name": "get-customer", "arguments": "id=7"}, "- /arguments must be an object, not text"),
        ({"name": "get-customer", "id": "7"}, "- /id is not known; expected one of: `name`, `arguments`"),
    ],
)
def test_an_invalid_call_tool_request_is_rejected(url: str, arguments: dict[str, Any], told: str) -> None:
    result = call_tool(url, "call_tool", arguments)
    assert result.is_error
    assert told in text_of(result)


@MODES
@pytest.mark.parametrize(
    ("name", "close"),
    [("get-custmer", "`get-customer`"), ("weather", "`get-weather`"), ("x", "search_tools")],
)
def test_an_unknown_name_gets_similar_names(url: str, name: str, close: str, mode: str) -> None:
    result = call_tool(url, "call_tool", {"name": name}, mode)
    assert result.is_error
    assert text_of(result).startswith(f"Unknown tool `{name}`.")
    assert close in text_of(result)
    assert close in error_of_call(url, name, {}, mode).message


def test_an_empty_query_returns_all_names(url: str) -> None:
    for query in ({}, {"query": " "}, {"query": None}):
        told = search(url, **query)
        assert told["total"] == len(set(told["names"])) == NUMBER
        assert "nextPage" not in told


def test_results_are_paginated(url: str) -> None:
    names, page = [], 1
    while page:
        told = search(url, query="customer", limit=3, page=page)
        assert len(told["tools"]) <= 3
        names += [each["name"] for each in told["tools"]]
        page = told.get("nextPage", 0)
    assert len(names) == len(set(names)) > 6
    assert search(url, query="customer", page=100)["hint"].startswith("No more tools match these keywords.")


def test_a_search_without_matches_returns_a_hint(url: str) -> None:
    told = search(url, query="zeppelin")
    assert told["tools"] == []
    assert "the names of all 63" in told["hint"]


@pytest.mark.parametrize(
    "arguments", [{"limit": 0}, {"limit": 51}, {"page": 0}, {"query": 1}, {"words": "x"}]
)
def test_an_invalid_search_is_rejected(url: str, arguments: dict[str, Any]) -> None:
    result = call_tool(url, "search_tools", arguments)
    assert result.is_error
    assert text_of(result).startswith("The arguments do not match the tool's input schema:")


def test_integers_may_have_a_decimal_point(url: str) -> None:
    assert len(search(url, query="customer", limit=2.0, page=1.0)["tools"]) == 2


@MODES
def test_a_tool_with_the_same_name_remains_reachable(clashing: str, upstream: Upstream, mode: str) -> None:
    assert [each.name for each in list_tools(clashing, mode)] == ["search_tools-2", "call_tool"]
    upstream.answers_json({"seen": True})
    arguments = {"id": "a", "size": 1}
    called = call_tool(clashing, "call_tool", {"name": "search_tools", "arguments": arguments}, mode)
    assert called == call_tool(clashing, "search_tools", arguments, mode)
    assert called.structured_content == {"seen": True}


def test_the_limit_of_the_called_tool_applies(clashing: str, upstream: Upstream) -> None:
    upstream.answers_json([{"number": number} for number in range(100)])
    result = call_tool(clashing, "call_tool", {"name": "long", "arguments": {"size": 1}})
    assert len(result.content) == 2


def test_an_upstream_error_is_a_tool_error(clashing: str, upstream: Upstream) -> None:
    upstream.answers(Answer(503, b"storm", (("content-type", "text/plain"),)))
    result = call_tool(clashing, "call_tool", {"name": "long", "arguments": {"size": 1}})
    assert result.is_error
    assert "503" in text_of(result)


def test_a_call_of_a_skipped_tool_explains_why(clashing: str) -> None:
    result = call_tool(clashing, "call_tool", {"name": "broken"})
    assert result.is_error
    assert text_of(result).startswith("The tool `broken` cannot be called: ")


@MODES
def test_progress_of_the_tool_reaches_the_client(clashing: str, upstream: Upstream, mode: str) -> None:
    upstream.answers_json({})
    told: list[float] = []

    async def heard(progress: float, total: float | None, message: str | None) -> None:  # noqa: ARG001 - a callback's form
        told.append(progress)

    async def use(client: Client) -> types.CallToolResult:
        arguments = {"name": "two-steps", "arguments": {"size": 1}}
        return await client.call_tool("call_tool", arguments, progress_callback=heard)

    assert not with_client(clashing, mode, use).is_error
    assert told[-1] == 2


@MODES
def test_questions_of_a_called_tool_are_asked(clashing: str, mode: str) -> None:
    async def elicited(
        context: ClientRequestContext,  # noqa: ARG001 - a callback's form
        params: types.ElicitRequestParams,  # noqa: ARG001
    ) -> types.ElicitResult | types.ErrorData:
        return types.ElicitResult(action="accept", content={"first": "Ann"})

    async def session() -> types.CallToolResult:
        async with Client(clashing, mode=mode, elicitation_callback=elicited) as client:
            return await client.call_tool("call_tool", {"name": "greet"})

    assert text_of(run_async(session)) == "Hello Ann!"


@MODES
def test_prompts_are_unchanged(clashing: str, mode: str) -> None:
    async def use(client: Client) -> list[str]:
        return [each.name for each in (await client.list_prompts()).prompts]

    assert with_client(clashing, mode, use) == ["p"]


@pytest.mark.parametrize(
    ("hints", "expected"), [("true", (True, False, True)), ("false", (False, True, False))]
)
def test_call_tool_has_the_annotations_common_to_all_tools(
    tmp_path: Path, hints: str, expected: tuple[bool, bool, bool]
) -> None:
    text = many_tools().replace('"readOnly": false', f'"readOnly": {hints}')
    with serving(written(tmp_path, text), settings=Settings(environment={}), lazy_tools=True) as served:
        _, caller = list_tools(served.url("mcp"))
    told = caller.annotations
    assert told is not None
    assert (told.read_only_hint, told.destructive_hint, told.idempotent_hint) == expected


def test_an_adapter_without_tools_is_unchanged(tmp_path: Path) -> None:
    text = CLASHING.partition("    tools:")[0] + "    prompts:" + CLASHING.partition("    prompts:")[2]
    with serving(written(tmp_path, text), settings=Settings(environment={}), lazy_tools=True) as served:
        assert list_tools(served.url("mcp")) == []


def test_the_option_reaches_the_server_and_the_start_up_output(tmp_path: Path) -> None:
    document = written(tmp_path, many_tools())
    with launched(document, "--tools", "lazy", "--port", "mcp=0") as process:
        process.wait_for_line(READY)
        (line,) = [each for each in process.lines if each.startswith("mcp ")]
        assert line.endswith("  company  63 tools, behind search_tools and call_tool")
        assert [each.name for each in list_tools(line.split()[1])] == ["search_tools", "call_tool"]


def test_a_python_without_fts5_is_reported_at_start(tmp_path: Path) -> None:
    (tmp_path / "sqlite3.py").write_text("raise ImportError('No module named _sqlite3')")
    document = written(tmp_path, many_tools())
    result = run(document, "--tools", "lazy", environment={"PYTHONPATH": str(tmp_path)})
    assert result.returncode == 1
    assert "--tools lazy requires SQLite with FTS5, which this Python does not have" in result.stderr
    assert "Traceback" not in result.stderr
