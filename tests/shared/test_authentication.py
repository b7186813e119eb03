"""The published documents with rare authentication: each calls, with credentials of its own."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Iterator
from pathlib import Path

import pytest
import trustme
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from naftiko_run import Settings, load
from naftiko_run.document import load_document
from shared.documents import CORPUS
from support.upstream import Upstream, running_upstream


def document(name: str) -> Path:
    (found,) = [path for path in CORPUS if path.name.startswith(name)]
    return found


def call_first(path: Path, namespace: str, upstream: Upstream, environment: dict[str, str]) -> None:
    """Call the first function of a namespace that needs no input."""
    namespaces = [each.namespace for each in load_document(path).document.consumes]
    capability = load(path, Settings(dict.fromkeys(namespaces, upstream.url), environment=environment))

    async def call() -> None:
        function = next(
            each
            for each in capability.functions.values()
            if any(operation.name.startswith(f"{namespace}.") for operation in each.operations)
            and not any(found.required for found in each.inputs)
        )
        try:
            assert (await function.invoke({})).status == 200
        finally:
            await capability.aclose()

    asyncio.run(call())


@pytest.mark.parametrize(
    ("name", "namespace", "environment", "start"),
    [
        (
            "mastercard__",
            "community-pass-identity",
            {"MASTERCARD_CONSUMER_KEY": "k", "MASTERCARD_SIGNING_KEY": "KEY"},
            "OAuth oauth_body_hash=",
        ),
        (
            "veracode__",
            "veracode-identity",
            {"VERACODE_API_ID": "id", "VERACODE_API_KEY": "00ff"},
            "VERACODE-HMAC-SHA-256 id=id,",
        ),
        (
            "naftiko__aws-api-gateway-openapi",
            "apigateway",
            {"AWS_ACCESS_KEY_ID": "k", "AWS_SECRET_ACCESS_KEY": "s", "AWS_REGION": "eu-west-1"},
            "AWS4-HMAC-SHA256 Credential=k/",
        ),
    ],
)
def test_requests_are_signed(
    name: str, namespace: str, environment: dict[str, str], start: str, upstream: Upstream
) -> None:
    key = rsa.generate_private_key(65537, 2048)
    pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
    given = {variable: pem if value == "KEY" else value for variable, value in environment.items()}
    call_first(document(name), namespace, upstream, given)
    assert upstream.only.header("authorization").startswith(start)


@pytest.fixture
def authority(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> trustme.CA:
    """An authority that this process trusts as it does the public ones."""
    authority = trustme.CA()
    authority.cert_pem.write_to_path(tmp_path / "ca.pem")
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "ca.pem"))
    return authority


@pytest.fixture
def guarded(authority: trustme.CA) -> Iterator[Upstream]:
    """An upstream that lets in only those who show a certificate."""
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.verify_mode = ssl.CERT_REQUIRED
    authority.issue_cert("127.0.0.1").configure_cert(context)
    authority.configure_trust(context)
    with running_upstream(context) as upstream:
        yield upstream


def test_a_client_certificate_is_shown(tmp_path: Path, authority: trustme.CA, guarded: Upstream) -> None:
    file = tmp_path / "client.pem"
    authority.issue_cert("client@example.org").private_key_and_cert_chain_pem.write_to_path(file)
    environment = {"WU_CERTIFICATE_PATH": str(file), "WU_CERTIFICATE_PASSWORD": "unused", "WU_CLIENT_ID": "c"}
    call_first(document("western-union__"), "wu-mass-payments", guarded, environment)
    assert len(guarded.received) == 1
