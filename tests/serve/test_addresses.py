"""Where adapters listen: option, then variable, then document, then 127.0.0.1 and the usual port."""

from __future__ import annotations

import sys
from pathlib import Path

import httpx
import pytest

from naftiko_run import Settings
from naftiko_run.errors import BoundVariable, ConfigurationError, PortUnavailable
from naftiko_run.serve import Addressing
from support.documents import small, written
from support.ports import free_ports, taken_port
from support.server import ANY_PORT, serving

SANDBOX = Settings(sandbox=True, environment={})


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux has 127.0.0.2 without being asked")
@pytest.mark.parametrize(
    ("option", "variable", "document", "used"),
    [
        ("127.0.0.4", "127.0.0.3", "127.0.0.2", "127.0.0.4"),
        ("", "127.0.0.3", "127.0.0.2", "127.0.0.3"),
        ("", "", "127.0.0.2", "127.0.0.2"),
        ("", "", "", "127.0.0.1"),
        ("127.0.0.4", "", "", "127.0.0.4"),
    ],
)
def test_the_host(tmp_path: Path, option: str, variable: str, document: str, used: str) -> None:
    rest = f"address: {document}" if document else ""
    environment = {"NAFTIKO_HOST": variable} if variable else {}
    addressing = Addressing(option, ANY_PORT, environment)
    with serving(
        written(tmp_path, small("one", rest=rest)), settings=SANDBOX, addressing=addressing
    ) as served:
        url = served.url("rest")
        assert url.startswith(f"http://{used}:")
        assert httpx.get(f"{url}/things").status_code == 200


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux has 127.0.0.2 without being asked")
@pytest.mark.parametrize("sandbox", [False, True])
@pytest.mark.parametrize(
    ("environment", "option", "used"),
    [
        ({"LISTEN": "127.0.0.2"}, "", "127.0.0.2"),
        ({"LISTEN": "127.0.0.2"}, "127.0.0.3", "127.0.0.3"),
        ({"LISTEN": ""}, "", "127.0.0.1"),
        ({}, "", "127.0.0.1"),
    ],
)
def test_the_host_of_a_binding(
    tmp_path: Path, environment: dict[str, str], option: str, used: str, *, sandbox: bool
) -> None:
    document = written(tmp_path, small("one", rest="address: '{{env.LISTEN}}'"))
    settings = Settings(sandbox=sandbox, environment=environment)
    with serving(document, settings=settings, addressing=Addressing(option, ANY_PORT)) as served:
        assert served.url("rest").startswith(f"http://{used}:")
        is_missing = not (environment.get("LISTEN") or sandbox)
        needed_by = ["the address of one-rest"]
        assert served.capabilities[0].missing() == (
            {BoundVariable("LISTEN"): needed_by} if is_missing else {}
        )


def test_a_malformed_address_is_told_and_left_out(tmp_path: Path) -> None:
    document = written(tmp_path, small("one", rest="address: '{{#x}}'"))
    with serving(document, settings=SANDBOX) as served:
        assert served.url("rest").startswith("http://127.0.0.1:")
        assert "bad-address" in [each.code for each in served.capabilities[0].diagnostics]


@pytest.mark.parametrize(
    ("options", "variables", "used"),
    [
        ({"one-rest": 0, "rest": 1}, {"NAFTIKO_PORT_ONE_REST": 2, "NAFTIKO_PORT_REST": 3}, 0),
        ({"rest": 1}, {"NAFTIKO_PORT_ONE_REST": 2, "NAFTIKO_PORT_REST": 3}, 1),
        ({}, {"NAFTIKO_PORT_ONE_REST": 2, "NAFTIKO_PORT_REST": 3}, 2),
        ({}, {"NAFTIKO_PORT_REST": 3}, 3),
        ({"mcp": 1}, {"NAFTIKO_PORT_MCP": 2, "NAFTIKO_PORT_REST": None}, 4),
    ],
    ids=["namespace option", "type option", "namespace variable", "type variable", "document"],
)
def test_the_port(
    tmp_path: Path, options: dict[str, int], variables: dict[str, int | None], used: int
) -> None:
    ports = free_ports(5)
    document = written(tmp_path, small("one", rest=f"port: {ports[4]}", mcp="port: 0"))
    addressing = Addressing(
        "",
        {name: ports[index] for name, index in options.items()},
        {name: "" if index is None else str(ports[index]) for name, index in variables.items()},
    )
    with serving(document, settings=SANDBOX, addressing=addressing) as served:
        assert served.url("rest") == f"http://127.0.0.1:{ports[used]}"
        assert httpx.get(f"{served.url('rest')}/things").status_code == 200


@pytest.mark.parametrize("address", ["localhost", "0.0.0.0"])  # noqa: S104 - what people bind in containers
def test_the_url_told_is_one_that_a_client_here_can_use(tmp_path: Path, address: str) -> None:
    addressing = Addressing(address, ANY_PORT)
    with serving(written(tmp_path, small("one")), settings=SANDBOX, addressing=addressing) as served:
        assert httpx.get(f"{served.url('rest')}/things").status_code == 200
        assert "//0." not in served.url("rest")


def test_two_documents_that_ask_for_other_ports_get_them(tmp_path: Path) -> None:
    first, second = free_ports(2)
    documents = (
        written(tmp_path, small("one", rest=f"port: {first}", mcp="port: 0"), "one.yaml"),
        written(tmp_path, small("two", rest=f"port: {second}", mcp="port: 0"), "two.yaml"),
    )
    with serving(*documents, settings=SANDBOX, addressing=Addressing()) as served:
        assert served.urls("rest") == [f"http://127.0.0.1:{first}", f"http://127.0.0.1:{second}"]


@pytest.mark.parametrize("value", ["http", "70000", "-1", "80.5"])
def test_a_variable_that_is_no_port_is_refused(tmp_path: Path, value: str) -> None:
    addressing = Addressing("", {}, {"NAFTIKO_PORT_REST": value})
    document = written(tmp_path, small("one"))
    with (
        pytest.raises(ConfigurationError) as refused,
        serving(document, settings=SANDBOX, addressing=addressing),
    ):
        pass
    assert str(refused.value).startswith("NAFTIKO_PORT_REST:")


def test_a_port_in_use_is_refused_and_the_others_are_let_go(tmp_path: Path) -> None:
    (free,) = free_ports(1)
    document = written(tmp_path, small("one"))
    with taken_port() as taken:
        addressing = Addressing("", {"rest": free, "mcp": taken})
        with (
            pytest.raises(PortUnavailable) as refused,
            serving(document, settings=SANDBOX, addressing=addressing),
        ):
            pass
    assert str(refused.value) == f"port {taken} is in use, and the mcp adapter `one-mcp` needs it"
    assert refused.value.hint == f"choose another: --port mcp={taken + 1}"
    addressing = Addressing("", {"rest": free, "mcp": 0})
    with serving(document, settings=SANDBOX, addressing=addressing) as served:
        assert served.url("rest").endswith(f":{free}")


@pytest.mark.parametrize("address", ["192.0.2.1", "no-such-host.invalid", "not an address"])
def test_an_address_of_another_machine_is_refused(tmp_path: Path, address: str) -> None:
    document = written(tmp_path, small("one"))
    addressing = Addressing(address, ANY_PORT)
    with (
        pytest.raises(PortUnavailable) as refused,
        serving(document, settings=SANDBOX, addressing=addressing),
    ):
        pass
    assert f"`{address}`" in str(refused.value)
    assert "--host" in refused.value.hint
