"""Several documents in one process: what shares a port, and what clashes on it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from naftiko_run import Settings
from naftiko_run.errors import RouteClash
from naftiko_run.serve import Addressing
from support.documents import small, written
from support.mcp_client import ERAS, list_tools
from support.ports import free_ports
from support.server import Served, serving
from support.wire import problem

SANDBOX = Settings(sandbox=True, environment={})


def _both(folder: Path, *, paths: tuple[str, str] = ("/things", "/others")) -> tuple[Path, Path]:
    return (
        written(folder, small("one", path=paths[0]), "one.yaml"),
        written(folder, small("two", path=paths[1]), "two.yaml"),
    )


@pytest.fixture(scope="module")
def both(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """Two documents with routes of their own."""
    with serving(*_both(tmp_path_factory.mktemp("both")), settings=SANDBOX) as served:
        yield served


def _operation(url: str) -> str:
    return str(httpx.get(url).json()["sandbox"]["operation"])


def test_routes_of_documents_on_one_port_are_merged(both: Served) -> None:
    (origin,) = both.origins("rest")
    assert _operation(f"{origin}/things") == "one.get"
    assert _operation(f"{origin}/others") == "two.get"
    problem(httpx.get(f"{origin}/neither"), 404)


def test_methods_of_one_path_may_come_from_several_documents(tmp_path: Path) -> None:
    one, two = _both(tmp_path, paths=("/things", "/things"))
    two.write_text(two.read_text().replace("method: GET, call", "method: DELETE, call"))
    with serving(one, two, settings=SANDBOX) as served:
        (origin,) = served.origins("rest")
        assert httpx.get(f"{origin}/things").json()["sandbox"]["operation"] == "one.get"
        assert httpx.delete(f"{origin}/things").json()["sandbox"]["operation"] == "two.get"
        assert httpx.options(f"{origin}/things").headers["allow"] == "DELETE, GET, HEAD, OPTIONS"


@pytest.mark.parametrize(
    ("first", "second"),
    [("/things", "/things"), ("/things", "/things/"), ("/t/{id}", "/t/{key}"), ("/t?a=1", "/t?a=1")],
)
def test_the_first_of_two_documents_with_one_route_answers_and_the_second_is_told(
    tmp_path: Path, first: str, second: str
) -> None:
    documents = _both(tmp_path, paths=(first, second))
    with serving(*documents, settings=SANDBOX) as served:
        (site,) = [each for each in served.sites if each.adapters[0].type == "rest"]
        asked = first.replace("{id}", "7")
        assert _operation(f"{site.origin}{asked}") == "one.get"
        (clash,) = site.clashes
        assert f"GET {second} of `two-rest` of {documents[1]} is not served" in clash.message
        assert f"`one-rest` of {documents[0]} serves it" in clash.message
        assert "--prefix-routes" in clash.hint
        assert "--port" in clash.hint
        (feature,) = site.adapters[1].features
        assert feature.name == f"GET {second}"
        assert "--prefix-routes" in feature.reason


def test_what_else_a_document_has_serves_beside_a_clash(tmp_path: Path) -> None:
    one, two = _both(tmp_path, paths=("/things", "/things"))
    more = (
        "operations:\n      - {name: get, method: GET, call: two.get}\n    - path: /of-two\n      operations:"
    )
    two.write_text(
        two.read_text().replace(
            "operations:\n      - {name: get, method: GET, call",
            f"{more}\n      - {{name: get, method: GET, call",
            1,
        )
    )
    two.write_text(two.read_text().replace("namespace: two-mcp", "namespace: one-mcp"))
    with serving(one, two, settings=SANDBOX) as served:
        (origin,) = served.origins("rest")
        assert _operation(f"{origin}/things") == "one.get"
        assert _operation(f"{origin}/of-two") == "two.get"
        (tools,) = served.origins("mcp")
        assert served.urls("mcp") == [f"{tools}/one-mcp/mcp", f"{tools}/one-mcp-2/mcp"]
        assert [tool.name for tool in list_tools(f"{tools}/one-mcp-2/mcp")] == ["two-tool"]


def test_routes_that_differ_by_a_static_query_are_merged(tmp_path: Path) -> None:
    with serving(*_both(tmp_path, paths=("/t?a=1", "/t?a=2")), settings=SANDBOX) as served:
        (origin,) = served.origins("rest")
        assert _operation(f"{origin}/t?a=1") == "one.get"
        assert _operation(f"{origin}/t?a=2") == "two.get"


def test_prefixed_routes_never_clash(tmp_path: Path) -> None:
    documents = _both(tmp_path, paths=("/things/{id}", "/things/{key}"))
    with serving(*documents, settings=SANDBOX, prefix_routes=True) as served:
        (origin,) = served.origins("rest")
        assert _operation(f"{origin}/one-rest/things/7") == "one.get"
        assert _operation(f"{origin}/two-rest/things/7") == "two.get"
        problem(httpx.get(f"{origin}/things/7"), 404)
        (site,) = [each for each in served.sites if each.origin == origin]
        assert [feature.name for each in site.adapters for feature in each.features] == [
            "GET /one-rest/things/{id}",
            "GET /two-rest/things/{key}",
        ]


def test_a_prefixed_forward_passes_on_what_follows_its_own_path(tmp_path: Path) -> None:
    one, _ = _both(tmp_path)
    forward = "- {path: '/all/{path}', forward: {targetNamespace: one}}"
    one.write_text(one.read_text().replace("    - path: /things", f"    {forward}\n    - path: /things"))
    with serving(one, settings=SANDBOX, prefix_routes=True) as served:
        (origin,) = served.origins("rest")
        told = httpx.get(f"{origin}/one%2Drest/all/a%2Fb/c?d=1").json()["sandbox"]["wouldSend"]
        assert told["url"] == "https://one.example/a%2Fb/c?d=1"


def test_with_strict_a_clash_is_refused_with_both_named(tmp_path: Path) -> None:
    documents = _both(tmp_path, paths=("/things", "/things"))
    with (
        pytest.raises(RouteClash) as refused,
        serving(*documents, settings=SANDBOX, refuses_clashes=True),
    ):
        pass
    assert all(str(each) in refused.value.message for each in documents)


def test_a_literal_route_wins_over_a_variable_of_another_document(tmp_path: Path) -> None:
    with serving(*_both(tmp_path, paths=("/things/{id}", "/things/new")), settings=SANDBOX) as served:
        (origin,) = served.origins("rest")
        assert _operation(f"{origin}/things/new") == "two.get"
        assert _operation(f"{origin}/things/7") == "one.get"


@pytest.mark.parametrize("mode", ERAS)
def test_each_mcp_server_of_a_port_has_its_own_path(both: Served, mode: str) -> None:
    (origin,) = both.origins("mcp")
    assert both.urls("mcp") == [f"{origin}/one-mcp/mcp", f"{origin}/two-mcp/mcp"]
    for name in ("one", "two"):
        assert [tool.name for tool in list_tools(f"{origin}/{name}-mcp/mcp", mode)] == [f"{name}-tool"]


@pytest.mark.parametrize("path", ["/mcp", "/"])
def test_a_path_that_would_mean_either_of_two_mcp_servers_is_nobodys(both: Served, path: str) -> None:
    (origin,) = both.origins("mcp")
    problem(httpx.post(f"{origin}{path}", json={}), 404)


def test_rest_and_mcp_may_share_a_port(tmp_path: Path) -> None:
    (port,) = free_ports(1)
    addressing = Addressing("", {"rest": port, "mcp": port})
    with serving(_both(tmp_path)[0], settings=SANDBOX, addressing=addressing) as served:
        assert served.origin("rest") == served.origin("mcp") == f"http://127.0.0.1:{port}"
        assert _operation(f"{served.origin('rest')}/things") == "one.get"
        assert [tool.name for tool in list_tools(served.url("mcp"))] == ["one-tool"]


def test_a_route_keeps_its_path_where_an_mcp_server_would_have_a_second_one(tmp_path: Path) -> None:
    (port,) = free_ports(1)
    document = written(tmp_path, small("one", path="/mcp"))
    addressing = Addressing("", {"rest": port, "mcp": port})
    with serving(document, settings=SANDBOX, addressing=addressing) as served:
        assert _operation(f"{served.origin('rest')}/mcp") == "one.get"
        assert served.url("mcp") == f"{served.origin('mcp')}/one-mcp/mcp"


def test_a_free_port_is_another_for_each_type_of_adapter(both: Served) -> None:
    assert len(both.sites) == 2
    assert both.origins("rest") != both.origins("mcp")
