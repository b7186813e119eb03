"""Documents that are served together share the connections to their upstreams."""

from __future__ import annotations

from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import httpx

from naftiko_run import Settings
from support.documents import written
from support.server import serving

DOCUMENT = """\
naftiko: 1.0.0-alpha2
capability:
  consumes:
  - type: http
    namespace: up{number}
    baseUri: http://127.0.0.1:{port}
    resources: [{{path: /items, operations: [{{name: list, method: GET}}]}}]
  exposes:
  - type: rest
    namespace: rest{number}
    resources: [{{path: /items{number}, operations: [{{method: GET, call: up{number}.list}}]}}]
"""


class _Counting(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    connections = 0

    def setup(self) -> None:
        type(self).connections += 1
        super().setup()

    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("Content-Length", "2")
        self.end_headers()
        self.wfile.write(b"[]")

    def log_message(self, *_: Any) -> None:
        """Say nothing."""


def test_documents_with_one_upstream_use_one_connection(tmp_path: Path) -> None:
    upstream = ThreadingHTTPServer(("127.0.0.1", 0), _Counting)
    Thread(target=upstream.serve_forever, daemon=True).start()
    try:
        documents = [
            written(tmp_path, DOCUMENT.format(number=number, port=upstream.server_port), f"{number}.yaml")
            for number in range(5)
        ]
        with (
            serving(*documents, settings=Settings(environment={})) as served,
            httpx.Client() as client,
        ):
            (origin,) = served.origins("rest")
            for number in range(5):
                assert client.get(f"{origin}/items{number}").text == "[]"
        assert _Counting.connections == 1
    finally:
        upstream.shutdown()
        upstream.server_close()
