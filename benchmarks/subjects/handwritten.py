"""What somebody would write by hand for the first document, with Starlette and httpx, at its best.

One shared client; sniffio, uvloop and httptools are installed; no access log; what the environment has to
say about proxies is not looked up; the credential is encoded once; the body goes on as it came.

``POOL`` is the number of connections to the upstream, all kept. ``GATE``, where set, lets only so many
requests into the pool at a time: its cost grows with the number of those who wait in it. ``DIRECT``, where
set, leaves the client out and calls httpx's transport, which knows neither cookies nor redirects.

Tried and left out: no time limits (no gain that stood out of the noise), ``httpx.BasicAuth`` instead of a
header (dearer at 32 connections).
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
DIRECT = bool(os.environ.get("DIRECT"))
HEADERS = {"Authorization": BASIC, "Content-Type": "application/json"}
TIMEOUT = httpx.Timeout(30)
EXTENSIONS = {"timeout": TIMEOUT.as_dict()}

transport = httpx.AsyncHTTPTransport(
    limits=httpx.Limits(max_connections=POOL, max_keepalive_connections=POOL, keepalive_expiry=None),
    trust_env=False,
)
client = httpx.AsyncClient(transport=transport, timeout=TIMEOUT, trust_env=False)
gate: AbstractAsyncContextManager[Any] = asyncio.Semaphore(GATE) if GATE else nullcontext()


async def track(request: Request) -> Response:
    """Track an event."""
    body = await request.body()
    async with gate:
        if DIRECT:
            outgoing = httpx.Request("POST", URL, content=body, headers=HEADERS, extensions=EXTENSIONS)
            answer = await transport.handle_async_request(outgoing)
            await answer.aread()
        else:
            answer = await client.post(URL, content=body, headers=HEADERS)
    return Response(answer.content, answer.status_code, media_type=answer.headers["content-type"])


app = Starlette(routes=[Route("/v1/track", track, methods=["POST"])])
