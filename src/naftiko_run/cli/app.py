"""Options and commands. What they do lives below; here it is only parsed and told.

Heavy imports wait until a command runs, so that ``--help`` is quick.
"""

from __future__ import annotations

import gc
import os
import signal
import sys
from pathlib import Path
from typing import Annotated, Any, Literal

import typer
from typer.core import TyperCommand

from naftiko_run.version import __version__

_EPILOG = """\b
Examples:
  naftiko-run capabilities/pipelines-track.yaml --sandbox
  naftiko-run my.yaml --port rest=8081 --port mcp=9091
  naftiko-run my.yaml --base-uri my-api=http://127.0.0.1:9999/v1
  naftiko-run capabilities/ --host 0.0.0.0
  naftiko-run my.yaml --stdio
"""

_OPTIONS = {"help_option_names": ["-h", "--help"]}


def _print_version(*, wanted: bool) -> None:
    if wanted:
        typer.echo(f"naftiko-run {__version__}")
        raise typer.Exit


Version = Annotated[
    bool,
    typer.Option("--version", "-V", help="Print the version.", callback=_print_version, is_eager=True),
]

Files = Annotated[
    list[Path],
    typer.Argument(metavar="FILE", help="Capability documents, or folders of them.", show_default=False),
]


def _leave(*_: object) -> None:
    """End at once: until everything listens there is nothing to drain."""
    os._exit(0)


EnvFiles = Annotated[
    list[Path] | None,
    typer.Option(
        "--env-file",
        metavar="FILE",
        help="Read variables there too, in lines of KEY=value; the environment wins. Repeatable. "
        "[default: .env beside the document and in the working directory]",
        exists=True,
        dir_okay=False,
        show_default=False,
    ),
]


def serve_documents(
    files: Files,
    *,
    sandbox: Annotated[
        bool,
        typer.Option(
            "--sandbox", help="Send nothing: answer every consumed call in-process and show the request."
        ),
    ] = False,
    base_uri: Annotated[
        list[str] | None,
        typer.Option(metavar="NAMESPACE=URL", help="Call a consumed namespace elsewhere. Repeatable."),
    ] = None,
    host: Annotated[
        str,
        typer.Option(
            metavar="ADDRESS",
            help="Listen on this address. [env: NAFTIKO_HOST; default: the document's, else 127.0.0.1]",
            show_default=False,
        ),
    ] = "",
    port: Annotated[
        list[str] | None,
        typer.Option(
            metavar="ADAPTER=PORT",
            help="Port of an adapter, by its type or namespace. Repeatable. "
            "[env: NAFTIKO_PORT_<ADAPTER>; default: the document's]",
            show_default=False,
        ),
    ] = None,
    env_file: EnvFiles = None,
    include: Annotated[
        list[str] | None,
        typer.Option(
            metavar="GLOB",
            help="Serve only what is so named: a tool, route, resource or prompt, as NAME, NAMESPACE.NAME or "
            "'METHOD /path'. Repeatable.",
        ),
    ] = None,
    exclude: Annotated[
        list[str] | None, typer.Option(metavar="GLOB", help="Serve nothing that is so named. Repeatable.")
    ] = None,
    read_only: Annotated[
        bool,
        typer.Option(
            "--read-only",
            help="Serve only what is hinted or known to change nothing.",
        ),
    ] = False,
    strict: Annotated[
        bool,
        typer.Option(
            "--strict",
            help="Refuse to start while a credential is missing or anything in a document cannot be served.",
        ),
    ] = False,
    timeout: Annotated[str, typer.Option(metavar="SECONDS", help="Wait this long for an upstream.")] = "30",
    max_body: Annotated[
        str, typer.Option(metavar="SIZE", help="The largest request body taken, such as 10MiB or 500KB.")
    ] = "10MiB",
    max_result: Annotated[
        str,
        typer.Option(
            metavar="SIZE",
            help="Cut MCP results that are longer, such as 100KB, by their structure. [default: no limit]",
            show_default=False,
        ),
    ] = "",
    tools: Annotated[
        Literal["all", "lazy"],
        typer.Option(
            help="Tell MCP clients of all tools, or of two: one that finds tools by words, one that calls them."
        ),
    ] = "all",
    allow_host: Annotated[
        list[str] | None,
        typer.Option(
            metavar="NAME", help="A host name that clients may use besides the address. Repeatable."
        ),
    ] = None,
    stdio: Annotated[
        bool,
        typer.Option(
            "--stdio", help="Serve one adapter as an MCP server on stdin and stdout, and listen on no port."
        ),
    ] = False,
    adapter: Annotated[
        str,
        typer.Option(
            metavar="NAMESPACE",
            help="The adapter that --stdio serves, where there are several.",
            show_default=False,
        ),
    ] = "",
    workers: Annotated[
        str,
        typer.Option(
            metavar="N", help="How many processes share the ports; `auto` for as many as there are cores."
        ),
    ] = "1",
    log_level: Annotated[str, typer.Option(metavar="LEVEL", help="debug, info, warning or error.")] = "info",
    version: Version = False,  # noqa: ARG001 - its callback does the work
) -> None:
    """Serve capability documents: a REST API and an MCP server in front of the APIs that they consume."""
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, _leave)
    gc.disable()  # until everything is up: nearly all that is made till then stays
    from naftiko_run.cli.run import RunOptions, run_documents

    options = RunOptions(
        files=tuple(files),
        sandbox=sandbox,
        base_uris=tuple(base_uri or ()),
        host=host,
        ports=tuple(port or ()),
        env_files=tuple(env_file) if env_file else None,
        include=tuple(include or ()),
        exclude=tuple(exclude or ()),
        read_only=read_only,
        strict=strict,
        timeout=timeout,
        max_body=max_body,
        max_result=max_result,
        tools=tools,
        allowed_hosts=tuple(allow_host or ()),
        log_level=log_level,
        stdio=stdio,
        adapter=adapter,
        workers=workers,
    )
    sys.exit(run_documents(options))


