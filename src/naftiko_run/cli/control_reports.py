"""The commands that use a control adapter, except ``naftiko top``."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import httpx
from rich.console import Console
from rich.table import Column, Table
from rich.text import Text
from rich.tree import Tree

from naftiko_run import _json
from naftiko_run.cli.console import error_console, output_console, print_fault, print_json
from naftiko_run.cli.control_client import (
    NO_PERMISSION,
    UNAVAILABLE,
    ControlClient,
    ControlOptions,
    ControlRefused,
    ControlUnreachable,
    json_of,
)
from naftiko_run.cli.diagnostics import print_diagnostic
from naftiko_run.cli.options import USAGE, UsageFault
from naftiko_run.diagnostics import Diagnostic, Severity
from naftiko_run.errors import ConfigurationError

OK: Final = 0
FAILED: Final = 1
INTERRUPTED: Final = 130

_WIDE: Final = 1000
"""The width of tables that no person reads, so that nothing is folded."""
_UPTIME = re.compile(r"PT([\d.]+)S")
_UNSHOWN: Final = frozenset(
    {
        *("http.request.method", "http.route", "url.path", "url.scheme"),
        *("server.address", "server.port"),
    }
)
"""Attributes of spans that their names, the target of the trace or the whole URL have too."""
_FLAGS: Final = {"true": True, "false": False}

Command = Callable[[ControlClient, ControlOptions], int]
"""Runs a command with a control adapter; returns the exit code."""


def run_command(name: str, options: ControlOptions, command: Command) -> int:
    """Run a command, and print its errors; return the exit code.

    Args:
        name: The name of the command.
        options: How the control adapter is reached.
        command: The command.
    """
    try:
        return command(ControlClient(options, Path.cwd()), options)
    except ConfigurationError as fault:
        print_fault(error_console(), fault, f"naftiko {name}")
        codes = {UsageFault: USAGE, ControlUnreachable: UNAVAILABLE, ControlRefused: NO_PERMISSION}
        return codes.get(type(fault), FAILED)
    except KeyboardInterrupt:
        return INTERRUPTED


def show_health(client: ControlClient, options: ControlOptions) -> int:
    """Print liveness and readiness; fail if an adapter is not ready."""
    live, ready = client.get("/health/live"), client.get("/health/ready")
    for each in (live, ready):
        if each.status_code not in (httpx.codes.OK, httpx.codes.SERVICE_UNAVAILABLE):
            raise client.failure(each)
    state = json_of(ready)
    if options.as_json:
        print_json({"live": json_of(live), "ready": state})
    else:
        console = output_console()
        adapters = state.get("adapters", [])
        started = sum(each["state"] == "started" for each in adapters)
        _line(console, ("Liveness: ", ""), _status(json_of(live)["status"]))
        count = f" ({started}/{len(adapters)} adapters started)" if adapters else ""
        _line(console, ("Readiness: ", ""), _status(state["status"]), (count, ""))
        for each in adapters:
            if each["state"] != "started" or each.get("missing"):
                _line(console, ("  ", ""), (_describe_adapter(each), "yellow"))
    return OK if ready.is_success and live.is_success else FAILED


def show_status(client: ControlClient, options: ControlOptions) -> int:
    """Print versions, adapters, and the variables that are not set."""
    status = _get(client, "/status")
    if options.as_json:
        print_json(status)
        return OK
    console = output_console()
    engine = status["engine"]
    runtime = f"Python {engine['python']}" if "python" in engine else f"Java {engine.get('java', '')}"
    _line(console, ("engine ", "cyan"), (f"{engine['version']}  {runtime}", ""))
    _line(console, ("uptime ", "cyan"), (_uptime(status["uptime"]), ""))
    _line(console, ("telemetry ", "cyan"), (status["otel"]["status"], ""))
    for each in status.get("documents", [status["capability"]]):
        version = f"  {each['version']}" if each.get("version") else ""
        file = f"  {each['file']}" if each.get("file") else ""
        _line(console, ("capability ", "cyan"), (each["display"], "bold"), (f"{version}{file}", ""))
    for each in status["adapters"]:
        style = "" if each["state"] == "started" and not each.get("missing") else "yellow"
        _line(console, ("adapter ", "cyan"), (_describe_adapter(each), style))
    for each in status.get("missing", ()):
        needed_by = ", ".join(each["neededBy"])
        _line(console, ("missing ", "yellow"), (f"{each['variable']}  needed by {needed_by}", ""))
    return OK


def show_metrics(client: ControlClient, options: ControlOptions, pattern: str) -> int:
    """Print the metrics whose names match a regular expression."""
    try:
        matches = re.compile(pattern).search
    except re.error as fault:
        raise UsageFault(f"--filter: `{pattern}` is not a regular expression: {fault}") from None
    response = client.get("/metrics")
    if not response.is_success:
        raise client.failure(response)
    if options.as_json:
        from naftiko_run.cli.metrics_parser import parse_metrics

        samples = [each for each in parse_metrics(response.text) if matches(each.name)]
        print_json([{"name": each.name, "labels": each.labels, "value": each.value} for each in samples])
        return OK
    lines = [line for line in response.text.splitlines() if matches(_name_in(line))]
    sys.stdout.write("".join(f"{line}\n" for line in lines))
    return OK


def show_traces(client: ControlClient, options: ControlOptions, query: Mapping[str, str]) -> int:
    """Print the last requests."""
    response = client.get("/traces", query)
    if not response.is_success:
        raise client.failure(response)
    listed = json_of(response)
    if options.as_json:
        print_json(listed)
        return OK
    console = _table_console()
    table = Table(
        Column("TRACE ID", no_wrap=True),
        Column("OPERATION", overflow="fold"),
        Column("DURATION", justify="right", no_wrap=True),
        Column("STATUS", no_wrap=True),
        Column("SPANS", justify="right", no_wrap=True),
        Column("TIME", no_wrap=True),
        box=None,
        pad_edge=False,
        padding=(0, 1, 0, 0),
        header_style="bold",
    )
    for each in listed["traces"]:
        table.add_row(
            each["traceId"],
            Text(_title(each)),
            _duration(each["durationMs"]),
            _outcome(each),
            str(each["spanCount"]),
            each["timestamp"][11:19],
        )
    console.print(table)
    if not listed["traces"]:
        _line(error_console(), ("no request matches" if query else "no request was traced yet", "dim"))
    return OK


def show_trace(client: ControlClient, options: ControlOptions, trace_id: str) -> int:
    """Print one request as a tree of its spans."""
    trace = _get(client, f"/traces/{trace_id}")
    if options.as_json:
        print_json(trace)
        return OK
    console = _table_console()
    _line(console, (trace["traceId"], "bold"), (f"  {trace['timestamp']}", "dim"))
    spans = {each["spanId"]: each for each in trace["spans"]}
    children: dict[str, list[dict[str, Any]]] = {}
    roots: list[dict[str, Any]] = []
    for each in trace["spans"]:
        if each.get("parentSpanId") in spans:
            children.setdefault(each["parentSpanId"], []).append(each)
        else:
            roots.append(each)
    for root in roots:
        target = f"{trace['target']}  " if "target" in trace and root is roots[-1] else ""
        tree = Tree(_span(root, target))
        _add_children(tree, root, children)
        console.print(tree)
    return OK


def show_logs(client: ControlClient, options: ControlOptions, level: str, *, follow: bool) -> int:
    """Print or change the log level, or print log records as they are written."""
    if level:
        shown = _json_of_success(client, client.request("PUT", "/logs", content={"level": level}))
    elif not follow:
        shown = _get(client, "/logs")
    if not follow:
        if options.as_json:
            print_json(shown)
        else:
            _line(output_console(), ("level  ", "cyan"), (shown["level"], ""))
        return OK
    console = output_console()
    with client.stream("/logs/stream") as lines:
        for line in lines:
            if line.startswith("data: "):
                _print_record(line.removeprefix("data: "), console, as_json=options.as_json)
    return OK


def reload_documents(client: ControlClient, options: ControlOptions) -> int:
    """Load the documents of the process again; fail if they cannot be served."""
    response = client.request("POST", "/config/reload")
    outcome = json_of(response)
    if "ok" not in outcome:
        raise client.failure(response)
    if options.as_json:
        print_json(outcome)
        return OK if outcome["ok"] else FAILED
    console = error_console()
    for each in outcome["diagnostics"]:
        print_diagnostic(console, _diagnostic(each))
    if not outcome["ok"]:
        _line(console, ("not reloaded: ", "bold red"), ("the process serves what it served before", ""))
        return FAILED
    _line(output_console(), ("reloaded" if outcome["changed"] else "nothing has changed", ""))
    return OK


def show_scripting(client: ControlClient, options: ControlOptions, assignments: Sequence[str]) -> int:
    """Print or change the settings of script steps."""
    if assignments:
        changes = dict(map(_parse_assignment, assignments))
        shown = _json_of_success(client, client.request("PUT", "/scripting", content=changes))
    else:
        shown = _get(client, "/scripting")
    if options.as_json:
        print_json(shown)
        return OK
    console = output_console()
    for key, value in {**shown, **shown.get("stats", {})}.items():
        if key != "stats":
            text = ", ".join(map(str, value)) if isinstance(value, list) else str(value)
            _line(console, (f"{key}  ", "cyan"), (text.lower() if isinstance(value, bool) else text, ""))
    return OK


def _get(client: ControlClient, path: str) -> Any:
    return _json_of_success(client, client.get(path))


def _json_of_success(client: ControlClient, response: httpx.Response) -> Any:
    """Return the JSON of a successful response.

    Raises:
        ControlFailed: The response is an error.
    """
    if not response.is_success:
        raise client.failure(response)
    return json_of(response)


def _table_console() -> Console:
    """Return the console for tables; for programs, nothing is folded."""
    is_read_by_program = not sys.stdout.isatty() and "COLUMNS" not in os.environ
    return output_console(_WIDE if is_read_by_program else None)


def _line(console: Console, *parts: tuple[str, str]) -> None:
    console.print(Text.assemble(*parts), soft_wrap=True)


def _status(status: str) -> tuple[str, str]:
    return status, "green" if status == "UP" else "bold red"


def _outcome(shown: Mapping[str, Any]) -> Text:
    """Return the status of a trace or span, with its error."""
    if shown["status"] != "ERROR":
        return Text(shown["status"], style="green")
    return Text(" ".join(filter(None, ("ERROR", shown.get("error", "")))), style="bold red")


def _describe_adapter(adapter: Mapping[str, Any]) -> str:
    parts = [adapter["type"], adapter.get("namespace", "")]
    parts += [f"port {adapter['port']}"] if "port" in adapter else []
    parts += [adapter["state"]]
    parts += [f"missing {', '.join(adapter['missing'])}"] if adapter.get("missing") else []
    return "  ".join(filter(None, parts))


def _title(trace: Mapping[str, Any]) -> str:
    """Return what was requested, else the name of the operation."""
    target = trace.get("target")
    return f"{trace['adapter']} {target}" if target and "adapter" in trace else trace["operation"]


def _duration(milliseconds: float) -> str:
    if milliseconds >= 1000:
        return f"{milliseconds / 1000:.2f} s"
    return f"{milliseconds:.0f} ms" if milliseconds >= 10 else f"{milliseconds:.1f} ms"


def _span(span: Mapping[str, Any], before: str = "") -> Text:
    attributes = span.get("attributes", {})
    details = "".join(f"  {key}={value}" for key, value in attributes.items() if key not in _UNSHOWN)
    return Text.assemble(
        (f"{before}{span['name']}  ", "bold"),
        f"{_duration(span['durationMs'])}  ",
        _outcome(span),
        (details, "dim"),
    )


def _add_children(
    tree: Tree, span: Mapping[str, Any], children: Mapping[str, Sequence[Mapping[str, Any]]]
) -> None:
    for each in children.get(span["spanId"], ()):
        _add_children(tree.add(_span(each)), each, children)


def _uptime(text: str) -> str:
    """Return an ISO 8601 duration in seconds as text for people; any other one unchanged."""
    found = _UPTIME.fullmatch(text)
    if found is None:
        return text
    seconds = float(found[1])
    if seconds < 60:
        return f"{seconds:.1f} s"
    minutes, hours = int(seconds // 60), int(seconds // 3600)
    if hours:
        return f"{hours // 24} d {hours % 24} h" if hours >= 48 else f"{hours} h {minutes % 60} min"
    return f"{minutes} min {int(seconds % 60)} s"


def _name_in(line: str) -> str:
    """Return the name of the metric in a line of the Prometheus text format."""
    if line.startswith(("# HELP ", "# TYPE ")):
        return line.split(" ", 3)[2]
    return re.split(r"[{ ]", line, maxsplit=1)[0]


def _print_record(line: str, console: Console, *, as_json: bool) -> None:
    record = _json.loads(line.encode())
    if as_json or not isinstance(record, dict):
        sys.stdout.write(f"{line}\n")
        sys.stdout.flush()
        return
    time, level = record.pop("timestamp", ""), record.pop("level", "")
    event = record.pop("event", "")
    for key in ("logger", "pid"):
        record.pop(key, None)
    rest = "".join(f"  {key}={value}" for key, value in record.items())
    _line(console, (f"{time} ".lstrip(), "dim"), (f"{level:<7} ", "cyan"), (str(event), ""), (rest, "dim"))


def _diagnostic(data: Mapping[str, Any]) -> Diagnostic:
    """Return a diagnostic from its data; see ``Diagnostic.as_data``."""
    values = {("alters_service" if key == "altersService" else key): value for key, value in data.items()}
    return Diagnostic(**{**values, "severity": Severity(values["severity"])})


def _parse_assignment(text: str) -> tuple[str, Any]:
    """Parse ``KEY=VALUE``: a number, ``true`` or ``false``, a list of languages with commas, or text.

    Raises:
        UsageFault: It is not of that form.
    """
    key, equals, value = text.partition("=")
    if not equals or not key:
        raise UsageFault(f"--set: `{text}` is not KEY=VALUE", hint="write --set timeout=5000")
    if key == "allowedLanguages":
        return key, [each.strip() for each in value.split(",") if each.strip()]
    if value in _FLAGS:
        return key, _FLAGS[value]
    return key, int(value) if value.isdecimal() and len(value) <= 18 else value
