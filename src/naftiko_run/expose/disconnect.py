"""Clients that disconnect: the work done for them is cancelled."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Awaitable, Callable
from typing import Final, Protocol, TypeVar

from naftiko_run.expose.body import Disconnected
from naftiko_run.expose.exposer import Receive, Scope

T = TypeVar("T")

DISCONNECT: Final = sys.intern("naftiko.disconnect")
"""The extension of servers that call back when a client disconnects; its value is the request's ``Client``."""

_RECEIVER: Final = "naftiko.receiver"
"""Under this key of a scope is what waits for the client's disconnect, where the server has no callback."""


class Client(Protocol):
    """The client of one request.

    Attributes:
        is_disconnected: Whether it has disconnected.
        on_disconnect: Called when it disconnects; None for nothing.
    """

    is_disconnected: bool
    on_disconnect: Callable[[], object] | None


async def cancel_on_disconnect(scope: Scope, receive: Receive, work: Awaitable[T]) -> T:
    """Await something in the current task, and cancel it when the client disconnects.

    Args:
        scope: The client's request.
        receive: Its ASGI channel; where the server has no callback, what it still receives is dropped.
        work: What to await.

    Raises:
        Disconnected: The client disconnected; the work was cancelled.
    """
    if "extensions" in scope and DISCONNECT in scope["extensions"]:
        client: Client = scope["extensions"][DISCONNECT]
    else:
        client = _receiver_of(scope, receive)
    task = asyncio.current_task()
    assert task is not None  # every request has one
    before = task.cancelling()
    client.on_disconnect = task.cancel
    if client.is_disconnected:
        task.cancel()
    try:
        return await work
    except asyncio.CancelledError:
        # Something else may have cancelled the task as well: then it stays cancelled.
        if client.is_disconnected and task.uncancel() <= before:
            raise Disconnected from None
        raise
    finally:
        client.on_disconnect = None


def stop_receiving(scope: Scope) -> None:
    """Stop waiting for the disconnect of a client whose request is answered."""
    receiver: _Receiver | None = scope.get(_RECEIVER)
    if receiver is not None:
        receiver.cancel()


class _Receiver:
    """A client whose messages are received in a task, up to its disconnect.

    There is one for each request: some servers report a disconnect to a ``receive`` that follows a cancelled one.
    """

    def __init__(self, receive: Receive) -> None:
        self.is_disconnected = False
        self.on_disconnect: Callable[[], object] | None = None
        self._task = asyncio.create_task(self._run(receive))

    def cancel(self) -> None:
        """Receive nothing more."""
        self._task.cancel()

    async def _run(self, receive: Receive) -> None:
        while (await receive())["type"] != "http.disconnect":
            pass
        self.is_disconnected = True
        if self.on_disconnect is not None:
            self.on_disconnect()


def _receiver_of(scope: Scope, receive: Receive) -> _Receiver:
    receiver: _Receiver | None = scope.get(_RECEIVER)
    if receiver is None:
        receiver = scope[_RECEIVER] = _Receiver(receive)
    return receiver
