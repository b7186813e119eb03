"""HTTPS: only upstreams that can show who they are get anything."""

from __future__ import annotations

import asyncio
import ssl
from pathlib import Path

import pytest
import trustme

from consume.transports import Kind, asking, each_kind, head_of, speaking, whole
from naftiko_run.consume import Transport
from naftiko_run.errors import UpstreamUnreachable
from support.raw_server import Speak

OK = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok"


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture
def trusted(authority: trustme.CA, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> trustme.CA:
    """An authority that the environment says is to be trusted."""
    file = tmp_path / "ca.pem"
    authority.cert_pem.write_to_path(file)
    monkeypatch.setenv("SSL_CERT_FILE", str(file))
    return authority


def showing(authority: trustme.CA, *names: str) -> ssl.SSLContext:
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    authority.issue_cert(*names).configure_cert(context)
    return context


def serving(times: int = 1) -> Speak:
    async def speak(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        for _ in range(times):
            await head_of(reader)
            writer.write(OK)

    return speak


def called(
    kind: Kind, context: ssl.SSLContext, host: str = "localhost", tls: ssl.SSLContext | None = None
) -> bytes:
    async def use(transport: Transport) -> bytes:
        async with speaking(serving(), context) as url:
            return await whole(await transport.send(asking(url.replace("127.0.0.1", host), tls=tls)))

    return kind.run(use)


@each_kind
@pytest.mark.parametrize("host", ["localhost", "127.0.0.1"])
def test_an_upstream_that_the_environment_trusts(kind: Kind, trusted: trustme.CA, host: str) -> None:
    assert called(kind, showing(trusted, host), host) == b"ok"


@each_kind
def test_a_folder_of_authorities(
    kind: Kind, authority: trustme.CA, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("SSL_CERT_FILE", raising=False)
    monkeypatch.setenv("SSL_CERT_DIR", str(tmp_path))
    with pytest.raises(UpstreamUnreachable, match="certificate verify failed"):
        called(kind, showing(authority, "localhost"))


@each_kind
@pytest.mark.parametrize(
    ("content", "reason"), [(None, r"SSL_CERT_FILE names no file"), ("nothing", r".*certificate.*")]
)
def test_a_file_of_authorities_that_is_none_is_told(
    kind: Kind, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, content: str | None, reason: str
) -> None:
    file = tmp_path / "ca.pem"
    if content is not None:
        file.write_text(content)
    monkeypatch.setenv("SSL_CERT_FILE", str(file))

    async def use(transport: Transport) -> None:
        await transport.send(asking("https://127.0.0.1:1/"))

    with pytest.raises(UpstreamUnreachable, match=rf"cannot connect( \({reason}\))?$"):
        kind.run(use)


@each_kind
def test_an_upstream_of_an_unknown_authority(kind: Kind, authority: trustme.CA) -> None:
    told = r"no response from localhost:\d+: cannot connect \(.*certificate verify failed.*\)$"
    with pytest.raises(UpstreamUnreachable, match=told):
        called(kind, showing(authority, "localhost"))


@each_kind
def test_an_upstream_of_another_name(kind: Kind, trusted: trustme.CA) -> None:
    with pytest.raises(UpstreamUnreachable, match="certificate verify failed"):
        called(kind, showing(trusted, "other.example"))


@each_kind
def test_a_name_is_asked_for_and_http1_is_spoken(kind: Kind, trusted: trustme.CA) -> None:
    names: list[str | None] = []
    context = showing(trusted, "localhost")
    context.set_alpn_protocols(["h2", "http/1.1"])
    context.sni_callback = lambda _, name, __: names.append(name)
    assert called(kind, context) == b"ok"
    assert names == ["localhost"]


@each_kind
def test_a_connection_is_kept_over_tls(kind: Kind, trusted: trustme.CA) -> None:
    async def use(transport: Transport) -> None:
        async with speaking(serving(2), showing(trusted, "localhost")) as url:
            for _ in range(2):
                answer = await transport.send(asking(url.replace("127.0.0.1", "localhost")))
                assert answer.body == b"ok"

    kind.run(use)


@each_kind
def test_connections_with_a_client_certificate_are_apart(kind: Kind, trusted: trustme.CA) -> None:
    shown: list[str] = []
    context = showing(trusted, "localhost")
    context.verify_mode = ssl.CERT_OPTIONAL
    trusted.configure_trust(context)
    own = ssl.create_default_context()
    trusted.configure_trust(own)
    trusted.issue_cert("client@example.org").configure_cert(own)

    async def speak(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while True:
            await head_of(reader)
            certificate = writer.get_extra_info("peercert") or {}
            shown.append(str(dict(certificate.get("subjectAltName", ())).get("email", "nobody")))
            writer.write(OK)

    async def use(transport: Transport) -> None:
        async with speaking(speak, context) as url:
            for tls in (None, own, None, own):
                await transport.send(asking(url.replace("127.0.0.1", "localhost"), tls=tls))

    kind.run(use)
    assert shown == ["nobody", "client@example.org"] * 2


@each_kind
def test_an_upstream_that_speaks_no_tls(kind: Kind) -> None:
    async def speak(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(100)
        writer.write(b"HTTP/1.1 400 Bad Request\r\n\r\n")

    async def use(transport: Transport) -> None:
        async with speaking(speak) as url:
            await transport.send(asking(url.replace("http:", "https:")))

    with pytest.raises(
        UpstreamUnreachable, match=r"no response from 127\.0\.0\.1:\d+: cannot connect \(.*\)$"
    ):
        kind.run(use)


@each_kind
def test_an_upstream_that_ends_during_the_handshake(kind: Kind) -> None:
    async def speak(reader: asyncio.StreamReader, _: asyncio.StreamWriter) -> None:
        await reader.read(100)

    async def use(transport: Transport) -> None:
        async with speaking(speak) as url:
            await transport.send(asking(url.replace("http:", "https:")))

    with pytest.raises(UpstreamUnreachable, match=r"no response from 127\.0\.0\.1:\d+: cannot connect$"):
        kind.run(use)
