"""MCP resources and prompts, read by the official client in both protocol generations."""

from __future__ import annotations

from base64 import b64decode
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import mcp_types as types
import pytest
from mcp.client.client import Client
from mcp.shared.exceptions import MCPError

from naftiko_run import Settings
from support.mcp_client import ERAS, with_client
from support.server import Served, serving
from support.upstream import Answer, Upstream

MODES = pytest.mark.parametrize("mode", ERAS)
PNG = bytes.fromhex("89504e470d0a1a0a00ff")

DOCUMENT = """
naftiko: 1.0.0-alpha2
capability:
  consumes:
  - type: http
    namespace: api
    baseUri: {url}
    resources:
    - {{path: /now, operations: [{{name: now, method: GET}}]}}
    - {{path: "/ships/{{imo}}", operations: [{{name: ship, method: GET, inputParameters: [{{name: imo, in: path}}]}}]}}
    - {{path: "/pages/{{space}}/{{path}}", operations: [{{name: page, method: GET}}]}}
  exposes:
  - type: mcp
    namespace: m
    ttlMs: 5000
    cacheScope: public
    resources:
    - {{name: docs, label: Docs, uri: "docs://all", description: Files, location: "file:///./docs"}}
    - {{name: one, label: One, uri: "docs://one", description: One file, location: ./docs/read.md, mimeType: text/x-own}}
    - {{name: now, label: Now, uri: "api://now", description: The time, call: api.now}}
    - {{name: picture, uri: "api://picture", description: As bytes, call: api.now, binary: true}}
    - {{name: ship, label: Ship, uri: "api://ships/{{{{imo}}}}", description: A ship, mimeType: application/json, call: api.ship, with: {{imo: "{{{{imo}}}}"}}, outputParameters: [{{type: object, properties: {{n: {{type: string, mapping: $.name}}}}}}]}}
    - {{name: Any page, uri: "wiki://{{{{space}}}}/{{+path}}", description: A page, call: api.page}}
    - {{name: raw, uri: "wiki://{{space}}/{{+path}}/raw", description: A page, call: api.page}}
    - {{name: number, uri: "number://{{n}}", description: A number, inputParameters: [{{name: n, type: integer}}], outputParameters: [{{type: string, value: "{{{{n}}}}"}}]}}
    - {{name: gone, uri: "docs://gone", description: Nowhere, location: ./none}}
    - {{name: later, uri: "api://now", description: Another, location: ./docs/read.md}}
    prompts:
    - name: plan
      label: Plan
      description: Plans a voyage
      arguments: [{{name: ship, description: The ship}}, {{name: port, description: The port, required: false}}]
      template:
      - {{role: user, content: "Plan {{{{ship}}}} to {{{{port}}}}."}}
      - {{role: assistant, content: Where from?}}
    - {{name: file, label: File, description: From a file, location: ./docs/prompt.md}}
    - {{name: broken, description: From nowhere, location: ./docs/none.md}}
    - {{name: plan, label: Another, template: [{{role: user, content: Never.}}]}}
"""


@pytest.fixture
def served(tmp_path: Path, upstream: Upstream) -> Iterator[Served]:
    docs = tmp_path / "docs"
    (docs / "deep").mkdir(parents=True)
    (docs / "read.md").write_text("# Read me")
    (docs / "prompt.md").write_text("Say {{word}}!")
    (docs / "deep" / "a b.png").write_bytes(PNG)
    (tmp_path / "secret").write_text("s")
    file = tmp_path / "m.yaml"
    file.write_text(DOCUMENT.format(url=upstream.url))
    with serving(file, settings=Settings()) as served:
        yield served


def read(served: Served, uri: str, mode: str = "auto") -> Any:
    """Read a resource: its one content, or the error."""

    async def use(client: Client) -> Any:
        try:
            (contents,) = (await client.read_resource(uri)).contents
        except MCPError as fault:
            return fault.error
        return contents

    return with_client(served.url("mcp"), mode, use)


def prompt(served: Served, name: str, arguments: dict[str, str] | None = None, mode: str = "auto") -> Any:
    """Get a prompt, or the error."""

    async def use(client: Client) -> Any:
        try:
            return await client.get_prompt(name, arguments)
        except MCPError as fault:
            return fault.error

    return with_client(served.url("mcp"), mode, use)


