"""Each request makes one trace, with spans down to the upstream."""

from __future__ import annotations

import re
from pathlib import Path

import httpx
import pytest

from naftiko_run import Settings
from naftiko_run.telemetry import Telemetry, Trace
from support.documents import PIPELINES, SHOP, SHOP_TOKEN, written
from support.mcp_client import ERAS, call_tool, error_of_call, list_tools
from support.server import serving
from support.upstream import Answer, Upstream
from telemetry.conftest import Sink, TracedShop

CALLER = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"


def names(trace: Trace) -> list[str]:
    return [each.name for each in (*trace.spans, trace.root)]


def test_a_rest_request_has_spans_of_the_adapter_the_function_and_the_upstream(
    shop: TracedShop, upstream: Upstream
) -> None:
    response = httpx.get(f"{shop.served.url('rest')}/items/7")
    trace = shop.sink.only()
    upstream_call, function = trace.spans
    assert names(trace) == ["http.client.GET", "function", "rest.request"]
    assert (trace.adapter, trace.operation, trace.target, trace.status, trace.root.error) == (
        *("rest", "shop-rest.get-item", "GET /items/7", 200, ""),
    )
    assert trace.root.attributes == {
        "http.request.method": "GET",
        "url.path": "/items/7",
        "url.scheme": "http",
        "http.route": "/items/{id}",
        "naftiko.namespace": "shop-rest",
    }
    assert upstream_call.attributes["http.response.status_code"] == 200
    assert upstream_call.attributes["url.full"] == f"{upstream.url}/api/items/7"
    assert (upstream_call.parent_id, function.parent_id) == (function.id, trace.root.id)
    assert (trace.root.kind, function.kind, upstream_call.kind) == ("SERVER", "INTERNAL", "CLIENT")
    assert trace.root.duration >= function.duration >= upstream_call.duration > 0
    assert response.headers["x-request-id"] == trace.request_id


@pytest.mark.parametrize("mode", ERAS)
def test_a_tool_call_has_one_trace_named_after_the_tool(
    shop: TracedShop, upstream: Upstream, mode: str
) -> None:
    call_tool(shop.served.url("mcp"), "get-item", {"id": "7"}, mode)
    trace = shop.sink.wait_for(lambda each: each.operation == "shop-mcp.get-item")
    assert names(trace) == ["http.client.GET", "function", "mcp.request"]
    assert (trace.adapter, trace.target, trace.root.error) == ("mcp", "get-item", "")
    assert trace.root.attributes["mcp.method.name"] == "tools/call"
    assert upstream.only.header("traceparent").startswith(f"00-{trace.hex_id}-")


def test_listing_tools_is_a_request_without_an_operation(shop: TracedShop) -> None:
    list_tools(shop.served.url("mcp"))
    trace = shop.sink.wait_for(lambda each: each.target == "tools/list")
    assert (trace.adapter, trace.operation, trace.spans) == ("mcp", "", [])


def test_each_step_has_a_span_around_its_upstream_call(shop: TracedShop, upstream: Upstream) -> None:
    upstream.answers_json({"name": "hat"})
    httpx.get(f"{shop.served.url('rest')}/both/7")
    trace = shop.sink.only()
    assert names(trace) == [
        *("http.client.GET", "step.call", "http.client.GET", "step.call", "function", "rest.request"),
    ]
    assert [each.attributes["naftiko.step"] for each in trace.spans if each.name == "step.call"] == [
        *("one", "two"),
    ]
    assert len(trace.upstream_calls) == 2


def test_a_forwarded_request_is_traced_through(shop: TracedShop, upstream: Upstream) -> None:
    httpx.post(f"{shop.served.url('rest')}/proxy/some/where", content=b"x")
    trace = shop.sink.only()
    assert names(trace) == ["http.client.POST", "rest.request"]
    assert (trace.operation, trace.target) == ("shop-rest.ANY /proxy/{path}", "POST /proxy/some/where")
    assert trace.hex_id in upstream.only.header("traceparent")


def test_a_skill_request_is_traced(shop: TracedShop) -> None:
    httpx.get(f"{shop.served.url('skill')}/shopping")
    trace = shop.sink.only()
    assert names(trace) == ["skill.request"]
    assert (trace.adapter, trace.operation, trace.status) == ("skill", "shop-skills.skill", 200)


@pytest.mark.parametrize("status", [404, 500])
def test_a_failed_upstream_marks_the_request_as_failed(
    shop: TracedShop, upstream: Upstream, status: int
) -> None:
    upstream.answers_json({"message": "no"}, status)
    assert httpx.get(f"{shop.served.url('rest')}/items/7").status_code == status
    trace = shop.sink.only()
    assert (trace.root.error, trace.spans[0].error) == (str(status), str(status))


@pytest.mark.parametrize("mode", ERAS)
def test_an_error_result_marks_the_request_as_failed_with_the_status_of_the_upstream(
    shop: TracedShop, upstream: Upstream, mode: str
) -> None:
    upstream.answers_json({"message": "no"}, 503)
    assert call_tool(shop.served.url("mcp"), "get-item", {"id": "7"}, mode).is_error
    trace = shop.sink.wait_for(lambda each: each.operation == "shop-mcp.get-item")
    assert (trace.status, trace.root.error) == (200, "503")


