"""``.env`` files: beside the document, in the working directory, or named; the process environment wins."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import httpx
import pytest

from naftiko_run import Settings
from support.commands import ended
from support.documents import small, written
from support.process import run, started
from support.server import serving
from support.upstream import Upstream


def credential(
    folder: Path,
    upstream: Upstream,
    environment: Mapping[str, str] | None = None,
    files: Sequence[Path] | None = None,
) -> str:
    """Give what a served document sends as its bearer token; empty where the call is refused."""
    document = written(folder, small("one", variable="ONE_TOKEN"))
    settings = Settings({"one": upstream.url}, environment=environment or {}, env_files=files)
    with serving(document, settings=settings) as served:
        upstream.reset()
        status = httpx.get(f"{served.url('rest')}/things").status_code
    assert status == (200 if upstream.received else 503)
    return upstream.only.header("authorization").removeprefix("Bearer ") if upstream.received else ""


def test_the_process_wins_over_the_documents_folder_and_that_over_the_working_directory(
    tmp_path: Path, upstream: Upstream, monkeypatch: pytest.MonkeyPatch
) -> None:
    here, folder = tmp_path / "here", tmp_path / "documents"
    here.mkdir()
    folder.mkdir()
    monkeypatch.chdir(here)
    assert credential(folder, upstream) == ""
    (here / ".env").write_text("ONE_TOKEN=here")
    assert credential(folder, upstream) == "here"
    (folder / ".env").write_text("ONE_TOKEN=beside")
    assert credential(folder, upstream) == "beside"
    assert credential(folder, upstream, {"ONE_TOKEN": "process"}) == "process"


def test_named_files_replace_the_usual_ones_and_the_last_wins(tmp_path: Path, upstream: Upstream) -> None:
    (tmp_path / ".env").write_text("ONE_TOKEN=usual")
    (tmp_path / "a.env").write_text("ONE_TOKEN=a")
    (tmp_path / "b.env").write_text("ONE_TOKEN=b")
    assert credential(tmp_path, upstream, files=[tmp_path / "a.env", tmp_path / "b.env"]) == "b"
    assert credential(tmp_path, upstream, files=[]) == ""


def test_a_folder_named_so_is_no_file_of_variables(tmp_path: Path, upstream: Upstream) -> None:
    (tmp_path / ".env").mkdir()
    assert credential(tmp_path, upstream, {"ONE_TOKEN": "t"}) == "t"


def test_a_file_that_cannot_be_read_is_told_and_stops_nothing(tmp_path: Path) -> None:
    (tmp_path / ".env").write_bytes(b"ONE_TOKEN=\xff")
    with started(written(tmp_path, small("one", variable="ONE_TOKEN"))) as process:
        assert "missing ONE_TOKEN  needed by one.get" in process.lines
        assert (
            f"unreadable-env-file] {tmp_path}/.env is not text in UTF-8; its variables are missing"
            in process.text
        )


def test_the_option(tmp_path: Path, upstream: Upstream) -> None:
    file = tmp_path / "prod.env"
    file.write_text("ONE_TOKEN=hunter2 # why")
    document = written(tmp_path, small("one", variable="ONE_TOKEN"))
    with started(document, "--env-file", file, "--base-uri", f"one={upstream.url}") as process:
        assert "missing" not in process.text
        assert httpx.get(f"{process.url('rest')}/things").status_code == 200
        assert upstream.only.header("authorization") == "Bearer hunter2"
    told = ended("naftiko", "list", document, "--env-file", file)
    assert told.returncode == 0
    assert "missing" not in told.stdout


def test_a_named_file_that_is_not_there_is_wrong_usage(tmp_path: Path) -> None:
    done = run(written(tmp_path, small("one")), "--env-file", tmp_path / "none.env")
    assert done.returncode == 2
    assert "--env-file" in done.stderr
    assert "does not exist" in done.stderr
