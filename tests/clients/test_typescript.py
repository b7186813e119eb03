import os
import shutil
import subprocess
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from support.process import ROOT, started

CLIENTS = Path(__file__).parent / "typescript"


def ran(*command: str, **environment: str) -> subprocess.CompletedProcess[str]:
    program = shutil.which(command[0])
    assert program, f"{command[0]} is not installed"
    return subprocess.run(
        [program, *command[1:]],
        cwd=CLIENTS,
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.timeout(300)
def test_the_official_typescript_clients_of_both_eras_are_served() -> None:
    installed = ran("npm", "install", "--no-save")
    assert installed.returncode == 0, installed.stderr
    with started(ROOT / "capabilities/pipelines-track.yaml", "--sandbox") as command:
        url = urlsplit(command.url("mcp"))
        tested = ran("node", "--test", "--test-reporter=spec", MCP_ORIGIN=f"{url.scheme}://{url.netloc}")
    assert tested.returncode == 0, tested.stdout + tested.stderr
