"""Help screens: they fit a terminal, and speak of files, not of Python."""

from __future__ import annotations

import pytest

from support.commands import ended

FILES = "Arguments:\n  FILE...  Capability documents, folders of them, or URLs."


def told(*arguments: str, command: str = "naftiko") -> str:
    done = ended(command, *arguments, "--help", environment={"COLUMNS": "80"})
    assert done.returncode == 0
    return done.stdout


@pytest.mark.parametrize("arguments", [(), ("run",), ("validate",), ("list",), ("schema",), ("mcp-config",)])
def test_no_line_is_wider_than_the_terminal_or_cut_off(arguments: tuple[str, ...]) -> None:
    lines = told(*arguments).splitlines()
    assert [
        line for line in lines if len(line) > 80 or (line.endswith("...") and line.startswith("  "))
    ] == []
    assert not any("list[" in line or "Path" in line for line in lines)


@pytest.mark.parametrize("name", ["run", "validate", "list", "mcp-config"])
def test_a_command_that_takes_documents_says_so(name: str) -> None:
    help_ = told(name)
    assert help_.startswith(f"Usage: naftiko {name} [OPTIONS] FILE...\n")
    assert FILES in help_


def test_the_short_command_says_the_same() -> None:
    help_ = told(command="naftiko-run")
    assert help_.startswith("Usage: naftiko-run [OPTIONS] FILE...\n")
    assert FILES in help_


def test_the_schema_command_shows_the_line_for_documents() -> None:
    assert "# yaml-language-server: $schema=naftiko.schema.json" in told("schema")
