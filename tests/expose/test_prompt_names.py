"""Names in prompts that none of their arguments have: they stay as they are written, and are told at load."""

from __future__ import annotations

from collections.abc import Iterator

import mcp_types as types
import pytest
from mcp.client.client import Client

from naftiko_run import Settings
from support.documents import written
from support.mcp_client import ERAS, with_client
from support.server import Served, serving

DOCUMENT = """\
naftiko: 1.0.0-alpha2
info: {label: Words}
capability:
  consumes:
  - {namespace: api, baseUri: https://h.example, resources: [{path: /x, operations: [{name: x, method: GET}]}]}
  exposes:
  - type: mcp
    namespace: words
    tools: [{name: x, description: X, call: api.x}]
    prompts:
    - name: greet
      arguments: [{name: who, description: Whom}, {name: how, description: How, required: false}]
      template:
      - {role: user, content: "Greet {{who}} {{how}}at {{place}}{{#loud}}!{{/loud}}"}
"""


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    document = written(tmp_path_factory.mktemp("words"), DOCUMENT)
    with serving(document, settings=Settings(environment={})) as served:
        yield served


def text(served: Served, mode: str, arguments: dict[str, str]) -> str:
    async def use(client: Client) -> str:
        (message,) = (await client.get_prompt("greet", arguments)).messages
        assert isinstance(message.content, types.TextContent)
        return message.content.text

    return with_client(served.url("mcp"), mode, use)


@pytest.mark.parametrize("mode", ERAS)
def test_a_name_that_is_no_argument_stays_as_it_is_written(served: Served, mode: str) -> None:
    assert text(served, mode, {"who": "Ada"}) == "Greet Ada at {{place}}"
    assert text(served, mode, {"who": "Ada", "how": "warmly ", "place": "sea", "loud": "yes"}) == (
        "Greet Ada warmly at sea!"
    )


def test_it_is_told_at_load(served: Served) -> None:
    found = [each for each in served.capabilities[0].diagnostics if each.code == "undeclared-argument"]
    assert [each.message.partition(" ")[0] for each in found] == ["`{{place}}`", "`{{loud}}`"]
    assert {each.line for each in found} == {11}
