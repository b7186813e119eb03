"""The process that JavaScript runs in: QuickJS, one job after another.

It is started by file name, not as a module of ours: it imports nothing but the
standard library and the engine, so that it starts quickly and has nothing to
lose. Where the system can limit a process, it can open no file and no
connection once it has started. A message is four bytes of length and JSON, on
standard input and standard output. Each job has an engine of its own: nothing
stays for the next one.
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
"""Counting, no code from text (it could not be counted), and what scripts print goes nowhere."""

PRELUDE_LINE: Final = 1
"""The line that the prelude stands in; the scripts follow, as if all were one text."""

EXPORT: Final = "JSON.stringify(result)"

_LONE_SURROGATE: Final = re.compile(r"(?<!\\)((?:\\\\)*)\\ud[89a-f][0-9a-f]{2}")
_REPLACEMENT: Final = "\\1\N{REPLACEMENT CHARACTER}"
_FRAME: Final = re.compile(r"<input>:(\d+)")


def run(job: dict[str, Any]) -> dict[str, Any]:
    """Run the scripts of a job in order, in one fresh engine, and give its `result` as JSON text."""
    ends = time.monotonic() + job["seconds"]
    engine = quickjs.Context()
    engine.set_memory_limit(job["memory"])
    engine.set_max_stack_size(MAX_STACK_SIZE)
    engine.set_time_limit(job["seconds"])
    prelude = PRELUDE.replace("NAME", job["name"]).replace("STATEMENTS", str(job["statements"]))
    engine.eval(prelude.replace("\n", " "))
    told: dict[str, Any] = {}
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
            told = {"result": _LONE_SURROGATE.sub(_REPLACEMENT, text)} if fits else {"failure": "result"}
    except (quickjs.JSException, quickjs.StackOverflow) as fault:
        told = failure(str(fault), job["scripts"], running)
    except UnicodeDecodeError:
        told = failure("it threw an error whose words are not Unicode", job["scripts"], running)
    engine.set_time_limit(-1)
    if engine.eval(f"{job['name']}_spent()"):
        return {"failure": "statements"}
    return {"failure": "time"} if time.monotonic() >= ends else told


def failure(text: str, scripts: list[str], running: int | None) -> dict[str, Any]:
    """Say what was thrown, in which script, and in which line of it: that of the innermost frame.

    Args:
        text: The error and its trace, as QuickJS writes them.
        scripts: The scripts of the job.
        running: Which of them ran; None where the result was being read.
    """
    message, _, trace = text.partition("\n    at ")
    message = message.removesuffix("\nundefined").removesuffix("\nnull")
    if message == "InternalError: out of memory":
        return {"failure": "memory"}
    if message == "InternalError: interrupted":
        return {"failure": "time"}
    told = {"failure": "error", "message": message, "script": running, "line": 0}
    for frame in _FRAME.finditer(trace):
        line = int(frame[1]) - PRELUDE_LINE
        for index, script in enumerate(scripts):
            length = script.count("\n") + 1
            if 0 < line <= length:
                return told | {"script": index, "line": line}
            line -= length
    return told


def read(stream: BinaryIO) -> bytes | None:
    """Read one message; None where there are no more."""
    head = stream.read(4)
    return stream.read(int.from_bytes(head, "big")) if len(head) == 4 else None


def drop_privileges() -> None:
    """Let this process open nothing and write no file any more, where the system can do that."""
    with contextlib.suppress(ImportError):
        import resource

        for limit in (resource.RLIMIT_NOFILE, resource.RLIMIT_FSIZE, resource.RLIMIT_CORE):
            with contextlib.suppress(ValueError, OSError):
                resource.setrlimit(limit, (0, 0))


def main() -> None:
    """Answer jobs until standard input ends; then leave at once, whatever runs."""
    replies = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # what anything prints cannot pass for a reply
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
        # Native code asks nobody whether to go on; a watchdog ends the process.
        faulthandler.dump_traceback_later(job["seconds"] + job["grace"], exit=True)
        reply = json.dumps(run(job)).encode()
        faulthandler.cancel_dump_traceback_later()
        replies.write(len(reply).to_bytes(4, "big") + reply)
        replies.flush()


if __name__ == "__main__":
    main()
