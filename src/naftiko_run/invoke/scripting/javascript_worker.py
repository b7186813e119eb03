"""The worker process that runs JavaScript in QuickJS, one job at a time.

It is started by file name and imports only the standard library and the
engine, so that it starts quickly and contains nothing of the server. Where the
system supports it, it cannot open files or connections after it has started. A
message is four bytes of length followed by JSON, on standard input and standard
output. Each job runs in a new engine: nothing is shared between jobs.
"""

from __future__ import annotations

import contextlib
import faulthandler
import json
import os
import queue
import re
import sys
import threading
import time
from typing import Any, BinaryIO, Final

import quickjs

MAX_STACK_SIZE: Final = 512 * 1024

PRELUDE: Final = """
const {NAME_count, NAME_spent} = (() => {
  let left = STATEMENTS;
  return {
    NAME_count(number) { if ((left -= number) < 0) throw new RangeError("too many statements"); },
    NAME_spent() { return left < 0; },
  };
})();
(() => {
  const refuse = (name) => {
    const stub = function () { throw new TypeError(`${name} is not available in scripts`); };
    Object.defineProperty(stub, "name", {value: name});
    return stub;
  };
  globalThis.eval = refuse("eval");
  for (const kind of [function () {}, async function () {}, function* () {}, async function* () {}]) {
    const prototype = Object.getPrototypeOf(kind);
    const stub = refuse(prototype.constructor.name);
    stub.prototype = prototype;
    Object.defineProperty(prototype, "constructor", {value: stub, writable: false, configurable: false});
  }
  globalThis.Function = Function.prototype.constructor;
  globalThis.print = () => {};
  globalThis.console = Object.fromEntries(
    ["log", "info", "warn", "error", "debug", "trace"].map((name) => [name, () => {}]));
  globalThis.result = undefined;
})();
"""
"""Counts statements, disables code from strings, which could not be counted, and discards printed text."""

PRELUDE_LINE: Final = 1
"""The line of the prelude; line numbers of the scripts continue from here, as in one text."""

EXPORT: Final = "JSON.stringify(result)"

_LONE_SURROGATE: Final = re.compile(r"(?<!\\)((?:\\\\)*)\\ud[89a-f][0-9a-f]{2}")
_REPLACEMENT: Final = "\\1\N{REPLACEMENT CHARACTER}"
_FRAME: Final = re.compile(r"<input>:(\d+)")


def run(job: dict[str, Any]) -> dict[str, Any]:
    """Run the scripts of a job in order, in a new engine, and return `result` as JSON text."""
    ends = time.monotonic() + job["seconds"]
    engine = quickjs.Context()
    engine.set_memory_limit(job["memory"])
    engine.set_max_stack_size(MAX_STACK_SIZE)
    engine.set_time_limit(job["seconds"])
    prelude = PRELUDE.replace("NAME", job["name"]).replace("STATEMENTS", str(job["statements"]))
    engine.eval(prelude.replace("\n", " "))
    reply: dict[str, Any] = {}
    line = PRELUDE_LINE
    running: int | None = None
    try:
        engine.set("context", engine.parse_json(job["context"]))
        for index, script in enumerate(job["scripts"]):
            running = index
            engine.eval("\n" * line + script)
            line += script.count("\n") + 1
            while time.monotonic() < ends and engine.execute_pending_job():
                pass
        running = None
        text = engine.eval("\n" * line + EXPORT)
        if isinstance(text, str):
            fits = len(text) <= job["longest"]
            reply = {"result": _LONE_SURROGATE.sub(_REPLACEMENT, text)} if fits else {"failure": "result"}
    except (quickjs.JSException, quickjs.StackOverflow) as fault:
        reply = failure(str(fault), job["scripts"], running)
    except UnicodeDecodeError:
        reply = failure("it threw an error whose message is not Unicode", job["scripts"], running)
    engine.set_time_limit(-1)
    if engine.eval(f"{job['name']}_spent()"):
        return {"failure": "statements"}
    return {"failure": "time"} if time.monotonic() >= ends else reply


def failure(text: str, scripts: list[str], running: int | None) -> dict[str, Any]:
    """Return the error, the script and the line of its innermost frame.

    Args:
        text: The error and its stack trace, as QuickJS formats them.
        scripts: The scripts of the job.
        running: The index of the script that ran; None if the result was being read.
    """
    message, _, trace = text.partition("\n    at ")
    message = message.removesuffix("\nundefined").removesuffix("\nnull")
    if message == "InternalError: out of memory":
        return {"failure": "memory"}
    if message == "InternalError: interrupted":
        return {"failure": "time"}
    reply = {"failure": "error", "message": message, "script": running, "line": 0}
    for frame in _FRAME.finditer(trace):
        line = int(frame[1]) - PRELUDE_LINE
        for index, script in enumerate(scripts):
            length = script.count("\n") + 1
            if 0 < line <= length:
                return reply | {"script": index, "line": line}
            line -= length
    return reply


def read(stream: BinaryIO) -> bytes | None:
    """Read one message; return None at the end of the stream."""
    head = stream.read(4)
    return stream.read(int.from_bytes(head, "big")) if len(head) == 4 else None


def drop_privileges() -> None:
    """Prevent this process from opening or writing files, if the system supports it."""
    with contextlib.suppress(ImportError):
        import resource

        for limit in (resource.RLIMIT_NOFILE, resource.RLIMIT_FSIZE, resource.RLIMIT_CORE):
            with contextlib.suppress(ValueError, OSError):
                resource.setrlimit(limit, (0, 0))


def main() -> None:
    """Run jobs until standard input ends, then exit at once, even if a job is running."""
    replies = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # printed text must not be mistaken for a reply
    jobs: queue.SimpleQueue[bytes] = queue.SimpleQueue()

    def take() -> None:
        while (message := read(sys.stdin.buffer)) is not None:
            jobs.put(message)
        os._exit(0)

    threading.Thread(target=take, daemon=True).start()
    quickjs.Context().eval("1")
    drop_privileges()
    while True:
        job = json.loads(jobs.get())
        # Native code cannot be interrupted; a watchdog ends the process.
        faulthandler.dump_traceback_later(job["seconds"] + job["grace"], exit=True)
        reply = json.dumps(run(job)).encode()
        faulthandler.cancel_dump_traceback_later()
        replies.write(len(reply).to_bytes(4, "big") + reply)
        replies.flush()


if __name__ == "__main__":
    main()
