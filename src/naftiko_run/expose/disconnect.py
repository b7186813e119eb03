"""Cancel the work for a request when its client disconnects."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Awaitable, Callable
from typing import Final, Protocol, TypeVar

from naftiko_run.expose.body import Disconnected
from naftiko_run.expose.exposer import Receive, Scope

T = TypeVar("T")

DISCONNECT: Final = sys.intern("naftiko.disconnect")
"""The ASGI extension of servers with a disconnect callback; its value is the ``Client`` of the request."""

_RECEIVER: Final = "naftiko.receiver"
"""The scope key of the ``_Receiver`` of a request, where the server has no disconnect callback."""


class Client(Protocol):
    """The client of one request.

    Attributes:
        is_disconnected: Whether it has disconnected.
        on_disconnect: Called when it disconnects; None for no callback.
    """

    is_disconnected: bool
    on_disconnect: Callable[[], object] | None


async def cancel_on_disconnect(scope: Scope, receive: Receive, work: Awaitable[T]) -> T:
    """Await work in the current task, and cancel it when the client disconnects.

    Args:
        scope: The ASGI scope of the request.
        receive: The ASGI receive callable; without a disconnect callback, further messages are discarded.
        work: The awaitable.

    Raises:
        Disconnected: The client disconnected; the work was cancelled.
    """
    if "extensions" in scope and DISCONNECT in scope["extensions"]:
        client: Client = scope["extensions"][DISCONNECT]
    else:
        client = _receiver_for(scope, receive)
    task = asyncio.current_task()
    assert task is not None  # requests are handled in tasks
    before = task.cancelling()
    client.on_disconnect = task.cancel
    if client.is_disconnected:
        task.cancel()
    try:
        return await work
    except asyncio.CancelledError:
        # If the task was cancelled for another reason too, it stays cancelled.
        if client.is_disconnected and task.uncancel() <= before:
            raise Disconnected from None
        raise
    finally:
        client.on_disconnect = None


def stop_receiving(scope: Scope) -> None:
    """Stop waiting for the client to disconnect, once the response is complete."""
    receiver: _Receiver | None = scope.get(_RECEIVER)
    if receiver is not None:
        receiver.cancel()


class _Receiver:
    """A client whose messages are received in a task until it disconnects.

    There is one per request: some servers report a disconnect to a ``receive`` call that follows a cancelled one.
    """

    def __init__(self, receive: Receive) -> None:
        self.is_disconnected = False
        self.on_disconnect: Callable[[], object] | None = None
        self._task = asyncio.create_task(self._run(receive))

    def cancel(self) -> None:
        """Stop receiving."""
        self._task.cancel()

    async def _run(self, receive: Receive) -> None:
        while (await receive())["type"] != "http.disconnect":
            pass
        self.is_disconnected = True
        if self.on_disconnect is not None:
            self.on_disconnect()


def _receiver_for(scope: Scope, receive: Receive) -> _Receiver:
    receiver: _Receiver | None = scope.get(_RECEIVER)
    if receiver is None:
        receiver = scope[_RECEIVER] = _Receiver(receive)
    return receiver
