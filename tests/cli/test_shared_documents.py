"""Files that only have parts or values for other documents: valid, and nothing to serve."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from support.commands import ended
from support.process import run, started

REGISTRY = """\
naftiko: 1.0.0-alpha2
consumes:
- type: http
  namespace: registry
  description: Ships
  baseUri: https://registry.test
  authentication: {type: bearer, token: '{{TOKEN}}'}
  resources: [{path: /ships, operations: [{name: list, method: GET}]}]
"""
BINDS = """\
ikanos: 1.0.0-beta5
binds: [{namespace: env, keys: {TOKEN: TOKEN}}]
"""
SECRETS = "registry-token: s3cr3t\nport: 8080\n"
FLEET = """\
naftiko: 1.0.0-alpha2
info: {label: Fleet}
binds: [{namespace: secrets, location: 'file:///./shared/secrets.yaml', keys: {TOKEN: registry-token}}]
capability:
  consumes: [{location: ./shared/registry.yaml, import: registry}]
  exposes:
  - {type: mcp, namespace: tools, tools: [{name: list, description: Lists, call: registry.list}]}
  - {type: rest, namespace: routes, resources: [{path: /ships, operations: [{method: GET, call: registry.list}]}]}
  - {type: skill, namespace: skills, skills: [{name: ships, description: Lists ships, tools: [{name: list, from: {sourceNamespace: tools, action: list}}]}]}
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "shared").mkdir()
    for name, text in (("registry", REGISTRY), ("binds", BINDS), ("secrets", SECRETS)):
        (tmp_path / "shared" / f"{name}.yaml").write_text(text, encoding="utf-8")
    (tmp_path / "fleet.yaml").write_text(FLEET, encoding="utf-8")
    return tmp_path


@pytest.mark.parametrize(
    ("name", "what"),
    [("registry", "`consumes`"), ("binds", "`binds`"), ("secrets", "values")],
)
def test_each_is_valid_with_a_note(folder: Path, name: str, what: str) -> None:
    done = ended("naftiko", "validate", str(folder / "shared" / f"{name}.yaml"))
    assert done.returncode == 0
    assert f"info[shared-document] nothing to serve: the file only defines {what}" in done.stdout
    assert "s3cr3t" not in done.stdout


def test_a_folder_with_them_passes_and_serves_under_strict(folder: Path) -> None:
    assert ended("naftiko", "validate", str(folder), "--fail-on", "warning").returncode == 0
    with started(folder, "--strict") as process:
        assert "tool list -> registry.list  GET https://registry.test/ships" in process.lines
        assert "shared-document" not in process.text


def test_alone_each_says_what_it_is_and_is_not_served(folder: Path) -> None:
    for name in ("registry", "binds", "secrets"):
        done = run(folder / "shared" / f"{name}.yaml")
        assert done.returncode == 65
        assert "nothing to serve: " in done.stderr
        assert "serve a document that uses it" in done.stderr


def test_what_is_wrong_in_one_is_still_told(folder: Path) -> None:
    broken = folder / "shared" / "registry.yaml"
    broken.write_text(REGISTRY.replace("method: GET", "method: FETCH"), encoding="utf-8")
    done = ended("naftiko", "validate", str(broken))
    assert re.search(r"registry\.yaml:8:\d+: warning\[unknown-method\]", done.stdout)


@pytest.mark.parametrize(
    "text", ["name: x\npersona: y\n", "not: a capability\n", "naftiko: 1.0.0-alpha2\ninfo: {label: x}\n"]
)
def test_what_is_something_else_is_an_error_as_ever(folder: Path, text: str) -> None:
    (folder / "other.yaml").write_text(text, encoding="utf-8")
    assert ended("naftiko", "validate", str(folder / "other.yaml")).returncode == 1
    assert run(folder, "--strict").returncode == 65


def test_lists_and_settings_pass_over_them(folder: Path) -> None:
    listed = ended("naftiko", "list", str(folder))
    assert listed.returncode == 0
    assert "registry.list" in listed.stdout
    assert ended("naftiko", "mcp-config", str(folder), "--client", "cursor").returncode == 0
