"""The HTTP client of providers: small requests, with error messages that contain no secret."""

from __future__ import annotations

import ssl
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self

import httpx

from naftiko_run.bindings.provider import parse_json
from naftiko_run.errors import LocationUnreadable
from naftiko_run.urls import strip_credentials

MAX_RESPONSE: Final = 4 * 1024 * 1024
"""Maximum size of a response in bytes: more than a secret can have."""


@dataclass(frozen=True, slots=True)
class SecretResponse:
    """A response.

    Attributes:
        status: HTTP status.
        body: The decoded JSON; None where the body is not JSON.
    """

    status: int
    body: Any = field(repr=False)

    def member(self, *names: str) -> Any:
        """Return a member of the body by its path; None where it does not exist."""
        value = self.body
        for name in names:
            value = value.get(name) if isinstance(value, dict) else None
        return value


class SecretServer:
    """A server that stores secrets. Redirects are not followed: its token is not for other servers.

    Args:
        url: Its base URL.
        headers: Sent with every request.
        timeout: Timeout in seconds of connecting, of each read and of each write.
        authority: The CA certificate; None for those that the machine trusts.
        is_direct: Whether proxies are ignored.

    Raises:
        LocationUnreadable: The certificate cannot be read, or the URL is not valid.
    """

    def __init__(
        self,
        url: str,
        headers: dict[str, str],
        timeout: float,
        *,
        authority: Path | None = None,
        is_direct: bool = False,
    ) -> None:
        self._shown = strip_credentials(url)
        self._headers = {name.encode(): value.encode() for name, value in headers.items()}
        try:
            verify = ssl.create_default_context(cafile=authority) if authority else True
            self._client = httpx.Client(
                base_url=url,
                timeout=timeout,
                verify=verify,
                trust_env=not is_direct,
                headers={"Accept-Encoding": "identity"},
            )
        except (OSError, ssl.SSLError):
            raise LocationUnreadable(f"the certificate {authority} cannot be read") from None
        except httpx.InvalidURL:
            raise LocationUnreadable(f"{self._shown} is not a valid URL") from None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, fault: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._client.close()

    def get(self, path: str) -> SecretResponse:
        """Send a GET request.

        Raises:
            LocationUnreadable: There was no response.
        """
        return self._request("GET", path)

    def post(self, path: str, body: dict[str, Any]) -> SecretResponse:
        """Send a POST request with JSON.

        Raises:
            LocationUnreadable: There was no response.
        """
        return self._request("POST", path, body)

    def authorize(self, name: str, value: str) -> None:
        """Send a header with every request from now on."""
        self._headers[name.encode()] = value.encode()

    def _content(self, response: httpx.Response) -> bytes:
        if response.headers.get("content-encoding", "identity").lower() != "identity":
            raise LocationUnreadable(f"{self._shown} sent a content coding that was not accepted")
        content = bytearray()
        for chunk in response.iter_raw():
            content += chunk
            if len(content) > MAX_RESPONSE:
                raise LocationUnreadable(
                    f"the response of {self._shown} is larger than {MAX_RESPONSE:,} bytes"
                )
        return bytes(content)

    def _request(self, method: str, path: str, body: dict[str, Any] | None = None) -> SecretResponse:
        try:
            with self._client.stream(method, path, json=body, headers=self._headers) as response:
                content = self._content(response)
        except httpx.TimeoutException:
            raise LocationUnreadable(f"{self._shown} did not respond in time") from None
        except httpx.ConnectError as fault:
            why = "its certificate is not trusted" if "CERTIFICATE" in str(fault) else "no connection"
            raise LocationUnreadable(f"{self._shown} cannot be reached: {why}") from None
        except httpx.LocalProtocolError:
            raise LocationUnreadable(
                f"no request was sent to {self._shown}: the token is not valid in an HTTP header"
            ) from None
        except (httpx.HTTPError, httpx.InvalidURL) as fault:
            raise LocationUnreadable(
                f"the request to {self._shown} failed ({type(fault).__name__})"
            ) from None
        try:
            return SecretResponse(response.status_code, parse_json(content))
        except ValueError:
            return SecretResponse(response.status_code, None)