_VALIDATE_EPILOG = """\b
Examples:
  naftiko validate my.yaml
  naftiko validate my.yaml --level recommended --fail-on warning
  naftiko validate capabilities/ --level strict --format sarif > found.sarif
  naftiko validate capabilities/ --format github  # annotates pull requests
"""


def validate_documents(
    files: Files,
    *,
    level: Annotated[
        Literal["runnable", "recommended", "strict"],
        typer.Option(
            help="How much is asked: that it serves; the rules of docs/rules.md too; "
            "the official schema of its version too."
        ),
    ] = "runnable",
    form: Annotated[
        Literal["text", "json", "github", "sarif"],
        typer.Option("--format", help="How findings are written, to stdout."),
    ] = "text",
    fail_on: Annotated[
        Literal["error", "warning"], typer.Option(help="From which severity on the exit code is 1.")
    ] = "error",
) -> None:
    """Say what is wrong with documents, where, and how to mend it.

    Needs no network and no environment variables. Exit code 0 where all is
    well, 1 where something fails, 66 where a file is missing or a folder
    holds none.
    """
    from naftiko_run.cli.validate import ValidateOptions
    from naftiko_run.cli.validate import validate_documents as validate

    sys.exit(validate(ValidateOptions(tuple(files), level, form, fail_on)))


class _Command(TyperCommand):
    """Says ``FILE...`` in help, where typer says ``{FILE}...`` and a Python type."""

    def collect_usage_pieces(self, ctx: Any) -> list[str]:
        return [piece.replace("{FILE}", "FILE") for piece in super().collect_usage_pieces(ctx)]

    def get_help(self, ctx: Any) -> str:
        return super().get_help(ctx).replace("FILE <list[Path]>", "FILE...")


_run = typer.Typer(add_completion=False, rich_markup_mode=None, context_settings=_OPTIONS)
_run.command(cls=_Command, epilog=_EPILOG)(serve_documents)

_naftiko = typer.Typer(
    help="Run capability documents.",
    no_args_is_help=True,
    rich_markup_mode=None,
    context_settings=_OPTIONS,
)
_naftiko.command(
    "run",
    cls=_Command,
    short_help="Serve documents as REST APIs and MCP servers.",
    epilog=_EPILOG.replace("naftiko-run", "naftiko run"),
)(serve_documents)
_naftiko.command("validate", cls=_Command, epilog=_VALIDATE_EPILOG)(validate_documents)


@_naftiko.command(
    "list", cls=_Command, short_help="Print what documents consume and expose, and what is missing."
)
def list_documents(
    files: Files,
    *,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
    env_file: EnvFiles = None,
) -> None:
    """Print what documents consume, the routes and tools that they expose with their inputs, and what is missing."""
    from naftiko_run.cli.show import list_documents as show

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
    cls=_Command,
    short_help="Print what MCP clients need in their settings.",
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
            help="Whose settings: claude-code, claude-desktop, cline, codex, continue, copilot-cli, cursor, "
            "gemini-cli, goose, jetbrains, lm-studio, opencode, vscode, windsurf or zed.",
        ),
    ] = "generic",
    stdio: Annotated[
        bool,
        typer.Option("--stdio", help="Have the client start the server itself, instead of calling its URL."),
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
    """Print what an MCP client needs in its settings to use the servers of documents.

    Placeholders such as <TOKEN> stand for credentials; their values are never printed.
    """
    from naftiko_run.cli.mcpconfig import ConfigOptions
    from naftiko_run.cli.mcpconfig import show_mcp_config as show

    options = ConfigOptions(tuple(files), client, stdio, host, tuple(port or ()), env_file or None, tools)
    sys.exit(show(options))


_SCHEMA_EPILOG = """\b
Examples:
  naftiko schema > naftiko.schema.json
  naftiko schema --version 1.0.0-alpha2 > naftiko.schema.json
Begin each document with this line, and editors complete and check it:
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
    from naftiko_run.cli.show import show_schema as show

    sys.exit(show(version))


@_naftiko.callback()
def _naftiko_options(*, version: Version = False) -> None:
    """Serve capability documents as REST APIs and MCP servers."""


def run() -> None:
    """Run ``naftiko-run``."""
    _run(prog_name="naftiko-run")


def main() -> None:
    """Run ``naftiko``."""
    _naftiko(prog_name="naftiko")
