"""What MCP clients are told of how to get a token (RFC 9728), and that it is enough for the official one."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import httpx
import httpx2
import mcp_types as types
import pytest
from mcp.client.auth import TokenStorage
from mcp.client.auth.extensions.client_credentials import ClientCredentialsOAuthProvider
from mcp.client.client import Client
from mcp.client.streamable_http import streamable_http_client
from mcp.shared.auth import OAuthClientInformationFull, OAuthToken

from naftiko_run import Settings
from naftiko_run.serve import Addressing
from support.authorization import AuthorizationServer, authorization_server
from support.documents import small, written
from support.guarded import INITIALIZE, bearing, get, post
from support.mcp_client import ERAS, run_async
from support.ports import free_ports
from support.server import Served, serving
from support.upstream import Upstream
from support.wire import problem

pytestmark = pytest.mark.usefixtures("upstream")  # what it answers is not what another test left

WELL_KNOWN = "/.well-known/oauth-protected-resource"


class Memory(TokenStorage):
    """Keeps a client's tokens."""

    def __init__(self) -> None:
        self.tokens: OAuthToken | None = None

    async def get_tokens(self) -> OAuthToken | None:
        return self.tokens

    async def set_tokens(self, tokens: OAuthToken) -> None:
        self.tokens = tokens

    async def get_client_info(self) -> OAuthClientInformationFull | None:
        return None

    async def set_client_info(self, client_info: OAuthClientInformationFull) -> None:
        raise AssertionError(client_info)


def block(issuer: str, resource: str) -> str:
    return (
        f"authentication: {{type: oauth2, authorizationServerUri: '{issuer}', resource: '{resource}', "
        "scopes: [read]}"
    )


@pytest.fixture(scope="module")
def server() -> Iterator[AuthorizationServer]:
    with authorization_server() as server:
        yield server


@pytest.fixture(scope="module")
def port() -> int:
    return free_ports(1)[0]


@pytest.fixture(scope="module")
def served(
    server: AuthorizationServer,
    shared_upstream: Upstream,
    tmp_path_factory: pytest.TempPathFactory,
    port: int,
) -> Iterator[Served]:
    text = small("shop", mcp=block(server.issuer, f"http://127.0.0.1:{port}/mcp"))
    addressing = Addressing("", {"rest": 0, "mcp": port})
    document = written(tmp_path_factory.mktemp("metadata"), text)
    with serving(
        document, settings=Settings({"shop": shared_upstream.url}, environment={}), addressing=addressing
    ) as served:
        yield served


@pytest.mark.parametrize("mode", ERAS)
def test_the_official_client_finds_its_way_to_a_token(
    served: Served, server: AuthorizationServer, upstream: Upstream, mode: str
) -> None:
    url = served.url("mcp")
    provider = ClientCredentialsOAuthProvider(url, Memory(), "shop-client", "s3cret", issuer=server.issuer)

    async def use() -> types.CallToolResult:
        async with (
            httpx2.AsyncClient(auth=provider) as http,
            Client(streamable_http_client(url, http_client=http), mode=mode) as client,
        ):
            return await client.call_tool("shop-tool")

    assert run_async(use).structured_content == {"ok": True}
    assert not upstream.only.header("authorization")


@pytest.mark.parametrize("path", ["/shop-mcp/mcp", "/mcp", "", "/"])
def test_the_metadata_is_open_wherever_clients_look(
    served: Served, server: AuthorizationServer, port: int, path: str
) -> None:
    answer = get(f"{served.origin('mcp')}{WELL_KNOWN}{path}")
    assert answer.json() == {
        "resource": f"http://127.0.0.1:{port}/mcp",
        "authorization_servers": [server.issuer],
        "bearer_methods_supported": ["header"],
        "scopes_supported": ["read"],
    }
    assert answer.headers["content-type"] == "application/json"


def test_a_refusal_says_where_the_metadata_is(served: Served, server: AuthorizationServer, port: int) -> None:
    where = f'resource_metadata="http://127.0.0.1:{port}{WELL_KNOWN}/mcp"'
    asked = post(served.url("mcp"), json=INITIALIZE)
    assert asked.status_code == 401
    assert asked.headers["www-authenticate"] == f'Bearer realm="shop-mcp", scope="read", {where}'
    for token, status in (
        ("nonsense", 401),
        (server.token(aud=f"http://127.0.0.1:{port}/mcp", scope=""), 403),
    ):
        headers = bearing(token)
        answer = post(served.url("mcp"), json=INITIALIZE, headers=headers)
        assert answer.status_code == status
        assert answer.headers["www-authenticate"].endswith(where)


@pytest.mark.parametrize("path", ["/mcp", "/", "/shop-mcp/mcp"])
@pytest.mark.parametrize("method", ["GET", "POST", "DELETE", "OPTIONS", "HEAD"])
def test_every_path_and_method_of_the_server_is_guarded(served: Served, path: str, method: str) -> None:
    assert httpx.request(method, f"{served.origin('mcp')}{path}").status_code == 401


def test_each_of_two_servers_on_one_port_has_its_own_metadata(
    server: AuthorizationServer, upstream: Upstream, tmp_path: Path
) -> None:
    port = free_ports(1)[0]
    documents = [
        written(tmp_path, small(name, mcp=block(server.issuer, f"https://{name}.example/x")), f"{name}.yaml")
        for name in ("cars", "bikes")
    ]
    settings = Settings({"cars": upstream.url, "bikes": upstream.url}, environment={})
    addressing = Addressing("", {"cars-rest": 0, "bikes-rest": 0, "mcp": port})
    documents[1].write_text(documents[1].read_text().replace("path: /things", "path: /others"))
    hosts = ("cars.example", "bikes.example")
    with serving(*documents, settings=settings, addressing=addressing, allowed_hosts=hosts) as served:
        (origin,) = served.origins("mcp")
        for name in ("cars", "bikes"):
            told = get(f"{origin}{WELL_KNOWN}/{name}-mcp/mcp").json()
            assert told["resource"] == f"https://{name}.example/x"
            where = f'resource_metadata="https://{name}.example{WELL_KNOWN}/x"'
            assert where in post(f"{origin}/{name}-mcp/mcp").headers["www-authenticate"]
            at_host = get(f"{origin}{WELL_KNOWN}/x", headers={"Host": f"{name}.example"}).json()
            assert at_host["resource"] == f"https://{name}.example/x"
        problem(get(f"{origin}{WELL_KNOWN}"), 401)
        problem(get(f"{origin}{WELL_KNOWN}/x"), 401)