def test_an_unknown_tool_marks_the_request_as_failed_with_the_code_of_the_error(shop: TracedShop) -> None:
    error_of_call(shop.served.url("mcp"), "get-itm", {})
    trace = shop.sink.wait_for(lambda each: each.target == "tools/call")
    assert (trace.operation, trace.root.error) == ("", "-32602")


def test_invalid_arguments_mark_the_request_as_failed(shop: TracedShop, upstream: Upstream) -> None:
    assert call_tool(shop.served.url("mcp"), "add-order", {"sku": 7, "count": "x"}).is_error
    trace = shop.sink.wait_for(lambda each: each.operation == "shop-mcp.add-order")
    assert trace.root.error == "InvalidInput"
    assert not upstream.received


def test_an_unknown_path_is_a_failed_request_without_an_operation(shop: TracedShop) -> None:
    problem = httpx.get(f"{shop.served.url('rest')}/nowhere").json()
    trace = shop.sink.only()
    assert (trace.adapter, trace.operation, trace.status, trace.root.error) == ("rest", "", 404, "404")
    assert (problem["traceId"], problem["requestId"]) == (trace.hex_id, trace.request_id)


def test_an_upstream_that_is_away_is_named_in_the_trace(tmp_path: Path) -> None:
    sink = Sink()
    settings = Settings({"shop": "http://127.0.0.1:9"}, environment=SHOP_TOKEN)
    with serving(written(tmp_path, SHOP), settings=settings, telemetry=Telemetry(sinks=[sink])) as served:
        problem = httpx.get(f"{served.url('rest')}/items/7").json()
        result = call_tool(served.url("mcp"), "get-item", {"id": "7"})
        trace = sink.wait_for(lambda each: each.adapter == "rest")
        assert [each.error for each in (*trace.spans, trace.root)] == [
            *("UpstreamUnreachable", "UpstreamUnreachable", "502"),
        ]
        assert problem["traceId"] == trace.hex_id
        called = sink.wait_for(lambda each: each.operation == "shop-mcp.get-item")
    assert called.root.error == "UpstreamUnreachable"
    assert result.structured_content is not None
    assert result.structured_content["traceId"] == called.hex_id


def test_the_trace_of_the_caller_is_continued_and_passed_on(shop: TracedShop, upstream: Upstream) -> None:
    headers = {"traceparent": CALLER, "tracestate": "vendor=1,other=2"}
    httpx.get(f"{shop.served.url('rest')}/items/7", headers=headers)
    trace = shop.sink.only()
    assert (trace.hex_id, f"{trace.root.parent_id:016x}") == (
        "0af7651916cd43dd8448eb211c80319c",
        "b7ad6b7169203331",
    )
    assert upstream.only.header("traceparent") == f"00-{trace.hex_id}-{trace.spans[0].id:016x}-01"
    assert upstream.only.header("tracestate") == "vendor=1,other=2"


@pytest.mark.parametrize(
    "traceparent",
    [
        "",
        "garbage",
        "00-00000000000000000000000000000000-b7ad6b7169203331-01",
        "00-0af7651916cd43dd8448eb211c80319c-0000000000000000-01",
        "ff-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
        f"{CALLER}-more",
        CALLER.upper(),
        "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01" * 1000,
    ],
)
def test_an_invalid_traceparent_starts_a_new_trace(
    shop: TracedShop, upstream: Upstream, traceparent: str
) -> None:
    headers = {"traceparent": traceparent, "tracestate": "vendor=1"}
    httpx.get(f"{shop.served.url('rest')}/items/7", headers=headers)
    trace = shop.sink.only()
    assert (trace.root.parent_id, trace.state) == (0, "")
    assert re.fullmatch("[0-9a-f]{32}", trace.hex_id)
    assert not upstream.only.header("tracestate")


@pytest.mark.parametrize(
    ("headers", "flags"),
    [
        ({"b3": "0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-1"}, "01"),
        ({"b3": "0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-0-00f067aa0ba902b7"}, "00"),
        ({"X-B3-TraceId": "0af7651916cd43dd8448eb211c80319c", "X-B3-SpanId": "b7ad6b7169203331"}, "01"),
        (
            {
                "X-B3-TraceId": "0af7651916cd43dd8448eb211c80319c",
                "X-B3-SpanId": "b7ad6b7169203331",
                "X-B3-Sampled": "0",
            },
            "00",
        ),
    ],
)
def test_b3_headers_are_continued_as_w3c_trace_context(
    shop: TracedShop, upstream: Upstream, headers: dict[str, str], flags: str
) -> None:
    httpx.get(f"{shop.served.url('rest')}/items/7", headers=headers)
    trace = shop.sink.only()
    assert trace.hex_id == "0af7651916cd43dd8448eb211c80319c"
    assert upstream.only.header("traceparent") == f"00-{trace.hex_id}-{trace.spans[0].id:016x}-{flags}"


