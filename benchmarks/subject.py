"""Everything that is compared: how it is started, what it is asked, what it must answer."""

from __future__ import annotations

import json
import sys
import sysconfig
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from benchmarks import nginx
from benchmarks.answers import ITEM_MAPPED, ORDER_RESOLVED, PASSWORD, TRACKED, USER
from benchmarks.calls import ERAS, TRACK, Call, tool_call, tool_result
from benchmarks.made_up import KEY
from benchmarks.processes import Server
from benchmarks.report import DIRECT

COMMAND: Final = str(Path(sysconfig.get_path("scripts")) / "naftiko-run")
FIRST: Final = "capabilities/pipelines-track.yaml"
CREDENTIALS: Final = {"CUSTOMER_IO_USER": USER, "CUSTOMER_IO_PASS": PASSWORD, KEY: PASSWORD}
HAND_WRITTEN: Final = {"a pool of 100": {"POOL": "100"}, "a pool of 8": {"POOL": "8"}}
"""The settings of the hand-written app: httpx's own, and the one that gained."""
REWRITTEN: Final = {
    "2 calls at a time": {"POOL": "8", "GATE": "2"},
    "2 at a time, httpx's transport alone": {"POOL": "8", "GATE": "2", "DIRECT": "1"},
}
"""That app rewritten around httpx's pool: no setting, and none that lets slow upstreams answer side by side."""


class WrongAnswer(Exception):
    """Something that is compared does not do what the others do."""


@dataclass(frozen=True, slots=True)
class Subject:
    """Something that is compared.

    Attributes:
        name: What it is, in the table.
        family: What it is compared as: ``nginx``, ``constant``, ``ours``, ``hand-written``,
            ``rewritten``, ``sdk``, ``fastmcp``.
        command: Its command line, of the port.
        call: What it is asked.
        read: What of its answer counts; raises ValueError where it is none.
        expected: What that must be.
        environment: Variables that it needs.
        era: The MCP protocol version that it is asked in.
    """

    name: str
    family: str
    command: Callable[[int], Sequence[str]]
    call: Call
    read: Callable[[bytes], Any]
    expected: Any
    environment: dict[str, str] = field(default_factory=dict)
    era: str = ""

    def check(self, server: Server) -> None:
        """Ask once.

        Raises:
            WrongAnswer: It answers something else than the others.
        """
        status, body = self.call.send(server.port)
        if status != 200 or self.read(body) != self.expected:
            raise WrongAnswer(f"{self.name} answers {status} {body[:500]!r}, unlike the others")


def naftiko_run(document: str | Path, upstream: str, *, adapter: str = "rest") -> Callable[[int], list[str]]:
    """Give the command, of the port, of ``naftiko-run`` on a document over an upstream.

    Args:
        document: A benchmark's document, or the first of ``capabilities/``, or a folder.
        upstream: The upstream's URL.
        adapter: The kind of adapter that listens on the port; any other gets a free one.
    """
    document = Path(document)
    bases = {
        "pipelines-track": [f"pipelines-track={upstream}/v1"],
        "mapping": [f"catalogue={upstream}"],
        "orchestrated": [f"shop={upstream}"],
        "bodies": [f"bodies={upstream}"],
    }
    given = [word for base in bases.get(document.stem, []) for word in ("--base-uri", base)]
    has_mcp = document.stem == "pipelines-track" or document.is_dir()
    kinds = ("rest", "mcp") if has_mcp else ("rest",)

    def command(port: int) -> list[str]:
        ports = [word for kind in kinds for word in ("--port", f"{kind}={port if kind == adapter else 0}")]
        return [COMMAND, str(document), *given, *ports, "--log-level", "error"]

    return command


def uvicorn(app: str) -> Callable[[int], list[str]]:
    """Give the command, of the port, of an app of ``benchmarks/subjects``, served as well as uvicorn can."""
    options = (
        "--loop",
        "uvloop",
        "--http",
        "httptools",
        "--ws",
        "none",
        "--no-access-log",
        "--no-server-header",
    )
    module = f"benchmarks.subjects.{app}:app"

    def command(port: int) -> list[str]:
        return [
            sys.executable,
            "-m",
            "uvicorn",
            module,
            *options,
            "--log-level",
            "error",
            "--port",
            str(port),
        ]

    return command


def of_rest(upstream: str, folder: Path, *, quick: bool) -> list[Subject]:
    """Give what answers the first document's call over REST, and ours doing more.

    Args:
        upstream: The upstream's URL.
        folder: An empty folder for nginx.
        quick: Leave out what no goal speaks of.
    """
    there = upstream.removeprefix("http://")
    ours = [
        Subject(
            DIRECT,
            "ours",
            naftiko_run(FIRST, upstream),
            TRACK,
            bytes,
            TRACKED,
            CREDENTIALS,
        )
    ]
    if not quick:
        ours += [
            Subject(name, "ours", naftiko_run(document, upstream), call, json.loads, expected, CREDENTIALS)
            for name, document, call, expected in (
                ("ours, REST: five fields of a 2 KB answer", "benchmarks/documents/mapping.yaml", Call("GET", "/v1/item"), ITEM_MAPPED),
                ("ours, REST: two calls and a lookup in 1,000 rows", "benchmarks/documents/orchestrated.yaml", Call("GET", "/v1/orders/o-1"), ORDER_RESOLVED),
            )
        ]  # fmt: skip
    return [
        Subject("nginx proxy_pass", "nginx", nginx.proxy(folder, there), TRACK, bytes, TRACKED),
        Subject("constant, raw ASGI (the ceiling)", "constant", uvicorn("constant"), TRACK, bytes, TRACKED),
        *ours,
        *(
            hand_written(upstream, family, setting, variables)
            for family, settings in (("hand-written", HAND_WRITTEN), ("rewritten", REWRITTEN))
            for setting, variables in list(settings.items())[-1 if quick else 0 :]
        ),
    ]


def hand_written(upstream: str, family: str, setting: str, variables: dict[str, str]) -> Subject:
    """Give the hand-written app with one of its settings, or rewritten."""
    name = f"{family}, Starlette + httpx, {setting}"
    environment = {"UPSTREAM": upstream, **variables}
    return Subject(name, family, uvicorn("handwritten"), TRACK, bytes, TRACKED, environment)


def of_mcp(upstream: str, *, quick: bool) -> list[Subject]:
    """Give what answers the first document's tool call, in both protocol eras."""
    apps = [
        ("ours, MCP: a direct call", "ours", naftiko_run(FIRST, upstream, adapter="mcp"), CREDENTIALS),
        ("official MCP SDK, constant tool", "sdk", uvicorn("sdk"), {}),
    ]
    if not quick:
        apps += [
            ("FastMCP, constant tool", "fastmcp", uvicorn("fast_mcp"), {"UPSTREAM": ""}),
            ("FastMCP, httpx call", "fastmcp", uvicorn("fast_mcp"), {"UPSTREAM": upstream}),
        ]
    tracked = json.loads(TRACKED)
    expected = {"texts": [tracked], "structured": tracked}
    return [
        Subject(f"{name}, {era}", family, command, tool_call(era), tool_result, expected, environment, era)
        for era in ERAS
        for name, family, command, environment in apps
    ]


def seen_by_upstream(upstream: Server) -> None:
    """See that the upstream answers nobody without the credential: who gets its answer has sent it.

    Raises:
        WrongAnswer: It does.
    """
    status, body = TRACK.send(upstream.port)
    if status != 401:
        raise WrongAnswer(f"the upstream answers {status} {body[:500]!r} without a credential")
