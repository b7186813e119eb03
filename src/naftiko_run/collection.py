"""Cyclic garbage collection, put off where much is made and nearly all of it stays."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def collection_put_off() -> Iterator[None]:
    """Make what stays without searching it for what does not: the search takes a third of loading, or more."""
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()


def collect_from_now_on() -> None:
    """Collect what is made from here on; what there is stays as long as the process, and is looked at no more."""
    gc.freeze()
    gc.enable()
