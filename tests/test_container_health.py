import os
import signal
import subprocess
import sys
from urllib.parse import urlsplit

import pytest

from support.process import ROOT, started

IMAGE_ENVIRONMENT = {"NAFTIKO_HOST": "0.0.0.0"}  # noqa: S104 - as the Dockerfile says


def is_healthy(*ports: int | None) -> bool:
    """Run the health check of the container."""
    checked = subprocess.run(
        [sys.executable, ROOT / "docker/health.py"],
        env={**os.environ, "NAFTIKO_HEALTH_PORTS": " ".join(map(str, ports))},
        stderr=subprocess.PIPE,
        check=False,
    )
    assert not checked.stderr
    return checked.returncode == 0


@pytest.mark.parametrize("kind", ["rest", "mcp"])
def test_what_the_image_runs_by_default_is_healthy_on_each_port_without_credentials(kind: str) -> None:
    with started(ROOT / "capabilities", environment=IMAGE_ENVIRONMENT) as command:
        assert is_healthy(urlsplit(command.url(kind)).port)


def test_one_port_that_answers_is_enough() -> None:
    with started(ROOT / "capabilities", environment=IMAGE_ENVIRONMENT) as command:
        assert is_healthy(1, urlsplit(command.url("mcp")).port)


def test_ports_that_nobody_listens_on_are_not_healthy() -> None:
    assert not is_healthy(1, 2)


def test_a_server_that_hangs_is_not_healthy() -> None:
    with started(ROOT / "capabilities", environment=IMAGE_ENVIRONMENT) as command:
        port = urlsplit(command.url("rest")).port
        command.signal(signal.SIGSTOP)
        assert not is_healthy(port)
