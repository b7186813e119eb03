"""Locations are read once for each load, all at the same time, and nobody waits long for one that hangs."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from time import monotonic

import httpx
import pytest

from bindings.reading import bindings
from naftiko_run import Settings, load, plugins
from naftiko_run.capability import Capability
from support.documents import small, written
from support.plugins import install, installed_from_the_documentation
from support.process import started
from support.upstream import PATIENCE, Upstream
from support.vault import running_vault

DOCUMENT = """\
naftiko: 1.0.0-alpha2
info: {label: Bound}
binds:
- namespace: first
  location: FIRST
  keys: {TOKEN: api-key, BOTH: api-key}
capability:
  binds:
  - {namespace: again, location: FIRST, keys: {REGION: region}}
  - {namespace: second, location: SECOND, keys: {BOTH: both}}
  consumes:
  - type: http
    namespace: api
    baseUri: http://127.0.0.1:1/{{REGION}}
    authentication: {type: bearer, token: '{{TOKEN}}'}
    resources:
    - path: /things
      operations:
      - name: get
        method: GET
        inputParameters:
        - {name: later, in: query, value: '{{BOTH}}'}
        - {name: first, in: query, value: '{{first.BOTH}}'}
        - {name: second, in: query, value: '{{second.BOTH}}'}
  exposes:
  - {type: mcp, namespace: tools, tools: [{name: get, call: api.get}]}
"""


def loaded(folder: Path, first: str, second: str, settings: Settings) -> Capability:
    text = DOCUMENT.replace("FIRST", first).replace("SECOND", second)
    return load(written(folder, text), settings)


def url_of(capability: Capability) -> str:
    """Give the URL that the document's one tool calls."""
    (operation,) = capability.function("tools.get").operations
    return operation.plan.fill({}).url


def test_root_and_capability_binds_are_read_once_for_each_load_and_a_later_one_wins(tmp_path: Path) -> None:
    (tmp_path / "second.yaml").write_text("both: 2")
    with running_vault() as vault:
        settings = Settings(environment={"VAULT_ADDR": vault.url, "VAULT_TOKEN": "s.root-token"})
        vault.secrets = {"secret/app": {"api-key": "old", "region": "eu"}}
        capability = loaded(tmp_path, "vault://secret/app", "./second.yaml", settings)
        assert vault.asked.count("GET /v1/secret/data/app") == 1
        assert url_of(capability) == "http://127.0.0.1:1/eu/things?later=2&first=old&second=2"
        vault.secrets = {"secret/app": {"api-key": "new", "region": "us"}}
        (tmp_path / "second.yaml").write_text("both: 3")
        assert "first=old" in url_of(capability)
        reloaded = loaded(tmp_path, "vault://secret/app", "./second.yaml", settings)
    assert url_of(reloaded) == "http://127.0.0.1:1/us/things?later=3&first=new&second=3"
    assert not reloaded.missing()
    assert not reloaded.diagnostics


def test_stores_that_hang_hold_a_load_up_only_for_the_time_limit(tmp_path: Path, upstream: Upstream) -> None:
    os.mkfifo(tmp_path / "pipe")
    environment = {"VAULT_ADDR": upstream.url, "VAULT_TOKEN": "hunter2"}
    began = monotonic()
    with upstream.held():
        capability = loaded(
            tmp_path, "vault://secret/app", "pipe", Settings(environment=environment, provider_timeout=1)
        )
    assert monotonic() - began < PATIENCE / 2
    reasons = {variable.location: variable.reason for variable in capability.missing()}
    assert reasons["pipe"] == "there was no response within 1 seconds"
    assert reasons["vault://secret/app"] in (f"{upstream.url} did not respond in time", reasons["pipe"])
    (tmp_path / "pipe").open("w").close()


@pytest.mark.parametrize(
    ("code", "reason"),
    [
        ("raise KeyError('hunter2')", "its provider failed (KeyError)"),
        ("return None", "its provider failed (AttributeError)"),
        ("return Reading({'other': 'hunter2'}, 'the safe')", "the safe has no value under that key"),
        ("raise LocationUnreadable('the safe is shut')", "the safe is shut"),
    ],
)
def test_a_plugin_that_breaks_stops_nothing_and_shows_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, code: str, reason: str
) -> None:
    module = (
        "from naftiko_run import LocationUnreadable\nfrom naftiko_run.bindings import Reading\n"
        f"class Safe:\n    def read(self, location, keys, settings):\n        {code}\n"
    )
    install(tmp_path, "naftiko_safe", module, "[naftiko_run.providers]\nsafe = naftiko_safe:Safe\n")
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.delitem(sys.modules, "naftiko_safe", raising=False)
    plugins.find.cache_clear()
    bound = bindings("safe://user:hunter2@there", tmp_path, {}, "key").find("KEY")
    assert bound is not None
    assert bound.variable.reason == reason
    assert bound.variable.location == "safe://there"
    assert bound.value is None


def test_a_store_that_nothing_reads_is_told_and_the_environment_is_read(tmp_path: Path) -> None:
    environment = {"api-key": "k", "region": "eu", "both": "b"}
    capability = loaded(tmp_path, "valt://secret/app", "gcp://x", Settings(environment=environment))
    assert url_of(capability) == "http://127.0.0.1:1/eu/things?later=b&first=k&second=b"
    found = [(each.line, each.message, each.hint) for each in capability.diagnostics]
    installed = "installed: file, k8s, k8s-secret, vault"
    told = "the environment variables of these keys are read instead"
    valt = f"nothing installed reads `valt` locations ({installed}); {told}"
    assert found == [
        (5, valt, "did you mean `vault://`?"),
        (9, valt, "did you mean `vault://`?"),
        (10, f"nothing installed reads `gcp` locations ({installed}); {told}", ""),
    ]


def test_a_sandbox_reads_no_store(tmp_path: Path, upstream: Upstream) -> None:
    settings = Settings(sandbox=True, environment={"VAULT_ADDR": upstream.url, "VAULT_TOKEN": "t"})
    capability = loaded(tmp_path, "vault://secret/app", "none.yaml", settings)
    assert not capability.missing()
    assert url_of(capability) == "http://127.0.0.1:1/***/things?later=***&first=***&second=***"
    assert not upstream.received


def test_the_documented_provider_reads_a_document(tmp_path: Path, upstream: Upstream) -> None:
    binds = installed_from_the_documentation("A store of secrets", tmp_path)
    document = written(
        tmp_path, small("one", variable="ONE_TOKEN").replace("env.ONE_TOKEN", "SHOP_TOKEN") + binds
    )
    environment = {"PYTHONPATH": str(tmp_path), "KEYRING": str(tmp_path)}
    base_uri = ("--base-uri", f"one={upstream.url}")
    with started(document, *base_uri, environment=environment) as process:
        told = f"set `token` in keyring://shop (there is no keyring {tmp_path}/shop)"
        assert f"missing SHOP_TOKEN  needed by one.get; {told}" in process.lines
    (tmp_path / "shop").write_text("token=hunter2\n")
    with started(document, *base_uri, environment=environment) as process:
        assert "missing" not in process.text
        assert httpx.get(f"{process.url('rest')}/things").status_code == 200
    assert upstream.only.header("authorization") == "Bearer hunter2"
