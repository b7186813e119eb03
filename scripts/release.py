"""Make a release: version, changelog, packages, checks, commit and tag. ``make release VERSION=1.2.3`` runs it.

Everything is prepared, built and checked in a copy of the last commit. Only when all checks pass are the changed
files committed and tagged, and the packages put into ``dist/``. Nothing is pushed or uploaded.
"""

from __future__ import annotations

import argparse
import re
import shutil
import subprocess
import sys
import tarfile
from collections.abc import Callable
from datetime import UTC, datetime
from io import BytesIO
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

ROOT: Final = Path(__file__).resolve().parents[1]
VERSION_FILE: Final = "src/naftiko_run/version.py"
CHANGELOG: Final = "CHANGELOG.md"
MANIFESTS: Final = (
    "deploy/helm/naftiko-run/Chart.yaml",
    "deploy/kustomize/base/*.yaml",
    "tests/deploy/expected/*.yaml",
)
"""The chart, and what is rendered from it."""

_VERSION: Final = re.compile(r"(0|[1-9]\d*)(\.(0|[1-9]\d*)){2}((a|b|rc)\d+)?")
_ASSIGNED: Final = re.compile(r'^(__version__: Final = )"[^"]*"$', re.MULTILINE)
_DEPLOYED: Final = re.compile(
    r'((?:[vV]ersion: |image: "naftiko-run:)"?)\d+\.\d+\.\d+\w*(?="?$)', re.MULTILINE
)
_UNRELEASED: Final = re.compile(
    r"^## \[Unreleased\]\n(?P<entries>.*?)(?=^## \[|\Z)", re.MULTILINE | re.DOTALL
)


class ReleaseError(Exception):
    """A release that cannot be made; the message says why."""


def set_version(source: str, version: str) -> str:
    """Return the source of ``version.py`` with another version.

    Raises:
        ReleaseError: The source assigns no ``__version__``.
    """
    changed, count = _ASSIGNED.subn(rf'\g<1>"{version}"', source)
    if count != 1:
        raise ReleaseError(f"{VERSION_FILE} does not assign __version__ exactly once")
    return changed


def set_deployed_version(manifests: str, version: str) -> str:
    """Return the chart or its manifests with another version of naftiko-run."""
    return _DEPLOYED.sub(rf"\g<1>{version}", manifests)


def manifest_files(folder: Path) -> list[str]:
    """Return the names of the files of the chart and its manifests that contain the version."""
    return sorted(file.relative_to(folder).as_posix() for each in MANIFESTS for file in folder.glob(each))


def release_changes(changelog: str, version: str, date: str) -> str:
    """Return the changelog with the unreleased changes under a version and its date.

    Raises:
        ReleaseError: There are no unreleased changes, or the version is already there.
    """
    if f"## [{version}]" in changelog:
        raise ReleaseError(f"{CHANGELOG} already has a section for {version}")
    found = _UNRELEASED.search(changelog)
    if found is None or not found["entries"].strip():
        raise ReleaseError(f"{CHANGELOG} has no entries under [Unreleased]")
    start = found.start("entries")
    return f"{changelog[:start]}\n## [{version}] - {date}\n{changelog[start:]}"


def check_repository(root: Path, version: str) -> None:
    """Check that a version can be released from a repository.

    Raises:
        ReleaseError: The version is malformed or already tagged, or the working tree has changes.
    """
    if not _VERSION.fullmatch(version):
        raise ReleaseError(f"`{version}` is not a version; write one such as 1.2.3 or 1.2.3rc1")
    if changes := _git(root, "status", "--porcelain").decode():
        raise ReleaseError(f"The working tree has changes; commit or stash them first:\n{changes.rstrip()}")
    if _git(root, "tag", "--list", f"v{version}"):
        raise ReleaseError(f"The tag v{version} already exists")


def prepare(folder: Path, version: str, date: str) -> None:
    """Write the version and the changelog of a release into a copy of the repository, and the version of the chart."""
    changes: dict[str, Callable[[str], str]] = {
        VERSION_FILE: lambda text: set_version(text, version),
        CHANGELOG: lambda text: release_changes(text, version, date),
    }
    changes |= dict.fromkeys(manifest_files(folder), lambda text: set_deployed_version(text, version))
    for name, change in changes.items():
        file = folder / name
        file.write_text(change(file.read_text(encoding="utf-8")), encoding="utf-8")


def build(folder: Path) -> list[Path]:
    """Build the source distribution and the wheel of a copy of the repository, and check both."""
    dist = folder / "dist"
    _run(folder, "hatchling", "build", "--directory", str(dist))
    packages = sorted(dist.iterdir())
    _run(folder, "twine", "check", "--strict", *map(str, packages))
    _run(folder, "check_wheel_contents", *(str(each) for each in packages if each.suffix == ".whl"))
    return packages


def release(root: Path, version: str, *, dry_run: bool) -> list[str]:
    """Make a release and return the names of its packages.

    Args:
        root: A clone of the repository.
        version: Such as ``1.2.3``.
        dry_run: Build and check the packages, and change nothing.

    Raises:
        ReleaseError: The version, the working tree or the changelog does not allow it.
        subprocess.CalledProcessError: Building or checking failed.
    """
    check_repository(root, version)
    with TemporaryDirectory() as made:
        folder = Path(made, "naftiko-run")
        with tarfile.open(fileobj=BytesIO(_git(root, "archive", "HEAD"))) as archive:
            archive.extractall(folder, filter="data")
        prepare(folder, version, datetime.now(UTC).date().isoformat())
        packages = build(folder)
        names = [each.name for each in packages]
        if dry_run:
            return names
        dist = root / "dist"
        dist.mkdir(exist_ok=True)
        for each in packages:
            shutil.copy(each, dist / each.name)
        written = (VERSION_FILE, CHANGELOG, *manifest_files(folder))
        for name in written:
            shutil.copy(folder / name, root / name)
    _git(root, "commit", "--quiet", "--message", f"Release {version}", *written)
    _git(root, "tag", "--annotate", f"v{version}", "--message", f"Release {version}")
    return names


def _git(root: Path, *arguments: str) -> bytes:
    return subprocess.run(["git", *arguments], cwd=root, check=True, stdout=subprocess.PIPE).stdout  # noqa: S603, S607


def _run(folder: Path, module: str, *arguments: str) -> None:
    subprocess.run([sys.executable, "-m", module, *arguments], cwd=folder, check=True)  # noqa: S603


def main(arguments: list[str] | None = None, root: Path = ROOT) -> int:
    """Make the release that the command line asks for; return the exit code."""
    parser = argparse.ArgumentParser(prog="make release", description=__doc__)
    parser.add_argument("version", help="such as 1.2.3")
    parser.add_argument("--dry-run", action="store_true", help="build and check, and change nothing")
    options = parser.parse_args(arguments)
    try:
        names = release(root, options.version, dry_run=options.dry_run)
    except ReleaseError as error:
        print(error, file=sys.stderr)
        return 1
    except subprocess.CalledProcessError as error:
        return error.returncode
    if options.dry_run:
        print(f"Dry run: {', '.join(names)} can be released. Nothing was changed.")
    else:
        print(f"Released {options.version} in dist/. Next: git push --follow-tags, then twine upload dist/*")
    return 0


if __name__ == "__main__":
    sys.exit(main())
