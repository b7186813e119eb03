"""MCP on stdin and stdout: `transport: stdio` and `--stdio`, with the command itself and the official client."""

from __future__ import annotations

import json
import signal
import subprocess
from collections.abc import Awaitable, Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any, TypeVar

import httpx
import mcp_types as types
import pytest
from mcp.client.client import Client
from mcp.client.stdio import StdioServerParameters, stdio_client
from mcp.shared.exceptions import MCPError

from support.commands import Forked, clean_environment, start
from support.mcp_client import ERAS, run_async, text_of
from support.plugins import install
from support.process import COMMAND, READY, launched, run
from support.stdio import started_by_client
from support.upstream import PATIENCE, Answer, Upstream

T = TypeVar("T")

CHATTY = """
import json, subprocess

class Chatty:
    accept = "*/*"
    unmapped = "data"
    def __init__(self, settings):
        print("made", flush=True)
    def decode(self, content, media_type):
        print("decoding", flush=True)
        subprocess.run(["sh", "-c", "cat; echo by a child"], check=True)
        return json.loads(content)
"""

HARBOUR = """\
ikanos: 1.0.0-beta5
info: {label: Harbour}
capability:
  consumes:
  - namespace: api
    type: http
    baseUri: UPSTREAM
    resources:
      ships:
        path: /ships
        operations: {list-ships: {method: GET}, add-ship: {method: POST}}
  exposes:
EXPOSES
"""

PIPED = """\
  - type: mcp
    namespace: harbour
    transport: stdio
    tools:
      ships: {description: All ships, call: api.list-ships}
      crew:
        description: Two calls
        steps: {one: {type: call, call: api.list-ships}, two: {type: call, call: api.list-ships}}"""

OVER_HTTP = """\
  - {type: mcp, namespace: NAME, port: 9090, tools: {ships: {description: All ships, call: api.list-ships}}}"""

REST = """\
  - type: rest
    namespace: harbour-rest
    port: 8080
    resources:
      ships:
        path: /ships
        operations:
          list ships!: {method: GET, description: All ships, call: api.list-ships}
          list-ships: {method: POST, description: Add a ship, call: api.add-ship}"""


def document(tmp_path: Path, upstream: str, *adapters: str, name: str = "harbour.yaml") -> Path:
    file = tmp_path / name
    text = HARBOUR.replace("UPSTREAM", upstream).replace("EXPOSES", "\n".join(adapters))
    file.write_text(text, encoding="utf-8")
    return file


def over_http(name: str) -> str:
    return OVER_HTTP.replace("NAME", name)


def converse(
    use: Callable[[Client], Awaitable[T]], *arguments: str | Path, mode: str = "auto", **callbacks: Any
) -> T:
    """Start the command with the official client, and use that."""
    with started_by_client(*arguments) as parameters:
        return converse_with(parameters, use, mode=mode, **callbacks)


def converse_with(
    parameters: StdioServerParameters, use: Callable[[Client], Awaitable[T]], mode: str, **callbacks: Any
) -> T:
    async def session() -> T:
        async with Client(stdio_client(parameters), mode=mode, **callbacks) as client:
            return await use(client)

    return run_async(session)


async def first_tool(client: Client) -> types.Tool:
    (tool, *_) = (await client.list_tools()).tools
    return tool


async def call_ships(client: Client) -> types.CallToolResult:
    return await client.call_tool("ships", {})


class Piped:
    """The command, with our pipes at its stdin and stdout."""

    def __init__(self, process: Forked | subprocess.Popen[bytes]) -> None:
        assert process.stdin is not None
        assert process.stdout is not None
        self.process = process
        self.stdin: IO[bytes] = process.stdin
        self.stdout: IO[bytes] = process.stdout
        self.stderr = process.stderr

    def send(self, line: bytes) -> None:
        self.stdin.write(line + b"\n")
        self.stdin.flush()

    def request(self, number: int, method: str, **params: object) -> None:
        self.send(json.dumps({"jsonrpc": "2.0", "id": number, "method": method, "params": params}).encode())

    def initialize(self) -> None:
        client = {"name": "test", "version": "1"}
        self.request(0, "initialize", protocolVersion="2025-11-25", capabilities={}, clientInfo=client)
        assert self.answer()["id"] == 0
        self.send(b'{"jsonrpc": "2.0", "method": "notifications/initialized"}')

    def answer(self) -> dict[str, Any]:
        """Give the next message."""
        message: dict[str, Any] = json.loads(self.stdout.readline())
        return message

    def rest(self) -> list[dict[str, Any]]:
        """Give the messages that come until it ends by itself, with exit code 0."""
        lines = self.stdout.read().splitlines()
        assert self.process.wait(PATIENCE) == 0
        return [json.loads(line) for line in lines]


