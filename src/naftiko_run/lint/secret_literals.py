"""Credentials in a document: found to be reported and masked."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

from naftiko_run.diagnostics import Pointer
from naftiko_run.document.normalize.authentication import SCHEMES
from naftiko_run.document.normalize.reader import Reader
from naftiko_run.expressions import normalize_name
from naftiko_run.lint.document_view import DocumentView
from naftiko_run.spec.table import API_KEY_NAME, API_KEY_VALUE, BASE_URI

_CREDENTIAL_NAME = re.compile(
    r"(authorization|(api|auth|access|secret|private|signing|master)key|secret|passw(or)?d|passphrase"
    r"|token|credentials?)\Z"
)
_SHAPES: Final = {
    "a private key": r"-----BEGIN [A-Z ]*PRIVATE KEY-----",
    "a GitHub token": r"\b(?:gh[opsur]_[A-Za-z0-9]{30,}|github_pat_\w{30,})",
    "a GitLab token": r"\bglpat-[\w-]{16,}",
    "a Slack token": r"\bxox[abeprs]-[A-Za-z0-9-]{10,}",
    "an AWS access key": r"\bAKIA[0-9A-Z]{16}\b",
    "a Google API key": r"\bAIza[\w-]{35}",
    "a Stripe key": r"\b[rs]k_(?:live|test)_[A-Za-z0-9]{16,}",
    "a SendGrid key": r"\bSG\.[\w-]{16,}\.[\w-]{16,}",
    "an API key": r"\bsk-[\w-]{16,}",
    "a signed token (JWT)": r"\beyJ[\w-]{8,}\.[\w-]{8,}\.[\w-]{8,}",
}
_SHAPE = re.compile("|".join(f"({shape})" for shape in _SHAPES.values()))
_SHAPE_NAMES = tuple(_SHAPES)
_PASSWORD_IN_URL = re.compile(r"://[^/\s:@{}]*:([^/\s@{}]+)@")
_KEY_IN_URL = re.compile(r"[?&]([A-Za-z_-]+)=([^&\s{}#]{8,})")
_REFERENCE = re.compile(r"[A-Za-z][\w-]*\.[A-Za-z_$][\w.$\[\]-]*\Z")
_VARIABLE_NAME = re.compile(r"[A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+\Z")
_SCHEME = re.compile(r"(?:Basic|Bearer|Token|ApiKey)\s+", re.IGNORECASE)
_LEAST: Final = 8
"""Shorter texts outside an authentication are samples."""

_KEY_LISTS: Final = ("headers", "parameters")
"""Keys of an authentication that contain several named values, of which some are credentials."""
_ELSEWHERE: Final = frozenset({"binds", "info", "outputParameters", "authentication", "auth"})


@dataclass(frozen=True, slots=True)
class SecretLiteral:
    """One credential in a document.

    Attributes:
        at: The place of the value that contains it.
        what: What it is, without revealing it.
        text: The credential itself, to be masked wherever it occurs.
    """

    at: Pointer
    what: str
    text: str


def find_secrets(view: DocumentView) -> tuple[SecretLiteral, ...]:
    """Find the credentials in a document: one for each place, in any order."""
    found: dict[Pointer, SecretLiteral] = {}
    for secret in (*_in_authentication(view), *_by_name(view), *_by_shape(view), *_in_urls(view)):
        found.setdefault(secret.at, secret)
    return tuple(found.values())


def _in_authentication(view: DocumentView) -> Iterator[SecretLiteral]:
    for block in (each for owner in (*view.consumes, *view.exposes) for each in _blocks(owner)):
        kind = f"{block.text('type')} ".lstrip()
        names = {"password", "token", "value"} | ({"key"} if _key_is_credential(block) else set())
        for key in block.data:
            text = block.text(key)
            if (key in names or _is_credential(key)) and _is_literal(text):
                yield SecretLiteral((*block.at, key), f"the `{key}` of this {kind}authentication", text)
        yield from _in_credential_lists(block)


def _blocks(owner: Reader) -> Iterator[Reader]:
    """Yield an owner's authentication, and its members where it is not one mapping."""
    for key in ("authentication", "auth"):
        pending = [((*owner.at, key), owner.data.get(key))]
        while pending:
            at, value = pending.pop()
            if isinstance(value, dict):
                yield Reader(value, at, owner.report)
                pending += [((*at, name), each) for name, each in value.items() if name not in _KEY_LISTS]
            elif isinstance(value, list):
                pending += [((*at, index), each) for index, each in enumerate(value)]
            elif isinstance(value, str) and at[-1] in (key, *SCHEMES) and value.casefold() not in SCHEMES:
                yield Reader({"value": value}, at, owner.report)


