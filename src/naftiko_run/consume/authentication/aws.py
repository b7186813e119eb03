"""``aws-sig-v4``: requests signed with AWS Signature Version 4."""

from __future__ import annotations

import hashlib
import hmac
import re
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from typing import Final
from urllib.parse import parse_qsl, quote, unquote, urlsplit

from naftiko_run.consume.authentication.request_target import host_header, parsed_url
from naftiko_run.consume.authentication.scheme import (
    AuthenticationBlock,
    AuthenticationScheme,
    masked_credentials,
)
from naftiko_run.http.messages import OutgoingRequest, Send, UpstreamResponse

_ALGORITHM: Final = "AWS4-HMAC-SHA256"
_DOMAIN = re.compile(r"(.+)\.(amazonaws\.com(\.cn)?|api\.aws|on\.aws)\Z")
_REGION = re.compile(r"[a-z]{2}(-[a-z]+)+-\d\Z")
_SLASHES = re.compile(r"/{2,}")
_encode = partial(quote, safe="~")


def compile_scheme(block: AuthenticationBlock) -> AuthenticationScheme:
    """Compile an aws-sig-v4 block: ``accessKeyId``, ``secretAccessKey``, ``sessionToken``, ``region``, ``service``.

    Raises:
        ValueError: A key is missing, or neither the block nor the host name has the region and the service.
    """
    if block.is_masked:
        return masked_credentials(_ALGORITHM)
    service, region = service_and_region(urlsplit(block.base).hostname or "")
    service, region = block.value("service") or service, block.value("region") or region
    scheme = AwsSignature(
        block.required("accessKeyId"),
        block.required("secretAccessKey"),
        block.value("sessionToken"),
        region,
        service,
    )
    if not (region and service):
        raise ValueError(
            "aws-sig-v4 authentication needs a `region` and a `service`, because the host name does not contain them"
        )
    return scheme


def service_and_region(host: str) -> tuple[str, str]:
    """Return the service and the region in an AWS host name; empty if it is not an AWS host."""
    found = _DOMAIN.match(host)
    if not found:
        return "", ""
    labels = [each for each in found.group(1).split(".") if each not in ("dualstack", "fips")]
    at = next((index for index, label in enumerate(labels) if _REGION.match(label)), None)
    if at is None:
        return labels[-1], "us-east-1"
    service = labels[at + 1] if at + 1 < len(labels) else labels[at - 1] if at else ""
    return service, labels[at]


@dataclass(frozen=True, slots=True)
class AwsSignature:
    """Signs each request.

    Attributes:
        access_key_id: The access key ID.
        secret_access_key: The key that signs requests.
        session_token: The token of temporary credentials; empty for long-term ones.
        region: The region of the service.
        service: The name of the service in the credential scope.
    """

    access_key_id: str = field(repr=False)
    secret_access_key: str = field(repr=False)
    session_token: str = field(repr=False)
    region: str
    service: str

    async def authorize(self, request: OutgoingRequest, send: Send) -> UpstreamResponse:
        """Send the request, signed."""
        if not request.has("authorization"):
            request = self.signed(await request.buffered(), datetime.now(UTC))
        return await send(request)

    def signed(self, request: OutgoingRequest, moment: datetime) -> OutgoingRequest:
        """Return a request with its signature, and its URL in canonical form."""
        url = parsed_url(request)
        path, _, query = url.raw_path.decode("ascii").partition("?")
        path = "/".join(_encode(unquote(segment)) for segment in path.split("/"))
        query = _canonical_query(query)
        signed_url = f"{url.scheme}://{host_header(url)}{path}{'?' if query else ''}{query}"
        body_hash = hashlib.sha256(request.body or b"").hexdigest()
        added = [("X-Amz-Date", moment.strftime("%Y%m%dT%H%M%SZ"))]
        if self.session_token:
            added.append(("X-Amz-Security-Token", self.session_token))
        if self._is_s3:
            added.append(("X-Amz-Content-Sha256", body_hash))
        kept = (each for each in request.headers if each[0] not in dict(added))
        request = request.copy(url=signed_url, headers=(*kept, *added))
        signed = _signed_headers(request, host_header(url))
        names = ";".join(signed)
        canonical = (
            request.method,
            path if self._is_s3 else quote(_SLASHES.sub("/", path), safe="/~"),
            query,
            *(f"{name}:{value}" for name, value in signed.items()),
            "",
            names,
            body_hash,
        )
        scope = f"{moment:%Y%m%d}/{self.region}/{self.service}/aws4_request"
        hashed = hashlib.sha256("\n".join(canonical).encode("utf-8", "surrogateescape")).hexdigest()
        signature = self._signature(scope, f"{_ALGORITHM}\n{moment:%Y%m%dT%H%M%SZ}\n{scope}\n{hashed}")
        credential = f"Credential={self.access_key_id}/{scope}"
        authorization = f"{_ALGORITHM} {credential}, SignedHeaders={names}, Signature={signature}"
        return request.with_headers(("Authorization", authorization))

    @property
    def _is_s3(self) -> bool:
        return self.service in ("s3", "s3-object-lambda", "s3-outposts", "s3express")

    def _signature(self, scope: str, text: str) -> str:
        key = f"AWS4{self.secret_access_key}".encode()
        for part in scope.split("/"):
            key = hmac.digest(key, part.encode(), "sha256")
        return hmac.digest(key, text.encode(), "sha256").hex()


def _canonical_query(query: str) -> str:
    pairs = sorted(
        (_encode(name), _encode(value)) for name, value in parse_qsl(query, keep_blank_values=True)
    )
    return "&".join(f"{name}={value}" for name, value in pairs)


def _signed_headers(request: OutgoingRequest, host: str) -> dict[str, str]:
    """Return the headers to sign: those that define the request and that proxies do not change."""
    values: dict[str, list[str]] = {"host": [host]}
    for name, value in request.headers:
        if name.lower().startswith("x-amz-") or name.lower() in ("content-type", "range"):
            values.setdefault(name.lower(), []).append(" ".join(value.split()))
    return {name: ",".join(values[name]) for name in sorted(values)}
