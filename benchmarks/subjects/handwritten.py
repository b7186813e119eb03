"""What somebody would write by hand for the first document, with Starlette and httpx, at its best.

One shared client; sniffio, uvloop and httptools are installed; no access log; what the environment has to
say about proxies is not looked up; the credential is encoded once; the body goes on as it came. What gained
nothing was left out: no time limits, ``httpx.BasicAuth``.

``POOL`` is the number of connections to the upstream, all kept. ``GATE``, where set, lets only so many
requests into the pool at a time: its cost grows with the number of those who wait in it.
"""

from __future__ import annotations

import asyncio
import os
from contextlib import AbstractAsyncContextManager, nullcontext
from typing import Any

import httpx
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from benchmarks.answers import BASIC

URL = os.environ["UPSTREAM"] + "/v1/track"
POOL = int(os.environ["POOL"])
GATE = int(os.environ.get("GATE", "0"))
HEADERS = {"Authorization": BASIC, "Content-Type": "application/json"}

client = httpx.AsyncClient(
    limits=httpx.Limits(max_connections=POOL, max_keepalive_connections=POOL, keepalive_expiry=None),
    timeout=30,
    trust_env=False,
)
gate: AbstractAsyncContextManager[Any] = asyncio.Semaphore(GATE) if GATE else nullcontext()


async def track(request: Request) -> Response:
    """Track an event."""
    body = await request.body()
    async with gate:
        answer = await client.post(URL, content=body, headers=HEADERS)
    return Response(answer.content, answer.status_code, media_type=answer.headers["content-type"])


app = Starlette(routes=[Route("/v1/track", track, methods=["POST"])])
