"""Security: credentials in the document, scripts in descriptions, and authentication."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from naftiko_run.diagnostics import Severity
from naftiko_run.document.normalize.reader import Reader
from naftiko_run.lint.document_view import DocumentView
from naftiko_run.lint.rule import Finding, Rule
from naftiko_run.lint.secret_literals import find_secrets
from naftiko_run.spec.table import AUTHENTICATION

_PROSE = frozenset({"description", "summary", "label", "display", "title", "instruction"})
_DATA = frozenset({"with", "body", "keys", "metadata"})
_SCRIPT_TAG = re.compile(r"<script\b", re.IGNORECASE)
_EVAL = re.compile(r"\beval\s*\(")


def _secret_literal(view: DocumentView) -> Iterator[Finding]:
    for secret in find_secrets(view):
        yield Finding(secret.at, f"{secret.what} is written in the document")


def _no_script_tags(view: DocumentView) -> Iterator[Finding]:
    return _in_prose(view, _SCRIPT_TAG, "`<script`")


def _no_eval(view: DocumentView) -> Iterator[Finding]:
    return _in_prose(view, _EVAL, "`eval(`")


def _in_prose(view: DocumentView, refused: re.Pattern[str], shown: str) -> Iterator[Finding]:
    for at, text in view.texts:
        if at and at[-1] in _PROSE and _DATA.isdisjoint(at) and refused.search(text):
            yield Finding(at, f"this `{at[-1]}` contains {shown}, which a page that renders it may run")


def _stdio_conflict(view: DocumentView) -> Iterator[Finding]:
    for exposes in view.adapters("mcp"):
        if exposes.text("transport").casefold() == "stdio" and exposes.mapping(*AUTHENTICATION):
            yield Finding(
                (*exposes.at, "authentication"),
                "stdio requests cannot carry credentials: this authentication is not checked",
            )


def _oauth2(view: DocumentView) -> Iterator[Reader]:
    for owner in (*view.consumes, *view.exposes):
        block = owner.mapping(*AUTHENTICATION)
        if block is not None and block.text("type").casefold() == "oauth2":
            yield block


def _https_authserver(view: DocumentView) -> Iterator[Finding]:
    return _https(view, "authorizationServerUri", "the authorization server")


def _https_resource(view: DocumentView) -> Iterator[Finding]:
    return _https(view, "resource", "the resource")


def _https(view: DocumentView, key: str, what: str) -> Iterator[Finding]:
    for block in _oauth2(view):
        uri = block.text(key)
        if uri and "{{" not in uri and not uri.casefold().startswith("https://"):
            yield Finding((*block.at, key), f"{what} does not have an https address")


def _scopes_defined(view: DocumentView) -> Iterator[Finding]:
    for block in _oauth2(view):
        if not block.data.get("scopes"):
            yield Finding(
                block.at, "this oauth2 authentication requires no scope: any valid token is accepted"
            )


RULES: Final = (
    Rule(
        "secret-literal",
        Severity.ERROR,
        "The document contains no credentials.",
        "bind a variable and write `'{{MY_SECRET}}'`; then revoke this credential: anyone with the file can use it",
        _secret_literal,
    ),
    Rule(
        "no-script-tags-in-markdown",
        Severity.ERROR,
        "No description contains `<script`.",
        "remove the tag",
        _no_script_tags,
    ),
    Rule(
        "no-eval-in-markdown",
        Severity.ERROR,
        "No description contains `eval(`.",
        "remove the call",
        _no_eval,
    ),
    Rule(
        "mcp-auth-stdio-conflict",
        Severity.WARNING,
        "An MCP adapter over stdio has no authentication.",
        "remove `authentication`: anyone who can start the process can use it",
        _stdio_conflict,
    ),
    Rule(
        "oauth2-https-authserver",
        Severity.ERROR,
        "The authorization server of an oauth2 authentication has an https address.",
        "write an `https://` address",
        _https_authserver,
    ),
    Rule(
        "oauth2-resource-https",
        Severity.WARNING,
        "The resource of an oauth2 authentication has an https address.",
        "write an `https://` address",
        _https_resource,
    ),
    Rule(
        "oauth2-scopes-defined",
        Severity.WARNING,
        "An oauth2 authentication lists its scopes.",
        "add `scopes`",
        _scopes_defined,
    ),
)