@contextmanager
def piped(*arguments: str | Path, environment: Mapping[str, str] | None = None) -> Iterator[Piped]:
    with start(
        "naftiko-run",
        *arguments,
        environment=clean_environment(environment or {}),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    ) as process:
        try:
            yield Piped(process)
        finally:
            process.kill()


@pytest.mark.parametrize(("mode", "version"), ERAS.items())
def test_clients_of_both_eras_list_and_call(
    upstream: Upstream, tmp_path: Path, mode: str, version: str
) -> None:
    upstream.answers_json([{"name": "Ænøn 🚢", "note": "line\u2028break\nand\ttab"}])

    async def use(client: Client) -> tuple[str, list[str], types.CallToolResult]:
        tools = (await client.list_tools()).tools
        return client.protocol_version, [tool.name for tool in tools], await call_ships(client)

    file = document(tmp_path, upstream.url, PIPED)
    parameters = StdioServerParameters(command=str(COMMAND), args=[str(file)])
    spoken, names, result = converse_with(parameters, use, mode)
    assert (spoken, names) == (version, ["ships", "crew"])
    assert json.loads(text_of(result)) == [{"name": "Ænøn 🚢", "note": "line\u2028break\nand\ttab"}]
    assert upstream.only.path == "/ships"


@pytest.mark.parametrize("mode", ERAS)
def test_errors_of_the_upstream_and_of_the_protocol_reach_the_client(
    upstream: Upstream, tmp_path: Path, mode: str
) -> None:
    upstream.answers_json({"reason": "storm"}, 503)

    async def use(client: Client) -> tuple[types.CallToolResult, types.ErrorData]:
        with pytest.raises(MCPError) as failed:
            await client.call_tool("submarines", {})
        return await call_ships(client), failed.value.error

    result, error = converse(use, document(tmp_path, upstream.url, PIPED), mode=mode)
    assert result.is_error
    assert "503" in text_of(result)
    assert error.code == types.INVALID_PARAMS
    assert "submarines" in error.message


@pytest.mark.parametrize("mode", ERAS)
def test_steps_are_told_as_they_end(upstream: Upstream, tmp_path: Path, mode: str) -> None:
    seen: list[float] = []

    async def note(progress: float, total: float | None, message: str | None) -> None:  # noqa: ARG001
        seen.append(progress)

    async def use(client: Client) -> types.CallToolResult:
        return await client.call_tool("crew", {}, progress_callback=note)

    assert not converse(use, document(tmp_path, upstream.url, PIPED), mode=mode).is_error
    assert seen == [0, 1, 2]


def test_big_answers_arrive_whole(upstream: Upstream, tmp_path: Path) -> None:
    body = json.dumps([{"number": number, "text": "ä" * 1000} for number in range(2000)]).encode()
    upstream.answers(Answer(200, body))
    result = converse(call_ships, document(tmp_path, upstream.url, PIPED))
    assert json.loads(text_of(result)) == json.loads(body)


def test_many_calls_at_once_are_answered_each_with_its_own(upstream: Upstream, tmp_path: Path) -> None:
    with piped(document(tmp_path, upstream.url, PIPED)) as process:
        process.initialize()
        for number in range(1, 101):
            process.request(number, "tools/call", name="ships", arguments={})
        answered = [process.answer() for _ in range(100)]
    assert sorted(each["id"] for each in answered) == [*range(1, 101)]
    assert not any(each["result"]["isError"] for each in answered)


