"""The control adapter: health, status, documents, metrics and traces of the running process."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import httpx
import pytest

from expose.control_documents import (
    EVERYTHING,
    SHOP,
    TEXT,
    recorded,
    telemetry,
    write_document,
)
from naftiko_run import Settings, load
from naftiko_run.version import __version__
from support.server import Served, serving

SET = Settings(environment={"SHOP_TOKEN": "t-1234567"})
UNSET = Settings(environment={})


def get(served: Served, path: str, **options: Any) -> httpx.Response:
    return httpx.get(served.origin("control") + path, **options)


def port_of(served: Served, kind: str) -> int:
    return int(served.origin(kind).rpartition(":")[2])


def test_liveness(tmp_path: Path) -> None:
    with serving(write_document(tmp_path, SHOP), settings=SET) as served:
        response = get(served, "/health/live")
    assert (response.status_code, response.json()) == (200, {"status": "UP"})
    assert response.headers["content-type"] == "application/json"
    assert response.headers["cache-control"] == "no-store"


def test_readiness_shows_each_adapter(tmp_path: Path) -> None:
    with serving(write_document(tmp_path, SHOP), settings=SET) as served:
        response = get(served, "/health/ready")
        adapters = [
            {
                "type": "rest",
                "namespace": "shop-rest",
                "port": port_of(served, "rest"),
                "state": "started",
            },
            {"type": "mcp", "namespace": "shop-mcp", "port": port_of(served, "mcp"), "state": "started"},
            {"type": "control", "port": port_of(served, "control"), "state": "started"},
        ]
    assert (response.status_code, response.json()) == (200, {"status": "UP", "adapters": adapters})


def test_a_missing_binding_makes_its_adapter_and_the_process_not_ready(tmp_path: Path) -> None:
    with serving(write_document(tmp_path, SHOP), settings=UNSET) as served:
        response = get(served, "/health/ready")
        assert get(served, "/health/live").status_code == 200
    document = response.json()
    assert (response.status_code, document["status"]) == (503, "DEGRADED")
    assert [each.get("missing") for each in document["adapters"]] == [["SHOP_TOKEN"], None, None]


def test_an_adapter_that_is_not_served_makes_the_process_not_ready(tmp_path: Path) -> None:
    text = SHOP.replace(
        "    namespace: shop-mcp\n", "    namespace: shop-mcp\n    authentication: {type: nothing}\n"
    )
    with serving(write_document(tmp_path, text), settings=SET) as served:
        response = get(served, "/health/ready")
    assert response.status_code == 503
    assert response.json()["adapters"][1] == {"type": "mcp", "namespace": "shop-mcp", "state": "stopped"}


def test_adapters_of_one_type_without_a_namespace_are_both_started(tmp_path: Path) -> None:
    mock = "tools: {hello: {description: Greet, outputParameters: {text: {type: string, value: Hi}}}}"
    text = SHOP.replace(
        "  - type: control\n", f"  - type: mcp\n    {mock}\n  - type: mcp\n    {mock}\n  - type: control\n"
    )
    with serving(write_document(tmp_path, text), settings=SET) as served:
        ready = get(served, "/health/ready").json()
    assert [each["state"] for each in ready["adapters"]] == ["started"] * 5


def test_the_routes_of_the_defaults(tmp_path: Path) -> None:
    with serving(write_document(tmp_path, SHOP), settings=SET, telemetry=telemetry()) as served:
        found = {
            path: get(served, path).status_code
            for path in ("/health/live", "/health/ready", "/metrics", "/traces")
        }
        for path in ("/status", "/config", "/config/reload", "/config/validate", "/scripting", "/logs"):
            assert get(served, path).status_code == 404, path
    assert set(found.values()) == {200}, found


@pytest.mark.parametrize(
    ("block", "path"),
    [
        ("    management: {health: false}\n", "/health/live"),
        ("    management: {health: false}\n", "/health/ready"),
        ("    observability: {enabled: false}\n", "/metrics"),
        ("    observability: {enabled: false}\n", "/traces"),
        ("    observability: {metrics: {local: {enabled: false}}}\n", "/metrics"),
        ("    observability: {traces: {local: {enabled: false}}}\n", "/traces"),
        ("    observability: {traces: {local: {enabled: false}}}\n", "/traces/1"),
        ("    management: {logs: false}\n", "/logs"),
        ("    management: {logs: true}\n", "/logs/stream"),
    ],
)
def test_what_the_document_turns_off_has_no_route(tmp_path: Path, block: str, path: str) -> None:
    document = write_document(tmp_path, SHOP + block)
    with serving(document, settings=SET, telemetry=telemetry()) as served:
        response = get(served, path)
    assert response.status_code == 404
    assert response.json()["type"] == "urn:naftiko:problem:unknown-path"


def test_a_value_of_the_wrong_type_is_reported_and_the_default_applies(tmp_path: Path) -> None:
    block = "    management: {health: 3, logs: {max-subscribers: none}}\n"
    document = write_document(tmp_path, SHOP + block)
    found = [each for each in load(document, SET).diagnostics if each.code == "wrong-type"]
    assert [each.message.partition(" ")[0] for each in found] == ["`health`", "`max-subscribers`"]
    with serving(document, settings=SET) as served:
        assert get(served, "/health/live").status_code == 200


def test_status(tmp_path: Path) -> None:
    document = write_document(tmp_path, SHOP + EVERYTHING)
    with serving(document, settings=UNSET, telemetry=telemetry()) as served:
        status = get(served, "/status").json()
        adapters = get(served, "/health/ready").json()["adapters"]
    assert status["capability"] == {"display": "Shop", "specVersion": "1.0.0-beta5", "version": "1.4.0"}
    assert status["documents"] == [{**status["capability"], "file": str(document)}]
    assert (status["engine"]["version"], status["engine"]["native"]) == (__version__, False)
    assert re.fullmatch(r"3\.\d+\.\S+", status["engine"]["python"])
    assert re.fullmatch(r"PT\d+\.\d{3}S", status["uptime"])
    assert status["otel"] == {"status": "active"}
    assert status["adapters"] == adapters
    assert status["missing"] == [
        {
            "variable": "SHOP_TOKEN",
            "remedy": "set SHOP_TOKEN in the server's environment",
            "neededBy": ["shop.list-orders"],
        }
    ]


def test_without_telemetry_there_are_no_metrics_and_no_traces(tmp_path: Path) -> None:
    with serving(write_document(tmp_path, SHOP + EVERYTHING), settings=SET) as served:
        assert get(served, "/status").json()["otel"] == {"status": "inactive"}
        for path in ("/metrics", "/traces", "/traces/1"):
            response = get(served, path)
            assert response.status_code == 503
            assert list(response.json()) == ["error"]


def test_documents_are_shown_as_they_were_loaded_without_credentials(tmp_path: Path) -> None:
    secret = "sk-abcdefghijklmnop1234"
    text = SHOP.replace("'{{SHOP_TOKEN}}'", secret).replace(
        "    namespace: shop-mcp\n",
        "    namespace: shop-mcp\n    authentication: {type: basic, username: me, password: pw}\n",
    )
    document = write_document(tmp_path, text.replace("Greet", f"Greet with {secret}") + EVERYTHING)
    with serving(document, settings=SET) as served:
        document.write_text("changed: since")
        response = get(served, "/config")
    (shown,) = response.json()["documents"]
    assert (shown["file"], shown["display"]) == (str(document), "Shop")
    capability = shown["document"]["capability"]
    assert capability["consumes"][0]["authentication"] == {"type": "bearer", "token": "***"}
    assert capability["consumes"][0]["baseUri"] == "https://shop.example"
    assert capability["exposes"][1]["authentication"] == {
        "type": "basic",
        "username": "me",
        "password": "***",
    }
    assert capability["exposes"][1]["tools"]["hello"]["description"] == "Greet with ***"
    assert secret not in response.text


def test_values_of_bindings_are_never_shown(tmp_path: Path) -> None:
    with serving(write_document(tmp_path, SHOP + EVERYTHING), settings=SET) as served:
        shown = get(served, "/config").text + get(served, "/status").text
    assert "t-1234567" not in shown
    assert "{{SHOP_TOKEN}}" in shown


def test_a_reload_that_is_not_possible_is_501(tmp_path: Path) -> None:
    with serving(write_document(tmp_path, SHOP + EVERYTHING), settings=SET) as served:
        response = httpx.post(f"{served.origin('control')}/config/reload")
    assert (response.status_code, list(response.json())) == (501, ["error"])


def test_a_document_is_validated(tmp_path: Path) -> None:
    with serving(write_document(tmp_path, SHOP + EVERYTHING), settings=SET) as served:
        url = f"{served.origin('control')}/config/validate"
        good = httpx.post(url, content=SHOP)
        bad = httpx.post(url, content=SHOP.replace("call: shop.list-orders", "call: shop.lost"))
        broken = httpx.post(url, content="a: [")
        empty = httpx.post(url, content=" ")
        strict = httpx.post(url, params={"level": "strict"}, content=SHOP.replace("type: http", "kind: http"))
        unknown = httpx.post(url, params={"level": "loose"}, content=SHOP)
        not_text = httpx.post(url, content=b"\xff\xfe\x00\xd8")
    assert (good.status_code, good.json()) == (200, {"valid": True, "diagnostics": []})
    assert bad.status_code == 200
    assert bad.json()["valid"] is False
    (found,) = bad.json()["diagnostics"]
    assert (found["code"], found["line"], found["severity"]) == ("unknown-operation", 16, "error")
    assert "call: shop.lost" in found["excerpt"]
    assert [each["code"] for each in broken.json()["diagnostics"]] == ["yaml-syntax"]
    assert empty.status_code == 400
    assert "schema" in {each["code"] for each in strict.json()["diagnostics"]}
    assert (unknown.status_code, unknown.json()) == (
        400,
        {"error": "`level` is one of runnable, recommended, strict"},
    )
    assert [each["code"] for each in not_text.json()["diagnostics"]] == ["not-utf8"]


def test_metrics(tmp_path: Path) -> None:
    with serving(write_document(tmp_path, SHOP), settings=SET, telemetry=telemetry()) as served:
        response = get(served, "/metrics")
    assert response.text == TEXT
    assert response.headers["content-type"] == "text/plain; version=0.0.4; charset=utf-8"


def test_traces_are_listed_and_filtered(tmp_path: Path) -> None:
    slow = recorded("rest.request", 21.5, error="502", operation="shop-rest.list-orders")
    quick = recorded("mcp.request", 1)
    with serving(write_document(tmp_path, SHOP), settings=SET, telemetry=telemetry(slow, quick)) as served:
        everything = get(served, "/traces").json()

        def found(**query: str) -> list[str]:
            return [each["traceId"] for each in get(served, "/traces", params=query).json()["traces"]]

        assert found() == [quick.hex_id, slow.hex_id]
        assert found(operation="rest.request") == [slow.hex_id]
        assert found(operation="shop-rest.list-orders") == [slow.hex_id]
        assert found(status="ERROR") == [slow.hex_id]
        assert found(status="ok") == [quick.hex_id]
        assert found(limit="1") == [quick.hex_id]
        assert found(minDurationMs="2") == [slow.hex_id]
        refused = [
            get(served, "/traces", params={name: value})
            for name, value in (
                ("limit", "many"),
                ("limit", "-1"),
                ("minDurationMs", "nan"),
                ("status", "bad"),
            )
        ]
    assert {each.status_code for each in refused} == {400}
    assert refused[0].json() == {"error": "`limit` is a number of 0 or more"}
    assert (everything["bufferSize"], everything["bufferUsed"]) == (20, 2)
    assert everything["traces"][1] == {
        "traceId": slow.hex_id,
        "operation": "rest.request",
        "durationMs": 21.5,
        "status": "ERROR",
        "spanCount": 2,
        "timestamp": "2026-09-21T14:13:20.000Z",
        "adapter": "rest",
        "function": "shop-rest.list-orders",
        "target": "GET /orders",
        "error": "502",
        "requestId": "request-1",
    }


def test_one_trace_has_its_spans_children_first(tmp_path: Path) -> None:
    trace = recorded("rest.request", 21)
    with serving(write_document(tmp_path, SHOP), settings=SET, telemetry=telemetry(trace)) as served:
        shown = get(served, f"/traces/{trace.hex_id}").json()
        lost = get(served, "/traces/0123")
    assert (lost.status_code, lost.json()) == (404, {"error": "Trace not found: 0123"})
    assert (shown["traceId"], shown["spanCount"]) == (trace.hex_id, 2)
    assert shown["spans"] == [
        {
            "spanId": "0000000000000007",
            "parentSpanId": f"{trace.root.id:016x}",
            "name": "http.client.GET",
            "kind": "CLIENT",
            "durationMs": 3.0,
            "status": "OK",
            "attributes": {"url.full": "https://shop.example/orders"},
        },
        {
            "spanId": f"{trace.root.id:016x}",
            "name": "rest.request",
            "kind": "SERVER",
            "durationMs": 21.0,
            "status": "OK",
        },
    ]


def test_other_methods_and_web_pages_are_rejected(tmp_path: Path) -> None:
    with serving(write_document(tmp_path, SHOP + EVERYTHING), settings=SET) as served:
        url = f"{served.origin('control')}/config/reload"
        assert httpx.get(url).status_code == 405
        assert httpx.post(url, headers={"Origin": "https://evil.example"}).status_code == 403
        assert httpx.post(url, headers={"Host": "evil.example"}).status_code == 421
        assert httpx.head(f"{served.origin('control')}/health/live").status_code == 200
