"""Tunnels are not supported: nothing is ever called past one unless the document or the operator says so."""

from __future__ import annotations

from pathlib import Path

import httpx
import pytest

from naftiko_run import Settings, load
from support.mcp_client import call_tool, text_of
from support.server import serving
from support.upstream import Upstream

DOCUMENT = """
ikanos: 1.0.0-beta5
binds:
- {{namespace: vault, keys: {{IDENTITY: IDENTITY}}}}
capability:
  consumes:
  - type: http
    namespace: api
    baseUri: {url}
    tunnel: {tunnel}
    resources:
      things: {{path: /things, operations: {{list: {{method: GET}}}}}}
  exposes:
  - type: rest
    namespace: r
    resources:
      things: {{path: /things, operations: {{list: {{method: GET, call: api.list}}}}}}
      rest: {{path: "/all/{{path}}", forward: {{targetNamespace: api}}}}
  - type: mcp
    namespace: m
    tools:
      list: {{description: Lists, call: api.list}}
"""
ZITI = "{{type: ziti, service: s, identity: '{{{{vault.IDENTITY}}}}'{more}}}"
ENVIRONMENT = {"IDENTITY": "id-1"}
REASON = "which is not supported yet, so no requests are sent to it"


def document(folder: Path, upstream: Upstream, tunnel: str) -> Path:
    file = folder / "tunnel.yaml"
    file.write_text(DOCUMENT.format(url=upstream.url, tunnel=tunnel))
    return file


@pytest.mark.parametrize(
    "tunnel",
    [
        ZITI.format(more=""),
        ZITI.format(more=", fallback: fail"),
        ZITI.format(more=", fallback: perhaps"),
        "{type: wireguard}",
        "{}",
        "ziti",
    ],
)
def test_no_call_goes_past_a_tunnel(tmp_path: Path, upstream: Upstream, tunnel: str) -> None:
    file = document(tmp_path, upstream, tunnel)
    with serving(file, settings=Settings(environment=ENVIRONMENT)) as served:
        for path in ("/things", "/all/things"):
            answer = httpx.get(served.origin("rest") + path)
            assert answer.status_code == 501
            assert REASON in answer.json()["detail"]
        result = call_tool(served.url("mcp"), "list")
        assert result.is_error
        assert REASON in text_of(result)
        (found,) = [each for each in served.capabilities[0].diagnostics if each.code == "cannot-be-called"]
    assert file.read_text().splitlines()[found.line - 1].strip().startswith("tunnel:")
    assert upstream.received == []


def test_a_forward_alone_is_told_too(tmp_path: Path, upstream: Upstream) -> None:
    file = document(tmp_path, upstream, ZITI.format(more=""))
    file.write_text(file.read_text().replace(", operations: {list: {method: GET, call: api.list}}", ", forward: {targetNamespace: api}").replace("call: api.list", "outputParameters: {a: {type: string, value: x}}"))  # fmt: skip
    codes = [each.code for each in load(file, Settings(environment=ENVIRONMENT)).diagnostics]
    assert codes == ["cannot-be-called"]


def test_the_document_may_say_to_call_directly_which_is_told(tmp_path: Path, upstream: Upstream) -> None:
    file = document(tmp_path, upstream, ZITI.format(more=", fallback: direct"))
    with serving(file, settings=Settings(environment=ENVIRONMENT)) as served:
        assert httpx.get(served.origin("rest") + "/things").status_code == 200
        (found,) = served.capabilities[0].diagnostics
    assert found.code == "tunnel-not-opened"
    assert "`api` is called directly" in found.message
    assert upstream.only.target == "/things"


def test_another_address_and_the_sandbox_need_no_tunnel(tmp_path: Path, upstream: Upstream) -> None:
    file = document(tmp_path, upstream, ZITI.format(more=""))
    for settings in (Settings({"api": upstream.url}, environment=ENVIRONMENT), Settings(sandbox=True)):
        with serving(file, settings=settings) as served:
            assert httpx.get(served.origin("rest") + "/things").status_code == 200
            assert not served.capabilities[0].diagnostics
    assert upstream.only.target == "/things"
