"""Releasing: what `make release` refuses, and what it writes."""

from __future__ import annotations

import subprocess
import tarfile
import zipfile
from pathlib import Path

import pytest
from scripts import release
from scripts.release import ReleaseError, release_changes, set_version

from support.process import ROOT

CHANGELOG = """\
# Changelog

## [Unreleased]

### Added

- Something new.

## [0.1.0] - 2026-11-01

- The first version.
"""
VERSION = '"""The version."""\n\nfrom typing import Final\n\n__version__: Final = "0.1.0"\n'
PYPROJECT = """\
[build-system]
requires = ["hatchling"]
build-backend = "hatchling.build"
[project]
name = "naftiko-run"
requires-python = ">=3.11"
dynamic = ["version"]
[tool.hatch.version]
path = "src/naftiko_run/version.py"
pattern = '__version__: Final = "(?P<version>[^"]+)"'
[tool.hatch.build.targets.wheel]
packages = ["src/naftiko_run"]
"""


def git(folder: Path, *arguments: str) -> str:
    identity = ["-c", "user.name=Somebody", "-c", "user.email=somebody@example.com"]
    ended = subprocess.run(
        ["git", *identity, *arguments], cwd=folder, check=True, capture_output=True, text=True
    )
    return ended.stdout.strip()


@pytest.fixture
def clone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A repository of a package with one version and unreleased changes, all committed."""
    for role in ("AUTHOR", "COMMITTER"):
        monkeypatch.setenv(f"GIT_{role}_NAME", "Somebody")
        monkeypatch.setenv(f"GIT_{role}_EMAIL", "somebody@example.com")
    folder = tmp_path / "clone"
    package = folder / "src" / "naftiko_run"
    package.mkdir(parents=True)
    (package / "__init__.py").touch()
    (package / "version.py").write_text(VERSION)
    (folder / "CHANGELOG.md").write_text(CHANGELOG)
    (folder / "pyproject.toml").write_text(PYPROJECT)
    (folder / ".gitignore").write_text("dist/\n")
    git(folder, "init", "--quiet")
    git(folder, "add", ".")
    git(folder, "commit", "--quiet", "--message", "Begin")
    return folder


@pytest.fixture
def without_checks(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Run only hatchling: the checking tools are installed for a release alone. Return what else would run."""
    asked: list[str] = []
    run = release._run

    def only_hatchling(folder: Path, module: str, *arguments: str) -> None:
        if module == "hatchling":
            run(folder, module, *arguments)
        else:
            asked.append(module)

    monkeypatch.setattr(release, "_run", only_hatchling)
    return asked


def test_a_release_is_built_committed_and_tagged(clone: Path, without_checks: list[str]) -> None:
    assert release.main(["0.2.0"], clone) == 0
    assert git(clone, "describe") == "v0.2.0"
    assert git(clone, "log", "-1", "--format=%s") == "Release 0.2.0"
    assert git(clone, "status", "--porcelain") == ""
    assert '__version__: Final = "0.2.0"' in (clone / "src/naftiko_run/version.py").read_text()
    assert without_checks == ["twine", "check_wheel_contents"]
    with zipfile.ZipFile(clone / "dist/naftiko_run-0.2.0-py3-none-any.whl") as wheel:
        assert b'"0.2.0"' in wheel.read("naftiko_run/version.py")
    with tarfile.open(clone / "dist/naftiko_run-0.2.0.tar.gz") as source:
        assert "naftiko_run-0.2.0/CHANGELOG.md" in source.getnames()


@pytest.mark.usefixtures("without_checks")
def test_a_dry_run_changes_nothing(clone: Path, capsys: pytest.CaptureFixture[str]) -> None:
    before = git(clone, "rev-parse", "HEAD")
    assert release.main(["0.2.0", "--dry-run"], clone) == 0
    assert "naftiko_run-0.2.0-py3-none-any.whl" in capsys.readouterr().out
    assert git(clone, "rev-parse", "HEAD") == before
    assert git(clone, "tag") == git(clone, "status", "--porcelain") == ""
    assert not (clone / "dist").exists()


def test_a_dirty_tree_is_refused_with_what_changed(clone: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (clone / "notes.txt").write_text("not committed")
    assert release.main(["0.2.0"], clone) == 1
    assert "?? notes.txt" in capsys.readouterr().err
    assert git(clone, "tag") == ""


@pytest.mark.parametrize("version", ["0.2", "v0.2.0", "01.2.0", "0.2.0-beta", "0.2.0; rm", ""])
def test_what_is_no_version_is_refused(clone: Path, version: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert release.main([version], clone) == 1
    assert "is not a version" in capsys.readouterr().err


def test_a_version_that_is_tagged_is_refused(clone: Path, capsys: pytest.CaptureFixture[str]) -> None:
    git(clone, "tag", "v0.2.0")
    assert release.main(["0.2.0"], clone) == 1
    assert "v0.2.0 already exists" in capsys.readouterr().err


def test_unreleased_changes_move_under_the_version() -> None:
    changed = release_changes(CHANGELOG, "0.2.0", "2026-12-01")
    assert changed == CHANGELOG.replace("## [Unreleased]\n", "## [Unreleased]\n\n## [0.2.0] - 2026-12-01\n")


@pytest.mark.parametrize(
    ("changelog", "reason"),
    [
        ("# Changelog\n", "no entries"),
        ("## [Unreleased]\n\n## [0.1.0] - 2026-11-01\n\n- Something.\n", "no entries"),
        (CHANGELOG.replace("0.1.0", "0.2.0"), "already has a section"),
    ],
)
def test_a_changelog_without_changes_to_release_is_refused(changelog: str, reason: str) -> None:
    with pytest.raises(ReleaseError, match=reason):
        release_changes(changelog, "0.2.0", "2026-12-01")


def test_the_version_and_changelog_of_this_repository_can_be_released() -> None:
    source = (ROOT / "src/naftiko_run/version.py").read_text(encoding="utf-8")
    assert '__version__: Final = "9.9.9"' in set_version(source, "9.9.9")
    changelog = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    assert "## [9.9.9] - 2026-12-01" in release_changes(changelog, "9.9.9", "2026-12-01")
