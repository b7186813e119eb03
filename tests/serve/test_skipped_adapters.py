"""Several documents in one process: what cannot be served is skipped with its reason, and the rest is served."""

from __future__ import annotations

import signal
import socket
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

from naftiko_run import Settings
from naftiko_run.serve import Addressing
from support.documents import small, written
from support.ports import free_ports, taken_port
from support.process import READY, Process, launched, run
from support.server import serving
from support.wire import problem

SANDBOX = Settings(sandbox=True, environment={})
STDIO = """\
naftiko: 1.0.0-alpha2
capability:
  exposes:
  - type: mcp
    namespace: {name}
    transport: stdio
    tools: [{{name: hello, description: Greets, outputParameters: [{{type: string, value: hello}}]}}]
"""


@contextmanager
def ready(*arguments: str | Path) -> Iterator[Process]:
    with launched(*arguments, "--sandbox") as process:
        process.wait_for_line(READY)
        yield process


def on_ports(folder: Path, name: str, rest: int, mcp: int, *, path: str = "") -> Path:
    text = small(name, path=path or f"/{name}", rest=f"port: {rest}", mcp=f"port: {mcp}")
    return written(folder, text, f"{name}.yaml")


def status(port: int, path: str) -> int:
    return httpx.get(f"http://127.0.0.1:{port}{path}").status_code


def test_adapters_of_a_taken_port_are_skipped_by_name_and_the_rest_is_served(tmp_path: Path) -> None:
    free, mcp = free_ports(2)
    with taken_port() as taken:
        on_ports(tmp_path, "one", free, mcp)
        two = on_ports(tmp_path, "two", taken, mcp)
        three = on_ports(tmp_path, "three", taken, mcp)
        with ready(tmp_path) as process:
            assert (
                f"warning port {taken} is in use, and the rest adapter `three-rest` needs it; not served: "
                f"`three-rest` of {three}, `two-rest` of {two}; choose another: --port rest={taken + 1}"
            ) in process.lines
            assert status(free, "/one") == 200
            assert f"mcp http://127.0.0.1:{mcp}/two-mcp/mcp  two-mcp" in process.lines
            assert httpx.get(f"http://127.0.0.1:{free}/health/ready").json() == {"status": "DEGRADED"}


def test_strict_reports_clashes_and_taken_ports_together(tmp_path: Path) -> None:
    free, mcp = free_ports(2)
    with taken_port() as taken, taken_port() as other:
        on_ports(tmp_path, "one", free, mcp, path="/same")
        on_ports(tmp_path, "two", free, taken, path="/same")
        on_ports(tmp_path, "three", other, mcp)
        result = run(tmp_path, "--sandbox", "--strict")
    assert result.returncode == 1
    lines = result.stderr.splitlines()
    assert len(lines) == 3
    assert "GET /same of `two-rest`" in lines[0]
    assert "--prefix-routes" in lines[0]
    assert {line.split(" is in use")[0] for line in lines[1:]} == {
        f"naftiko-run: error: port {each}" for each in (taken, other)
    }


def test_nothing_is_served_if_every_port_is_taken(tmp_path: Path) -> None:
    with taken_port() as taken, taken_port() as other:
        result = run(on_ports(tmp_path, "one", taken, other), "--sandbox")
    assert result.returncode == 1
    assert [line.split(",")[0] for line in result.stderr.splitlines()] == [
        f"naftiko-run: error: port {taken} is in use",
        f"naftiko-run: error: port {other} is in use",
    ]


def test_several_adapters_on_stdin_are_skipped_and_the_rest_is_served(tmp_path: Path) -> None:
    rest, mcp = free_ports(2)
    on_ports(tmp_path, "one", rest, mcp)
    for name in ("first", "second"):
        written(tmp_path, STDIO.format(name=name), f"{name}.yaml")
    with ready(tmp_path) as process:
        (line,) = [line for line in process.lines if line.startswith("warning ")]
        assert line.startswith(
            "warning several adapters have `transport: stdio`, and there is one stdin: `first`"
        )
        assert line.endswith("; not served; serve one of them: --adapter first")
        assert status(rest, "/one") == 200
        assert status(rest, "/health/ready") == 200
    result = run(tmp_path, "--sandbox", "--strict")
    assert result.returncode == 1
    assert "one stdin" in result.stderr


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no workers")
def test_an_adapter_on_stdin_is_skipped_with_workers(tmp_path: Path) -> None:
    rest, mcp = free_ports(2)
    on_ports(tmp_path, "one", rest, mcp)
    written(tmp_path, STDIO.format(name="first"), "first.yaml")
    with ready(tmp_path, "--workers", "2") as process:
        assert "several workers cannot share one stdin" in process.text
        assert status(rest, "/one") == 200


