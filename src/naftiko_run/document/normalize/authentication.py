"""Authentication: the settings of each scheme under their official names."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any, Final

from naftiko_run.diagnostics import Report
from naftiko_run.document.normalize.reader import Reader
from naftiko_run.spec.authentication import AUTHENTICATION
from naftiko_run.spec.table import API_KEY_NAME, API_KEY_VALUE, PLACEMENT, TABLE
from naftiko_run.spec.table import AUTHENTICATION as AUTHENTICATION_KEYS

SCHEMES: Final = frozenset(AUTHENTICATION.types)
"""The schemes of published documents, supported or not."""

_UNUSUAL_PLACES: Final = ("body", "cookie", "path")
"""Placements of API keys in published documents that the specification does not define."""


def normalize_authentication(owner: Reader) -> dict[str, Any] | None:
    """Return the owner's ``authentication``; None for none.

    The ``type`` is empty where neither the block nor its keys identify the
    scheme: an unreadable authentication is not the same as none.
    """
    written = _block(owner)
    authentication = _normalized(written) if written else None
    if written and authentication and authentication["settings"].get("keys") == []:
        written.report.warning(
            "no-credential",
            "this apikey authentication has no value; calls are sent without it",
            written.at,
            hint="add `value: '{{MY_API_KEY}}'` and bind MY_API_KEY",
            alters_service=True,
        )
        return None
    if written and authentication and authentication["type"] == "apikey":
        _note_places(written, authentication["settings"]["keys"])
    return authentication


def normalize_inbound(owner: Reader) -> dict[str, Any] | None:
    """Return the authentication of an adapter's clients; None without one, or for ``type: none``.

    Anything else is kept, with an empty type where none is given: a mistake
    never opens an adapter that requires authentication.
    """
    written = _block(owner)
    if written is None:
        key = next((key for key in AUTHENTICATION_KEYS if key in owner.data), "")
        return {"pointer": (*owner.at, key), "type": "", "settings": {}} if key else None
    authentication = _normalized(written)
    several = written.data.get("headers", written.data.get("parameters"))
    if authentication and authentication["type"] == "apikey" and isinstance(several, list | dict):
        keys = authentication["settings"]["keys"]
        authentication["settings"]["keys"] = keys if len(keys) == len(several) else []
    return authentication


def _normalized(written: Reader) -> dict[str, Any] | None:
    """Return an authentication with the official names of its settings; None for ``type: none``."""
    kind = _scheme(written)
    if kind == "none":
        return None
    _note_spelling(written, kind)
    settings = {"keys": _keys(written)} if kind == "apikey" else scheme_settings(written, kind)
    return {"pointer": written.at, "type": kind, "settings": settings}


def _block(owner: Reader) -> Reader | None:
    """Return the authentication as a mapping, whatever its form; None without one."""
    key = next((key for key in AUTHENTICATION_KEYS if owner.data.get(key) is not None), "")
    if not key:
        return None
    at, value = (*owner.at, key), owner.data[key]
    if isinstance(value, list) and len(value) == 1:
        at, value = (*at, 0), value[0]
    if isinstance(value, str) and value.casefold() in SCHEMES:
        value = {"type": value}
    elif isinstance(value, dict) and len(value) == 1:
        ((scheme, inner),) = value.items()
        if scheme.casefold() in SCHEMES and isinstance(inner, dict):
            at, value = (*at, scheme), {**inner, "type": scheme}
        elif scheme.casefold() == "bearer" and isinstance(inner, str):
            value = {"type": scheme, "token": inner}
    if value is not owner.data[key] and isinstance(value, dict):
        owner.report.warning(
            "authentication-shape",
            f"`{key}` is read as one mapping with a `type`",
            at,
            hint=f"write `{key}: {{type: …}}` with the scheme's settings beside `type`",
        )
    return Reader(value if isinstance(value, dict) else {}, at, owner.report)


def _scheme(written: Reader) -> str:
    """Return the official name of the scheme; empty where it is unknown."""
    kind = written.text("type").casefold()
    if kind in ("", "http") and written.text("scheme").casefold() in ("basic", "bearer"):
        kind = written.text("scheme").casefold()
    if kind:
        return AUTHENTICATION.aliases.get(kind, kind)
    kind = _scheme_of_keys(written.data)
    if kind:
        written.report.warning(
            "authentication-without-type",
            f"the authentication has no `type`; its keys are those of `{kind}`",
            written.at,
            hint=f"add `type: {kind}`",
        )
    return kind


def _scheme_of_keys(block: Mapping[str, Any]) -> str:
    """Return the only scheme that has these keys; empty where there is none."""
    keys = {key for key, value in block.items() if value is not None} - {"description"}
    if keys == {"token"}:
        return "bearer"
    if keys == {"username", "password"}:
        return "basic"
    names = {"key", "name", "header"}
    if keys == {"headers"} or (
        "value" in keys and keys & names and keys <= names | {"value", "in", "placement"}
    ):
        return "apikey"
    return ""


def place_keys_in_path(authentication: dict[str, Any] | None, base_uri: str) -> str:
    """Return the base URI with the API keys whose ``placement`` is ``path``.

    Those keys are removed from the authentication.
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
    """Warn of non-standard spellings of the type and the settings."""
    written_kind = written.text("type")
    if written_kind and written_kind != kind:
        written.report.warning(
            "authentication-spelling",
            f"`type: {written_kind}` is read as `{kind}`",
            (*written.at, "type"),
            hint=f"write `type: {kind}`",
        )
    for found, meant in _loose_settings(kind).items():
        if found in written.data:
            written.report.warning(
                "authentication-spelling",
                f"`{found}` of {kind} authentication is read as `{meant}`",
                (*written.at, found),
                hint=f"write `{meant}`",
            )


