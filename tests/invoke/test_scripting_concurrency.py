"""Scripts run concurrently: a runaway script blocks nothing, and is stopped with its request."""

import asyncio
import os
import select
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from naftiko_run.errors import ScriptFailed
from naftiko_run.invoke.scripting import ScriptDefaults
from naftiko_run.invoke.scripting.program import MAX_CONCURRENT_SCRIPTS
from support.scripts import prepare, run

# The first asks nobody whether to go on, the second one does.
RUNAWAY = {
    "javascript": "result = 'a'.repeat(2e7).indexOf('a'.repeat(1e7) + 'b')",
    "python": "result = sum(range(10 ** 15))",
}
BOTH = pytest.mark.parametrize("language", RUNAWAY)
LONG = ScriptDefaults(timeout=60_000)


@BOTH
def test_the_event_loop_goes_on_while_a_script_runs_away(tmp_path: Path, language: str) -> None:
    runaway = prepare(tmp_path, language, RUNAWAY[language], defaults=LONG)
    quick = prepare(tmp_path / "quick", language, "result = 1")

    async def measure() -> list[float]:
        await quick.run({})
        task = asyncio.create_task(runaway.run({}))
        taken = []
        for _ in range(100):
            began = time.perf_counter()
            assert await quick.run({}) == 1
            taken.append(time.perf_counter() - began)
        assert not task.done()
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        return sorted(taken)

    taken = asyncio.run(measure())
    assert taken[50] < 0.1


@BOTH
def test_cancelling_a_request_ends_its_script(tmp_path: Path, language: str) -> None:
    runaway = prepare(tmp_path, language, RUNAWAY[language], defaults=LONG)
    quick = prepare(tmp_path / "quick", language, "result = 1")

    async def fill_and_cancel() -> Any:
        tasks = [asyncio.create_task(runaway.run({})) for _ in range(MAX_CONCURRENT_SCRIPTS + 2)]
        await asyncio.wait(tasks, timeout=0.3)
        assert not any(task.done() for task in tasks)
        for task in tasks:
            task.cancel()
        ended = await asyncio.gather(*tasks, return_exceptions=True)
        assert all(isinstance(each, asyncio.CancelledError) for each in ended)
        return await asyncio.wait_for(quick.run({}), 20)

    assert asyncio.run(fill_and_cancel()) == 1


@BOTH
def test_more_scripts_than_may_run_at_once_take_their_turns(tmp_path: Path, language: str) -> None:
    script = prepare(
        tmp_path, language, {"javascript": "result = context.n", "python": "result = context['n']"}[language]
    )

    async def all_of(numbers: range) -> list[Any]:
        return await asyncio.gather(*(script.run({"n": number}) for number in numbers))

    assert asyncio.run(all_of(range(200))) == list(range(200))


@BOTH
def test_one_failure_does_not_touch_the_scripts_beside_it(tmp_path: Path, language: str) -> None:
    text = {"javascript": "if (context.n % 2) for (;;); result = context.n",
            "python": "if context['n'] % 2:\n    while True: pass\nresult = context['n']"}[language]  # fmt: skip
    script = prepare(tmp_path, language, text, defaults=ScriptDefaults(statement_limit=2_000))

    async def all_of(numbers: range) -> list[Any]:
        return await asyncio.gather(
            *(script.run({"n": number}) for number in numbers), return_exceptions=True
        )

    for number, given in enumerate(asyncio.run(all_of(range(40)))):
        assert isinstance(given, ScriptFailed) if number % 2 else given == number


@BOTH
def test_scripts_outlive_an_event_loop(tmp_path: Path, language: str) -> None:
    script = prepare(tmp_path, language, "result = 1")
    assert [run(script), run(script)] == [1, 1]


@BOTH
@pytest.mark.skipif(sys.platform != "linux", reason="reads the process table of Linux")
def test_no_process_outlives_the_server_by_more_than_its_time_limit(tmp_path: Path, language: str) -> None:
    program = f"""
import asyncio, os, pathlib, signal, sys
from support.scripts import prepare, run
from naftiko_run.invoke.scripting import ScriptDefaults
folder = pathlib.Path({str(tmp_path)!r})
run(prepare(folder, {language!r}, "result = 1"))
runaway = prepare(folder, {language!r}, {RUNAWAY[language]!r}, defaults=ScriptDefaults(timeout=2000))
async def main():
    task = asyncio.create_task(runaway.run({{}}))
    await asyncio.wait([task], timeout=0.3)
    children = [pathlib.Path(f"/proc/self/task/{{task}}/children").read_text() for task in os.listdir("/proc/self/task")]
    print(*" ".join(children).split(), flush=True)
    os.kill(os.getpid(), signal.SIGKILL)
asyncio.run(main())
"""
    answer = subprocess.run(
        [sys.executable, "-c", program],
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[1])},
        capture_output=True,
        text=True,
        check=False,
        timeout=30,
    )
    children = [int(pid) for pid in answer.stdout.split()]
    assert children, answer.stderr
    for pid in children:
        assert has_ended(pid, within=10), "a worker runs on without its server"


def has_ended(pid: int, within: float) -> bool:
    """Wait for the end of a process that is not a child."""
    try:
        handle = os.pidfd_open(pid)
    except ProcessLookupError:
        return True
    try:
        return bool(select.select([handle], [], [], within)[0])
    finally:
        os.close(handle)


@pytest.mark.skipif(sys.platform != "linux", reason="reads the process table of Linux")
def test_a_javascript_worker_can_open_nothing_and_has_nothing_of_the_environment(tmp_path: Path) -> None:
    run(prepare(tmp_path, "javascript", "result = 1"))
    workers = [
        path.parent
        for path in Path("/proc").glob("[0-9]*/cmdline")
        if b"javascript_worker.py" in read(path)
        and str(os.getpid()) in read(path.parent / "stat").decode().split()
    ]
    assert workers
    for worker in workers:
        assert "Max open files            0                    0" in read(worker / "limits").decode()
        names = {each.partition(b"=")[0] for each in read(worker / "environ").split(b"\0") if each}
        assert names <= {b"PYTHONPATH", b"LD_LIBRARY_PATH", b"SYSTEMROOT"}
        assert len(list((worker / "fd").iterdir())) <= 4


def read(path: Path) -> bytes:
    """Read a file in ``/proc``; return nothing if the process has ended."""
    try:
        return path.read_bytes()
    except OSError:
        return b""
