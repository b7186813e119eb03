"""The HTTP client of the commands that use a control adapter."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

import httpx

from naftiko_run import _json
from naftiko_run.cli.options import UsageFault
from naftiko_run.diagnostics import Report
from naftiko_run.errors import ConfigurationError, DocumentError
from naftiko_run.spec.control import CONTROL_PORT
from naftiko_run.version import USER_AGENT

UNAVAILABLE: Final = 69
"""Exit code where no control adapter can be reached."""
NO_PERMISSION: Final = 77
"""Exit code where the control adapter rejects the credentials."""

_TIMEOUT_SECONDS: Final = 30.0
_MAX_FILES: Final = 50
"""The maximum number of files in the working directory that are searched for a control adapter."""
_ANY_ADDRESS: Final = ("0.0.0.0", "::")  # noqa: S104 - compared, not bound


class ControlUnreachable(ConfigurationError):
    """No control adapter can be reached."""


class ControlRefused(ConfigurationError):
    """The control adapter rejects the credentials."""


class ControlFailed(ConfigurationError):
    """The control adapter cannot do what was requested."""


@dataclass(frozen=True, slots=True)
class ControlOptions:
    """How the control adapter is reached, as typed.

    Attributes:
        address: Its address or URL; empty if it is not set.
        port: Its port; None if it is not set.
        token: A bearer token; empty for none.
        user: ``NAME:PASSWORD``; empty for none.
        as_json: Whether to print JSON.
    """

    address: str = ""
    port: int | None = None
    token: str = field(default="", repr=False)
    user: str = field(default="", repr=False)
    as_json: bool = False


class ControlClient:
    """Sends requests to a control adapter.

    Args:
        options: How it is reached.
        folder: The folder whose documents are searched for its port.

    Attributes:
        url: Its base URL.

    Raises:
        UsageFault: An option or variable is invalid.
    """

    def __init__(self, options: ControlOptions, folder: Path) -> None:
        self.url = _base_url(options, folder)
        self._has_credentials = bool(options.token or options.user)
        self._client = httpx.Client(
            base_url=self.url,
            headers={"user-agent": USER_AGENT},
            auth=_authentication(options),
            timeout=_TIMEOUT_SECONDS,
            trust_env=False,
        )

    def get(self, path: str, query: Mapping[str, str] | None = None) -> httpx.Response:
        """Send a GET request; see ``request``."""
        return self.request("GET", path, query=query)

    def request(
        self, method: str, path: str, *, query: Mapping[str, str] | None = None, content: Any = None
    ) -> httpx.Response:
        """Send a request.

        Args:
            method: The method.
            path: The path.
            query: The query parameters.
            content: The body, sent as JSON; None for none.

        Returns:
            The response, also for statuses that are not those of success.

        Raises:
            ControlUnreachable: There is no response.
            ControlRefused: The request is not authenticated or not authorized.
        """
        try:
            response = self._client.request(method, path, params=query, json=content)
        except httpx.HTTPError as fault:
            raise self._unreachable(fault) from None
        self._check_access(response)
        return response

    @contextmanager
    def stream(self, path: str) -> Iterator[Iterator[str]]:
        """Send a GET request for a stream without a timeout.

        Yields:
            The lines of the response.

        Raises:
            ControlUnreachable: There is no response.
            ControlRefused: The request is not authenticated or not authorized.
            ControlFailed: The response is an error.
        """
        try:
            with self._client.stream(
                "GET", path, timeout=httpx.Timeout(_TIMEOUT_SECONDS, read=None)
            ) as response:
                self._check_access(response)
                if response.status_code != httpx.codes.OK:
                    response.read()
                    raise self.failure(response)
                yield response.iter_lines()
        except httpx.HTTPError as fault:
            raise self._unreachable(fault) from None

    def failure(self, response: httpx.Response) -> ControlFailed:
        """Return the error for a response that is not the expected one."""
        path, method = response.request.url.path, response.request.method
        problem = _problem(response)
        is_absent = problem.get("type") in (
            "urn:naftiko:problem:unknown-path",
            "urn:naftiko:problem:method-not-allowed",
        )
        if is_absent or (response.status_code in (404, 405) and "error" not in problem):
            return ControlFailed(
                f"{self.url} does not serve {method} {path}",
                hint="turn it on under `management` or `observability` of the control adapter, or start with --control",
            )
        reason = problem.get("error") or problem.get("detail") or f"status {response.status_code}"
        return ControlFailed(f"{method} {path}: {reason}")

    def _check_access(self, response: httpx.Response) -> None:
        if response.status_code not in (401, 403):
            return
        hint = "use --token or --user, or set NAFTIKO_CONTROL_TOKEN or NAFTIKO_CONTROL_USER"
        if self._has_credentials:
            raise ControlRefused(f"{self.url} rejects these credentials", hint=hint)
        raise ControlRefused(f"{self.url} requires authentication", hint=hint)

    def _unreachable(self, fault: httpx.HTTPError) -> ControlUnreachable:
        reason = "no response in time" if isinstance(fault, httpx.TimeoutException) else str(fault)
        return ControlUnreachable(
            f"no control adapter answers at {self.url} ({reason})",
            hint="start `naftiko-run` with --control, or name the control adapter with --address and --port",
        )


class _BasicOrDigest(httpx.Auth):
    """Sends Basic credentials, and Digest credentials where the server asks for these."""

    def __init__(self, name: str, password: str) -> None:
        self._basic = httpx.BasicAuth(name, password)
        self._digest = httpx.DigestAuth(name, password)

    def auth_flow(self, request: httpx.Request) -> Any:
        """Authenticate one request."""
        response = yield next(self._basic.auth_flow(request))
        if response.status_code == httpx.codes.UNAUTHORIZED and response.headers.get(
            "www-authenticate", ""
        ).lower().startswith("digest"):
            del request.headers["authorization"]
            yield from self._digest.auth_flow(request)


def json_of(response: httpx.Response) -> Any:
    """Return the JSON of a response.

    Raises:
        ControlFailed: It is not JSON.
    """
    try:
        return _json.loads(response.content)
    except ValueError:
        raise ControlFailed(
            f"{response.request.url} is not a control adapter: it does not respond with JSON"
        ) from None


def _authentication(options: ControlOptions) -> httpx.Auth | None:
    if options.token:
        return _Bearer(options.token)
    if not options.user:
        return None
    name, colon, password = options.user.partition(":")
    if not colon:
        raise UsageFault("--user is not NAME:PASSWORD")
    return _BasicOrDigest(name, password)


class _Bearer(httpx.Auth):
    """Sends a bearer token."""

    def __init__(self, token: str) -> None:
        self._token = token

    def auth_flow(self, request: httpx.Request) -> Any:
        """Authenticate one request."""
        request.headers["authorization"] = f"Bearer {self._token}"
        yield request


def _problem(response: httpx.Response) -> dict[str, Any]:
    try:
        value = _json.loads(response.content)
    except ValueError:
        return {}
    return value if isinstance(value, dict) else {}


def _base_url(options: ControlOptions, folder: Path) -> str:
    """Return the base URL: of the options, of a document in the folder, or the default.

    Raises:
        UsageFault: The address is invalid.
    """
    address, port = options.address, options.port
    if "://" in address:
        return _checked_url(address)
    if port is None:
        found_address, port = _of_documents(folder)
        address = address or found_address
    address = address or "127.0.0.1"
    host = f"[{address}]" if ":" in address and not address.startswith("[") else address
    return _checked_url(f"http://{host}:{port or CONTROL_PORT}")


def _checked_url(url: str) -> str:
    try:
        parts = urlsplit(url)
        is_host = bool(parts.hostname) and not re.search(r"\s", url)
        is_valid = parts.scheme in ("http", "https") and is_host and parts.port != 0
    except ValueError:
        is_valid = False
    if not is_valid:
        raise UsageFault(f"--address: `{url}` is not a host name, an IP address or an http URL")
    return url.rstrip("/")


def _of_documents(folder: Path) -> tuple[str, int]:
    """Return the address and port of the first control adapter in the documents of a folder; empty for none."""
    from naftiko_run.document.normalize.reader import Reader  # imported lazily: few commands need them
    from naftiko_run.document.source import read

    files = sorted(each for each in folder.iterdir() if each.suffix in (".yaml", ".yml") and each.is_file())
    for file in files[:_MAX_FILES]:
        if b"control" not in file.read_bytes():
            continue
        try:
            source = read(file)
        except DocumentError:
            continue
        if not isinstance(source.data, dict):
            continue
        capability = Reader(source.data, (), Report(str(file))).mapping("capability")
        for exposes in capability.members("exposes") if capability else ():
            port = exposes.data.get("port")
            if exposes.text("type").casefold() == "control" and isinstance(port, int) and 0 < port <= 65535:
                address = exposes.text("address")
                return ("" if "{" in address or address in _ANY_ADDRESS else address), port
    return "", 0