def _key_is_credential(block: Reader) -> bool:
    """Whether ``key`` is the credential: another key names the header, and there is no value."""
    return ("header" in block.data or "name" in block.data) and not block.text(*API_KEY_VALUE)


def _in_credential_lists(block: Reader) -> Iterator[SecretLiteral]:
    headers = block.mapping("headers")
    for name in headers.data if headers else ():
        text = headers.text(name) if headers else ""
        if _is_credential(name) and _is_literal(text):
            yield SecretLiteral((*block.at, "headers", name), f"the value of the header `{name}`", text)
    for several in _KEY_LISTS:
        for member in block.members(several) if isinstance(block.data.get(several), list) else ():
            name, text = member.text(*reversed(API_KEY_NAME)), member.text("value")
            if (_is_credential(name) or name == "key") and _is_literal(text):
                yield SecretLiteral((*member.at, "value"), f"the value of `{name}`", text)


def _by_name(view: DocumentView) -> Iterator[SecretLiteral]:
    inputs: set[str] = set()
    held: list[tuple[Pointer, str, Any]] = []
    _collect(view.root.data, (), held, inputs)
    for at, name, value in held:
        if _looks_secret(value) and value not in inputs:
            credential = value[found.end() :] if (found := _SCHEME.match(value)) else value
            yield SecretLiteral(at, f"the value of `{name}`", credential)


def _collect(value: Any, at: Pointer, held: list[tuple[Pointer, str, Any]], inputs: set[str]) -> None:
    """Collect the values under names of credentials, and the names of all inputs."""
    if isinstance(value, list):
        for index, member in enumerate(value):
            _collect(member, (*at, index), held, inputs)
    if not isinstance(value, dict):
        return
    is_input = "inputParameters" in at[-2:]
    name = value.get("name") if isinstance(value.get("name"), str) else str(at[-1]) if at else ""
    if is_input and name:
        inputs.add(name)
        if _is_credential(name):
            held += [((*at, key), name, value[key]) for key in ("value", "default") if key in value]
    for key, member in value.items():
        if key in _ELSEWHERE:
            continue
        if _is_credential(key):
            held.append(((*at, key), key, member))
        _collect(member, (*at, key), held, inputs)


def _by_shape(view: DocumentView) -> Iterator[SecretLiteral]:
    for at, text in view.texts:
        found = _SHAPE.search(text) if len(text) >= _LEAST else None
        if found and found.lastindex:
            what = _SHAPE_NAMES[found.lastindex - 1]
            yield SecretLiteral(at, what, text if what == "a private key" else found.group())


def _in_urls(view: DocumentView) -> Iterator[SecretLiteral]:
    for at, text in view.texts:
        if not at or at[-1] not in (*BASE_URI, "path"):
            continue
        password = _PASSWORD_IN_URL.search(text)
        if password:
            yield SecretLiteral(at, "the password in this address", password.group(1))
        for name, value in _KEY_IN_URL.findall(text):
            if _is_credential(name) or name == "key":
                yield SecretLiteral(at, f"the value of `{name}` in this address", value)


def _is_credential(name: str) -> bool:
    """Whether a name is typical of credentials."""
    return _CREDENTIAL_NAME.search(normalize_name(name)) is not None


def is_variable_name(text: str) -> bool:
    """Whether a text looks like the name of an environment variable, such as ``API_TOKEN``."""
    return _VARIABLE_NAME.match(text) is not None


def _is_literal(text: str) -> bool:
    """Whether a credential is a literal: not a template, a reference, or a variable without braces."""
    bare = text.removeprefix("{").removesuffix("}")
    is_left = "{{" in text or "${" in text or _REFERENCE.match(text) or is_variable_name(bare)
    return bool(text.strip()) and not is_left


def _looks_secret(value: Any) -> bool:
    if not isinstance(value, str) or value.startswith("$") or "{" in value or not _is_literal(value):
        return False
    bare = _SCHEME.sub("", value, count=1)
    return len(bare) >= _LEAST and not any(mark.isspace() for mark in bare)