def _note_places(written: Reader, keys: list[dict[str, str]]) -> None:
    """Warn of API keys in places that the specification does not define."""
    said = next(((key,) for key in ("placement", "in") if key in written.data), ())
    for place in dict.fromkeys(key["placement"] for key in keys):
        if place in _UNUSUAL_PLACES:
            written.report.warning(
                "key-placement",
                f"the specification defines API keys in headers and queries only; this one is sent in the {place}",
                (*written.at, *said),
                hint="write `placement: header` or `query` if the API accepts the key there",
            )


def _keys(written: Reader) -> list[dict[str, str]]:
    """Return the API keys to send, each with ``key``, ``value`` and ``placement``."""
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
    placement = (written.text(*PLACEMENT) or placement).casefold()
    header = written.text("header")
    if header:
        name, value = header, written.text(*API_KEY_VALUE, "key")
    else:
        name, value = written.text(*reversed(API_KEY_NAME)), written.text(*API_KEY_VALUE)
        if written.text("key") and written.text("name") and not value:
            value = written.text("key")
    if not value:
        return None
    return {"key": name or "Authorization", "value": value, "placement": placement}


@cache
def _settings(kind: str) -> Mapping[str, tuple[str, ...]]:
    """Return the text settings of a scheme, and the other spellings of each."""
    scheme = TABLE.objects.get(AUTHENTICATION.object_of(kind))
    fields = scheme.fields if scheme is not None else ()
    return {field.name: field.aliases for field in fields if field.is_alias_reported and not field.instead}


def _loose_settings(kind: str) -> dict[str, str]:
    """Return the other spellings of the settings of a scheme, and what each is read as."""
    scheme = TABLE.objects.get(AUTHENTICATION.object_of(kind))
    fields = [field for field in scheme.fields if field.is_alias_reported] if scheme is not None else []
    return {
        **{field.name: field.instead.strip("`") for field in fields if field.instead},
        **{alias: field.name for field in fields for alias in field.aliases},
    }


def note_token_source(authentication: dict[str, Any] | None, report: Report) -> None:
    """Warn of an oauth2 authentication without a token endpoint."""
    if authentication is None or authentication["type"] != "oauth2":
        return
    if not any(
        authentication["settings"].get(key) for key in ("tokenEndpoint", "authorizationServerUri", "token")
    ):
        report.warning(
            "no-token-endpoint",
            "this oauth2 authentication has no token endpoint; "
            "the access token must come from the environment",
            authentication["pointer"],
            hint="add the `tokenEndpoint` or the `authorizationServerUri`, with `clientId` and `clientSecret`",
        )


def scheme_settings(written: Reader, kind: str) -> dict[str, Any]:
    """Return the settings with their official names; unknown ones are kept unchanged."""
    settings = {key: value for key, value in written.data.items() if key != "type"}
    for name, spellings in _settings(kind).items():
        value = written.text(name, *spellings)
        for spelling in (name, *spellings):
            settings.pop(spelling, None)
        if value:
            settings[name] = value
    if kind == "oauth2":
        scopes = settings.pop("scope", None) or settings.get("scopes") or []
        settings["scopes"] = [
            str(each) for each in (scopes if isinstance(scopes, list | dict) else str(scopes).split())
        ]
    if kind == "oauth1" and (hashes_body := written.flag("bodyHash")) is not None:
        settings["bodyHash"] = hashes_body
    return settings
