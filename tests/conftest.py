"""What every integration test starts from."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from support.upstream import Upstream, running_upstream

# Whom clients trust that tests do not tell whom to: one authority that signs nothing. Each client reads its
# authorities anew, and to read all that the world trusts takes longer than most tests.
os.environ["SSL_CERT_FILE"] = str(Path(__file__).with_name("support") / "authority.pem")


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
