"""Client certificates: a TLS upstream that requires one."""

from __future__ import annotations

import ssl
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import trustme
from cryptography import x509
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    PrivateFormat,
    load_pem_private_key,
)
from cryptography.hazmat.primitives.serialization.pkcs12 import PBES, serialize_key_and_certificates

from consume.calling import authenticated, call, call_each
from naftiko_run.errors import MissingBinding, Unsupported, UpstreamUnreachable
from support.upstream import Upstream, running_upstream

PASSWORD = "pass wörd"


@dataclass(frozen=True)
class Guarded:
    """An upstream that requires a certificate of its own authority."""

    upstream: Upstream
    authority: trustme.CA


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture(scope="module")
def guarded_upstream(authority: trustme.CA) -> Iterator[Upstream]:
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.verify_mode = ssl.CERT_REQUIRED
    authority.issue_cert("127.0.0.1").configure_cert(context)
    authority.configure_trust(context)
    with running_upstream(context) as upstream:
        yield upstream


@pytest.fixture
def guarded(guarded_upstream: Upstream, authority: trustme.CA) -> Guarded:
    guarded_upstream.reset()
    return Guarded(guarded_upstream, authority)


@pytest.fixture
def folder(tmp_path: Path, authority: trustme.CA) -> Path:
    """A folder with the client's key and certificate in every form."""
    leaf = authority.issue_cert("client@example.org")
    key = load_pem_private_key(leaf.private_key_pem.bytes(), None)
    chain = b"".join(each.bytes() for each in leaf.cert_chain_pems)
    locked = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, BestAvailableEncryption(PASSWORD.encode()))
    authority.cert_pem.write_to_path(tmp_path / "ca.pem")
    (tmp_path / "both.pem").write_bytes(leaf.private_key_and_cert_chain_pem.bytes())
    (tmp_path / "chain.pem").write_bytes(chain)
    (tmp_path / "key.pem").write_bytes(leaf.private_key_pem.bytes())
    (tmp_path / "locked.pem").write_bytes(locked)
    (tmp_path / "other.pem").write_bytes(authority.issue_cert("o@example.org").private_key_pem.bytes())
    client, *others = x509.load_pem_x509_certificates(chain)
    lock = (
        PrivateFormat.PKCS12.encryption_builder()
        .key_cert_algorithm(PBES.PBESv2SHA256AndAES256CBC)
        .build(PASSWORD.encode())
    )
    assert not isinstance(key, x509.Certificate)
    (tmp_path / "client.p12").write_bytes(
        serialize_key_and_certificates(b"client", key, client, others, lock)  # type: ignore[arg-type]  # RSA or EC, as trustme makes them
    )
    return tmp_path


def block(**settings: Any) -> dict[str, Any]:
    return {"type": "certificate", "certPath": "{{CERT}}", "certPassword": "{{PASSWORD}}", **settings}


@pytest.mark.parametrize(
    "settings",
    [
        {"certPath": "both.pem"},
        {"certPath": "chain.pem", "keyPath": "key.pem"},
        {"certPath": "./chain.pem", "keyPath": "file:///./locked.pem"},
        {"certPath": "client.p12"},
        {"cert": "chain.pem", "key": "locked.pem", "certPath": None},
    ],
)
def test_the_certificate_is_sent_in_every_form(
    folder: Path, guarded: Guarded, settings: dict[str, str | None]
) -> None:
    written = {key: value for key, value in block(caPath="ca.pem", **settings).items() if value is not None}
    capability = authenticated(folder, guarded.upstream.url, written, environment={"PASSWORD": PASSWORD})
    assert [each.status for each in call_each(capability, [{}, {}])] == [200, 200]
    assert len(guarded.upstream.received) == 2
    assert all(request.header("authorization") == "" for request in guarded.upstream.received)


def test_a_call_without_a_certificate_fails(folder: Path, guarded: Guarded) -> None:
    stranger = trustme.CA().issue_cert("stranger@example.org")
    stranger.private_key_and_cert_chain_pem.write_to_path(folder / "stranger.pem")
    settings = {"type": "certificate", "certPath": "stranger.pem", "caPath": "ca.pem"}
    with pytest.raises(UpstreamUnreachable, match=r"no response from 127\.0\.0\.1"):
        call(authenticated(folder, guarded.upstream.url, settings))
    assert guarded.upstream.received == []


def test_an_upstream_of_an_unknown_authority_gets_nothing(folder: Path, guarded: Guarded) -> None:
    settings = {"type": "certificate", "certPath": "both.pem"}
    with pytest.raises(UpstreamUnreachable, match="certificate verify failed"):
        call(authenticated(folder, guarded.upstream.url, settings))
    assert guarded.upstream.received == []


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"certPath": "chain.pem"}, "`certPath` contains no PEM or PKCS#12 private key"),
        ({"certPath": "key.pem"}, "`certPath` contains no certificate"),
        ({"certPath": "chain.pem", "keyPath": "other.pem"}, "does not match the private key"),
        ({"certPath": "key.pem", "keyPath": "key.pem"}, "`certPath` contains no PEM certificate"),
        ({"certPath": "both.pem", "caPath": "key.pem"}, "`caPath` contains no PEM certificate"),
        ({"certPath": "both.pem", "caPath": "none.pem"}, "`caPath` names a file that was not found"),
        ({"certPath": "client.p12", "certPassword": "s3cret"}, "that `certPassword` can decrypt"),
        (
            {"certPath": "chain.pem", "keyPath": "locked.pem", "certPassword": "s3cret"},
            "`certPassword` can decrypt",
        ),
    ],
)
def test_an_invalid_certificate_rejects_calls_with_a_reason(
    folder: Path, guarded: Guarded, settings: dict[str, str], words: str
) -> None:
    capability = authenticated(
        folder, guarded.upstream.url, block(**settings), environment={"PASSWORD": PASSWORD}
    )
    with pytest.raises(Unsupported, match=f"`api` cannot authenticate: .*{words}") as refused:
        call(capability)
    assert "s3cret" not in refused.value.message
    assert guarded.upstream.received == []


def test_a_certificate_that_is_not_set_is_named(folder: Path, guarded: Guarded) -> None:
    with pytest.raises(MissingBinding) as refused:
        call(authenticated(folder, guarded.upstream.url, block(), environment={"PASSWORD": PASSWORD}))
    assert refused.value.names == ("CERT",)


def test_an_operation_may_have_an_authorization_of_its_own(folder: Path, guarded: Guarded) -> None:
    operation = {"inputParameters": [{"in": "header", "name": "Authorization", "value": "Bearer x"}]}
    settings = {"type": "certificate", "certPath": "both.pem", "caPath": "ca.pem"}
    assert call(authenticated(folder, guarded.upstream.url, settings, operation)).status == 200
    assert guarded.upstream.only.header("authorization") == "Bearer x"


def test_the_sandbox_reads_no_file(tmp_path: Path) -> None:
    capability = authenticated(tmp_path, "https://api.example", block(), sandbox=True)
    assert call(capability).status == 200
