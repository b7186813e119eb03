"""What every integration test starts from."""

from __future__ import annotations

import gc
import os
from collections.abc import Generator, Iterator
from pathlib import Path

import pytest
from hypothesis import settings

from support.upstream import Upstream, running_upstream

# Whom clients trust that tests do not tell whom to: one authority that signs nothing. Each client reads its
# authorities anew, and to read all that the world trusts takes longer than most tests.
os.environ["SSL_CERT_FILE"] = str(Path(__file__).with_name("support") / "authority.pem")

# The usual run draws the same examples every time: it fails for what was changed only. A thorough one looks for more.
# The machines that run them are shared: no deadline.
settings.register_profile("usual", max_examples=100, deadline=None, derandomize=True)
settings.register_profile("thorough", max_examples=1000, deadline=None)
settings.load_profile("usual")


def pytest_xdist_auto_num_workers() -> int:
    """Return the number of processes for ``--numprocesses auto``: two for each core, since most tests wait."""
    return 2 * (os.cpu_count() or 1)


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add options that run the suite with stock parts in the place of our own."""
    parser.addoption("--http-server", choices=("naftiko", "uvicorn"), help="what speaks HTTP with clients")
    parser.addoption("--http-client", choices=("naftiko", "httpx"), help="what speaks HTTP with upstreams")


def pytest_configure(config: pytest.Config) -> None:
    """Set what the options ask for, for this process and those that tests start."""
    if server := config.getoption("--http-server"):
        os.environ["NAFTIKO_HTTP_SERVER"] = server
    if client := config.getoption("--http-client"):
        os.environ["NAFTIKO_HTTP_CLIENT"] = client


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Skip tests of our own protocol where another one is asked for."""
    if config.getoption("--http-server") == "uvicorn":
        for item in items:
            if item.get_closest_marker("own_server"):
                item.add_marker(pytest.mark.skip(reason="it is about our own HTTP server"))


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Generator[None, object, object]:
    """Look for no garbage among what is imported: all of it stays, and looking takes long each time."""
    gc.disable()
    try:
        return (yield)
    finally:
        gc.freeze()
        gc.enable()


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
