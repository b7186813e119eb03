"""Documents at URLs: fetched with limits into the user's cache folder, which serves when the network is away.

The path of a file in the cache is that of its URL, so that relative imports refer to files in the cache, too.
"""

from __future__ import annotations

import hashlib
import os
import re
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Final
from urllib.parse import SplitResult, quote, unquote, urljoin, urlsplit, urlunsplit

from naftiko_run.diagnostics import Diagnostic, Severity
from naftiko_run.document.imports.syntax import Import, entries
from naftiko_run.document.source import read
from naftiko_run.errors import DocumentError
from naftiko_run.locations import is_file
from naftiko_run.spec.document import SECTIONS
from naftiko_run.urls import is_loopback

NOT_FETCHED: Final = "not-fetched"
"""The code of a document that cannot be fetched."""
MAX_SIZE: Final = 10 * 1024 * 1024
"""Maximum size of a document in bytes, unless ``NAFTIKO_FETCH_MAX_SIZE`` sets another."""
TIMEOUT: Final = 10.0
"""Seconds until a document is fetched, unless ``NAFTIKO_FETCH_TIMEOUT`` sets another."""
MAX_REDIRECTS: Final = 5
MAX_IMPORTS: Final = 64
"""Maximum number of files that one document imports from."""

_RAW_HOST: Final = "https://raw.githubusercontent.com"
_RAW_HOST_VARIABLE: Final = "NAFTIKO_GITHUB_RAW_URL"
_GITHUB: Final = re.compile(r"github:(?P<repository>[^/@]+/[^/@]+)/(?P<path>[^@#]+)(?:@(?P<ref>[^#]+))?")
_GITHUB_PAGE: Final = re.compile(r"/(?P<repository>[^/]+/[^/]+)/blob/(?P<rest>.+)")
_REDIRECTS: Final = frozenset({301, 302, 303, 307, 308})
_HTML: Final = re.compile(rb"\s*<(!doctype\s+html|html)\b", re.IGNORECASE)
_CHECKSUM: Final = re.compile(r"sha256=([0-9a-fA-F]{64})")
_CHUNK: Final = 65536
_MAX_SEGMENT: Final = 180

Warn = Callable[[str], None]
"""Called with a warning for the operator."""


class _FetchFailure(Exception):
    """A document cannot be fetched.

    Args:
        message: Why.
        hint: How to fix it.
        is_network: Whether the server could not be reached or failed, so that an earlier copy can be used.
    """

    def __init__(self, message: str, hint: str = "", *, is_network: bool = False) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint
        self.is_network = is_network


@dataclass(frozen=True, slots=True)
class _Target:
    """What to fetch.

    Attributes:
        url: The URL, without fragment; may contain credentials.
        checksum: The SHA-256 of the content in hexadecimal digits; empty for any.
    """

    url: str
    checksum: str = ""

    @property
    def name(self) -> str:
        """The URL without anything that may be a credential."""
        parts = urlsplit(self.url)
        netloc = parts.netloc.rpartition("@")[2]
        return urlunsplit((parts.scheme, netloc, parts.path, "…" if parts.query else "", ""))

    @property
    def file(self) -> Path:
        """The path of the copy in the cache."""
        parts = urlsplit(self.url)
        decoded = (unquote(each) for each in parts.path.split("/"))
        segments = [_segment(each) for each in decoded if each not in ("", ".", "..")]
        segments = segments or ["index"]
        if parts.query:
            path = PurePosixPath(segments[-1])
            digest = hashlib.sha256(parts.query.encode()).hexdigest()[:12]
            segments[-1] = f"{path.stem}~{digest}{path.suffix}"
        return _cache_folder().joinpath(parts.scheme, parts.netloc.rpartition("@")[2].lower(), *segments)


def _segment(name: str) -> str:
    """Return a segment of a path as the name of a file or folder."""
    quoted = quote(name, safe="")
    digest = hashlib.sha256(name.encode()).hexdigest()[:12]
    return (
        quoted
        if len(quoted) <= _MAX_SEGMENT
        else f"{quoted[:100]}~{digest}{PurePosixPath(quoted).suffix[:8]}"
    )


def is_remote(location: str) -> bool:
    """Return whether a location on the command line is a URL or a ``github:`` reference."""
    return location.lower().startswith(("http://", "https://", "github:"))