@MODES
def test_files_and_functions_are_listed(served: Served, mode: str) -> None:
    async def use(client: Client) -> tuple[Any, Any]:
        return await client.list_resources(), await client.list_resource_templates()

    resources, templates = with_client(served.url("mcp"), mode, use)
    assert [(each.uri, each.name, each.mime_type) for each in resources.resources] == [
        ("docs://all/deep/a%20b.png", "deep/a b.png", "image/png"),
        ("docs://all/prompt.md", "prompt.md", "text/markdown"),
        ("docs://all/read.md", "read.md", "text/markdown"),
        ("docs://one", "one", "text/x-own"),
        ("api://now", "now", None),
        ("api://picture", "picture", None),
    ]
    assert [(each.uri_template, each.name, each.title) for each in templates.resource_templates] == [
        ("api://ships/{imo}", "ship", "Ship"),
        ("wiki://{space}/{+path}", "Any-page", "Any page"),
        ("wiki://{space}/{+path}/raw", "raw", None),
        ("number://{n}", "number", None),
    ]


def test_cache_hints_are_sent(served: Served) -> None:
    async def use(client: Client) -> Any:
        return await client.list_resources()

    listed = with_client(served.url("mcp"), "auto", use)
    assert (listed.ttl_ms, listed.cache_scope) == (5000, "public")


@MODES
def test_files_are_read(served: Served, mode: str) -> None:
    text = read(served, "docs://all/read.md", mode)
    assert (text.text, text.mime_type) == ("# Read me", "text/markdown")
    picture = read(served, "docs://all/deep/a%20b.png", mode)
    assert (b64decode(picture.blob), picture.mime_type) == (PNG, "image/png")
    assert read(served, "docs://one", mode).text == "# Read me"


@MODES
def test_functions_are_read(served: Served, upstream: Upstream, mode: str) -> None:
    upstream.answers(Answer(body=b'{"t": 1}'))
    assert read(served, "api://now", mode).text == '{"t": 1}'
    assert b64decode(read(served, "api://picture", mode).blob) == b'{"t": 1}'


@MODES
@pytest.mark.parametrize(
    ("media_type", "body", "text"),
    [
        ("application/json", b'{"t": "Z\xfcrich"}', '{"t": "Z\ufffdrich"}'),
        (
            "application/json",
            rb'{"t": "\ud800 \ud83d\ude00 \\ud800"}',
            r'{"t": "\ufffd \ud83d\ude00 \\ud800"}',
        ),
        ("text/plain", b"Z\xfcrich", "Z\ufffdrich"),
        ("text/plain", rb"\ud800", r"\ud800"),
        ("text/csv; charset=iso-8859-1", b"Z\xfcrich", "Z\xfcrich"),
        ("application/problem+json", b'"\xff"', '"\ufffd"'),
        ("application/xml", b"<a>\xff</a>", "<a>\ufffd</a>"),
    ],
)
def test_invalid_unicode_is_replaced_with_a_warning(
    served: Served,
    upstream: Upstream,
    caplog: pytest.LogCaptureFixture,
    *,
    mode: str,
    media_type: str,
    body: bytes,
    text: str,
) -> None:
    upstream.answers(Answer(body=body, headers=(("content-type", media_type),)))
    contents = read(served, "api://now", mode)
    assert (contents.text, contents.mime_type) == (text, media_type.partition(";")[0])
    is_told = any("api://now" in each.message and "not Unicode" in each.message for each in caplog.records)
    assert is_told == ("\ufffd" in text or r"\ufffd" in text)


@MODES
def test_binary_content_is_returned_as_base64(served: Served, upstream: Upstream, mode: str) -> None:
    upstream.answers(Answer(body=b"\xff\xfea", headers=(("content-type", "application/pdf"),)))
    assert b64decode(read(served, "api://now", mode).blob) == b"\xff\xfea"


@MODES
def test_the_variables_of_a_uri_are_inputs(served: Served, upstream: Upstream, mode: str) -> None:
    upstream.answers(Answer(body=b'{"name": "N"}'))
    contents = read(served, "api://ships/IMO%201", mode)
    assert (contents.text, contents.mime_type) == ('{"n":"N"}', "application/json")
    assert upstream.only.path == "/ships/IMO%201"