def test_a_bad_document_is_skipped_with_its_errors(tmp_path: Path) -> None:
    rest, mcp = free_ports(2)
    on_ports(tmp_path, "one", rest, mcp)
    bad = written(tmp_path, "capability: [1", "bad.yaml")
    worse = written(tmp_path, "- a list", "worse.yaml")
    with ready(tmp_path) as process:
        assert f"{worse}:1:1: error[not-a-mapping]" in process.text
        assert f"{bad}:" in process.text
        assert (
            "warning 2 documents that cannot be served are skipped; --strict refuses to start"
            in process.lines
        )
        assert status(rest, "/one") == 200
    result = run(tmp_path, "--sandbox", "--strict")
    assert result.returncode == 65
    assert str(bad) in result.stderr
    assert str(worse) in result.stderr


def test_all_files_and_folders_that_are_missing_are_reported_at_once(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    result = run(tmp_path / "empty", tmp_path / "gone.yaml", written(tmp_path, "- a list"))
    assert result.returncode == 66
    assert "there is no capability document in this folder" in result.stderr
    assert "gone.yaml: error[no-such-file]" in result.stderr
    assert "error[not-a-mapping]" in result.stderr


@pytest.mark.parametrize("others", [("127.0.0.1", ""), ("", "localhost"), ("0.0.0.0", "localhost")])  # noqa: S104
def test_addresses_of_one_port_are_one_listener(tmp_path: Path, others: tuple[str, str]) -> None:
    rest, mcp = free_ports(2)
    documents = [
        written(
            tmp_path,
            small(name, path=f"/{name}", rest=f"port: {rest}\n    address: '{address}'", mcp=f"port: {mcp}"),
            f"{name}.yaml",
        )
        for name, address in zip(("one", "two", "three"), (*others, "127.0.0.1"), strict=True)
    ]
    with serving(*documents, settings=SANDBOX, addressing=Addressing()) as served:
        assert len(served.origins("rest")) == 1
        assert [status(rest, f"/{name}") for name in ("one", "two", "three")] == [200, 200, 200]


@pytest.mark.skipif(sys.platform != "linux", reason="needs several loopback addresses")
def test_a_loopback_adapter_is_not_found_from_elsewhere_on_a_shared_listener(
    tmp_path: Path, own_address: str
) -> None:
    (rest,) = free_ports(1)
    documents = [
        written(
            tmp_path,
            small(name, path=f"/{name}", rest=f"port: {rest}\n    address: {address}", mcp="port: 0"),
            f"{name}.yaml",
        )
        for name, address in (("open", "0.0.0.0"), ("local", "localhost"))  # noqa: S104 - what is tested
    ]
    with serving(*documents, settings=SANDBOX, addressing=Addressing()):
        origin = f"http://{own_address}:{rest}"
        assert httpx.get(f"{origin}/open").status_code == 200
        problem(httpx.get(f"{origin}/local"), 404)
        here = f"http://127.0.0.1:{rest}/local"
        assert httpx.get(here).status_code == 200
        problem(httpx.get(here, headers={"host": "rebound.example"}), 421)


@pytest.fixture
def own_address() -> str:
    """The address of this machine that is not a loopback one."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(("192.0.2.1", 9))
        except OSError:
            pytest.skip("this machine has no other address")
        address: str = probe.getsockname()[0]
    return address


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no SIGHUP")
@pytest.mark.parametrize("workers", ["1", "2"])
def test_a_reload_skips_a_new_document_whose_port_is_taken(tmp_path: Path, workers: str) -> None:
    rest, mcp = free_ports(2)
    on_ports(tmp_path, "one", rest, mcp)
    with ready(tmp_path, "--workers", workers) as process:

        def reload(word: str, number: int = 1) -> str:
            process.signal(signal.SIGHUP)
            process.wait_for(
                lambda _: len([each for each in process.messages if each.startswith(word)]) >= number, word
            )
            return [each for each in process.messages if each.startswith(word)][-1]

        with taken_port() as taken:
            on_ports(tmp_path, "two", taken, mcp)
            written(tmp_path, "- a list", "bad.yaml")
            done = reload("reloaded in ")
            assert "added" in done
            assert "opened port" not in done
            assert f"port {taken} is in use" in process.text
            assert "`two-rest` of" in process.text
            assert "error[not-a-mapping]" in process.text
            on_ports(tmp_path, "one", taken, mcp)
            assert f"port {taken} is in use" in reload("not reloaded")
            assert status(rest, "/one") == 200
            on_ports(tmp_path, "one", rest, mcp)
        assert f"opened port {taken}" in reload("reloaded in ", 2)
        assert status(taken, "/two") == 200