def test_what_is_no_message_is_answered_so_and_nothing_else_suffers(tmp_path: Path) -> None:
    wrong = [
        (b"garbage", types.PARSE_ERROR),
        (b'{"jsonrpc": "2.0", "id": 1', types.PARSE_ERROR),
        (b"\xff\xfe\x00", types.PARSE_ERROR),
        (b"[" * 100_000, types.PARSE_ERROR),
        (b"[]", types.INVALID_REQUEST),
        (b'{"a": 1}', types.INVALID_REQUEST),
        (b'{"jsonrpc": "2.0", "id": 1, "method": "ping", "params": {"x": NaN}}', types.PARSE_ERROR),
        (b'{"jsonrpc": "2.0", "id": null, "method": "ping"}', types.INVALID_REQUEST),
        (b'{"jsonrpc": "2.0", "id": 1.5, "method": "ping"}', types.INVALID_REQUEST),
        (b'{"id": 1, "method": "ping"}', types.INVALID_REQUEST),
        (
            b'{"jsonrpc": "2.0", "id": 1, "method": "ping", "params": {"x": '
            + b"[" * 900
            + b"]" * 900
            + b"}}",
            types.PARSE_ERROR,
        ),
    ]
    with piped(document(tmp_path, "http://127.0.0.1:1", PIPED)) as process:
        process.initialize()
        for line, code in wrong:
            process.send(b"")
            process.send(line)
            assert process.answer()["error"]["code"] == code
            process.request(7, "ping")
            assert process.answer() == {"jsonrpc": "2.0", "id": 7, "result": {}}


def test_an_id_that_is_an_integer_however_it_is_written_is_answered(tmp_path: Path) -> None:
    with piped(document(tmp_path, "http://127.0.0.1:1", PIPED)) as process:
        process.initialize()
        for written in (b"1.0", b"12345678901234567890123", b'""'):
            process.send(b'{"jsonrpc": "2.0", "id": ' + written + b', "method": "ping"}')
            assert process.answer() == {"jsonrpc": "2.0", "id": json.loads(written), "result": {}}


@pytest.mark.parametrize("written", [b"1.5", b"-0.25"])
def test_an_id_that_is_a_fraction_is_refused_with_that_id(tmp_path: Path, written: bytes) -> None:
    with piped(document(tmp_path, "http://127.0.0.1:1", PIPED)) as process:
        process.initialize()
        process.send(b'{"jsonrpc": "2.0", "id": ' + written + b', "method": "ping"}')
        answer = process.answer()
        assert (answer["id"], answer["error"]["code"]) == (json.loads(written), types.INVALID_REQUEST)


def test_half_of_a_character_is_replaced_and_the_request_answered(tmp_path: Path) -> None:
    with piped(document(tmp_path, "http://127.0.0.1:1", PIPED)) as process:
        process.initialize()
        process.send(b'{"jsonrpc": "2.0", "id": 1, "method": "ping", "params": {"x": "\\ud800"}}')
        assert process.answer() == {"jsonrpc": "2.0", "id": 1, "result": {}}


def test_the_end_of_stdin_is_the_end_once_calls_in_flight_are_answered(
    upstream: Upstream, tmp_path: Path
) -> None:
    with piped(document(tmp_path, upstream.url, PIPED)) as process:
        process.initialize()
        with upstream.held():
            process.request(1, "tools/call", name="ships", arguments={})
            upstream.wait_for(1)
            process.stdin.close()
        (answer,) = process.rest()
    assert answer["id"] == 1
    assert not answer["result"]["isError"]


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_is_the_end_once_calls_in_flight_are_answered(
    upstream: Upstream, tmp_path: Path, number: signal.Signals
) -> None:
    with piped(document(tmp_path, upstream.url, PIPED)) as process:
        process.initialize()
        with upstream.held():
            process.request(1, "tools/call", name="ships", arguments={})
            upstream.wait_for(1)
            process.process.send_signal(number)
        (answer,) = process.rest()
    assert answer["id"] == 1


