"""``x-asks``: tools and prompts that ask the user or model of their client first."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any, TypeVar

import httpx
import mcp_types as types
import pytest
from mcp.client.client import Client
from mcp.client.session import ClientRequestContext
from mcp.shared.exceptions import MCPError
from pydantic import FileUrl

from naftiko_run import Settings, load
from support.mcp_client import ERAS, run_async, text_of
from support.server import Served, serving
from support.upstream import Upstream

T = TypeVar("T")
MODES = pytest.mark.parametrize("mode", ERAS)

DOCUMENT = """
naftiko: 1.0.0-alpha2
capability:
  consumes:
  - type: http
    namespace: travel
    baseUri: {url}
    resources:
    - path: /trips
      operations:
      - name: book
        method: POST
        inputParameters: [{{name: who, in: body}}, {{name: city, in: body}}, {{name: remark, in: body}}]
  exposes:
  - type: mcp
    namespace: m
    tools:
    - name: book
      description: Books a trip
      call: travel.book
      with: {{city: "{{{{where.city}}}}", remark: "{{{{praise}}}}"}}
      inputParameters: [{{name: who, type: string, required: true}}]
      x-asks: &where
      - name: where
        user: Where to, {{{{who}}}}?
        answer: {{type: object, properties: {{city: {{type: string, minLength: 2}}}}, required: [city]}}
      - name: praise
        model: Praise {{{{where.city}}}}
        maxTokens: 50
    - name: folders
      description: Tells the folders
      x-asks: [{{name: folders, roots: true}}]
      x-content: [{{text: "{{{{folders}}}}"}}]
    - name: maybe
      description: Goes on without an answer
      x-asks: [{{name: name, user: Your name?, required: false, answer: {{type: object, properties: {{first: {{type: string}}, city: {{minLength: 2}}}}}}}}]
      x-content: [{{text: "Hello {{{{name.first}}}}!"}}]
    - name: circle
      description: Asks in a circle
      x-asks: [{{name: a, user: "{{{{b}}}}"}}, {{name: b, user: "{{{{a}}}}"}}]
      x-content: [{{text: never}}]
    prompts:
    - name: letter
      description: A letter
      x-asks: *where
      template: [{{role: user, content: "To {{{{where.city}}}}: {{{{praise}}}}"}}]
