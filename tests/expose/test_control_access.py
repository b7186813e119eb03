"""Who can use the control adapter: this machine, or callers that authenticate."""

from __future__ import annotations

from pathlib import Path

import httpx
import pytest

from expose.control_documents import EVERYTHING, SHOP, write_document
from naftiko_run import Settings, asgi, load
from naftiko_run.lint import Level, lint
from naftiko_run.serve import Addressing
from support.documents import written
from support.server import ANY_PORT, serving

EVERYWHERE = "0.0.0.0"  # noqa: S104 - the subject
SET = Settings(environment={"SHOP_TOKEN": "t-1234567", "ADDRESS": EVERYWHERE, "CONTROL": "c-1234567"})
OPEN = "    address: 0.0.0.0\n"
GUARD = "    authentication: {type: bearer, token: c-1234567}\n"
PATHS = ("/health/live", "/health/ready", "/status", "/config", "/metrics", "/traces", "/logs", "/lost")


@pytest.mark.parametrize("address", [EVERYWHERE, "'{{ADDRESS}}'", "192.0.2.1", "control.example"])
def test_an_adapter_that_others_can_reach_without_authentication_is_refused(
    tmp_path: Path, address: str
) -> None:
    document = write_document(tmp_path, SHOP + f"    address: {address}\n")
    capability = load(document, SET)
    (found,) = [each for each in capability.diagnostics if each.code == "not-guarded"]
    assert found.is_error
    assert "the adapter `control` is not served: it listens on" in found.message
    assert found.hint == "add `authentication` to it, or write `address: localhost`"
    assert found.line == len(document.read_text().splitlines())
    with serving(capability, settings=SET) as served:
        assert [each.type for site in served.sites for each in site.adapters] == ["rest", "mcp"]
        assert httpx.get(f"{served.origin('rest')}/health/ready").status_code == 503


def test_lint_reports_it_once(tmp_path: Path) -> None:
    document = write_document(tmp_path, SHOP + OPEN)
    at_line = [each.code for each in lint(document, Level.RECOMMENDED) if each.pointer.endswith("/address")]
    assert at_line == ["not-guarded"]
    document.write_text(SHOP + OPEN + GUARD)
    at_line = [each.code for each in lint(document, Level.RECOMMENDED) if each.pointer.endswith("/address")]
    assert at_line == ["control-address-localhost-warning"]


def test_the_host_option_does_not_publish_it(tmp_path: Path) -> None:
    everywhere = Addressing(EVERYWHERE, ANY_PORT)
    with serving(write_document(tmp_path, SHOP), settings=SET, addressing=everywhere) as served:
        hosts = {each.type: site.address[0] for site in served.sites for each in site.adapters}
    assert hosts == {"rest": EVERYWHERE, "mcp": EVERYWHERE, "control": "127.0.0.1"}


def test_with_authentication_the_host_option_applies(tmp_path: Path) -> None:
    everywhere = Addressing(EVERYWHERE, ANY_PORT)
    with serving(write_document(tmp_path, SHOP + GUARD), settings=SET, addressing=everywhere) as served:
        hosts = {each.type: site.address[0] for site in served.sites for each in site.adapters}
    assert hosts["control"] == EVERYWHERE


def test_authentication_covers_every_route_with_a_challenge(tmp_path: Path) -> None:
    with serving(write_document(tmp_path, SHOP + GUARD + EVERYTHING), settings=SET) as served:
        origin = served.origin("control")
        for path in PATHS:
            response = httpx.get(origin + path)
            assert response.status_code == 401, path
            assert response.headers["www-authenticate"] == 'Bearer realm="control"'
        for method, path in (("POST", "/config/reload"), ("POST", "/config/validate"), ("PUT", "/logs")):
            assert httpx.request(method, origin + path).status_code == 401, path
        token = {"Authorization": "Bearer c-1234567"}
        assert httpx.get(f"{origin}/health/ready", headers=token).status_code == 200
        assert httpx.get(f"{origin}/lost", headers=token).status_code == 404


@pytest.mark.parametrize(
    ("block", "challenge"),
    [
        ("{type: basic, username: me, password: pw}", "Basic"),
        ("{type: digest, username: me, password: pw}", "Digest"),
        ("{type: apikey, key: X-Key, value: k-1}", "ApiKey"),
    ],
)
def test_other_schemes(tmp_path: Path, block: str, challenge: str) -> None:
    document = write_document(tmp_path, SHOP + f"    authentication: {block}\n")
    auth: dict[str, httpx.Auth] = {
        "Basic": httpx.BasicAuth("me", "pw"),
        "Digest": httpx.DigestAuth("me", "pw"),
    }
    with serving(document, settings=SET) as served:
        url = f"{served.origin('control')}/health/live"
        refused = httpx.get(url)
        accepted = httpx.get(url, auth=auth.get(challenge), headers={"X-Key": "k-1"})
    assert refused.status_code == 401
    assert refused.headers["www-authenticate"].startswith(challenge)
    assert accepted.json() == {"status": "UP"}


def test_the_prefix_of_routes_does_not_apply(tmp_path: Path) -> None:
    text = SHOP.replace("type: control", "type: control\n    namespace: manage")
    with serving(write_document(tmp_path, text), settings=SET, prefix_routes=True) as served:
        assert httpx.get(f"{served.origin('control')}/health/live").status_code == 200


def test_an_embedded_app_has_no_control_adapter(tmp_path: Path) -> None:
    app = asgi(write_document(tmp_path, SHOP), settings=SET)
    assert [each.type for each in app.adapters] == ["rest", "mcp"]


def test_a_control_adapter_alone_is_nothing_to_serve(tmp_path: Path) -> None:
    document = write_document(
        tmp_path, "ikanos: 1.0.0-beta5\ncapability: {exposes: [{type: control, port: 1}]}"
    )
    assert "nothing-exposed" in {each.code for each in lint(document)}


def test_a_document_with_only_a_guarded_control_adapter_is_served(tmp_path: Path) -> None:
    text = f"naftiko: 1.0.0-alpha2\ncapability:\n  exposes:\n  - type: control\n{GUARD}"
    with serving(written(tmp_path, text), settings=SET) as served:
        url = f"{served.origin('control')}/health/ready"
        assert httpx.get(url).status_code == 401
        health = httpx.get(url, headers={"Authorization": "Bearer c-1234567"}).json()
    assert [each["type"] for each in health["adapters"]] == ["control"]
