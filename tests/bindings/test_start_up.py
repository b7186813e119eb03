"""Values from stores in a running server: used, or told as missing with where they were looked for."""

from __future__ import annotations

import json
from pathlib import Path

import httpx
import pytest

from support.commands import ended
from support.documents import written
from support.mcp_client import call_tool, text_of
from support.process import run, started
from support.upstream import Upstream
from support.wire import problem

DOCUMENT = """\
naftiko: 1.0.0-alpha2
info: {label: Stored}
binds:
- namespace: store
  location: file:///./secrets.yaml
  keys: {API_TOKEN: api-token, HOST: host}
- namespace: vault
  location: vault://secret/app
  keys: {API_KEY: api-key}
capability:
  consumes:
  - type: http
    namespace: api
    baseUri: UPSTREAM
    authentication: {type: bearer, token: '{{store.API_TOKEN}}'}
    resources:
    - path: /things
      operations:
      - {name: get, method: GET}
      - {name: add, method: POST, inputParameters: [{name: X-Key, in: header, value: '{{API_KEY}}'}]}
  exposes:
  - type: rest
    namespace: rest-api
    address: '{{HOST}}'
    resources:
    - path: /things
      operations:
      - {method: GET, name: get, call: api.get}
      - {method: POST, name: add, call: api.add}
  - type: mcp
    namespace: tools
    tools:
    - {name: add, call: api.add}
"""


@pytest.fixture
def document(tmp_path: Path, upstream: Upstream) -> Path:
    """A document whose values are in a file and in Vault."""
    return written(tmp_path, DOCUMENT.replace("UPSTREAM", upstream.url), "stored.yaml")


def test_values_of_a_file_reach_the_upstream_and_the_address(document: Path, upstream: Upstream) -> None:
    (document.parent / "secrets.yaml").write_text("api-token: hunter2\nhost: 127.0.0.2\n")
    with started(document) as process:
        assert process.url("rest").startswith("http://127.0.0.2:")
        assert httpx.get(f"{process.url('rest')}/things").status_code == 200
        assert upstream.only.header("authorization") == "Bearer hunter2"
        assert "hunter2" not in process.text


def test_what_is_missing_is_told_with_where_it_was_looked_for(document: Path, upstream: Upstream) -> None:
    secrets = document.parent / "secrets.yaml"
    secrets.write_text("api-token: hunter2\n")
    with started(document) as process:
        no_value = f"{secrets} has no value under that key"
        assert [line for line in process.lines if line.startswith("missing")] == [
            "missing API_KEY  needed by api.add; set `api-key` in vault://secret/app (VAULT_ADDR is not set)",
            f"missing HOST  needed by the address of rest-api; set `host` in file:///./secrets.yaml ({no_value})",
        ]
        assert process.url("rest").startswith("http://127.0.0.1:")
        refused = problem(httpx.post(f"{process.url('rest')}/things", json={}), 503)
        assert refused["detail"] == "api.add needs API_KEY, which is not set"
        assert refused["hint"] == "set `api-key` in vault://secret/app and restart the server"
        assert refused["missing"] == ["API_KEY"]
        failed = call_tool(process.url("mcp"), "add", {"body": {}})
        assert failed.is_error
        assert "api.add needs API_KEY, which is not set" in text_of(failed)
        assert not upstream.received
        assert httpx.get(f"{process.url('rest')}/things").status_code == 200
        assert "hunter2" not in process.text + str(refused) + text_of(failed)


def test_strict_does_not_start_and_says_what_to_do(document: Path) -> None:
    done = run(
        document, "--strict", environment={"VAULT_ADDR": "http://127.0.0.1:1", "VAULT_TOKEN": "hunter2"}
    )
    assert done.returncode == 78
    lines = done.stderr.splitlines()
    assert lines[0] == (
        "missing API_KEY  needed by api.add; set `api-key` in vault://secret/app "
        "(http://127.0.0.1:1 cannot be reached: no connection)"
    )
    tried = dict.fromkeys(str(folder / "secrets.yaml") for folder in (document.parent, Path.cwd()))
    reason = f"there is neither {' nor '.join(tried)}"
    assert lines[1] == (
        f"missing API_TOKEN  needed by api.get, api.add; set `api-token` in file:///./secrets.yaml ({reason})"
    )
    assert "--strict: not started" in done.stderr
    assert "hunter2" not in done.stderr
    assert "Traceback" not in done.stderr


def test_the_sandbox_needs_no_store_and_listens_on_this_machine(document: Path, upstream: Upstream) -> None:
    with started(document, "--sandbox", "--strict") as process:
        assert "missing" not in process.text
        assert process.url("rest").startswith("http://127.0.0.1:")
        answer = httpx.get(f"{process.url('rest')}/things").json()
        assert answer["sandbox"]["wouldSend"]["headers"]["Authorization"] == "Bearer ***"
    assert not upstream.received


def listed(document: Path, *options: str) -> str:
    done = ended("naftiko", "list", document, *options)
    assert done.returncode == 0
    return done.stdout


def test_the_list_says_the_same(document: Path) -> None:
    line = "missing API_KEY  needed by api.add; set `api-key` in vault://secret/app (VAULT_ADDR is not set)"
    assert line in listed(document).splitlines()
    (whole,) = json.loads(listed(document, "--json"))
    assert whole["missing"][0] == {
        "variable": "API_KEY",
        "remedy": "set `api-key` in vault://secret/app",
        "reason": "VAULT_ADDR is not set",
        "neededBy": ["api.add"],
    }
