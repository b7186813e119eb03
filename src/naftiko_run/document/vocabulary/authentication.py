"""How to authenticate: to consumed APIs, and of callers."""

from __future__ import annotations

from typing import Final

from naftiko_run.document.normalize.authentication import SPELLINGS, loose_settings
from naftiko_run.document.vocabulary.words import (
    ANYTHING,
    FLAG,
    LIST,
    MAP,
    TEXT,
    Choice,
    Key,
    Rule,
    Shape,
    choice,
    secret,
    words,
)

_KIND: Final = " authentication"
_PLACEMENT: Final[Rule] = words("header", "query", also=("cookie", "body", "path"))
_SCOPES: Final[Rule] = {"type": ["array", "string", "null"], "items": TEXT}


def _scheme(type_: str, keys: dict[str, Key]) -> dict[str, Shape]:
    """Give a scheme: its settings, and how else those are written."""
    loose = {
        spelling: Key(keys[name].says, ANYTHING, instead=f"`{name}`", is_mended=True)
        for spelling, name in loose_settings(type_).items()
    }
    article = "an" if type_[0] in "aeho" else "a"
    return {type_ + _KIND: Shape(f"{article} {type_}{_KIND}", {**loose, **keys})}


_USER: Final = {"username": secret("The user's name"), "password": secret("The password")}

SHAPES: Final = {
    "no authentication": Shape("no authentication", {}, is_open=True),
    **_scheme("basic", _USER),
    **_scheme("digest", _USER),
    **_scheme("bearer", {"token": secret("The token")}),
    **_scheme(
        "apikey",
        {
            "key": Key("The name of the header or query parameter, such as `X-Api-Key`.", TEXT),
            "value": secret("The key itself"),
            "placement": Key("Where it is sent; a header without.", _PLACEMENT),
            "in": Key("Where it is sent.", _PLACEMENT, instead="`placement`"),
            "name": Key("The name of the header or query parameter.", TEXT, instead="`key`"),
            "header": Key("The name of the header.", TEXT, instead="`key`", is_mended=True),
            "token": Key("The key itself.", TEXT, instead="`value`", is_mended=True),
            "headers": Key(
                "Several headers: name to value.", members="apikey part", form=MAP, has_scalars=True
            ),
            "parameters": Key("Several query parameters.", members="apikey part", form=LIST),
        },
    ),
    "apikey part": Shape(
        "a key of an apikey authentication",
        {
            "key": Key("The name of the header or query parameter.", TEXT),
            "name": Key("The name of the header or query parameter.", TEXT),
            "value": secret("The key itself"),
            "token": Key("The key itself.", TEXT, instead="`value`"),
            "placement": Key("Where it is sent.", _PLACEMENT),
            "in": Key("Where it is sent.", _PLACEMENT, instead="`placement`"),
        },
    ),
    **_scheme(
        "oauth2",
        {
            "tokenEndpoint": Key("Where access tokens are given; from the issuer's metadata without.", TEXT),
            "authorizationServerUri": Key("The issuer; its metadata say the rest.", TEXT),
            "clientId": secret("The client's id"),
            "clientSecret": secret("The client's secret"),
            "tokenEndpointAuthMethod": Key(
                "How the client says who it is; what the metadata say, else Basic, without.",
                words("client_secret_basic", "client_secret_post"),
            ),
            "grantType": Key("How tokens are got.", words("client_credentials", "client-credentials")),
            "scopes": Key("The scopes to ask for, or to require of callers.", _SCOPES),
            "scope": Key("The scopes to ask for.", _SCOPES, instead="`scopes`"),
            "x-impliedScopes": Key("What broader scopes of callers allow: scope to scopes.", ANYTHING),
            "audience": Key("Whom the tokens are for.", TEXT),
            "resource": Key("The address of the API that tokens are for.", TEXT),
            "token": secret("A token to send as it is, in place of all this"),
            "tokenValidation": Key(
                "How an adapter checks a caller's token: by the issuer's keys, or by asking the issuer.",
                choice("jwks", "introspection"),
            ),
        },
    ),
    **_scheme(
        "oauth1",
        {
            "consumerKey": secret("Who calls"),
            "consumerSecret": secret("The secret that signs, for HMAC"),
            "token": secret("The access token"),
            "tokenSecret": secret("The access token's secret"),
            "signingKey": secret("The private key that signs, for RSA: PEM text, or a file"),
            "signingKeyPassword": secret("The password of the signing key"),
            "signatureMethod": Key(
                "How requests are signed.", words("HMAC-SHA1", "HMAC-SHA256", "RSA-SHA256")
            ),
            "bodyHash": Key("Whether the body's hash is signed too.", FLAG),
            "realm": Key("The realm to name.", TEXT),
        },
    ),
    **_scheme(
        "aws-sig-v4",
        {
            "accessKeyId": secret("The access key's id"),
            "secretAccessKey": secret("The secret access key"),
            "sessionToken": secret("The token of a session that has one"),
            "region": Key("The region, such as `eu-west-1`; read off the host's name without.", TEXT),
            "service": Key("The service, such as `s3`; read off the host's name without.", TEXT),
        },
    ),
    **_scheme("hmac", {"apiId": secret("Who calls"), "apiKey": secret("The key that signs")}),
    **_scheme(
        "certificate",
        {
            "certPath": Key("The client certificate: a PEM or PKCS#12 file.", TEXT),
            "keyPath": Key("The file of its key, where that is apart.", TEXT),
            "certPassword": secret("The password of its key"),
            "caPath": Key("A file of certificates to trust beside the public ones.", TEXT),
        },
    ),
}

CHOICES: Final = {
    "authentication": Choice(
        "an authentication",
        "The scheme.",
        {
            "none": "no authentication",
            **{
                kind.removesuffix(_KIND): kind
                for kind in SHAPES
                if kind.endswith(_KIND) and kind != "no" + _KIND
            },
        },
        loose={
            "apiKey": "apikey",
            **{spelling: type_ for spelling, type_ in SPELLINGS.items() if spelling != type_},
        },
    ),
}