@pytest.mark.parametrize("accept", ["application/json, text/event-stream", "text/event-stream"])
def test_the_trace_in_the_meta_of_a_tool_call_takes_precedence(
    shop: TracedShop, upstream: Upstream, accept: str
) -> None:
    params = {"name": "get-item", "arguments": {"id": "7"}, "_meta": {"traceparent": CALLER}}
    response = httpx.post(
        shop.served.url("mcp"),
        headers={"accept": accept, "traceparent": CALLER.replace("0af7", "1111")},
        json={"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": params},
    )
    assert response.status_code == 200
    trace = shop.sink.only()
    assert (trace.hex_id, trace.operation) == ("0af7651916cd43dd8448eb211c80319c", "shop-mcp.get-item")
    assert trace.hex_id in upstream.only.header("traceparent")


def test_a_request_id_of_the_caller_is_kept_if_it_is_short_and_printable(shop: TracedShop) -> None:
    url = f"{shop.served.url('rest')}/items/7"
    assert httpx.get(url, headers={"x-request-id": "order-17"}).headers["x-request-id"] == "order-17"
    for rejected in (b"x" * 129, b"two words", b"", b"caf\xc3\xa9"):
        made = httpx.get(url, headers={b"x-request-id": rejected}).headers["x-request-id"]
        assert re.fullmatch("[0-9a-f]{16}", made)


def test_a_request_id_of_the_upstream_is_not_replaced(shop: TracedShop, upstream: Upstream) -> None:
    upstream.answers(Answer(headers=(("x-request-id", "theirs"), ("content-type", "application/json"))))
    response = httpx.get(f"{shop.served.url('rest')}/items/7")
    assert response.headers.get_list("x-request-id") == ["theirs"]


def test_secrets_in_urls_are_masked_in_spans(tmp_path: Path, upstream: Upstream) -> None:
    document = f"""\
naftiko: 1.0.0-alpha2
binds: [{{namespace: env, keys: {{API_KEY: API_KEY}}}}]
capability:
  consumes:
  - type: http
    namespace: api
    baseUri: {upstream.url}
    authentication: {{type: apikey, key: key, value: "{{{{env.API_KEY}}}}", placement: query}}
    resources:
    - path: /things
      operations:
      - name: get
        method: GET
        inputParameters: [{{name: access_token, in: query}}, {{name: q, in: query}}]
  exposes:
  - type: rest
    namespace: api-rest
    resources:
    - path: /things
      operations: [{{method: GET, call: api.get}}]
"""
    sink = Sink()
    settings = Settings(environment={"API_KEY": "s3cr3t-key"})
    with serving(written(tmp_path, document), settings=settings, telemetry=Telemetry(sinks=[sink])) as served:
        httpx.get(f"{served.url('rest')}/things?access_token=callers-own&q=hat")
        trace = sink.only()
    assert "s3cr3t-key" in upstream.only.target
    assert trace.spans[0].attributes["url.full"] == f"{upstream.url}/things?access_token=***&q=hat&key=***"
    assert "s3cr3t-key" not in repr(trace)
    assert "callers-own" not in repr(trace)


def test_requests_are_not_traced_if_nothing_records_them(upstream: Upstream) -> None:
    settings = Settings(
        {"pipelines-track": upstream.url}, environment={"CUSTOMER_IO_USER": "a", "CUSTOMER_IO_PASS": "b"}
    )
    with serving(PIPELINES, settings=settings, telemetry=Telemetry()) as served:
        response = httpx.get(f"{served.url('rest')}/nowhere", headers={"traceparent": CALLER})
    assert "x-request-id" not in response.headers
    assert "traceId" not in response.json()


def test_a_sink_that_fails_breaks_no_request(shop: TracedShop, caplog: pytest.LogCaptureFixture) -> None:
    class Broken:
        def record(self, _: Trace) -> None:
            raise OSError("disk full")

    broken = Broken()
    shop.telemetry.sinks.insert(0, broken)
    try:
        for _ in range(2):
            assert httpx.get(f"{shop.served.url('rest')}/items/7").status_code == 200
    finally:
        shop.telemetry.sinks.remove(broken)
    assert [each.message for each in caplog.records if "Broken" in each.message] == [
        "Broken cannot record requests: OSError"
    ]


HEALTH = """\
naftiko: 1.0.0-alpha2
capability:
  exposes:
  - type: rest
    namespace: own
    resources:
    - path: /health/live
      operations:
      - {method: GET, name: live, outputParameters: [{name: of, type: string, value: the document}]}
"""


def test_health_routes_are_not_traced_unless_the_document_has_them(tmp_path: Path) -> None:
    sink = Sink()
    with serving(
        written(tmp_path, HEALTH), settings=Settings(environment={}), telemetry=Telemetry(sinks=[sink])
    ) as served:
        for path in ("/health/ready", "/", "/health/live"):
            assert httpx.get(served.origin("rest") + path).status_code == 200
        assert sink.wait_for(lambda _: True).target == "GET /health/live"
        assert httpx.post(f"{served.origin('rest')}/").status_code == 404
        sink.wait_for(lambda each: each.target == "POST /")
