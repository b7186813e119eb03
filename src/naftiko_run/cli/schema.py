"""``naftiko schema``: print the JSON Schema of capability documents."""

from __future__ import annotations

from naftiko_run.cli.console import error_console, print_fault, print_json
from naftiko_run.cli.run import OK
from naftiko_run.document.editor_schema import editor_schema
from naftiko_run.errors import ConfigurationError


def show_schema(version: str) -> int:
    """Print the JSON Schema of documents; return the exit code."""
    try:
        print_json(editor_schema(version))
    except ValueError as fault:
        print_fault(error_console(), ConfigurationError(f"--version: {fault}"))
        return 2
    return OK
