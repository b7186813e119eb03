"""The index page of a REST port."""

from __future__ import annotations

from pathlib import Path

import httpx
import pytest

from naftiko_run import Settings
from support.documents import small, written
from support.server import serving
from support.wire import problem

SANDBOX = Settings(sandbox=True, environment={"TOKEN": "secret-token"})
HTML = {"accept": "text/html,application/xhtml+xml,*/*;q=0.8"}


def test_json_lists_the_capabilities_and_routes_of_the_port(tmp_path: Path) -> None:
    documents = [
        written(tmp_path, small(name, path=f"/{name}/{{id}}"), f"{name}.yaml") for name in ("one", "two")
    ]
    with serving(*documents, settings=SANDBOX) as served:
        response = httpx.get(served.origins("rest").pop())
    assert response.headers["content-type"] == "application/json"
    found = response.json()
    assert [each["label"] for each in found["capabilities"]] == ["one", "two"]
    assert found["capabilities"][0]["adapters"] == [
        {"type": "rest", "namespace": "one-rest", "operations": [{"method": "GET", "path": "/one/{id}"}]}
    ]
    assert found["links"] == {"live": "/health/live", "ready": "/health/ready"}


def test_browsers_get_html_with_links_in_which_everything_is_escaped(tmp_path: Path) -> None:
    text = small("one").replace("{label: one}", "{label: '<script>alert(1)</script>', description: 'a & b'}")
    with serving(written(tmp_path, text), settings=SANDBOX) as served:
        response = httpx.get(served.origin("rest"), headers=HTML)
        assert httpx.get(f"{served.origin('rest')}/things").status_code == 200
    assert response.headers["content-type"].startswith("text/html")
    assert "default-src 'none'" in response.headers["content-security-policy"]
    assert "<script" not in response.text
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in response.text
    assert "a &amp; b" in response.text
    assert '<a href="/things">/things</a>' in response.text


@pytest.mark.parametrize(
    "accept", ["", "*/*", "application/json", "application/json, text/html;q=0.5", "text/html;q=x"]
)
def test_everything_else_gets_json(tmp_path: Path, accept: str) -> None:
    with serving(written(tmp_path, small("one")), settings=SANDBOX) as served:
        response = httpx.get(served.origin("rest"), headers={"accept": accept})
    assert response.headers["content-type"] == "application/json"


def test_a_document_with_that_path_serves_it(tmp_path: Path) -> None:
    with serving(written(tmp_path, small("one", path="/")), settings=SANDBOX) as served:
        assert "sandbox" in httpx.get(served.origin("rest")).json()


def test_only_what_the_caller_can_use_is_listed(tmp_path: Path) -> None:
    guard = "authentication: {type: bearer, token: '{{env.TOKEN}}'}"
    documents = [
        written(tmp_path, small("one", path="/open"), "one.yaml"),
        written(tmp_path, small("two", path="/closed", rest=guard), "two.yaml"),
    ]
    bound = "binds: [{namespace: env, keys: {TOKEN: TOKEN}}]\ncapability:"
    documents[1].write_text(documents[1].read_text().replace("capability:", bound, 1))
    settings = Settings(environment={"TOKEN": "secret-token"})
    with serving(*documents, settings=settings) as served:
        (origin,) = served.origins("rest")
        labels = [each["label"] for each in httpx.get(origin).json()["capabilities"]]
        assert labels == ["one"]
        known = httpx.get(origin, headers={"authorization": "Bearer secret-token"}).json()
        assert [each["label"] for each in known["capabilities"]] == ["one", "two"]
    with serving(documents[1], settings=settings) as served:
        response = httpx.get(served.origin("rest"))
        problem(response, 401)
        assert "closed" not in response.text


def test_other_methods_are_refused(tmp_path: Path) -> None:
    with serving(written(tmp_path, small("one")), settings=SANDBOX) as served:
        problem(httpx.post(served.origin("rest")), 404)
        assert httpx.head(served.origin("rest")).content == b""
