"""wrk: drives a server over many connections, and tells how that went."""

from __future__ import annotations

import json
import subprocess
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from benchmarks.calls import Call
from benchmarks.machine import pinned, tool

MARK: Final = "benchmark: "

_SCRIPT: Final = """\
local calls = {{}}
local function content(path)
    local file = io.open(path, 'rb')
    local text = file:read('*a')
    file:close()
    return text
end
function init(args)
{calls}
end
local turn = 0
function request()
    turn = turn % #calls + 1
    return calls[turn]
end
function done(summary, latency, requests)
    local faults = summary.errors
    io.write(string.format(
        '{mark}{{"requests": %d, "microseconds": %d, "bytes": %d, "p50": %.1f, "p99": %.1f, '
        .. '"connect": %d, "read": %d, "write": %d, "status": %d, "timeout": %d}}\\n',
        summary.requests, summary.duration, summary.bytes, latency:percentile(50), latency:percentile(99),
        faults.connect, faults.read, faults.write, faults.status, faults.timeout))
end
"""
_FAULTS: Final = ("connect", "read", "write", "status", "timeout")


@dataclass(frozen=True, slots=True)
class Load:
    """How driving a server went.

    Attributes:
        requests: How many were answered.
        rate: How many a second.
        p50: Half were answered in so many milliseconds.
        p99: And 99 of 100 in so many.
        faults: What went wrong, in words; empty where nothing did.
    """

    requests: int
    rate: float
    p50: float
    p99: float
    faults: str


def drive(calls: Sequence[Call], port: int, core: int, connections: int, seconds: float) -> Load:
    """Send calls in turns over kept connections for a while."""
    with tempfile.TemporaryDirectory() as folder:
        script = Path(folder) / "calls.lua"
        script.write_text(script_of(calls, Path(folder)), encoding="utf-8")
        command = [
            tool("wrk"),
            "--threads=1",
            f"--connections={connections}",
            f"--duration={max(1, round(seconds))}s",
            "--timeout=20s",
            f"--script={script}",
            f"http://127.0.0.1:{port}",
        ]
        with pinned(core):
            ran = subprocess.run(command, capture_output=True, text=True, check=False)
    return parse(ran.stdout, ran.stderr)


def script_of(calls: Sequence[Call], folder: Path) -> str:
    """Give the script that sends calls in turns; their bodies are written into a folder."""
    lines = []
    for number, call in enumerate(calls):
        body = "nil"
        if call.body:
            file = folder / f"body-{number}"
            file.write_bytes(call.body)
            body = f"content({_quoted(str(file))})"
        headers = ", ".join(f"[{_quoted(key)}] = {_quoted(value)}" for key, value in call.headers.items())
        lines.append(
            f"    calls[{number + 1}] = wrk.format({_quoted(call.method)}, {_quoted(call.path)},"
            f" {{{headers}}}, {body})"
        )
    return _SCRIPT.format(calls="\n".join(lines), mark=MARK)


def parse(told: str, complaints: str = "") -> Load:
    """Read what wrk told.

    Raises:
        ValueError: It told nothing.
    """
    line = next((line for line in told.splitlines() if line.startswith(MARK)), None)
    if line is None:
        raise ValueError(f"wrk told nothing: {(complaints or told).strip()[-500:]}")
    found: dict[str, Any] = json.loads(line.removeprefix(MARK))
    faults = [f"{found[kind]} × {kind}" for kind in _FAULTS if found[kind]]
    if not found["requests"]:
        faults.append("no answer")
    return Load(
        found["requests"],
        found["requests"] / found["microseconds"] * 1e6,
        found["p50"] / 1000,
        found["p99"] / 1000,
        ", ".join(faults),
    )


def _quoted(text: str) -> str:
    """Write a text for Lua, which has JSON's escapes but for those of Unicode."""
    return json.dumps(text, ensure_ascii=False)
