"""Read private keys and certificates from PEM or PKCS#12, with or without a password."""

from __future__ import annotations

from dataclasses import dataclass, field

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.types import PrivateKeyTypes
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from cryptography.hazmat.primitives.serialization.pkcs12 import load_key_and_certificates

from naftiko_run.consume.authentication.scheme import AuthenticationBlock


@dataclass(frozen=True, slots=True)
class KeyFile:
    """The content of a key file.

    Attributes:
        key: The private key.
        certificates: Its certificate, followed by the rest of the chain; empty if there are none.
    """

    key: PrivateKeyTypes = field(repr=False)
    certificates: tuple[x509.Certificate, ...]


def read_key_file(block: AuthenticationBlock, setting: str, password_setting: str) -> KeyFile:
    """Read the key and its certificates from a setting that is a file name or PEM text.

    Raises:
        ValueError: There is no key, or the password is wrong.
    """
    content = block.content(setting)
    password = block.value(password_setting, may_be_empty=True).encode() or None
    try:
        return _from_pem(content, password) if b"-----BEGIN " in content else _from_pkcs12(content, password)
    except (ValueError, TypeError, UnsupportedAlgorithm):
        # The original message may show content of the file.
        raise ValueError(
            f"`{setting}` contains no PEM or PKCS#12 private key that `{password_setting}` can decrypt"
        ) from None


def read_certificates(block: AuthenticationBlock, setting: str) -> tuple[x509.Certificate, ...]:
    """Read certificates from a setting that is a file name or PEM text.

    Raises:
        ValueError: There is no certificate.
    """
    content = block.content(setting)
    try:
        return tuple(x509.load_pem_x509_certificates(content))
    except (ValueError, UnsupportedAlgorithm):
        raise ValueError(f"`{setting}` contains no PEM certificate") from None


def _from_pem(content: bytes, password: bytes | None) -> KeyFile:
    start = content.index(b"-----BEGIN ")
    certificates = x509.load_pem_x509_certificates(content) if b"BEGIN CERTIFICATE-" in content else []
    for block in content[start:].split(b"-----BEGIN ")[1:]:
        if b"PRIVATE KEY-----" in block.partition(b"\n")[0]:
            is_locked = b"ENCRYPTED" in block
            key = load_pem_private_key(b"-----BEGIN " + block, password if is_locked else None)
            return KeyFile(key, tuple(certificates))
    raise ValueError("no private key")


def _from_pkcs12(content: bytes, password: bytes | None) -> KeyFile:
    key, certificate, others = load_key_and_certificates(content, password)
    if key is None:
        raise ValueError("no private key")
    return KeyFile(key, tuple([certificate, *others] if certificate else others))
