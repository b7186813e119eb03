"""``--control [PORT]``: the control adapter of a process, whatever its documents declare."""

from __future__ import annotations

import socket
from pathlib import Path

import httpx
import pytest

from expose.control_documents import SCRIPTS, SHOP, write_document
from naftiko_run import Settings, load
from support.commands import ended
from support.documents import PIPELINES
from support.ports import free_ports
from support.process import FREE_PORTS, READY, Process, launched, run
from support.server import serving

ROUTES = ("/health/live", "/health/ready", "/status", "/config", "/scripting", "/logs")
GUARD = "    authentication: {type: bearer, token: c-1234567}\n"


def control(process: Process) -> str:
    process.wait_for_line(READY)
    return process.url("control")


def test_every_route_is_served_on_a_loopback_address() -> None:
    arguments = (PIPELINES, "--sandbox", *FREE_PORTS, "--host", "0.0.0.0", "--control", "0")  # noqa: S104 - the subject
    with launched(*arguments) as process:
        url = control(process)
        assert url.startswith("http://127.0.0.1:")
        found = {path: httpx.get(url + path).status_code for path in ROUTES}
        assert set(found.values()) == {200}, found
        assert httpx.post(f"{url}/config/validate", content=PIPELINES.read_bytes()).json()["valid"] is True
        assert httpx.put(f"{url}/logs", json={"level": "debug"}).json()["level"] == "debug"


@pytest.mark.parametrize("before", [True, False], ids=["before the document", "at the end"])
def test_the_port_can_be_omitted(*, before: bool) -> None:
    port = str(free_ports(1)[0])
    documents = ("--control", PIPELINES) if before else (PIPELINES, "--control")
    environment = {"NAFTIKO_PORT_CONTROL": port}
    with launched(*FREE_PORTS, "--sandbox", *documents, environment=environment) as process:
        assert control(process) == f"http://127.0.0.1:{port}"


def test_its_port_has_a_name_for_the_option_port() -> None:
    port = free_ports(1)[0]
    with launched(PIPELINES, "--sandbox", *FREE_PORTS, "--control", "--port", f"control={port}") as process:
        assert control(process) == f"http://127.0.0.1:{port}"


def test_a_port_in_use_is_one_line() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        result = run(PIPELINES, "--sandbox", *FREE_PORTS, "--control", str(port))
    assert result.returncode == 1
    assert result.stderr.startswith(f"naftiko-run: error: port {port} is in use, and the control adapter")
    assert result.stderr.count("\n") == 1


@pytest.mark.parametrize("written", ["--control=x", "--control=99999"])
def test_what_is_not_a_port_is_refused(written: str) -> None:
    result = ended("naftiko", "run", PIPELINES, "--sandbox", written)
    assert result.returncode == 2
    assert "is not a port" in result.stderr


def test_an_adapter_of_the_document_gets_every_route_and_keeps_its_authentication(tmp_path: Path) -> None:
    document = write_document(tmp_path, SHOP + GUARD)
    with serving(document, settings=Settings(environment={"SHOP_TOKEN": "t"}), has_control=True) as served:
        assert len(served.urls("control")) == 1
        url = served.url("control")
        assert {httpx.get(url + path).status_code for path in ROUTES} == {401}
        token = {"Authorization": "Bearer c-1234567"}
        assert {httpx.get(url + path, headers=token).status_code for path in ROUTES} == {200}
        assert httpx.get(f"{url}/health/ready", headers=token).json()["status"] == "UP"


def test_script_settings_change_for_all_documents_or_for_none(tmp_path: Path) -> None:
    text, _, _ = SCRIPTS.partition("  - type: control")
    where = "language: {}, location: 'file:///./scripts'"
    for language in ("javascript", "python"):
        text = text.replace(f"language: {language}", where.format(language))
    for name in ("one", "two"):
        folder = tmp_path / name
        folder.mkdir()
        write_document(folder, text)
    settings = Settings(environment={})
    capabilities = [load(tmp_path / name / "shop.yaml", settings) for name in ("one", "two")]
    (tmp_path / "two" / "scripts" / "main.js").unlink()
    with serving(*capabilities, settings=settings, has_control=True) as served:
        url = f"{served.url('control')}/scripting"
        assert httpx.put(url, json={"timeout": 5}).status_code == 400  # the second has lost a script
        assert [each.scripts.defaults.timeout for each in capabilities] == [60000, 60000]
        assert httpx.put(url, json={"enabled": False}).status_code == 200
        assert [each.scripts.defaults.enabled for each in capabilities] == [False, False]


def test_beside_stdio_the_process_ends_with_stdin() -> None:
    result = run(PIPELINES, "--sandbox", "--stdio", "--control", "0")
    assert result.returncode == 0
    assert "control http://127.0.0.1:" in result.stderr
