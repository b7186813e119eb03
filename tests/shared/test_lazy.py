"""``--tools lazy`` over the published documents, all on one port."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import mcp_types as types
import pytest
from mcp.client.client import Client

from naftiko_run import Settings, load
from naftiko_run.document.model import McpExposes
from naftiko_run.errors import DocumentError
from naftiko_run.serve import Addressing
from shared.documents import CORPUS
from support.mcp_client import call_tool, list_tools, text_of, with_client
from support.server import ANY_PORT, Served, serving

MCP_ONLY = Settings(sandbox=True, environment={}, exclude=("* /*", "*-stdio.*"))
LOOPBACK = Addressing("127.0.0.1", ANY_PORT)
"""Documents have addresses of their own."""


@pytest.fixture(scope="module")
def corpus() -> Iterator[Served]:
    capabilities = []
    for path in CORPUS:
        try:
            capability = load(path, MCP_ONLY)
        except DocumentError:
            continue
        if any(isinstance(each, McpExposes) and each.tools for each in capability.document.exposes):
            capabilities.append(capability)
    with serving(*capabilities, settings=MCP_ONLY, addressing=LOOPBACK, lazy_tools=True) as served:
        yield served


@pytest.fixture(scope="module")
def url(corpus: Served) -> str:
    (origin,) = corpus.origins("mcp")
    return f"{origin}/mcp"


def found(url: str, query: str) -> list[str]:
    told: dict[str, Any] = json.loads(text_of(call_tool(url, "search_tools", {"query": query})))
    return [each["name"].partition(".")[2] for each in told["tools"]]


@pytest.mark.parametrize(
    ("query", "name"),
    [
        ("send a message to a chat", "send-text-message"),
        ("list snowflake warehouses", "list-warehouses"),
        ("create a poll in telegram", "create-poll"),
        ("who administers the chat", "list-chat-admins"),
        ("air quality in a city", "get-aqi-by-city"),
        ("upload a file", "upload-file"),
        ("search logs for errors", "search-logs"),
        ("track an event", "track-event"),
        ("delete a customer", "delete-customer"),
        ("unpaid invoices", "list-invoices"),
        ("is this email address deliverable", "verify-email"),
        ("send a transactional email", "send-transactional-email"),
        ("create a team in veracode", "create-team"),
        ("drop the warehouse", "delete-warehouse"),
    ],
)
def test_what_is_meant_is_among_the_first_three(url: str, query: str, name: str) -> None:
    assert name in found(url, query)[:3]


def test_every_tool_is_found_by_its_own_words_and_answers_as_itself(url: str) -> None:
    async def use(client: Client) -> int:
        total, page, missed = 0, 1, []
        while page:
            names = await client.call_tool("search_tools", {"page": page})
            assert names.structured_content is not None
            for name in names.structured_content["names"]:
                total += 1
                result = await client.call_tool("search_tools", {"query": name, "limit": 3})
                assert result.structured_content is not None
                if name not in [each["name"] for each in result.structured_content["tools"]]:
                    missed.append(name)
                assert (await client.call_tool("call_tool", {"name": name})) == await client.call_tool(name)
            page = names.structured_content.get("nextPage", 0)
        assert missed == []
        return total

    assert with_client(url, "auto", use) > 250


def test_two_tools_take_little_of_a_models_memory(corpus: Served, url: str) -> None:
    assert _size(list_tools(url)) < 2000
    assert {adapter.path for site in corpus.sites for adapter in site.adapters} > {"/mcp"}


def _size(tools: list[types.Tool]) -> int:
    return sum(len(each.model_dump_json(by_alias=True, exclude_none=True)) for each in tools)
