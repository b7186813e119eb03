import os
import shutil
import subprocess
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from naftiko_run import Settings
from naftiko_run.serve import Addressing
from support.authlib_server import authlib_server
from support.documents import small, written
from support.ports import free_ports
from support.process import COMMAND, ROOT, started
from support.server import serving
from support.upstream import running_upstream

CLIENTS = Path(__file__).parent / "typescript"


def ran(*command: str, **environment: str) -> subprocess.CompletedProcess[str]:
    program = shutil.which(command[0])
    assert program, f"{command[0]} is not installed"
    return subprocess.run(
        [program, *command[1:]],
        cwd=CLIENTS,
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        check=False,
    )


def passes(file: str, **environment: str) -> None:
    """Run the tests of a file."""
    tested = ran("node", "--test", "--test-reporter=spec", file, **environment)
    assert tested.returncode == 0, tested.stdout + tested.stderr


@pytest.fixture(scope="module", autouse=True)
def installed() -> None:
    """Install the clients."""
    done = ran("npm", "install", "--no-save")
    assert done.returncode == 0, done.stderr


@pytest.mark.timeout(300)
def test_the_official_typescript_clients_of_both_eras_are_served() -> None:
    with started(ROOT / "capabilities/pipelines-track.yaml", "--sandbox") as command:
        url = urlsplit(command.url("mcp"))
        passes("clients.test.js", MCP_ORIGIN=f"{url.scheme}://{url.netloc}")


@pytest.mark.timeout(300)
def test_they_are_served_everything_over_http_and_stdio() -> None:
    passes(
        "everything.test.js",
        NAFTIKO_RUN=str(COMMAND),
        CONFORMANCE=str(ROOT / "capabilities/mcp-conformance.yaml"),
    )


@pytest.mark.timeout(300)
def test_their_oauth_flow_leads_to_a_token_that_no_upstream_sees(tmp_path: Path) -> None:
    (port,) = free_ports(1)
    url = f"http://127.0.0.1:{port}/mcp"
    with authlib_server() as server, running_upstream() as upstream:
        line = (
            f"authentication: {{type: oauth2, authorizationServerUri: '{server.issuer}', "
            f"resource: '{url}', scopes: [read, write]}}"
        )
        document = written(tmp_path, small("shop", mcp=line))
        settings = Settings({"shop": upstream.url}, environment={})
        with serving(document, settings=settings, addressing=Addressing("", {"mcp": port, "rest": 0})):
            passes("oauth.test.js", OAUTH_URL=url)
        assert upstream.received
        for request in upstream.received:
            everything = f"{request.target}{request.headers}{request.body.decode()}"
            assert not [token for token in server.given if token in everything]
            assert not request.header("authorization")