def test_a_cancelled_call_keeps_nobody_waiting(upstream: Upstream, tmp_path: Path) -> None:
    with piped(document(tmp_path, upstream.url, PIPED)) as process, upstream.held():
        process.initialize()
        process.request(1, "tools/call", name="ships", arguments={})
        upstream.wait_for(1)
        process.send(b'{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":1}}')
        process.stdin.close()
        assert not [each for each in process.rest() if "result" in each]


def test_a_client_that_is_gone_ends_the_process(upstream: Upstream, tmp_path: Path) -> None:
    with piped(document(tmp_path, upstream.url, PIPED)) as process:
        process.initialize()
        process.stdout.close()
        process.request(1, "ping")
        assert process.process.wait(PATIENCE) == 0


def test_stdout_has_nothing_but_the_protocol(upstream: Upstream, tmp_path: Path) -> None:
    """Whatever there is to say: mended documents, missing variables, debug logs, faults of calls."""
    upstream.answers_json({}, 500)
    loose = over_http("m").replace("api.list-ships", "api.no-such") + "\n" + PIPED
    with piped(document(tmp_path, upstream.url, loose), "--log-level", "debug") as process:
        process.initialize()
        process.request(1, "tools/call", name="ships", arguments={"no": "such"})
        process.request(2, "no/such/method")
        process.stdin.close()
        answers = process.rest()
    assert {each["id"] for each in answers} == {1, 2}
    assert {each["jsonrpc"] for each in answers} == {"2.0"}


def test_what_a_plugin_prints_does_not_reach_the_client(upstream: Upstream, tmp_path: Path) -> None:
    upstream.answers_json(["Vasa"])
    install(tmp_path, "naftiko_chatty", CHATTY, "[naftiko_run.formats]\nchatty = naftiko_chatty:Chatty\n")
    file = document(tmp_path, upstream.url, PIPED)
    file.write_text(file.read_text().replace("{method: GET}", "{method: GET, outputRawFormat: chatty}"))
    with piped(file, environment={"PYTHONPATH": str(tmp_path)}) as process:
        process.initialize()
        process.request(1, "tools/call", name="ships", arguments={})
        process.stdin.close()
        (answer,) = process.rest()
        assert process.stderr is not None
        told = process.stderr.read().decode().splitlines()
    assert json.loads(answer["result"]["content"][0]["text"]) == ["Vasa"]
    assert {"made", "decoding", "by a child"} <= {*told}


def test_other_adapters_keep_their_ports(upstream: Upstream, tmp_path: Path) -> None:
    upstream.answers_json(["Vasa"])
    file = document(tmp_path, upstream.url, PIPED, REST)
    with launched(file, "--port", "rest=0") as process:
        process.wait_for_line(READY)
        assert "mcp on stdin and stdout  harbour" in process.lines
        assert httpx.get(f"{process.url('rest')}/ships").json() == ["Vasa"]
        process.signal(signal.SIGTERM)
        assert process.wait() == 0
        assert "there is no client on stdin; adapters with a port are still served" in process.text


def test_two_adapters_on_stdin_are_refused_by_name(tmp_path: Path) -> None:
    one = document(tmp_path, "http://127.0.0.1:1", PIPED, name="one.yaml")
    two = document(tmp_path, "http://127.0.0.1:1", PIPED.replace("harbour", "pier"), name="two.yaml")
    ended = run(one, two)
    assert ended.returncode == 1
    assert f"`harbour` of {one}, `pier` of {two}" in ended.stderr
    assert "(serve one of them: --adapter harbour)" in ended.stderr
    ended = run(one, two, "--adapter", "quay")
    assert "--adapter names `quay`, but no adapter with `transport: stdio` has that namespace" in ended.stderr
    same = document(tmp_path, "http://127.0.0.1:1", PIPED, name="same.yaml")
    ended = run(one, same)
    assert f"(they have one namespace: serve one document alone, such as {one})" in ended.stderr


