"""``certificate``: a client certificate for the TLS connection (mutual TLS)."""

from __future__ import annotations

import secrets
import ssl
import tempfile
from dataclasses import dataclass, field
from pathlib import Path

import httpx
from cryptography.hazmat.primitives.serialization import BestAvailableEncryption, Encoding, PrivateFormat

from naftiko_run.consume.authentication.key_files import KeyFile, read_certificates, read_key_file
from naftiko_run.consume.authentication.scheme import (
    AuthenticationBlock,
    AuthenticationScheme,
    StaticCredentials,
)
from naftiko_run.http.messages import OutgoingRequest, Send, UpstreamResponse


def compile_scheme(block: AuthenticationBlock) -> AuthenticationScheme:
    """Compile ``{type: certificate, certPath, keyPath, certPassword, caPath}``.

    ``certPath`` is a PEM or PKCS#12 file; ``keyPath`` is a PEM file if the key is not in the former. Certificates in
    ``caPath`` are trusted in addition to the public certificate authorities.

    Raises:
        ValueError: A file is missing or invalid.
    """
    if block.is_masked:
        return StaticCredentials()
    context = httpx.create_ssl_context()
    if block.settings.get("caPath"):
        trusted = read_certificates(block, "caPath")
        context.load_verify_locations(cadata=b"".join(each.public_bytes(Encoding.DER) for each in trusted))
    _load(context, _key_file(block))
    return ClientCertificate(context)


@dataclass(frozen=True, slots=True)
class ClientCertificate:
    """Send requests over connections with a client certificate.

    Attributes:
        tls: The TLS context with the certificate.
    """

    tls: ssl.SSLContext = field(repr=False)

    async def authorize(self, request: OutgoingRequest, send: Send) -> UpstreamResponse:
        """Send the request over such a connection."""
        return await send(request.copy(tls=self.tls))


def _key_file(block: AuthenticationBlock) -> KeyFile:
    if not block.settings.get("keyPath"):
        keys = read_key_file(block, "certPath", "certPassword")
    else:
        keys = read_key_file(block, "keyPath", "certPassword")
        keys = KeyFile(keys.key, read_certificates(block, "certPath"))
    if not keys.certificates:
        raise ValueError("`certPath` contains no certificate")
    return keys


def _load(context: ssl.SSLContext, keys: KeyFile) -> None:
    """Load a key and its certificates into a context, through a short-lived encrypted file that ``ssl`` requires."""
    password = secrets.token_hex().encode()
    locked = keys.key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, BestAvailableEncryption(password))
    chain = b"".join(each.public_bytes(Encoding.PEM) for each in keys.certificates)
    try:
        with tempfile.TemporaryDirectory(prefix="naftiko-run-") as folder:
            file = Path(folder, "client.pem")
            file.write_bytes(locked + chain)
            context.load_cert_chain(file, password=password)
    except ssl.SSLError:
        raise ValueError("the certificate in `certPath` does not match the private key") from None
    except OSError as fault:
        raise ValueError(f"client certificates need a temporary folder ({fault.strerror})") from None
