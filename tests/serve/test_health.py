"""Health routes on the ports of REST, MCP and skill adapters."""

from __future__ import annotations

import asyncio
from pathlib import Path

import httpx
import pytest

from expose.control_documents import GUARDED_REST, SHOP, write_document
from naftiko_run import Settings, asgi, load
from naftiko_run.serve import Addressing, ServeSettings, running
from support.server import ANY_PORT, serving

SET = Settings(environment={"SHOP_TOKEN": "t-1234567"})
UNSET = Settings(environment={})


@pytest.mark.parametrize("kind", ["rest", "mcp"])
def test_both_routes(tmp_path: Path, kind: str) -> None:
    with serving(write_document(tmp_path, SHOP), settings=SET) as served:
        for path in ("/health/live", "/health/ready"):
            response = httpx.get(served.origin(kind) + path)
            assert (response.status_code, response.json()) == (200, {"status": "UP"})
            assert response.headers["content-type"] == "application/json"
            assert httpx.head(served.origin(kind) + path).status_code == 200
            assert httpx.post(served.origin(kind) + path).status_code == 404


def test_a_process_that_is_not_ready_shows_no_details(tmp_path: Path) -> None:
    with serving(write_document(tmp_path, SHOP), settings=UNSET) as served:
        origin = served.origin("rest")
        response = httpx.get(f"{origin}/health/ready")
        assert (response.status_code, response.json()) == (503, {"status": "DEGRADED"})
        assert httpx.get(f"{origin}/health/live").status_code == 200


def test_probes_need_no_authentication(tmp_path: Path) -> None:
    with serving(write_document(tmp_path, GUARDED_REST), settings=SET) as served:
        origin = served.origin("rest")
        assert httpx.get(f"{origin}/orders").status_code == 401
        assert httpx.get(f"{origin}/lost").status_code == 401
        assert httpx.get(f"{origin}/health/ready").json() == {"status": "UP"}


@pytest.mark.parametrize("path", ["/health/live", "/health/{part}", "/{a}/{b}"])
def test_paths_of_the_document_take_precedence(tmp_path: Path, path: str) -> None:
    mock = "{method: GET, outputParameters: {of: {type: string, value: the document}}}"
    text = SHOP.replace(
        "[{path: /orders, operations: [{method: GET, call: shop.list-orders}]}]",
        f"[{{path: '{path}', operations: [{mock}]}}]",
    )
    with serving(write_document(tmp_path, text), settings=SET) as served:
        response = httpx.get(f"{served.origin('rest')}/health/live")
    assert response.json() == {"of": "the document"}


def test_a_control_port_has_only_the_routes_of_its_block(tmp_path: Path) -> None:
    text = SHOP + "    management: {health: false}\n"
    with serving(write_document(tmp_path, text), settings=SET) as served:
        assert httpx.get(f"{served.origin('control')}/health/live").status_code == 404


def test_an_embedded_app_has_no_health_routes(tmp_path: Path) -> None:
    app = asgi(write_document(tmp_path, SHOP), settings=SET)

    async def get() -> int:
        async with app.running(), httpx.AsyncClient(transport=httpx.ASGITransport(app)) as client:
            return (await client.get("http://app/health/live")).status_code

    assert asyncio.run(get()) == 404


def test_a_process_that_stops_is_live_and_not_ready(tmp_path: Path) -> None:
    capability = load(write_document(tmp_path, SHOP), SET)
    settings = ServeSettings(Addressing("", ANY_PORT))

    async def statuses(origin: str) -> list[int]:
        async with httpx.AsyncClient() as client:
            return [
                (await client.get(f"{origin}{path}")).status_code
                for path in ("/health/live", "/health/ready")
            ]

    async def before_and_after() -> list[list[int]]:
        async with running([capability], settings) as service:
            origin = service.sites[0].origin
            before = await statuses(origin)
            service.drain()
            return [before, await statuses(origin)]

    assert asyncio.run(before_and_after()) == [[200, 200], [200, 503]]
