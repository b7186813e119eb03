"""The options of the commands that use a control adapter; ``control_reports`` and ``top`` run them."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from naftiko_run.cli.parameters import Command

if TYPE_CHECKING:
    from naftiko_run.cli.control_client import ControlClient, ControlOptions

Address = Annotated[
    str,
    typer.Option(
        metavar="ADDRESS",
        envvar=["NAFTIKO_CONTROL_ADDRESS", "IKANOS_CONTROL_ADDRESS"],
        show_envvar=False,
        help="Address or URL of the control adapter. [env: NAFTIKO_CONTROL_ADDRESS; default: that of a document in "
        "the working directory, else 127.0.0.1]",
        show_default=False,
    ),
]
Port = Annotated[
    int | None,
    typer.Option(
        metavar="PORT",
        min=1,
        max=65535,
        envvar=["NAFTIKO_CONTROL_PORT", "IKANOS_CONTROL_PORT", "NAFTIKO_PORT_CONTROL"],
        show_envvar=False,
        help="Its port. [env: NAFTIKO_CONTROL_PORT; default: that of a document in the working directory, else 9095]",
        show_default=False,
    ),
]
Token = Annotated[
    str,
    typer.Option(metavar="TOKEN", envvar="NAFTIKO_CONTROL_TOKEN", help="Bearer token.", show_default=False),
]
User = Annotated[
    str,
    typer.Option(
        metavar="NAME:PASSWORD",
        envvar="NAFTIKO_CONTROL_USER",
        help="User and password, for basic and digest authentication.",
        show_default=False,
    ),
]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]


def add_commands(app: typer.Typer) -> None:
    """Add the commands to ``naftiko``."""
    for name, short_help, command in (
        ("health", "Print whether a running process and its adapters are ready.", health),
        ("status", "Print versions, adapters and missing variables of a running process.", status),
        ("metrics", "Print the metrics of a running process.", metrics),
        ("traces", "Print the last requests, or one with its spans.", traces),
        ("top", "Show rate, errors and durations of each function, live.", top),
        ("logs", "Print or change the log level, or follow the logs.", logs),
        ("reload", "Load the documents of a running process again.", reload),
        ("scripting", "Print or change the settings of script steps.", scripting),
    ):
        app.command(name, cls=Command, short_help=short_help)(command)


def health(
    *, address: Address = "", port: Port = None, token: Token = "", user: User = "", as_json: AsJson = False
) -> None:
    """Print whether a running process and its adapters are ready.

    Exit code 0 if they are, 1 if not, 69 if no control adapter answers, 77 if
    it rejects the credentials.
    """
    from naftiko_run.cli.control_reports import run_command, show_health

    sys.exit(run_command("health", _options(address, port, token, user, as_json=as_json), show_health))


def status(
    *, address: Address = "", port: Port = None, token: Token = "", user: User = "", as_json: AsJson = False
) -> None:
    """Print versions, documents, adapters and missing variables of a running process."""
    from naftiko_run.cli.control_reports import run_command, show_status

    sys.exit(run_command("status", _options(address, port, token, user, as_json=as_json), show_status))


def metrics(
    *,
    pattern: Annotated[
        str,
        typer.Option(
            "--filter",
            metavar="REGEX",
            help="Print the metrics whose names match this regular expression.",
            show_default=False,
        ),
    ] = "",
    address: Address = "",
    port: Port = None,
    token: Token = "",
    user: User = "",
    as_json: AsJson = False,
) -> None:
    """Print the metrics of a running process, in the Prometheus text format."""
    from naftiko_run.cli.control_reports import run_command, show_metrics

    def run(client: ControlClient, options: ControlOptions) -> int:
        return show_metrics(client, options, pattern)

    sys.exit(run_command("metrics", _options(address, port, token, user, as_json=as_json), run))


def traces(
    trace_id: Annotated[
        str, typer.Argument(metavar="ID", help="A trace, to print its spans.", show_default=False)
    ] = "",
    *,
    operation: Annotated[
        str,
        typer.Option(
            metavar="NAME",
            help="Only this operation, such as rest.request, or function, such as my-rest.list-orders.",
            show_default=False,
        ),
    ] = "",
    outcome: Annotated[
        Literal["OK", "ERROR"] | None,
        typer.Option("--status", help="Only requests with this status.", case_sensitive=False),
    ] = None,
    min_duration: Annotated[
        str,
        typer.Option(metavar="MS", help="Only requests that took so many milliseconds.", show_default=False),
    ] = "",
    limit: Annotated[
        str, typer.Option(metavar="N", help="At most so many requests.", show_default=False)
    ] = "",
    address: Address = "",
    port: Port = None,
    token: Token = "",
    user: User = "",
    as_json: AsJson = False,
) -> None:
    """Print the last requests, the newest first, or one request as a tree of its spans."""
    from naftiko_run.cli.control_reports import run_command, show_trace, show_traces

    query = {
        "operation": operation,
        "status": outcome or "",
        "minDurationMs": min_duration,
        "limit": limit,
    }

    def run(client: ControlClient, options: ControlOptions) -> int:
        if trace_id:
            return show_trace(client, options, trace_id)
        return show_traces(client, options, {key: value for key, value in query.items() if value})

    sys.exit(run_command("traces", _options(address, port, token, user, as_json=as_json), run))


def top(
    *,
    interval: Annotated[
        float, typer.Option(metavar="SECONDS", min=0.1, help="Time between two readings.")
    ] = 2.0,
    once: Annotated[bool, typer.Option("--once", help="Print the table once, after one interval.")] = False,
    address: Address = "",
    port: Port = None,
    token: Token = "",
    user: User = "",
    as_json: AsJson = False,
) -> None:
    """Show request rate, errors and durations of each function in the last minute, the slowest first.

    What is shown of an idle function is of all requests since the start.
    Without a terminal, and with --json, the table is printed once.
    """
    from naftiko_run.cli.control_reports import run_command
    from naftiko_run.cli.top import run_top

    def run(client: ControlClient, options: ControlOptions) -> int:
        return run_top(client, options, interval, once=once)

    sys.exit(run_command("top", _options(address, port, token, user, as_json=as_json), run))


def logs(
    *,
    follow: Annotated[
        bool, typer.Option("--follow", "-f", help="Print log records as they are written, until Ctrl-C.")
    ] = False,
    level: Annotated[
        str,
        typer.Option(
            metavar="LEVEL",
            help="Change the level to debug, info, warning or error.",
            show_default=False,
        ),
    ] = "",
    address: Address = "",
    port: Port = None,
    token: Token = "",
    user: User = "",
    as_json: AsJson = False,
) -> None:
    """Print or change the log level of a running process, or follow its logs."""
    from naftiko_run.cli.control_reports import run_command, show_logs

    def run(client: ControlClient, options: ControlOptions) -> int:
        return show_logs(client, options, level, follow=follow)

    sys.exit(run_command("logs", _options(address, port, token, user, as_json=as_json), run))


def reload(
    *, address: Address = "", port: Port = None, token: Token = "", user: User = "", as_json: AsJson = False
) -> None:
    """Load the documents of a running process again.

    Exit code 1 if they cannot be served: the process then serves what it served
    before.
    """
    from naftiko_run.cli.control_reports import reload_documents, run_command

    sys.exit(run_command("reload", _options(address, port, token, user, as_json=as_json), reload_documents))


def scripting(
    *,
    assignments: Annotated[
        list[str] | None,
        typer.Option(
            "--set",
            metavar="KEY=VALUE",
            help="Change a setting: enabled, timeout, statementLimit, allowedLanguages, defaultLocation or "
            "defaultLanguage. Repeatable; all change, or none.",
            show_default=False,
        ),
    ] = None,
    address: Address = "",
    port: Port = None,
    token: Token = "",
    user: User = "",
    as_json: AsJson = False,
) -> None:
    """Print or change the settings of script steps in a running process."""
    from naftiko_run.cli.control_reports import run_command, show_scripting

    def run(client: ControlClient, options: ControlOptions) -> int:
        return show_scripting(client, options, assignments or ())

    sys.exit(run_command("scripting", _options(address, port, token, user, as_json=as_json), run))


def _options(address: str, port: int | None, token: str, user: str, *, as_json: bool) -> ControlOptions:
    from naftiko_run.cli.control_client import ControlOptions

    return ControlOptions(address, port, token, user, as_json)
