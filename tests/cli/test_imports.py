"""``naftiko`` and ``naftiko-run`` over documents that import."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest

from support.commands import ended

FLEET = """\
naftiko: 1.0.0-alpha2
info: {label: Fleet, description: Ships, tags: [Fleet]}
capability:
  consumes:
  - {location: ./shared/registry.yaml, import: registry}
  exposes:
  - type: mcp
    namespace: fleet
    port: 9090
    description: The fleet
    tools:
    - {name: list, description: List the ships, call: registry.list}
"""
REGISTRY = """\
naftiko: 1.0.0-alpha2
consumes:
- type: http
  namespace: registry
  description: The registry of ships
  baseUri: https://registry.test
  authentication: {type: bearer, token: s3cr3t-of-the-fleet}
  resources:
  - path: /ships
    name: ships
    operations:
    - {name: list, method: GET}
"""


@pytest.fixture
def fleet(tmp_path: Path) -> Path:
    """A folder with ``fleet.yaml`` and what it imports."""
    (tmp_path / "shared").mkdir()
    (tmp_path / "fleet.yaml").write_text(FLEET, encoding="utf-8")
    (tmp_path / "shared" / "registry.yaml").write_text(REGISTRY, encoding="utf-8")
    return tmp_path


def naftiko(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return ended("naftiko", *arguments, environment={"COLUMNS": "200"}, cwd=folder)


@pytest.mark.parametrize("level", ["runnable", "recommended", "strict"])
def test_a_document_is_judged_as_its_author_wrote_it(fleet: Path, level: str) -> None:
    done = naftiko(fleet, "validate", "fleet.yaml", "--level", level)
    assert (done.returncode, done.stdout) == (0, "")


def test_what_is_wrong_in_an_imported_file_is_shown_with_its_line(fleet: Path) -> None:
    shared = fleet / "shared" / "registry.yaml"
    shared.write_text(REGISTRY.replace("method: GET", "method: FETCH"), encoding="utf-8")
    done = naftiko(fleet, "validate", "fleet.yaml")
    assert done.stdout == (
        "shared/registry.yaml:12:28: warning[unknown-method] `FETCH` is not a method; GET is used\n"
        "    12 |     - {name: list, method: FETCH}\n"
        "       |                            ^\n"
        "  hint: write one of GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS\n"
    )


def test_a_credential_of_an_imported_file_is_not_shown(fleet: Path) -> None:
    shared = fleet / "shared" / "registry.yaml"
    shared.write_text(REGISTRY.replace("type: bearer", "type: s3cr3t-of-the-fleet"), encoding="utf-8")
    done = naftiko(fleet, "validate", "fleet.yaml")
    assert (
        "shared/registry.yaml:7:3: warning[cannot-be-called] calls will fail: `registry` authenticates with `***`"
        in (done.stdout)
    )
    shared.write_text(REGISTRY.replace("type: bearer,", "type: bearer, {"), encoding="utf-8")
    done = naftiko(fleet, "validate", "fleet.yaml")
    assert "shared/registry.yaml:7:34: error[structured-key]" in done.stdout
    assert "s3cr3t" not in done.stdout


def test_list_tells_what_is_imported(fleet: Path) -> None:
    (told,) = json.loads(naftiko(fleet, "list", "fleet.yaml", "--json").stdout)
    assert [(each["namespace"], each["baseUri"]) for each in told["consumes"]] == [
        ("registry", "https://registry.test")
    ]


def test_run_refuses_a_document_whose_only_import_is_missing(fleet: Path) -> None:
    (fleet / "shared" / "registry.yaml").unlink()
    done = ended("naftiko-run", "fleet.yaml", environment={"COLUMNS": "200"}, cwd=fleet)
    assert done.returncode == 65
    assert (
        "fleet.yaml:5:16: error[import-not-found] `registry` cannot be imported: there is no file "
        "`./shared/registry.yaml`; tried shared/registry.yaml\n"
    ) in done.stderr