"""


class Person:
    """A client whose user and model answer."""

    def __init__(self, *cities: str, action: str = "accept") -> None:
        self.asked: list[str] = []
        self._cities = [*cities]
        self._action: Any = action

    async def elicited(
        self,
        context: ClientRequestContext,  # noqa: ARG002 - a callback's form
        params: types.ElicitRequestParams,
    ) -> types.ElicitResult | types.ErrorData:
        self.asked.append(params.message)
        content: dict[str, Any] = {"city": self._cities.pop(0), "first": "Ann"}
        return types.ElicitResult(action=self._action, content=content if self._action == "accept" else None)

    async def sampled(
        self,
        context: ClientRequestContext,  # noqa: ARG002 - a callback's form
        params: types.CreateMessageRequestParams,
    ) -> types.CreateMessageResult:
        (message,) = params.messages
        assert isinstance(message.content, types.TextContent)
        self.asked.append(message.content.text)
        assert params.max_tokens == 50
        return types.CreateMessageResult(
            role="assistant", content=types.TextContent(text="Lovely!"), model="m"
        )

    async def listed(
        self,
        context: ClientRequestContext,  # noqa: ARG002 - a callback's form
    ) -> types.ListRootsResult:
        return types.ListRootsResult(roots=[types.Root(uri=FileUrl("file:///home"), name="Home")])

    def uses(self, url: str, mode: str, use: Callable[[Client], Awaitable[T]]) -> T:
        """Run a function with a client that this person answers for."""

        async def session() -> T:
            client = Client(
                url,
                mode=mode,
                elicitation_callback=self.elicited,
                sampling_callback=self.sampled,
                list_roots_callback=self.listed,
            )
            async with client:
                return await use(client)

        return run_async(session)

    def calls(self, url: str, mode: str, name: str, **arguments: Any) -> types.CallToolResult:
        """Call a tool."""

        async def call(client: Client) -> types.CallToolResult:
            return await client.call_tool(name, arguments)

        return self.uses(url, mode, call)


@pytest.fixture
def served(tmp_path: Path, upstream: Upstream) -> Iterator[Served]:
    file = tmp_path / "m.yaml"
    file.write_text(DOCUMENT.format(url=upstream.url))
    with serving(file, settings=Settings()) as served:
        yield served


@MODES
def test_answers_of_the_user_and_the_model_become_inputs(
    served: Served, upstream: Upstream, mode: str
) -> None:
    person = Person("Rome")
    assert not person.calls(served.url("mcp"), mode, "book", who="Ann").is_error
    assert person.asked == ["Where to, Ann?", "Praise Rome"]
    assert upstream.only.json == {"who": "Ann", "city": "Rome", "remark": "Lovely!"}


@MODES
def test_answers_are_not_arguments(served: Served, upstream: Upstream, mode: str) -> None:
    person = Person("Rome")
    person.calls(served.url("mcp"), mode, "book", **{"who": "Ann", "where.city": "Oslo", "praise": "Meh"})
    assert upstream.only.json == {"who": "Ann", "city": "Rome", "remark": "Lovely!"}


@MODES
def test_no_question_is_sent_while_arguments_are_missing(served: Served, mode: str) -> None:
    person = Person("Rome")
    result = person.calls(served.url("mcp"), mode, "book")
    assert "/who is required" in text_of(result)
    assert not person.asked


@MODES
def test_answers_are_not_in_the_input_schema(served: Served, mode: str) -> None:
    async def schemas(client: Client) -> dict[str, dict[str, Any]]:
        return {tool.name: tool.input_schema for tool in (await client.list_tools()).tools}

    schema = Person().uses(served.url("mcp"), mode, schemas)["book"]
    assert [*schema["properties"]] == ["who"]


@MODES
def test_a_user_who_declines_ends_the_call_before_anything_is_sent(
    served: Served, upstream: Upstream, mode: str
) -> None:
    result = Person("Rome", action="decline").calls(served.url("mcp"), mode, "book", who="Ann")
    assert result.is_error
    assert "did not answer `where`" in text_of(result)
    assert not upstream.received


@MODES
@pytest.mark.parametrize("action", ["decline", "cancel"])
def test_a_call_continues_without_an_optional_answer(served: Served, mode: str, action: str) -> None:
    result = Person("", action=action).calls(served.url("mcp"), mode, "maybe")
    assert text_of(result) == "Hello !"


@MODES
def test_roots_of_the_client_become_an_input(served: Served, mode: str) -> None:
    assert "file:///home" in text_of(Person().calls(served.url("mcp"), mode, "folders"))


@MODES
def test_a_prompt_can_ask_questions(served: Served, mode: str) -> None:
    async def get(client: Client) -> types.GetPromptResult:
        return await client.get_prompt("letter")

    (message,) = Person("Rome").uses(served.url("mcp"), mode, get).messages
    assert message.content == types.TextContent(text="To Rome: Lovely!")


@MODES
def test_an_unsupported_optional_question_is_skipped(served: Served, mode: str) -> None:
    async def call() -> types.CallToolResult:
        async with Client(served.url("mcp"), mode=mode) as client:
            return await client.call_tool("maybe", {})

    assert text_of(run_async(call)) == "Hello !"


def test_a_missing_client_capability_is_an_error_with_its_name(served: Served, upstream: Upstream) -> None:
    async def call() -> types.ErrorData:
        async with Client(served.url("mcp")) as client:
            with pytest.raises(MCPError) as failed:
                await client.call_tool("book", {"who": "Ann"})
            return failed.value.error

    error = run_async(call)
    assert error.code == types.MISSING_REQUIRED_CLIENT_CAPABILITY
    assert error.data == {"requiredCapabilities": {"elicitation": {}, "sampling": {}}}
    assert not upstream.received


def test_a_missing_capability_of_a_legacy_client_is_a_tool_error(served: Served) -> None:
    async def call() -> types.CallToolResult:
        async with Client(served.url("mcp"), mode="legacy") as client:
            return await client.call_tool("book", {"who": "Ann"})

    result = run_async(call)
    assert result.is_error
    assert "elicitation, sampling" in text_of(result)


@pytest.mark.parametrize(
    ("name", "arguments", "is_error"), [("book", {"who": "Ann"}, True), ("maybe", {}, False)]
)
def test_a_legacy_client_with_an_invalid_answer_is_not_asked_again(
    served: Served, upstream: Upstream, name: str, arguments: dict[str, Any], *, is_error: bool
) -> None:
    result = Person("x").calls(served.url("mcp"), "legacy", name, **arguments)
    assert result.is_error is is_error
    assert (
        "the answer does not match its schema" in text_of(result)
        if is_error
        else text_of(result) == "Hello !"
    )
    assert not upstream.received


def test_a_rejected_sampling_request_of_a_legacy_client_is_a_tool_error(
    served: Served, upstream: Upstream
) -> None:
    async def refused(
        context: ClientRequestContext,  # noqa: ARG001 - a callback's form
        params: types.CreateMessageRequestParams,  # noqa: ARG001 - a callback's form
    ) -> types.ErrorData:
        return types.ErrorData(code=-1, message="Rejected by the user")

    async def call() -> types.CallToolResult:
        person = Person("Rome")
        client = Client(
            served.url("mcp"),
            mode="legacy",
            elicitation_callback=person.elicited,
            sampling_callback=refused,
        )
        async with client:
            return await client.call_tool("book", {"who": "Ann"})

    result = run_async(call)
    assert result.is_error
    assert text_of(result) == "No answer to `praise`, so nothing was done: Rejected by the user"
    assert not upstream.received


def test_a_tool_with_cyclic_questions_is_not_served(served: Served) -> None:
    (feature,) = [
        feature
        for site in served.sites
        for adapter in site.adapters
        for feature in adapter.features
        if feature.name == "circle"
    ]
    assert feature.reason == "its questions depend on each other in a cycle: a, b"


@pytest.mark.parametrize(
    "ask",
    ["{name: a}", "{user: Whom?}", "{name: a, user: b, model: c}"],
    ids=["nobody", "nameless", "two"],
)
def test_a_question_without_addressee_or_name_makes_tools_and_prompts_unavailable(
    tmp_path: Path, ask: str
) -> None:
    file = tmp_path / "m.yaml"
    file.write_text(
        "naftiko: 1.0.0-alpha2\n"
        "capability: {exposes: [{type: mcp, namespace: m, "
        f"tools: [{{name: t, description: T, x-asks: [{ask}], x-content: [{{text: told}}]}}, "
        "{name: other, description: O, x-content: [{text: o}]}], "
        f"prompts: [{{name: p, description: P, x-asks: [{ask}], template: [{{content: told}}]}}]}}]}}\n"
    )
    left_out = [each for each in load(file).diagnostics if each.code == "not-runnable"]
    assert [each.pointer.rpartition("/exposes/0")[2] for each in left_out] == ["/tools/0", "/prompts/0"]
    assert all("x-asks" in each.message for each in left_out)


def test_a_prompt_with_an_invalid_answer_schema_is_not_served(tmp_path: Path) -> None:
    file = tmp_path / "m.yaml"
    file.write_text(
        "naftiko: 1.0.0-alpha2\n"
        "capability: {exposes: [{type: mcp, namespace: m, prompts: ["
        "{name: p, x-asks: [{name: a, user: b, answer: {type: 1}}], template: [{content: told}]},"
        "{name: other, template: [{content: told}]}]}]}\n"
    )
    (told,) = [each for each in load(file).diagnostics if each.code == "not-runnable"]
    assert "the `answer` of `a` is not a valid schema" in told.message


def called(served: Served, **params: Any) -> dict[str, Any]:
    """Call ``book`` as a client of 2026-07-28 that handles the rounds itself."""
    meta = {
        "io.modelcontextprotocol/protocolVersion": "2026-07-28",
        "io.modelcontextprotocol/clientCapabilities": {"elicitation": {}, "sampling": {}},
    }
    headers = {
        "accept": "application/json, text/event-stream",
        "mcp-protocol-version": "2026-07-28",
        "mcp-method": "tools/call",
        "mcp-name": "book",
    }
    body = {
        "jsonrpc": "2.0",
        "id": 1,
        "method": "tools/call",
        "params": {"name": "book", "arguments": {"who": "Ann"}, "_meta": meta, **params},
    }
    answer: dict[str, Any] = httpx.post(served.url("mcp"), json=body, headers=headers).json()
    return answer


ROME = {"where": {"action": "accept", "content": {"city": "Rome"}}}


def test_questions_are_sent_after_those_that_they_depend_on(served: Served) -> None:
    first = called(served)["result"]
    assert first["resultType"] == "input_required"
    assert [*first["inputRequests"]] == ["where"]
    second = called(served, inputResponses=ROME, requestState=first["requestState"])["result"]
    assert [*second["inputRequests"]] == ["praise"]
    assert "Rome" not in second["requestState"]


@pytest.mark.parametrize(
    "responses",
    [
        {},
        {"other": {"action": "accept", "content": {}}},
        {"where": {"action": "accept", "content": {"city": "x"}}},
    ],
    ids=["none", "another", "unfit"],
)
def test_a_missing_or_invalid_answer_is_requested_again(served: Served, responses: dict[str, Any]) -> None:
    state = called(served)["result"]["requestState"]
    again = called(served, inputResponses=responses, requestState=state)["result"]
    assert [*again["inputRequests"]] == ["where"]


def test_a_tampered_state_is_rejected(served: Served, upstream: Upstream) -> None:
    state = called(served)["result"]["requestState"]
    refused = called(served, inputResponses=ROME, requestState=f"{state}x")["error"]
    assert refused["code"] == types.INVALID_PARAMS
    assert not upstream.received
