"""Clients that go away: what was done for them ends."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any, TypeVar

from naftiko_run.expose.body import Disconnected
from naftiko_run.expose.exposer import Receive

T = TypeVar("T")


async def gone(receive: Receive) -> None:
    """Wait until the client goes away; what is left of its request is passed over."""
    while (await receive())["type"] != "http.disconnect":
        pass


async def while_there(receive: Receive, work: Coroutine[Any, Any, T]) -> T:
    """Do something for as long as the client is there.

    Raises:
        Disconnected: It went away; the work was ended.
    """
    working, leaving = asyncio.create_task(work), asyncio.create_task(gone(receive))
    try:
        await asyncio.wait((working, leaving), return_when=asyncio.FIRST_COMPLETED)
        if not working.done():
            raise Disconnected
        return working.result()
    finally:
        for task in (working, leaving):
            task.cancel()
        await asyncio.gather(working, leaving, return_exceptions=True)
