"""What the document says for people and models, as clients are told it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from mcp.client.client import Client

from naftiko_run import Settings
from support.mcp_client import with_client
from support.server import Served, serving

DOCUMENT = """
ikanos: 1.0.0-beta5
info: {display: Harbour, description: Ships and their berths, version: 3.2.1}
capability:
  consumes:
  - type: http
    namespace: api
    baseUri: https://harbour.example
    resources:
      ships: {path: /ships, operations: {list: {method: GET, description: Every ship that is here}}}
  exposes:
  - type: mcp
    namespace: m
    tools:
      list: {display: List the ships, call: api.list, hints: {readOnly: true, openWorld: false}}
      about: {display: About, description: What this is, tags: [x], outputParameters: {text: {type: string, value: A harbour}}}
    prompts:
      greet:
        display: Greeting
        description: Greets a ship
        arguments: {ship: {display: Ship, description: Which ship}}
        template: [{role: user, content: 'Welcome {{ship}}'}]
"""


@pytest.fixture
def served(tmp_path: Path) -> Iterator[Served]:
    file = tmp_path / "words.yaml"
    file.write_text(DOCUMENT)
    with serving(file, settings=Settings(sandbox=True)) as served:
        yield served


def test_a_server_says_what_the_capability_is(served: Served) -> None:
    async def use(client: Client) -> Any:
        return client.server_info, client.instructions

    info, instructions = with_client(served.url("mcp"), "auto", use)
    assert info.name == "m"
    assert (info.title, info.version, instructions) == ("Harbour", "3.2.1", "Ships and their berths")


def test_a_tool_has_its_title_and_else_the_operations_description(served: Served) -> None:
    async def use(client: Client) -> Any:
        return (await client.list_tools()).tools

    listed, about = with_client(served.url("mcp"), "auto", use)
    assert (listed.title, listed.description) == ("List the ships", "Every ship that is here")
    assert (listed.annotations.read_only_hint, listed.annotations.open_world_hint) == (True, False)
    assert (about.annotations.title, about.annotations.read_only_hint) == ("About", None)
    assert (about.title, about.description) == ("About", "What this is")


def test_a_prompt_and_its_arguments_are_described(served: Served) -> None:
    async def use(client: Client) -> Any:
        return (await client.list_prompts()).prompts

    (greet,) = with_client(served.url("mcp"), "auto", use)
    assert (greet.title, greet.description) == ("Greeting", "Greets a ship")
    (ship,) = greet.arguments
    assert (ship.name, ship.title, ship.description, ship.required) == ("ship", "Ship", "Which ship", True)
