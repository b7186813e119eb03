"""Security: credentials in the document, text that browsers would run, and who may call."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from naftiko_run.diagnostics import Severity
from naftiko_run.document.normalize.reader import Reader
from naftiko_run.lint.document_view import Written
from naftiko_run.lint.rule import Finding, Rule
from naftiko_run.lint.secret_literals import find_secrets
from naftiko_run.spec.spellings import AUTHENTICATION

_PROSE = frozenset({"description", "summary", "label", "display", "title", "instruction"})
_DATA = frozenset({"with", "body", "keys", "metadata"})
_SCRIPT_TAG = re.compile(r"<script\b", re.IGNORECASE)
_EVAL = re.compile(r"\beval\s*\(")


def _secret_literal(written: Written) -> Iterator[Finding]:
    for secret in find_secrets(written):
        yield Finding(secret.at, f"{secret.what} is written in the document")


def _no_script_tags(written: Written) -> Iterator[Finding]:
    return _in_prose(written, _SCRIPT_TAG, "`<script`")


def _no_eval(written: Written) -> Iterator[Finding]:
    return _in_prose(written, _EVAL, "`eval(`")


def _in_prose(written: Written, refused: re.Pattern[str], shown: str) -> Iterator[Finding]:
    for at, text in written.texts:
        if at and at[-1] in _PROSE and _DATA.isdisjoint(at) and refused.search(text):
            yield Finding(at, f"this `{at[-1]}` holds {shown}, which a page that shows it may run")


def _stdio_conflict(written: Written) -> Iterator[Finding]:
    for exposes in written.adapters("mcp"):
        if exposes.text("transport").casefold() == "stdio" and exposes.mapping(*AUTHENTICATION):
            yield Finding(
                (*exposes.at, "authentication"),
                "stdio has no requests that could carry credentials: this authentication is not checked",
            )


def _oauth2(written: Written) -> Iterator[Reader]:
    for owner in (*written.consumes, *written.exposes):
        block = owner.mapping(*AUTHENTICATION)
        if block is not None and block.text("type").casefold() == "oauth2":
            yield block


def _https_authserver(written: Written) -> Iterator[Finding]:
    return _https(written, "authorizationServerUri", "the authorization server")


def _https_resource(written: Written) -> Iterator[Finding]:
    return _https(written, "resource", "the resource")


def _https(written: Written, key: str, what: str) -> Iterator[Finding]:
    for block in _oauth2(written):
        uri = block.text(key)
        if uri and "{{" not in uri and not uri.casefold().startswith("https://"):
            yield Finding((*block.at, key), f"{what} is not at an https address")


def _scopes_defined(written: Written) -> Iterator[Finding]:
    for block in _oauth2(written):
        if not block.data.get("scopes"):
            yield Finding(block.at, "this oauth2 authentication asks for no scope: any valid token will do")


RULES: Final = (
    Rule(
        "secret-literal",
        Severity.ERROR,
        "No credential is written in the document.",
        "bind a variable and write `'{{MY_SECRET}}'`; then revoke this one: whoever has the file has it",
        _secret_literal,
    ),
    Rule(
        "no-script-tags-in-markdown",
        Severity.ERROR,
        "No description holds `<script`.",
        "remove the tag",
        _no_script_tags,
    ),
    Rule(
        "no-eval-in-markdown",
        Severity.ERROR,
        "No description holds `eval(`.",
        "remove the call",
        _no_eval,
    ),
    Rule(
        "mcp-auth-stdio-conflict",
        Severity.WARNING,
        "An MCP adapter over stdio has no authentication.",
        "remove `authentication`: whoever starts the process may use it",
        _stdio_conflict,
    ),
    Rule(
        "oauth2-https-authserver",
        Severity.ERROR,
        "The authorization server of an oauth2 authentication is reached by https.",
        "write an `https://` address",
        _https_authserver,
    ),
    Rule(
        "oauth2-resource-https",
        Severity.WARNING,
        "The resource of an oauth2 authentication is an https address.",
        "write an `https://` address",
        _https_resource,
    ),
    Rule(
        "oauth2-scopes-defined",
        Severity.WARNING,
        "An oauth2 authentication names the scopes that it asks for.",
        "add `scopes`",
        _scopes_defined,
    ),
)
