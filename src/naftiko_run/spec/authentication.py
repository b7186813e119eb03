"""Authentication: of requests to consumed APIs, and of clients."""

from __future__ import annotations

from typing import Final

from naftiko_run import plugins
from naftiko_run.spec.common import ANYTHING, FLAG, TEXT
from naftiko_run.spec.schema_types import Enum, Field, ListOf, MapOf, Object, SpecChoice, SpecObject

_PLACEMENT: Final = Enum(("header", "query"), aliases={word: word for word in ("cookie", "body", "path")})
_TEMPLATE_ADVICE: Final = " Use a template such as `{{TOKEN}}` with a bind."


def _secret(name: str, description: str, *aliases: str, is_standard: bool = False) -> Field:
    return Field(
        name,
        TEXT,
        f"{description}.{_TEMPLATE_ADVICE}",
        aliases=aliases,
        is_alias_reported=True,
        is_standard=is_standard,
    )


def _setting(
    name: str,
    description: str,
    *aliases: str,
    is_standard: bool = False,
    required: bool = False,
    default: str = "",
) -> Field:
    return Field(
        name,
        TEXT,
        description,
        required=required,
        aliases=aliases,
        is_alias_reported=True,
        is_standard=is_standard,
        default=default,
    )


NONE: Final = SpecObject("no authentication", "no authentication", (), is_open=True)

BASIC: Final = SpecObject(
    "basic authentication",
    "a basic authentication",
    (
        Field("username", TEXT, f"The user name.{_TEMPLATE_ADVICE}"),
        Field("password", TEXT, f"The password.{_TEMPLATE_ADVICE}"),
    ),
    schemas=("AuthBasic",),
)

DIGEST: Final = SpecObject(
    "digest authentication",
    "a digest authentication",
    (
        _secret("username", "The user name", "user", is_standard=True),
        _secret("password", "The password", is_standard=True),
    ),
    schemas=("AuthDigest",),
)

BEARER: Final = SpecObject(
    "bearer authentication",
    "a bearer authentication",
    (_secret("token", "The token", "value", is_standard=True),),
    schemas=("AuthBearer",),
)

APIKEY: Final = SpecObject(
    "apikey authentication",
    "an apikey authentication",
    (
        Field(
            "key", TEXT, "The name of the header or query parameter.", aliases=("name",), example="X-Api-Key"
        ),
        Field("value", TEXT, f"The API key.{_TEMPLATE_ADVICE}"),
        Field("placement", _PLACEMENT, "Where the API key is sent.", aliases=("in",), default="`header`"),
        Field(
            "header",
            TEXT,
            "The name of the header.",
            is_standard=False,
            is_alias_reported=True,
            instead="`key`",
        ),
        Field("token", TEXT, "The API key.", is_standard=False, is_alias_reported=True, instead="`value`"),
        Field(
            "headers",
            MapOf(Object("apikey part"), has_scalars=True),
            "Several headers: name to value.",
            is_standard=False,
        ),
        Field("parameters", ListOf(Object("apikey part")), "Several query parameters.", is_standard=False),
    ),
    schemas=("AuthApiKey",),
)

APIKEY_PART: Final = SpecObject(
    "apikey part",
    "a key of an apikey authentication",
    (
        Field(
            "key", TEXT, "The name of the header or query parameter.", aliases=("name",), is_standard=False
        ),
        Field("value", TEXT, f"The API key.{_TEMPLATE_ADVICE}", aliases=("token",), is_standard=False),
        Field("placement", _PLACEMENT, "Where the API key is sent.", aliases=("in",), is_standard=False),
    ),
)

OAUTH2: Final = SpecObject(
    "oauth2 authentication",
    "an oauth2 authentication",
    (
        _setting(
            "authorizationServerUri",
            "The issuer URL; its metadata has the remaining settings.",
            *("authorizationServer", "authorizationServerUrl", "issuer", "issuerUri"),
            is_standard=True,
            required=True,
        ),
        _setting("resource", "The URL of the API that the tokens are for.", is_standard=True, required=True),
        Field(
            "scopes",
            ListOf(TEXT, accepts=("string",)),
            "The scopes to request, or to require of clients.",
            aliases=("scope",),
        ),
        _setting("audience", "The audience of the tokens.", is_standard=True),
        _setting(
            "tokenEndpoint",
            "The token endpoint URL.",
            *("tokenUrl", "tokenUri", "token_url", "tokenURL", "token_endpoint", "accessTokenUrl"),
            is_standard=True,
            default="that of the issuer's metadata",
        ),
        Field(
            "tokenValidation",
            Enum(("jwks", "introspection"), is_exact=True),
            "How an adapter validates access tokens: with the issuer's keys, or by introspection.",
        ),
        _secret("clientId", "The client ID", "client_id", "clientID"),
        _secret("clientSecret", "The client secret", "client_secret"),
        Field(
            "tokenEndpointAuthMethod",
            Enum(("client_secret_basic", "client_secret_post")),
            "How the client authenticates at the token endpoint.",
            is_standard=False,
            aliases=("token_endpoint_auth_method", "authMethod", "clientAuthMethod"),
            is_alias_reported=True,
            default="that of the issuer's metadata, else `client_secret_basic`",
        ),
        Field(
            "grantType",
            Enum(("client_credentials",), extensions=("client-credentials",)),
            "The grant type.",
            is_standard=False,
            aliases=("grant_type", "grant", "flow"),
            is_alias_reported=True,
        ),
        _secret(
            "token",
            "An access token to send as it is, in place of requesting one",
            "accessToken",
            "access_token",
            "value",
        ),
        Field(
            "x-impliedScopes",
            ANYTHING,
            "The scopes that a broader scope of a client includes: scope to scopes.",
            is_standard=False,
        ),
    ),
    schemas=("AuthOAuth2",),
)