def test_one_of_two_adapters_on_stdin_can_be_chosen(upstream: Upstream, tmp_path: Path) -> None:
    upstream.answers_json(["Vasa"])
    one = document(tmp_path, upstream.url, PIPED, REST, name="one.yaml")
    two = document(tmp_path, upstream.url, PIPED.replace("harbour", "pier"), name="two.yaml")
    with launched(one, two, "--adapter", "pier", "--port", "rest=0") as process:
        process.wait_for_line(READY)
        assert "mcp on stdin and stdout  pier" in process.lines
        assert not any("harbour" in line and line.startswith("mcp ") for line in process.lines)
        assert httpx.get(f"{process.url('rest')}/ships").json() == ["Vasa"]


def test_any_mcp_adapter_is_served_with_stdio_and_no_port_is_opened(
    upstream: Upstream, tmp_path: Path
) -> None:
    file = document(tmp_path, upstream.url, over_http("tools"), REST)
    with httpx.Client() as client, piped(file, "--stdio", "--port", "rest=1", "--port", "mcp=1") as process:
        process.initialize()  # port 1 could not be listened on
        process.request(1, "tools/list")
        assert [tool["name"] for tool in process.answer()["result"]["tools"]] == ["ships"]
        with pytest.raises(httpx.ConnectError):
            client.get("http://127.0.0.1:1/")


def test_of_several_adapters_one_must_be_chosen(tmp_path: Path) -> None:
    file = document(tmp_path, "http://127.0.0.1:1", over_http("one"), over_http("two"), REST)
    ended = run(file, "--stdio")
    assert ended.returncode == 1
    assert f"there are several adapters: `one` of {file}, `two` of {file}" in ended.stderr
    assert "--adapter one" in ended.stderr
    assert ended.stdout == ""
    unknown = run(file, "--stdio", "--adapter", "three")
    assert "--adapter names `three`" in unknown.stderr
    assert run(file, "--adapter", "one").returncode == 2
    with piped(file, "--stdio", "--adapter", "two") as process:
        process.request(
            0,
            "initialize",
            protocolVersion="2025-06-18",
            capabilities={},
            clientInfo={"name": "t", "version": "1"},
        )
        assert process.answer()["result"]["serverInfo"]["name"] == "two"


def test_the_operations_of_a_rest_adapter_are_tools(upstream: Upstream, tmp_path: Path) -> None:
    upstream.answers_json(["Vasa"])

    async def use(client: Client) -> tuple[list[types.Tool], types.CallToolResult]:
        return (await client.list_tools()).tools, await client.call_tool("list-ships", {})

    tools, result = converse(use, document(tmp_path, upstream.url, REST), "--stdio")
    assert [(tool.name, tool.description) for tool in tools] == [
        ("list-ships", "All ships"),
        ("list-ships-2", "Add a ship"),
    ]
    assert [tool.annotations.read_only_hint if tool.annotations else None for tool in tools] == [True, None]
    assert json.loads(text_of(result)) == ["Vasa"]


def test_the_sandbox_and_another_base_uri_hold_on_stdio_too(upstream: Upstream, tmp_path: Path) -> None:
    file = document(tmp_path, "https://harbour.example", over_http("tools"))
    shown = converse(call_ships, file, "--stdio", "--sandbox")
    assert "https://harbour.example/ships" in text_of(shown)
    converse(call_ships, file, "--stdio", "--base-uri", f"api={upstream.url}/elsewhere")
    assert upstream.only.path == "/elsewhere/ships"


def test_authentication_is_asked_of_nobody_on_stdio(upstream: Upstream, tmp_path: Path) -> None:
    guarded = PIPED.replace(
        "    tools:", "    authentication: {type: bearer, token: '{{NO_SUCH}}'}\n    tools:"
    )
    file = document(tmp_path, upstream.url, guarded)
    assert not converse(call_ships, file, "--strict").is_error


def test_a_tool_of_a_get_route_that_changes_something_is_not_promised_as_read_only(
    upstream: Upstream, tmp_path: Path
) -> None:
    async def use(client: Client) -> bool | None:
        tool = await first_tool(client)
        return tool.annotations.read_only_hint if tool.annotations else None

    adding = REST.replace("call: api.list-ships", "call: api.add-ship")
    assert converse(use, document(tmp_path, upstream.url, adding), "--stdio") is None
    assert converse(use, document(tmp_path, upstream.url, REST), "--stdio") is True