def fetch(location: str, warn: Warn) -> Path:
    """Fetch a document and the files that it imports from with relative paths.

    Args:
        location: ``https://…``, ``http://…`` on a loopback address, or ``github:owner/repository/path[@ref]``, with
            ``#sha256=…`` to check the content.
        warn: Called if an earlier copy is used, or an import cannot be fetched.

    Returns:
        The path of its copy in the cache.

    Raises:
        DocumentError: It cannot be fetched, and there is no earlier copy.
    """
    name = location.partition("#")[0]
    try:
        target = _target_of(location)
        name = target.name
        _fetch(target, warn)
    except _FetchFailure as fault:
        found = Diagnostic(Severity.ERROR, NOT_FETCHED, fault.message, name, hint=fault.hint)
        raise DocumentError([found]) from None
    _fetch_imports(target, warn)
    return target.file


def shown_name(file: str) -> str:
    """Return the URL of a file in the cache, or the name of any other file."""
    if not Path(file).is_absolute():
        return file
    try:
        scheme, host, *segments = Path(file).relative_to(_cache_folder()).parts
    except ValueError:
        return file
    return f"{scheme}://{host}/{'/'.join(segments)}"


def _cache_folder() -> Path:
    configured = os.environ.get("XDG_CACHE_HOME", "")
    if os.path.isabs(configured):  # noqa: PTH117 - a text, which may be empty
        return Path(configured, "naftiko-run", "documents")
    return Path(os.path.expanduser("~"), ".cache", "naftiko-run", "documents")  # noqa: PTH111 - never raises


def _target_of(location: str) -> _Target:
    """Return what a location refers to.

    Raises:
        _FetchFailure: It is malformed.
    """
    written, _, fragment = location.partition("#")
    found = _CHECKSUM.fullmatch(fragment)
    if fragment and found is None and fragment.startswith("sha256"):
        raise _FetchFailure("the checksum is not valid", "write #sha256= and 64 hexadecimal digits")
    return _Target(_raw_url(written), found[1].lower() if found else "")


def _raw_url(written: str) -> str:
    """Return the URL of the raw file of a ``github:`` reference or a page of GitHub; any other URL unchanged."""
    raw_host = os.environ.get(_RAW_HOST_VARIABLE, "").rstrip("/") or _RAW_HOST
    if written.startswith("github:"):
        found = _GITHUB.fullmatch(written)
        if found is None:
            raise _FetchFailure("the reference is not valid", "write github:OWNER/REPOSITORY/PATH or …@REF")
        return f"{raw_host}/{found['repository']}/{found['ref'] or 'HEAD'}/{quote(found['path'])}"
    try:
        parts = urlsplit(written)
        is_valid = bool(parts.hostname) and (parts.port or 1) > 0
    except ValueError:
        is_valid = False
    if not is_valid:
        raise _FetchFailure("the URL is not valid")
    page = _GITHUB_PAGE.fullmatch(parts.path) if parts.hostname in ("github.com", "www.github.com") else None
    return f"{raw_host}/{page['repository']}/{page['rest']}" if page else written


def _fetch(target: _Target, warn: Warn) -> None:
    """Update the copy of a document in the cache.

    Raises:
        _FetchFailure: It cannot be fetched, and there is no earlier copy that can be used.
    """
    file = target.file
    if target.checksum and _has_checksum(file, target.checksum):
        return
    try:
        content = _download(target)
    except _FetchFailure as fault:
        if not fault.is_network or not file.is_file() or target.checksum:
            raise
        age = time.strftime("%Y-%m-%d %H:%M", time.localtime(file.stat().st_mtime))
        warn(f"{target.name}: {fault.message}; the copy of {age} is used")
        return
    digest = hashlib.sha256(content).hexdigest()
    if target.checksum and digest != target.checksum:
        raise _FetchFailure(
            f"the content has the SHA-256 {digest}, not {target.checksum}",
            "check what has changed, and then write the new one",
        )
    try:
        _write(file, content)
    except OSError as fault:
        raise _FetchFailure(
            f"it cannot be saved in {_cache_folder()}: {fault.strerror}",
            "set XDG_CACHE_HOME to a writable folder",
        ) from None


def _has_checksum(file: Path, checksum: str) -> bool:
    try:
        return hashlib.sha256(file.read_bytes()).hexdigest() == checksum
    except OSError:
        return False


def _write(file: Path, content: bytes) -> None:
    file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    descriptor, temporary = tempfile.mkstemp(dir=file.parent)
    with os.fdopen(descriptor, "wb") as stream:
        stream.write(content)
    Path(temporary).replace(file)


