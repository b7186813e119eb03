"""The page of the command line: what ``--help`` prints."""

from __future__ import annotations

import os
import subprocess
import sysconfig
from pathlib import Path
from typing import Final

_INTRODUCTION: Final = """\
# Command line

`naftiko-run` serves documents. `naftiko` has the other commands too; `naftiko run` is `naftiko-run`.

Exit codes:

| code | meaning |
| --- | --- |
| 0 | success; a server was stopped by a signal or the end of stdin, after it answered the requests in flight |
| 1 | the server cannot start as asked, for example because a port is in use; `validate` found errors; a process is not ready, or a control adapter cannot do what was requested |
| 2 | the command line is wrong |
| 65 | a document cannot be served |
| 66 | there is no document |
| 69 | no control adapter answers |
| 77 | the control adapter rejects the credentials |
| 78 | with `--strict`, a credential is missing |
"""

_COMMANDS: Final = (
    "naftiko-run",
    "naftiko",
    *(f"naftiko {name}" for name in ("validate", "list", "mcp-config", "schema")),
    *(
        f"naftiko {name}"
        for name in ("health", "status", "metrics", "traces", "top", "logs", "reload", "scripting")
    ),
)


def cli_page() -> str:
    """Return the page: the exit codes, and the help of each command."""
    return "".join([_INTRODUCTION, *map(_section, _COMMANDS)])


def _section(command: str) -> str:
    return f"\n## {command}\n\n```text\n{_help(command).rstrip()}\n```\n"


def _help(command: str) -> str:
    program, *arguments = command.split()
    ended = subprocess.run(  # noqa: S603 - our own command
        [Path(sysconfig.get_path("scripts")) / program, *arguments, "--help"],
        env={**os.environ, "COLUMNS": "100", "TERM": "dumb"},
        capture_output=True,
        text=True,
        check=True,
    )
    return ended.stdout
