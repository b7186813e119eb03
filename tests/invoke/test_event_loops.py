"""A capability outlives the event loop that it was first used in."""

from __future__ import annotations

import subprocess
import sys

from support.documents import CREDENTIALS, PIPELINES
from support.upstream import Upstream

SCRIPT = """\
import asyncio, sys
import naftiko_run

document, upstream = sys.argv[1:]
capability = naftiko_run.load(document, naftiko_run.Settings({"pipelines-track": upstream}))
track = capability.function("pipelines-track-mcp.track-event")
for number in range(4):
    print(asyncio.run(track.invoke({"body": {"n": number}})).status)
asyncio.run(capability.aclose())
"""


def test_a_function_is_invoked_in_one_loop_after_another(upstream: Upstream) -> None:
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT, PIPELINES, upstream.url],
        env=dict(CREDENTIALS),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stderr == ""
    assert done.stdout.split() == ["200"] * 4
    assert len(upstream.received) == 4
