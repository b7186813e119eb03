"""Private keys and certificates: PEM or PKCS#12, with or without a password."""

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
    """What a key file holds.

    Attributes:
        key: The private key.
        certificates: Its certificate first, then those that vouch for it; empty for none.
    """

    key: PrivateKeyTypes = field(repr=False)
    certificates: tuple[x509.Certificate, ...]


def read_key_file(block: AuthenticationBlock, setting: str, password_setting: str) -> KeyFile:
    """Read the key, and what certificates are with it, that a setting of a block names or holds.

    Raises:
        ValueError: There is none, or the password is wrong.
    """
    content = block.content(setting)
    password = block.value(password_setting, may_be_empty=True).encode() or None
    try:
        return _from_pem(content, password) if b"-----BEGIN " in content else _from_pkcs12(content, password)
    except (ValueError, TypeError, UnsupportedAlgorithm):
        # Their own words may show what is in the file.
        raise ValueError(
            f"`{setting}` holds no private key in PEM or PKCS#12 that `{password_setting}` opens"
        ) from None


def read_certificates(block: AuthenticationBlock, setting: str) -> tuple[x509.Certificate, ...]:
    """Read the certificates that a setting of a block names or holds.

    Raises:
        ValueError: There is none.
    """
    content = block.content(setting)
    try:
        return tuple(x509.load_pem_x509_certificates(content))
    except (ValueError, UnsupportedAlgorithm):
        raise ValueError(f"`{setting}` holds no certificate in PEM") from None


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
