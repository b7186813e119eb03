"""The commands and their options.

Heavy imports wait until a command runs, so that ``--help`` is fast.
"""

from __future__ import annotations

import sys
from typing import Annotated, Literal

import typer

from naftiko_run.cli import bootstrap
from naftiko_run.cli.control import add_commands
from naftiko_run.cli.parameters import Command, EnvFiles, Files, Version
from naftiko_run.cli.serve import EPILOG, serve_documents

_OPTIONS = {"help_option_names": ["-h", "--help"]}

_VALIDATE_EPILOG = """\b
Examples:
  naftiko validate my.yaml
  naftiko validate my.yaml --level recommended --fail-on warning
  naftiko validate capabilities/ --level strict --format sarif > results.sarif
  naftiko validate capabilities/ --format github  # annotates pull requests
"""


def validate_documents(
    files: Files,
    *,
    level: Annotated[
        Literal["runnable", "recommended", "strict"],
        typer.Option(
            help="What is checked: that the document can be served; also the rules of docs/reference/rules.md; "
            "also the official schema of its version."
        ),
    ] = "runnable",
    form: Annotated[
        Literal["text", "json", "github", "sarif"],
        typer.Option("--format", help="Format of the output on stdout."),
    ] = "text",
    fail_on: Annotated[
        Literal["error", "warning"], typer.Option(help="Lowest severity for which the exit code is 1.")
    ] = "error",
) -> None:
    """Check documents: what is wrong, where, and how to fix it.

    Needs no network and no environment variables. Exit code 0 if there are no
    problems, 1 if there are, 66 if a file does not exist or a folder contains
    no documents.
    """
    from naftiko_run.cli.validate import ValidateOptions
    from naftiko_run.cli.validate import validate_documents as validate

    sys.exit(validate(ValidateOptions(tuple(files), level, form, fail_on)))


_run = typer.Typer(add_completion=False, rich_markup_mode=None, context_settings=_OPTIONS)
_run.command(cls=Command, epilog=EPILOG)(serve_documents)

_naftiko = typer.Typer(
    help="Run capability documents.",
    no_args_is_help=True,
    rich_markup_mode=None,
    context_settings=_OPTIONS,
)
_naftiko.command(
    "run",
    cls=Command,
    short_help="Serve documents as REST APIs and MCP servers.",
    epilog=EPILOG.replace("naftiko-run", "naftiko run"),
)(serve_documents)
_naftiko.command("validate", cls=Command, epilog=_VALIDATE_EPILOG)(validate_documents)


@_naftiko.command(
    "list", cls=Command, short_help="Print what documents consume and expose, and missing variables."
)
def list_documents(
    files: Files,
    *,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
    env_file: EnvFiles = None,
) -> None:
    """Print what documents consume, the routes and tools that they expose with their inputs, and missing variables."""
    from naftiko_run.cli.list import list_documents as show

    sys.exit(show(files, as_json=as_json, env_files=env_file or None))


_MCP_CONFIG_EPILOG = """\b
Examples:
  naftiko mcp-config my.yaml
  naftiko mcp-config my.yaml --client vscode > .vscode/mcp.json
  naftiko mcp-config my.yaml --client claude-desktop
  naftiko mcp-config my.yaml --client codex --stdio >> ~/.codex/config.toml
"""


@_naftiko.command(
    "mcp-config",
    cls=Command,
    short_help="Print the settings with which MCP clients use documents.",
    epilog=_MCP_CONFIG_EPILOG,
)
def show_mcp_config(
    files: Files,
    *,
    client: Annotated[
        Literal[
            "generic",
            "claude-code",
            "claude-desktop",
            "cline",
            "codex",
            "continue",
            "copilot-cli",
            "cursor",
            "gemini-cli",
            "goose",
            "jetbrains",
            "lm-studio",
            "opencode",
            "vscode",
            "windsurf",
            "zed",
        ],
        typer.Option(
            metavar="CLIENT",
            help="Client: claude-code, claude-desktop, cline, codex, continue, copilot-cli, cursor, "
            "gemini-cli, goose, jetbrains, lm-studio, opencode, vscode, windsurf or zed.",
        ),
    ] = "generic",
    stdio: Annotated[
        bool,
        typer.Option("--stdio", help="Configure the client to start the server, instead of calling its URL."),
    ] = False,
    host: Annotated[
        str, typer.Option(metavar="ADDRESS", help="As for `naftiko run`.", show_default=False)
    ] = "",
    port: Annotated[
        list[str] | None,
        typer.Option(metavar="ADAPTER=PORT", help="As for `naftiko run`.", show_default=False),
    ] = None,
    tools: Annotated[Literal["all", "lazy"], typer.Option(help="As for `naftiko run`.")] = "all",
    env_file: EnvFiles = None,
) -> None:
    """Print the settings with which an MCP client uses the servers of documents.

    Placeholders such as <TOKEN> stand for credentials; their values are never printed.
    """
    from naftiko_run.cli.mcp_config import ConfigOptions
    from naftiko_run.cli.mcp_config import show_mcp_config as show

    options = ConfigOptions(tuple(files), client, stdio, host, tuple(port or ()), env_file or None, tools)
    sys.exit(show(options))


_SCHEMA_EPILOG = """\b
Examples:
  naftiko schema > naftiko.schema.json
  naftiko schema --version 1.0.0-alpha2 > naftiko.schema.json
With this first line in a document, editors complete and check it:
  # yaml-language-server: $schema=naftiko.schema.json
"""


@_naftiko.command("schema", epilog=_SCHEMA_EPILOG)
def show_schema(
    version: Annotated[
        str,
        typer.Option(
            "--version",
            metavar="VERSION",
            help="Only the keys and forms of this version.  [default: all]",
        ),
    ] = "",
) -> None:
    """Print the JSON Schema of capability documents, for editors."""
    from naftiko_run.cli.console import error_console, print_fault, print_json
    from naftiko_run.document.editor_schema import editor_schema
    from naftiko_run.errors import ConfigurationError

    try:
        schema = editor_schema(version)
    except ValueError as fault:
        print_fault(error_console(), ConfigurationError(f"--version: {fault}"))
        sys.exit(2)
    print_json(schema)


add_commands(_naftiko)


@_naftiko.callback()
def _naftiko_options(*, version: Version = False) -> None:
    """Serve capability documents as REST APIs and MCP servers."""


def run() -> None:
    """Run ``naftiko-run``."""
    bootstrap.prepare()
    _run(prog_name="naftiko-run")


def main() -> None:
    """Run ``naftiko``."""
    bootstrap.prepare()
    _naftiko(prog_name="naftiko")
