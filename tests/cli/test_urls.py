"""Documents at URLs: fetched with limits, cached, and named by their URL."""

from __future__ import annotations

import hashlib
import signal
import ssl
import sys
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import httpx
import pytest
import trustme

from support.commands import ended
from support.documents import small, written
from support.ports import free_ports
from support.process import READY, launched

IMPORTING = """\
naftiko: 1.0.0-alpha2
info: {label: Importing}
capability:
  consumes: [{location: ./shared/api.yaml, import: api}]
  exposes:
  - {type: rest, namespace: routes, resources: [{path: /things, operations: [{method: GET, call: api.get}]}]}
"""
SHARED = """\
naftiko: 1.0.0-alpha2
consumes:
- {type: http, namespace: api, baseUri: 'https://api.example', resources: [{path: /t, operations: [{name: get, method: GET}]}]}
"""
Responder = Callable[[BaseHTTPRequestHandler], None]


class Site:
    """A real HTTP server with the documents of a test.

    Attributes:
        documents: The content of each path, or what responds.
        requests: The paths that were requested.
        authorizations: The Authorization headers that were received.
    """

    def __init__(self, context: ssl.SSLContext | None = None) -> None:
        self.documents: dict[str, str | Responder] = {}
        self.requests: list[str] = []
        self.authorizations: list[str | None] = []
        site = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                site.requests.append(self.path)
                site.authorizations.append(self.headers["Authorization"])
                found = site.documents.get(self.path)
                if callable(found):
                    found(self)
                elif found is None:
                    self.send_error(404)
                else:
                    respond(self, found.encode(), "text/plain")

            def log_message(self, *_: object) -> None:
                """Log nothing."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        if context is not None:
            self._server.socket = context.wrap_socket(self._server.socket, server_side=True)
        self.host = f"127.0.0.1:{self._server.server_port}"
        self.url = f"{'https' if context else 'http'}://{self.host}"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def stop(self) -> None:
        self._server.shutdown()
        self._server.server_close()


def respond(handler: BaseHTTPRequestHandler, content: bytes, media_type: str) -> None:
    handler.send_response(200)
    handler.send_header("Content-Type", media_type)
    handler.send_header("Content-Length", str(len(content)))
    handler.end_headers()
    handler.wfile.write(content)


def redirect(location: str) -> Responder:
    def handle(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(302)
        handler.send_header("Location", location)
        handler.send_header("Content-Length", "0")
        handler.end_headers()

    return handle


def html(handler: BaseHTTPRequestHandler) -> None:
    respond(handler, b"<!DOCTYPE html><html></html>", "text/html")


def endless(handler: BaseHTTPRequestHandler) -> None:
    handler.send_response(200)
    handler.end_headers()
    try:
        for _ in range(1600):  # 100 MB
            handler.wfile.write(b"# a comment\n" * 5462)
    except OSError:
        return


@pytest.fixture
def site() -> Iterator[Site]:
    site = Site()
    yield site
    site.stop()


@pytest.fixture
def environment(tmp_path: Path, site: Site) -> dict[str, str]:
    return {"XDG_CACHE_HOME": str(tmp_path / "cache"), "NAFTIKO_GITHUB_RAW_URL": site.url}


def listed(location: str, environment: dict[str, str]) -> str:
    done = ended("naftiko", "list", location, environment=environment)
    assert done.returncode == 0, done.stderr
    return done.stdout


def refused(location: str, environment: dict[str, str]) -> str:
    """Return the only line that a command prints of a document that cannot be fetched."""
    for command in (("naftiko", "list"), ("naftiko", "mcp-config"), ("naftiko-run",)):
        done = ended(*command, location, environment=environment)
        assert done.returncode == 66, done.stderr
        assert "Traceback" not in done.stderr
    lines = [line for line in done.stderr.splitlines() if not line.startswith("  hint: ")]
    assert len(lines) == 1, done.stderr
    checked = ended("naftiko", "validate", location, environment=environment)
    assert checked.returncode == 66
    assert lines[0] in checked.stdout
    return done.stderr


def test_a_document_at_a_url_is_served_and_named_by_its_url(site: Site, environment: dict[str, str]) -> None:
    rest, mcp = free_ports(2)
    site.documents["/a/one.yaml"] = small("one", rest=f"port: {rest}", mcp=f"port: {mcp}")
    with launched(f"{site.url}/a/one.yaml", "--sandbox", environment=environment) as process:
        process.wait_for_line(READY)
        assert f"capability one  {site.url}/a/one.yaml" in process.lines
        assert httpx.get(f"http://127.0.0.1:{rest}/things").status_code == 200


def test_imports_are_relative_to_the_url(site: Site, environment: dict[str, str]) -> None:
    site.documents |= {"/a/doc.yaml": IMPORTING, "/a/shared/api.yaml": SHARED}
    assert "GET /things  -> api.get" in listed(f"{site.url}/a/doc.yaml", environment)
    assert site.requests == ["/a/doc.yaml", "/a/shared/api.yaml"]


def test_an_import_that_cannot_be_fetched_is_a_warning_with_its_url(
    site: Site, environment: dict[str, str]
) -> None:
    site.documents["/a/doc.yaml"] = IMPORTING
    done = ended("naftiko", "list", f"{site.url}/a/doc.yaml", environment=environment)
    assert f"warning {site.url}/a/shared/api.yaml, which is imported: the server responded 404" in done.stderr
    assert f"{site.url}/a/doc.yaml:4:" in done.stderr


@pytest.mark.parametrize(
    ("location", "path"),
    [
        ("github:owner/repo/capabilities/one.yaml", "/owner/repo/HEAD/capabilities/one.yaml"),
        ("github:owner/repo/one.yaml@v1.2", "/owner/repo/v1.2/one.yaml"),
        ("https://github.com/owner/repo/blob/main/a/one.yaml", "/owner/repo/main/a/one.yaml"),
    ],
)
def test_files_of_github(site: Site, environment: dict[str, str], location: str, path: str) -> None:
    site.documents[path] = small("one")
    assert "one-rest" in listed(location, environment)


def test_validation_and_settings_name_the_url(site: Site, environment: dict[str, str]) -> None:
    site.documents["/one.yaml"] = small("one").replace("one.get", "one.gte")
    url = f"{site.url}/one.yaml"
    checked = ended("naftiko", "validate", url, environment=environment)
    assert checked.returncode == 1
    assert checked.stdout.startswith(f"{url}:")
    assert "| " in checked.stdout
    site.documents["/one.yaml"] = small("one")
    done = ended("naftiko", "mcp-config", url, "--stdio", environment=environment)
    assert f'"{url}"' in done.stdout


def test_the_copy_is_used_with_a_warning_if_the_server_is_away(
    site: Site, environment: dict[str, str]
) -> None:
    site.documents |= {"/a/doc.yaml": IMPORTING, "/a/shared/api.yaml": SHARED}
    url = f"{site.url}/a/doc.yaml"
    first = listed(url, environment)
    site.stop()
    done = ended("naftiko", "list", url, environment=environment)
    assert done.returncode == 0
    assert done.stdout == first
    assert f"warning {url}: the server cannot be reached: " in done.stderr
    assert "is used" in done.stderr


def test_without_a_copy_it_is_refused_if_the_server_is_away(site: Site, environment: dict[str, str]) -> None:
    site.stop()
    assert f"{site.url}/one.yaml: error[not-fetched] the server cannot be reached" in refused(
        f"{site.url}/one.yaml", environment
    )


def test_a_checksum(site: Site, environment: dict[str, str]) -> None:
    site.documents["/one.yaml"] = small("one")
    url, digest = f"{site.url}/one.yaml", hashlib.sha256(small("one").encode()).hexdigest()
    other = f"{int(digest[0], 16) ^ 1:x}{digest[1:]}"
    assert f"the content has the SHA-256 {digest}, not {other}" in refused(
        f"{url}#sha256={other}", environment
    )
    assert "one-rest" in listed(f"{url}#sha256={digest}", environment)
    site.stop()
    assert "one-rest" in listed(f"{url}#sha256={digest}", environment)  # no other content can be meant
    assert "64 hexadecimal digits" in refused(f"{url}#sha256=123", environment)


@pytest.mark.parametrize(
    ("document", "message"),
    [
        (html, "it is an HTML page, not a document"),
        (endless, "it is larger than 10,485,760 bytes"),
        (redirect("/one.yaml"), "it redirects more than 5 times"),
        (redirect("file:///etc/passwd"), "it redirects to a URL with the scheme `file`"),
        (redirect("http://192.0.2.1/one.yaml"), "it is not encrypted"),
        (redirect("http://[bad/"), "it redirects to a URL that is not valid"),
        (None, "the server responded 404"),
    ],
    ids=["HTML", "100 MB", "loop", "file", "not encrypted", "invalid", "404"],
)
def test_bad_responses_are_one_line(
    site: Site, environment: dict[str, str], document: Responder | None, message: str
) -> None:
    if document is not None:
        site.documents["/one.yaml"] = document
    assert f"{site.url}/one.yaml: error[not-fetched] {message}" in refused(
        f"{site.url}/one.yaml", environment
    )


@pytest.mark.parametrize(
    "location",
    [
        "http://",
        f"http://192.0.2.1/{'x' * 300}.yaml",
        "https://[bad/x.yaml",
        "github:owner/x.yaml",
        "http://192.0.2.1/x.yaml",
    ],
)
def test_bad_urls_are_one_line(environment: dict[str, str], location: str) -> None:
    assert f"{location}: error[not-fetched]" in refused(location, environment)


def test_a_server_that_does_not_respond_is_given_up(site: Site, environment: dict[str, str]) -> None:
    release = threading.Event()
    site.documents["/one.yaml"] = lambda _: (release.wait(30), None)[1]
    message = refused(f"{site.url}/one.yaml", environment | {"NAFTIKO_FETCH_TIMEOUT": "0.2"})
    release.set()
    assert "no response within 0.2 s" in message


def test_the_limits_can_be_set(site: Site, environment: dict[str, str]) -> None:
    site.documents["/one.yaml"] = small("one")
    assert "it is larger than 100 bytes" in refused(
        f"{site.url}/one.yaml", environment | {"NAFTIKO_FETCH_MAX_SIZE": "100"}
    )
    assert "NAFTIKO_FETCH_TIMEOUT is `x`" in refused(
        f"{site.url}/one.yaml", environment | {"NAFTIKO_FETCH_TIMEOUT": "x"}
    )


def test_credentials_of_a_url_are_sent_to_its_server_only_and_never_shown(
    site: Site, environment: dict[str, str]
) -> None:
    other = Site()
    site.documents |= {
        "/one.yaml?token=s3cret": redirect("/two.yaml"),
        "/two.yaml": redirect(f"{other.url}/three.yaml"),
    }
    other.documents["/three.yaml"] = small("one").replace("one.get", "one.gte")
    url = f"http://user:passw0rd@{site.host}/one.yaml?token=s3cret"
    for command in ("list", "validate", "mcp-config"):
        done = ended("naftiko", command, url, environment=environment)
        assert "s3cret" not in done.stdout + done.stderr
        assert "passw0rd" not in done.stdout + done.stderr
    assert all(each is not None and each.startswith("Basic ") for each in site.authorizations)
    assert set(other.authorizations) == {None}
    other.stop()
    message = refused(f"http://user:passw0rd@{site.host}/none.yaml?token=s3cret", environment)
    assert "s3cret" not in message
    assert "passw0rd" not in message


def test_paths_cannot_leave_the_cache(site: Site, environment: dict[str, str], tmp_path: Path) -> None:
    site.documents["/%2e%2e/%2e%2e/..%2f..%2fone.yaml"] = small("one")
    ended("naftiko", "list", f"{site.url}/%2e%2e/%2e%2e/..%2f..%2fone.yaml", environment=environment)
    files = [each for each in tmp_path.rglob("*") if each.is_file()]
    folder = tmp_path / "cache" / "naftiko-run" / "documents" / "http" / site.host
    assert all(each.resolve().is_relative_to(folder) for each in files)


def test_a_cache_that_is_not_writable_is_one_line(
    site: Site, environment: dict[str, str], tmp_path: Path
) -> None:
    site.documents["/one.yaml"] = small("one")
    written(tmp_path, "", "file")
    message = refused(f"{site.url}/one.yaml", environment | {"XDG_CACHE_HOME": str(tmp_path / "file")})
    assert "it cannot be saved in" in message
    assert "XDG_CACHE_HOME" in message


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no SIGHUP")
def test_a_reload_fetches_again(site: Site, environment: dict[str, str]) -> None:
    rest, mcp = free_ports(2)
    text = small("one", rest=f"port: {rest}", mcp=f"port: {mcp}")
    site.documents["/one.yaml"] = text
    with launched(f"{site.url}/one.yaml", "--sandbox", "--reload", environment=environment) as process:
        process.wait_for_line(READY)
        site.documents["/one.yaml"] = text.replace("path: /things", "path: /more")
        process.signal(signal.SIGHUP)
        process.wait_for(
            lambda _: any(each.startswith("reloaded in ") for each in process.messages), "reload"
        )
        assert httpx.get(f"http://127.0.0.1:{rest}/more").status_code == 200
        site.documents["/one.yaml"] = html
        process.signal(signal.SIGHUP)
        process.wait_for(
            lambda _: any(each.startswith("not reloaded") for each in process.messages), "refusal"
        )
        assert httpx.get(f"http://127.0.0.1:{rest}/more").status_code == 200


def test_a_redirect_from_https_to_http_is_refused(
    site: Site, environment: dict[str, str], tmp_path: Path
) -> None:
    authority, context = trustme.CA(), ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    authority.cert_pem.write_to_path(tmp_path / "authority.pem")
    secure = Site(context)
    site.documents["/one.yaml"] = small("one")
    secure.documents |= {"/one.yaml": redirect(f"{site.url}/one.yaml"), "/two.yaml": small("two")}
    trusting = environment | {"SSL_CERT_FILE": str(tmp_path / "authority.pem")}
    assert "two-rest" in listed(f"{secure.url}/two.yaml", trusting)
    assert "it redirects from https to http" in refused(f"{secure.url}/one.yaml", trusting)
    assert "the server cannot be reached" in refused(
        f"{secure.url}/three.yaml", environment
    )  # it is not trusted
    assert site.requests == []
    secure.stop()
