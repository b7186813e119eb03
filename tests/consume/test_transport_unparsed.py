"""Where httptools is not installed, as on Windows, httpx carries everything."""

from __future__ import annotations

import subprocess
import sys

from support.upstream import Upstream

CALL = """
import asyncio, sys
sys.modules["httptools"] = None
from naftiko_run.consume import HttpTransport, OutgoingRequest

async def call():
    transport = HttpTransport()
    try:
        print((await transport.send(OutgoingRequest("a.b", "GET", sys.argv[1] + "/a", []))).status)
    finally:
        await transport.aclose()
    assert "httpx" in sys.modules

asyncio.run(call())
"""


def test_httpx_carries_what_our_own_client_cannot(upstream: Upstream) -> None:
    done = subprocess.run(
        [sys.executable, "-c", CALL, upstream.url], capture_output=True, text=True, check=False
    )
    assert (done.stdout, done.stderr) == ("200\n", "")
    assert upstream.only.target == "/a"
