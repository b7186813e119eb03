"""The nginx of a test run."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack

import pytest

from nginx.process import Nginx, running_nginx

StartNginx = Callable[[str], Nginx]


@pytest.fixture(scope="session")
def start_nginx(tmp_path_factory: pytest.TempPathFactory) -> Iterator[StartNginx]:
    """Return a function that starts nginx with the content of an `http` block, once for each content."""
    running: dict[str, Nginx] = {}
    with ExitStack() as stack:

        def start(http: str) -> Nginx:
            if http not in running:
                folder = tmp_path_factory.mktemp("nginx")
                running[http] = stack.enter_context(running_nginx(folder, http))
            return running[http]

        yield start