@MODES
@pytest.mark.parametrize(
    ("uri", "path"),
    [
        ("wiki://team/a/b/c.md", "/pages/team/a%2Fb%2Fc.md"),
        ("wiki://team/one", "/pages/team/one"),
        ("wiki://team/a%20b/c", "/pages/team/a%20b%2Fc"),
        ("wiki://team/a?b#c", "/pages/team/a%3Fb%23c"),
        ("wiki://team/a/b/raw", "/pages/team/a%2Fb"),
    ],
)
def test_a_variable_with_a_plus_matches_slashes(
    served: Served, upstream: Upstream, mode: str, uri: str, path: str
) -> None:
    assert read(served, uri, mode).text == '{"ok": true}'
    assert upstream.only.path == path


@MODES
@pytest.mark.parametrize(
    "path", ["..", "../admin", "a/../../admin", "%2e%2e/admin", "a/%252e%252e/b", "a\\..\\b"]
)
def test_no_uri_escapes_the_path(served: Served, upstream: Upstream, mode: str, path: str) -> None:
    error = read(served, f"wiki://team/{path}", mode)
    assert error.code == types.INVALID_PARAMS
    assert error.message.startswith("The arguments do not match the resource `Any page`:")
    assert not upstream.received


@MODES
def test_a_variable_has_the_type_of_its_input(served: Served, mode: str) -> None:
    assert read(served, "number://12", mode).text == '"12"'
    error = read(served, "number://x", mode)
    assert "- /n must be an integer" in error.message


@pytest.mark.parametrize(("mode", "code"), [("auto", types.INVALID_PARAMS), ("legacy", -32002)])
@pytest.mark.parametrize(
    "uri", ["docs://none", "docs://all/../secret", "docs://all/%2e%2e/secret", "docs://all/deep", "docs://gone", "api://ships/"]
)  # fmt: skip
def test_an_unknown_resource_is_an_error(served: Served, mode: str, code: int, uri: str) -> None:
    error = read(served, uri, mode)
    assert error.code == code
    assert error.message.startswith(f"Unknown resource `{uri}`")


@MODES
def test_an_upstream_failure_of_a_resource_is_an_error(served: Served, upstream: Upstream, mode: str) -> None:
    upstream.answers(Answer(503, b'{"why": "no"}'))
    error = read(served, "api://now", mode)
    assert error.code == types.INTERNAL_ERROR
    assert error.message.startswith("The upstream responded with 503")
    assert error.data["body"] == {"why": "no"}


@MODES
def test_prompts_are_listed_with_their_arguments(served: Served, mode: str) -> None:
    async def use(client: Client) -> Any:
        return (await client.list_prompts()).prompts

    plan, file = with_client(served.url("mcp"), mode, use)
    assert (plan.name, plan.title) == ("plan", "Plan")
    assert [(each.name, each.required) for each in plan.arguments] == [("ship", True), ("port", False)]
    assert [(each.name, each.required) for each in file.arguments] == [("word", False)]


@MODES
def test_prompts_are_rendered(served: Served, mode: str) -> None:
    found = prompt(served, "plan", {"ship": "Northern {{port}}", "port": "Oslo"}, mode)
    assert found.description == "Plans a voyage"
    assert [(each.role, each.content.text) for each in found.messages] == [
        ("user", "Plan Northern {{port}} to Oslo."),
        ("assistant", "Where from?"),
    ]
    (message,) = prompt(served, "file", {"word": "hi"}, mode).messages
    assert (message.role, message.content.text) == ("user", "Say hi!")


@MODES
@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("plan", "The arguments do not match the prompt `plan`:\n- /ship is required"),
        ("none", "Unknown prompt `none`; available prompts: plan, file"),
    ],
)
def test_an_invalid_prompt_request_is_invalid_params(
    served: Served, mode: str, name: str, reason: str
) -> None:
    error = prompt(served, name, {}, mode)
    assert error.code == types.INVALID_PARAMS
    assert reason in error.message
    assert "tool" not in error.message


def test_missing_files_are_reported_at_load(served: Served) -> None:
    (capability,) = served.capabilities
    reasons = [str(each) for each in capability.diagnostics if each.code == "not-runnable"]
    assert len(reasons) == 4
    assert "the resource `later` is not served: another resource has the URI `api://now`" in reasons[0]
    assert "the prompt `plan` is not served: another prompt has this name" in reasons[1]
    assert "the resource `gone` is not served: `./none` does not exist; looked for" in reasons[2]
    assert "the prompt `broken` is not served: `./docs/none.md` does not exist" in reasons[3]
