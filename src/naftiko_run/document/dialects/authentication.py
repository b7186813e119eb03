"""Authentication blocks: each scheme's settings under the names that the scheme reads."""

from __future__ import annotations

from typing import Any, Final

from naftiko_run.document.dialects.credentials import loose_settings, scheme_settings
from naftiko_run.document.dialects.reading import Reader

SPELLINGS: Final = {
    "apikey": "apikey",
    "api-key": "apikey",
    "api_key": "apikey",
    "header": "apikey",
    "query": "apikey",
    "http-basic": "basic",
    "http-bearer": "bearer",
    "token": "bearer",
    "http-digest": "digest",
    "oauth": "oauth2",
    "oauth2-client-credentials": "oauth2",
    "client-credentials": "oauth2",
    "client_credentials": "oauth2",
    "oauth1.0a": "oauth1",
    "oauth-1.0a": "oauth1",
    "aws": "aws-sig-v4",
    "aws-sigv4": "aws-sig-v4",
    "awssigv4": "aws-sig-v4",
    "sigv4": "aws-sig-v4",
    "veracode-hmac": "hmac",
    "veracode-hmac-sha-256": "hmac",
    "mtls": "certificate",
    "client-certificate": "certificate",
}
"""Each scheme's ``type``, by how else it is written."""


def normalise_authentication(owner: Reader) -> dict[str, Any] | None:
    """Give the owner's ``authentication`` (also written ``auth``); None for none."""
    written = owner.mapping("authentication", "auth")
    if written is None:
        return None
    kind = written.text("type").casefold()
    if kind in ("", "none"):
        return None
    kind = SPELLINGS.get(kind, kind)
    _note_spelling(written, kind)
    settings = scheme_settings(written, kind)
    if kind == "apikey":
        keys = _keys(written)
        if not keys:
            written.report.warning(
                "no-credential",
                "this apikey authentication names no value; calls go out without it",
                written.at,
                hint="add `value: '{{MY_API_KEY}}'` and bind MY_API_KEY",
            )
            return None
        settings = {"keys": keys}
    return {"pointer": written.at, "type": kind, "settings": settings}


def place_keys_in_path(authentication: dict[str, Any] | None, base_uri: str) -> str:
    """Give the base URI with the keys whose ``placement`` is ``path`` where it names them.

    The keys placed so are taken out of the authentication.
    """
    if authentication is None or authentication["type"] != "apikey":
        return base_uri
    left = []
    for key in authentication["settings"]["keys"]:
        hole = f"{{{{{key['key']}}}}}"
        if key["placement"] == "path" and hole in base_uri:
            base_uri = base_uri.replace(hole, key["value"])
        else:
            left.append(key)
    authentication["settings"]["keys"] = left
    return base_uri


def _note_spelling(written: Reader, kind: str) -> None:
    """Warn where the block says in another way what the specification has words for."""
    written_kind = written.text("type")
    if written_kind != kind:
        written.report.warning(
            "authentication-spelling",
            f"`type: {written_kind}` is read as `{kind}`",
            (*written.at, "type"),
            hint=f"write `type: {kind}`",
        )
    loose = {"header": "key", "token": "value"} if kind == "apikey" else loose_settings(kind)
    for found, meant in loose.items():
        if found in written.data:
            written.report.warning(
                "authentication-spelling",
                f"`{found}` of {kind} authentication is read as `{meant}`",
                (*written.at, found),
                hint=f"write `{meant}`",
            )


def _keys(written: Reader) -> list[dict[str, str]]:
    """Give every key that the block asks to send: ``key``, ``value`` and ``placement`` each."""
    headers = written.data.get("headers")
    if isinstance(headers, dict):
        return [
            {"key": name, "value": str(value), "placement": "header"}
            for name, value in headers.items()
            if value is not None
        ]
    several = "headers" if isinstance(headers, list) else "parameters"
    if isinstance(written.data.get(several), list):
        placement = "header" if several == "headers" else "query"
        return [key for member in written.members(several) if (key := _key(member, placement))]
    single = _key(written, "query" if written.text("type").casefold() == "query" else "header")
    return [single] if single else []


def _key(written: Reader, placement: str) -> dict[str, str] | None:
    placement = (written.text("placement", "in") or placement).casefold()
    header = written.text("header")
    if header:
        name, value = header, written.text("value", "token", "key")
    else:
        name, value = written.text("name", "key"), written.text("value", "token")
        if written.text("key") and written.text("name") and not value:
            value = written.text("key")
    if not value:
        return None
    return {"key": name or "Authorization", "value": value, "placement": placement}
