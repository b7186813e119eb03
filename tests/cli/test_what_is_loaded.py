"""A command imports what it uses: start-up is quick, and what nobody asks for takes no memory."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import httpx

from support.documents import PIPELINES, written
from support.mcp_client import ERAS, call_tool
from support.process import COMMAND, READY, launched, started

TOLD = {"PYTHONPROFILEIMPORTTIME": "1"}
IMPORT = re.compile(r"import time:\s+\d+ \|\s+\d+ \|\s+(\S+)")
ONLY_REST = """\
naftiko: 1.0.0-alpha2
capability:
  consumes:
  - type: http
    namespace: api
    baseUri: https://api.example
    resources:
    - path: /things
      operations: [{name: get, method: GET}]
  exposes:
  - type: rest
    namespace: api-rest
    resources:
    - path: /things
      operations: [{method: GET, call: api.get}]
"""


def loaded(told: str) -> set[str]:
    """Give the modules that Python says were imported, and the packages that they are in."""
    modules = IMPORT.findall(told)
    return {".".join(parts[:end]) for parts in (m.split(".") for m in modules) for end in range(1, 4)}


def loaded_by(*arguments: str | Path) -> set[str]:
    command = [COMMAND.with_name("naftiko"), *arguments]
    done = subprocess.run(command, env=os.environ | TOLD, capture_output=True, text=True, check=True)
    return loaded(done.stderr)


def test_rest_alone_loads_nothing_of_mcp(tmp_path: Path) -> None:
    document = written(tmp_path, ONLY_REST)
    with launched(document, "--sandbox", "--port", "rest=0", environment=TOLD) as process:
        process.wait_for_line(READY)
        assert httpx.get(f"{process.url('rest')}/things").status_code == 200
        modules = loaded(process.text)
    assert "naftiko_run.expose.rest" in modules
    assert not modules & {"mcp", "mcp_types", "naftiko_run.expose.mcp", "starlette", "naftiko_run.lint"}


def test_an_mcp_server_loads_nothing_of_the_sdks_clients() -> None:
    with started(PIPELINES, "--sandbox", environment=TOLD) as process:
        for era in ERAS:
            call_tool(process.url("mcp"), "track-event", {"body": {}}, era)
        modules = loaded(process.text)
    assert "mcp.server.lowlevel" in modules
    assert not modules & {"mcp.client", "mcp.server.mcpserver", "httpx2", "cryptography", "jsonschema"}


def test_who_serves_mcp_can_use_the_whole_sdk_all_the_same() -> None:
    program = "import naftiko_run.expose.mcp.adapter, mcp; print(mcp.ClientSession, mcp.server.MCPServer)"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert "ClientSession" in done.stdout
    assert "MCPServer" in done.stdout


def test_help_loads_no_server() -> None:
    assert not loaded_by("--help") & {"asyncio", "httpx", "mcp", "pydantic", "uvicorn", "yaml"}


def test_validation_loads_no_server() -> None:
    assert not loaded_by("validate", PIPELINES) & {"mcp", "starlette", "uvicorn", "uvloop", "cryptography"}