OAUTH1: Final = SpecObject(
    "oauth1 authentication",
    "an oauth1 authentication",
    (
        _secret("consumerKey", "The consumer key", "consumer_key", "clientKey"),
        _secret(
            "consumerSecret",
            "The consumer secret, which signs requests with HMAC",
            "consumer_secret",
            "clientSecret",
        ),
        _secret("token", "The access token", "accessToken", "access_token"),
        _secret("tokenSecret", "The secret of the access token", "token_secret", "accessTokenSecret"),
        _secret(
            "signingKey",
            "The private key that signs requests with RSA: PEM text, or a file",
            "signing_key",
            "privateKey",
        ),
        _secret(
            "signingKeyPassword",
            "The password of the signing key",
            "signing_key_password",
            "keyPassword",
            "keystorePassword",
        ),
        Field(
            "signatureMethod",
            Enum(("HMAC-SHA1", "HMAC-SHA256", "RSA-SHA256")),
            "The signature method.",
            is_standard=False,
            aliases=("signature_method",),
            is_alias_reported=True,
        ),
        Field("bodyHash", FLAG, "Whether the hash of the body is signed too.", is_standard=False),
        _setting("realm", "The realm of the `Authorization` header."),
    ),
)

AWS_SIGV4: Final = SpecObject(
    "aws-sig-v4 authentication",
    "an aws-sig-v4 authentication",
    (
        _secret("accessKeyId", "The access key ID", "accessKey", "access_key_id", "access_key"),
        _secret("secretAccessKey", "The secret access key", "secretKey", "secret_access_key", "secret_key"),
        _secret(
            "sessionToken", "The session token of temporary credentials", "session_token", "securityToken"
        ),
        _setting("region", "The region, such as `eu-west-1`.", default="that of the host name"),
        _setting("service", "The service, such as `s3`.", "serviceName", default="that of the host name"),
    ),
)

HMAC: Final = SpecObject(
    "hmac authentication",
    "an hmac authentication",
    (
        _secret("apiId", "The API ID", "api_id", "id"),
        _secret("apiKey", "The key that signs requests", "api_key", "key", "secret"),
    ),
)

CERTIFICATE: Final = SpecObject(
    "certificate authentication",
    "a certificate authentication",
    (
        _setting(
            "certPath",
            "The client certificate: a PEM or PKCS#12 file.",
            *("cert", "certificate", "certificatePath", "certFile", "clientCert"),
        ),
        _setting(
            "keyPath",
            "The file of the private key, where the certificate's file does not include it.",
            *("key", "privateKey", "privateKeyPath", "keyFile", "clientKey"),
        ),
        _secret(
            "certPassword",
            "The password of the private key",
            "password",
            "passphrase",
            "keyPassword",
            "certificatePassword",
        ),
        _setting("caPath", "A file of further trusted certificate authorities.", "ca", "caFile", "caCert"),
    ),
)

AUTHENTICATION: Final = SpecChoice(
    "authentication",
    "an authentication",
    "The scheme.",
    {kind: f"{kind} authentication" for kind in ("basic", "digest", "bearer", "apikey", "oauth2")},
    extensions={
        "none": "no authentication",
        **{kind: f"{kind} authentication" for kind in ("oauth1", "aws-sig-v4", "hmac", "certificate")},
    },
    aliases={
        "apiKey": "apikey",
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
    },
    is_alias_reported=True,
    groups=(plugins.AUTHENTICATIONS, plugins.GUARDS),
)

OBJECTS: Final = (
    BASIC,
    DIGEST,
    BEARER,
    APIKEY,
    APIKEY_PART,
    OAUTH2,
    OAUTH1,
    AWS_SIGV4,
    HMAC,
    CERTIFICATE,
    NONE,
)
CHOICES: Final = (AUTHENTICATION,)
