"""The threads that decode, build and free what takes long, so that the event loop is not blocked."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from typing import Any, TypeVar

from naftiko_run._json_incremental import free_incrementally

_T = TypeVar("_T")

_decode_pool = ThreadPoolExecutor(2, "decode")
"""The threads share the interpreter lock with the event loop, so there are few; with two, one slow response does not
block the next."""


async def run_in_decode_pool(work: Callable[[], _T]) -> _T:
    """Run work that takes long in one of the threads."""
    # The context contains the current span, which log records refer to.
    return await asyncio.get_running_loop().run_in_executor(_decode_pool, copy_context().run, work)


def free_in_decode_pool(value: Any) -> None:
    """Free a large JSON value in one of the threads, after the current callback of the event loop."""
    asyncio.get_running_loop().call_soon(_decode_pool.submit, free_incrementally, [value])
