"""``--reload``: whatever a document consists of is watched."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

from support.process import READY, Process, launched
from support.upstream import PATIENCE
from support.versions import write_version

SHARED = """\
naftiko: 1.0.0-alpha2
capability:
  exposes:
  - {from: ./shared/parts.yaml, import: shared}
"""
PARTS = """\
naftiko: 1.0.0-alpha2
exposes:
- type: rest
  namespace: shared
  resources:
  - path: /version
    operations:
    - {method: GET, name: version, outputParameters: [{name: first, type: string, value: "VERSION"}]}
"""
SCRIPTED = """\
naftiko: 1.0.0-alpha2
capability:
  exposes:
  - type: rest
    namespace: scripted
    resources:
    - path: /version
      operations:
      - method: GET
        name: version
        steps: [{type: script, name: one, language: python, location: "file:///./scripts", file: one.py}]
        mappings: [{targetName: first, value: $.one}]
"""


@contextmanager
def watching(*arguments: str | Path) -> Iterator[Process]:
    """Serve documents on a free port, and watch them."""
    with launched(*arguments, "--reload", "--port", "rest=0") as process:
        process.wait_for_line(READY)
        yield process


def wait_for(process: Process, text: str, times: int = 1) -> str:
    """Wait until a text was logged so often, and return the last line with it."""
    process.wait_for(lambda _: sum(text in each for each in process.messages) >= times, text)
    return [each for each in process.messages if text in each][-1]


def version(process: Process, route: str = "/version") -> str:
    return str(httpx.get(process.url("rest") + route, timeout=PATIENCE).json()["first"])


@pytest.mark.parametrize(
    "workers",
    ["1", pytest.param("2", marks=pytest.mark.skipif(sys.platform == "win32", reason="no workers"))],
)
def test_an_edit_is_served(tmp_path: Path, workers: str) -> None:
    file = write_version(tmp_path / "versions.yaml", 0)
    with watching(file, "--workers", workers) as process:
        for number in (1, 2):
            write_version(file, number)
            assert wait_for(process, "reloaded in ", number).endswith(f"changed {file}")
            assert version(process) == str(number)


def test_a_file_that_it_imports_is_watched(tmp_path: Path) -> None:
    (tmp_path / "shared").mkdir()
    parts = tmp_path / "shared" / "parts.yaml"
    parts.write_text(PARTS.replace("VERSION", "old"))
    file = tmp_path / "main.yaml"
    file.write_text(SHARED)
    with watching(file) as process:
        assert version(process) == "old"
        parts.write_text(PARTS.replace("VERSION", "new"))
        assert wait_for(process, "reloaded in ").endswith(f"changed {parts}")
        assert version(process) == "new"


def test_a_script_is_watched(tmp_path: Path) -> None:
    (tmp_path / "scripts").mkdir()
    script = tmp_path / "scripts" / "one.py"
    script.write_text("result = 'old'")
    file = tmp_path / "main.yaml"
    file.write_text(SCRIPTED)
    with watching(file) as process:
        script.write_text("result = 'new'")
        assert wait_for(process, "reloaded in ").endswith(f"changed {script}")
        assert version(process) == "new"


def test_an_env_file_is_watched_from_when_it_appears(tmp_path: Path) -> None:
    file = write_version(tmp_path / "versions.yaml", 0)
    with watching(file) as process:
        (tmp_path / ".env").write_text("A=b\n")
        assert wait_for(process, "reloaded in ").endswith(f"changed {tmp_path / '.env'}")


def test_documents_come_and_go_in_a_folder(tmp_path: Path) -> None:
    file = write_version(tmp_path / "versions.yaml", 0)
    with watching(tmp_path) as process:
        below = tmp_path / "more"
        below.mkdir()
        other = below / "other.yaml"
        other.write_text(
            PARTS.replace("exposes:", "capability:\n exposes:")
            .replace("\n-", "\n -")
            .replace("\n  ", "\n   ")
            .replace("/version", "/other")
        )
        assert wait_for(process, "reloaded in ").endswith(f"added {other}")
        assert version(process, "/other") == "VERSION"
        other.unlink()
        assert wait_for(process, "was deleted").endswith("what was loaded from it is still served")
        assert version(process, "/other") == "VERSION"
        write_version(file, 1)
        line = wait_for(process, "reloaded in ", 2)
        assert f"changed {file}" in line
        assert f"removed {other}" in line
        assert version(process) == "1"


def test_a_bad_document_in_a_folder_does_not_keep_others_from_being_reloaded(tmp_path: Path) -> None:
    file = write_version(tmp_path / "versions.yaml", 0)
    with watching(tmp_path) as process:
        (tmp_path / "bad.yaml").write_text("capability: [")
        wait_for(process, "reloaded in ")
        assert "error[yaml-syntax]" in process.text
        write_version(file, 1)
        wait_for(process, "reloaded in ", 2)
        assert version(process) == "1"


def test_a_deleted_document_is_reported_and_served_until_it_is_back(tmp_path: Path) -> None:
    file = write_version(tmp_path / "versions.yaml", 0)
    with watching(file) as process:
        file.unlink()
        wait_for(process, f"{file} was deleted; what was loaded from it is still served")
        assert version(process) == "0"
        write_version(file, 1)
        wait_for(process, "reloaded in ")
        assert version(process) == "1"


def test_variables_that_are_lost_prevent_a_reload(tmp_path: Path) -> None:
    env = tmp_path / ".env"
    env.write_text("KEY=secret\n")
    file = tmp_path / "keyed.yaml"
    file.write_text(
        """\
naftiko: 1.0.0-alpha2
binds: [{namespace: env, keys: {KEY: KEY}}]
capability:
  consumes:
  - type: http
    namespace: up
    baseUri: https://upstream.example
    authentication: {type: bearer, token: '{{KEY}}'}
    resources: [{path: /, operations: [{name: get, method: GET}]}]
  exposes:
  - type: rest
    namespace: keyed
    resources: [{path: /, operations: [{method: GET, name: get, call: up.get}]}]
"""
    )
    with watching(file) as process:
        env.unlink()
        assert f"{file} needs KEY, which is not set" in wait_for(process, "not reloaded")
