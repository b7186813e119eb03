"""What every integration test starts from."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from support.upstream import Upstream, running_upstream


@pytest.fixture(scope="session")
def shared_upstream() -> Iterator[Upstream]:
    """The one upstream of a test run; tests ask for ``upstream``."""
    with running_upstream() as upstream:
        yield upstream


@pytest.fixture
def upstream(shared_upstream: Upstream) -> Iterator[Upstream]:
    """An upstream that has received nothing and answers 200."""
    shared_upstream.reset()
    yield shared_upstream
    shared_upstream.reset()  # for tests that call it without asking for it
