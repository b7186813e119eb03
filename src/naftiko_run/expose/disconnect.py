"""Clients that go away: what was done for them ends."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Final, Protocol, TypeVar

from naftiko_run.expose.body import Disconnected

T = TypeVar("T")

CLIENT: Final = "naftiko.client"
"""Under this key the server puts what it knows of the client into a request's scope."""


class Client(Protocol):
    """Who sent a request.

    Attributes:
        is_gone: Whether it has left.
        on_leaving: Called when it leaves; None for nothing.
    """

    is_gone: bool
    on_leaving: Callable[[], object] | None


async def while_there(client: Client, work: Awaitable[T]) -> T:
    """Do something for as long as the client is there.

    Args:
        client: Who asked for it.
        work: What to do, in the task that asks for it.

    Raises:
        Disconnected: The client went away; the work was ended.
    """
    task = asyncio.current_task()
    assert task is not None  # every request has one
    before = task.cancelling()
    client.on_leaving = task.cancel
    if client.is_gone:
        task.cancel()
    try:
        return await work
    except asyncio.CancelledError:
        # The task may have been ended from elsewhere too: then it is, and not only what it did in here.
        if client.is_gone and task.uncancel() <= before:
            raise Disconnected from None
        raise
    finally:
        client.on_leaving = None