def _download(target: _Target) -> bytes:
    """Return the content at a URL.

    Raises:
        _FetchFailure: It cannot be fetched.
    """
    import httpx  # imported lazily: few processes fetch documents

    maximum, timeout = (
        int(_number("NAFTIKO_FETCH_MAX_SIZE", MAX_SIZE)),
        _number("NAFTIKO_FETCH_TIMEOUT", TIMEOUT),
    )
    deadline = time.monotonic() + timeout
    url = target.url
    headers = {"accept": "application/yaml, text/plain, */*", "accept-encoding": "identity"}
    try:
        with httpx.Client(timeout=timeout) as client:
            for _ in range(MAX_REDIRECTS + 1):
                _check_scheme(urlsplit(url), has_checksum=bool(target.checksum))
                with client.stream("GET", url, headers=headers) as response:
                    if response.status_code not in _REDIRECTS or "location" not in response.headers:
                        return _content(response, maximum, deadline, timeout)
                    url = _redirected(url, response.headers["location"])
    except httpx.TimeoutException:
        raise _FetchFailure(f"no response within {timeout:g} s", is_network=True) from None
    except httpx.InvalidURL:
        raise _FetchFailure("the URL, or one that it redirects to, is not valid") from None
    except httpx.HTTPError as error:
        raise _FetchFailure(f"the server cannot be reached: {error}", is_network=True) from None
    raise _FetchFailure(f"it redirects more than {MAX_REDIRECTS} times")


def _content(response: object, maximum: int, deadline: float, timeout: float) -> bytes:
    """Return the content of a response."""
    import httpx

    assert isinstance(response, httpx.Response)
    status = response.status_code
    if status != 200:
        phrase = f" {response.reason_phrase}" if response.reason_phrase else ""
        hint = "check the URL; the file may be private or moved" if status in (401, 403, 404, 410) else ""
        raise _FetchFailure(f"the server responded {status}{phrase}", hint, is_network=status >= 500)
    too_large = _FetchFailure(
        f"it is larger than {maximum:,} bytes", "NAFTIKO_FETCH_MAX_SIZE sets another limit"
    )
    length = response.headers.get("content-length", "")
    if length.isdecimal() and int(length) > maximum:
        raise too_large
    content = bytearray()
    for chunk in response.iter_bytes(_CHUNK):
        content += chunk
        if len(content) > maximum:
            raise too_large
        if time.monotonic() > deadline:
            raise _FetchFailure(f"it was not complete within {timeout:g} s", is_network=True)
    is_html = response.headers.get("content-type", "").lower().startswith("text/html")
    if is_html or _HTML.match(content):
        raise _FetchFailure("it is an HTML page, not a document", "use the URL of the raw file")
    return bytes(content)


def _number(variable: str, default: float) -> float:
    written = os.environ.get(variable, "")
    try:
        number = float(written) if written else default
    except ValueError:
        number = 0
    if not 0 < number < 1e12:
        raise _FetchFailure(f"{variable} is `{written}`, which is not a positive number")
    return number


def _check_scheme(url: SplitResult, *, has_checksum: bool) -> None:
    if url.scheme == "http" and not has_checksum and not is_loopback(url.hostname or ""):
        raise _FetchFailure(
            "it is not encrypted, so anybody on the network could change it",
            "use https://, or append #sha256= and the checksum",
        )


def _redirected(url: str, location: str) -> str:
    """Return the URL that a response redirects to; credentials are only sent to the same origin."""
    before = urlsplit(url)
    try:
        after = urlsplit(urljoin(url, location))
    except ValueError:
        raise _FetchFailure("it redirects to a URL that is not valid") from None
    if after.scheme not in ("http", "https"):
        raise _FetchFailure(f"it redirects to a URL with the scheme `{after.scheme}`")
    if before.scheme == "https" and after.scheme == "http":
        raise _FetchFailure("it redirects from https to http")
    user, at, host = before.netloc.rpartition("@")
    if at and "@" not in after.netloc and (after.scheme, after.netloc) == (before.scheme, host):
        after = after._replace(netloc=f"{user}@{host}")
    return urlunsplit(after)


def _fetch_imports(target: _Target, warn: Warn) -> None:
    """Fetch the files that a document imports from, as far as they are on the same server."""
    waiting, fetched = [target], {target.file}
    while waiting and len(fetched) <= MAX_IMPORTS:
        for each in _imports(waiting.pop()):
            if each.file in fetched:
                continue
            fetched.add(each.file)
            try:
                _fetch(each, warn)
            except _FetchFailure as fault:
                warn(f"{each.name}, which is imported: {fault.message}")
            else:
                waiting.append(each)


def _imports(target: _Target) -> Iterator[_Target]:
    try:
        source = read(target.file)
    except DocumentError:  # which is reported when it is loaded
        return
    base = urlsplit(target.url)
    for section in SECTIONS:
        for each in entries(source, section):
            if isinstance(each, Import) and each.file and not each.is_openapi and is_file(each.file):
                path = each.file.removeprefix("file://").removeprefix("/./")
                if not path.startswith("/"):
                    yield _Target(urljoin(urlunsplit(base._replace(query="")), quote(path)))
