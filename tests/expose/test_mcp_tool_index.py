"""Full-text search of tools: ranking, arbitrary queries and speed."""

from __future__ import annotations

from time import perf_counter
from typing import Any

import mcp_types as types
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from naftiko_run.expose.mcp.tool_index import ToolIndex
from support.many import KINDS, SPECIAL, VERBS, name_of


def tool(name: str, description: str = "", title: str = "", **properties: Any) -> types.Tool:
    schema = {"type": "object", "properties": properties}
    return types.Tool(name=name, title=title or None, description=description or None, input_schema=schema)


TOOLS = [
    tool(name_of(verb, kind), told.format(kind, what))
    for kind, what in KINDS.items()
    for verb, told in VERBS.items()
] + [tool(name, told) for name, told in SPECIAL.items()]


def index_of(tools: list[types.Tool]) -> ToolIndex:
    return ToolIndex([(each, each.name, "Company") for each in tools])


INDEX = index_of(TOOLS)


def found(query: str, limit: int = 8, index: ToolIndex = INDEX, tools: list[types.Tool] = TOOLS) -> list[str]:
    return [tools[place].name for place in index.search(query, limit)]


@pytest.mark.parametrize(
    ("query", "name"),
    [
        ("list customers", "list-customers"),
        ("show me the list of all customers", "list-customers"),
        ("create an invoice", "create-invoice"),
        ("delete issue", "delete-issue"),
        ("please get me this invoice", "get-invoice"),
        ("update the employee", "update-employee"),
        ("send a reminder for an overdue invoice", "sendInvoiceReminder"),
        ("invoiceReminder", "sendInvoiceReminder"),
        ("refund a customer", "refund_payment"),
        ("customers as a spreadsheet", "export-customers-csv"),
        ("where is my delivery", "track-parcel"),
        ("weather forecast in Paris", "get-weather"),
        ("currency conversion", "convert-currency"),
        ("holidays", "request-leave"),
        ("cancelling pipelines", "cancel-pipeline"),
        ("retry failed build", "retry-pipeline"),
        ("Get a Repository!", "get-repository"),
        ("which repositories can you list", "list-repositories"),
        ("assign the bug to somebody", "assign-issue"),
        ("attach file", "upload-attachment"),
        ("tax", "calculate-vat"),
    ],
)
def test_the_intended_tool_is_among_the_first_three(query: str, name: str) -> None:
    assert name in found(query, 3)


def test_a_match_in_a_name_ranks_before_one_in_a_description() -> None:
    tools = [tool("first", "Sends an email"), tool("second", "", "Email"), tool("email", "Something")]
    index = index_of(tools)
    assert found("email", index=index, tools=tools) == ["email", "second", "first"]


@pytest.mark.parametrize("each", TOOLS, ids=lambda each: each.name)
def test_a_query_for_a_name_finds_its_tool_first(each: types.Tool) -> None:
    spaced = each.name.replace("-", " ").replace("_", " ")
    for query in (each.name, spaced, each.name.upper().replace("-", "_"), each.name.replace("-", "")):
        assert found(query, 1) == [each.name]


def test_stop_words_are_ignored_unless_a_query_has_no_others() -> None:
    tools = [tool("a", "Of the and for this"), tool("b", "A crane")]
    index = index_of(tools)
    assert found("what is the crane for", index=index, tools=tools) == ["b"]
    assert found("what is this for", index=index, tools=tools) == ["a"]


def test_inputs_are_searched_at_any_depth() -> None:
    tools = [
        tool("a", when={"type": "object", "properties": {"timezone": {"type": "string"}}}),
        tool("b", rows={"type": "array", "items": {"properties": {"x": {"description": "A longitude"}}}}),
    ]
    index = index_of(tools)
    assert found("timezone", index=index, tools=tools) == ["a"]
    assert found("longitude", index=index, tools=tools) == ["b"]


def test_the_origin_distinguishes_tools() -> None:
    tools = [tool("list-users", "Lists users"), tool("list-users", "Lists users")]
    index = ToolIndex([(tools[0], "slack.list-users", "slack."), (tools[1], "github.list-users", "github.")])
    assert index.search("github users", 2) == [1, 0]


def test_equal_matches_keep_their_order_across_pages() -> None:
    tools = [tool(f"list-{number}", "A list") for number in range(300)]
    index = index_of(tools)
    assert index.search("list", 300) == [*range(300)]
    assert index.search("list", 10, skip=290) == [*range(290, 300)]
    assert index.search("list", 10, skip=300) == []


def test_words_of_other_scripts_are_found() -> None:
    tools = [tool("a", "Crée une facture"), tool("b", "Zahlung für Kunden"), tool("c", "顧客 一覧")]
    index = index_of(tools)
    for query, name in {"creer cree factures": "a", "kunden": "b", "顧客": "c", "CRE\u0301E": "a"}.items():
        assert found(query, 1, index, tools) == [name]


@settings(max_examples=2 * settings().max_examples)
@given(st.text(max_size=200) | st.text('"*()^:+-{}ANDORTNE \x00', max_size=60))
def test_any_query_is_accepted(query: str) -> None:
    assert len(INDEX.search(query, 5)) <= 5


@pytest.mark.parametrize(
    "query",
    ['"', "name:", "a NEAR b", "NOT", "*", "^list", "list AND", "{name}: x", "';--", "\ud800", "x" * 10**6],
)
def test_queries_have_no_operators(query: str) -> None:
    assert len(INDEX.search(query, 5)) <= 5
    assert found(f"{query[:50]} currency", 1) == ["convert-currency"]


@given(texts=st.lists(st.text(), max_size=5))
def test_any_description_can_be_searched(texts: list[str]) -> None:
    tools = [tool(text or "a", text, text) for text in texts]
    assert len(index_of(tools).search("a", 5)) <= 5


def test_searching_three_thousand_tools_takes_milliseconds() -> None:
    tools = [tool(f"{each.name}-{number}", each.description or "") for number in range(48) for each in TOOLS]
    assert len(tools) > 3000
    index = index_of(tools)
    queries = (
        "list the open invoices of a customer",
        "customer",
        "which pipeline of the repository has failed",
    )
    times = []
    for _ in range(5):
        begin = perf_counter()
        for query in queries:
            assert index.search(query, 8)
        times.append((perf_counter() - begin) / len(queries))
    assert min(times) < 0.02, "1 to 3 ms on a machine that does nothing else"
