"""The settings of each outbound scheme that has some of its own, under the names that the scheme reads."""

from __future__ import annotations

from typing import Any

from naftiko_run.diagnostics import Report
from naftiko_run.document.normalize.reader import Reader

_SETTINGS: dict[str, dict[str, tuple[str, ...]]] = {
    "bearer": {"token": ("value",)},
    "digest": {"username": ("user",), "password": ()},
    "oauth2": {
        "tokenEndpoint": (
            "tokenUrl",
            "tokenUri",
            "token_url",
            "tokenURL",
            "token_endpoint",
            "accessTokenUrl",
        ),
        "authorizationServerUri": ("authorizationServer", "authorizationServerUrl", "issuer", "issuerUri"),
        "clientId": ("client_id", "clientID"),
        "clientSecret": ("client_secret",),
        "tokenEndpointAuthMethod": ("token_endpoint_auth_method", "authMethod", "clientAuthMethod"),
        "grantType": ("grant_type", "grant", "flow"),
        "token": ("accessToken", "access_token", "value"),
        "audience": (),
        "resource": (),
    },
    "oauth1": {
        "consumerKey": ("consumer_key", "clientKey"),
        "consumerSecret": ("consumer_secret", "clientSecret"),
        "token": ("accessToken", "access_token"),
        "tokenSecret": ("token_secret", "accessTokenSecret"),
        "signingKey": ("signing_key", "privateKey"),
        "signingKeyPassword": ("signing_key_password", "keyPassword", "keystorePassword"),
        "signatureMethod": ("signature_method",),
        "realm": (),
    },
    "aws-sig-v4": {
        "accessKeyId": ("accessKey", "access_key_id", "access_key"),
        "secretAccessKey": ("secretKey", "secret_access_key", "secret_key"),
        "sessionToken": ("session_token", "securityToken"),
        "region": (),
        "service": ("serviceName",),
    },
    "hmac": {"apiId": ("api_id", "id"), "apiKey": ("api_key", "key", "secret")},
    "certificate": {
        "certPath": ("cert", "certificate", "certificatePath", "certFile", "clientCert"),
        "keyPath": ("key", "privateKey", "privateKeyPath", "keyFile", "clientKey"),
        "certPassword": ("password", "passphrase", "keyPassword", "certificatePassword"),
        "caPath": ("ca", "caFile", "caCert"),
    },
}
"""The settings of each scheme, by the names that it reads, and how else they are written."""


def loose_settings(kind: str) -> dict[str, str]:
    """Give the other spellings of a scheme's settings, and what each is read as."""
    settings = _SETTINGS.get(kind, {}).items()
    return {spelling: name for name, spellings in settings for spelling in spellings}


def note_token_source(authentication: dict[str, Any] | None, report: Report) -> None:
    """Warn where a consumed API wants an access token, and the block does not say where from."""
    if authentication is None or authentication["type"] != "oauth2":
        return
    if not any(
        authentication["settings"].get(key) for key in ("tokenEndpoint", "authorizationServerUri", "token")
    ):
        report.warning(
            "no-token-endpoint",
            "this oauth2 authentication does not say where access tokens are given; "
            "the token must come from the environment",
            authentication["pointer"],
            hint="add the `tokenEndpoint` or the `authorizationServerUri`, with `clientId` and `clientSecret`",
        )


def scheme_settings(written: Reader, kind: str) -> dict[str, Any]:
    """Give the settings under the names that the scheme reads; others stay as they are."""
    settings = {key: value for key, value in written.data.items() if key != "type"}
    for name, spellings in _SETTINGS.get(kind, {}).items():
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
