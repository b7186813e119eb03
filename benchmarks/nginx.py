"""nginx, twice: the upstream of everything that is measured, and the proxy that it is measured by."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final

from benchmarks.answers import BASIC, BEARER, HUGE, TRACKED, stored
from benchmarks.machine import tool

_MAIN: Final = """\
worker_processes 1;
daemon off;
{user}
pid {folder}/nginx.pid;
error_log stderr error;
events {{ worker_connections 16384; }}
http {{
    access_log off;
    server_tokens off;
    keepalive_requests 1000000000;
    keepalive_timeout 1h;
    tcp_nodelay on;
    sendfile on;
    open_file_cache max=100;
    client_max_body_size 0;
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
{server}
}}
"""

_UPSTREAM: Final = """\
    map $http_authorization $is_known {{ "{basic}" 1; "{bearer}" 1; default 0; }}
    server {{
        listen 127.0.0.1:{port} backlog=4096;
        default_type application/json;
        root {folder}/answers;
        if ($is_known = 0) {{ return 401; }}
        location = /v1/track {{ return 200 '{tracked}'; }}
        location /things- {{ return 200 '{tracked}'; }}
        location = /bodies/take {{  # `return` would not wait for the body
            client_body_buffer_size 16m;
            proxy_pass_request_body off;
            proxy_set_header Content-Length "";
            proxy_pass http://127.0.0.1:{port}/v1/track;
        }}
        location = /bodies/huge {{ default_type application/octet-stream; }}
    }}
"""

_PROXY: Final = """\
    upstream loopback {{
        server {upstream};
        keepalive 512;
        keepalive_requests 1000000000;
    }}
    server {{
        listen 127.0.0.1:{port} backlog=4096;
        proxy_http_version 1.1;
        proxy_set_header Connection "";
        proxy_set_header Authorization "{basic}";
        proxy_request_buffering off;
        proxy_max_temp_file_size 0;
        location / {{ proxy_pass http://loopback; }}
        location = /v1/bodies {{ proxy_pass http://loopback/bodies/take; }}
        location /v1/bodies/ {{ proxy_pass http://loopback/bodies/; }}
    }}
"""


def upstream(folder: Path) -> Callable[[int], Sequence[str]]:
    """Write what the upstream answers into an empty folder; give its command, of the port."""
    for path, body in stored().items():
        file = folder / "answers" / path.removeprefix("/")
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(body)
    with (folder / "answers/bodies/huge").open("wb") as huge:
        huge.truncate(HUGE)  # a hole: it takes no room
    tracked = TRACKED.decode()
    return _command(
        folder,
        lambda port: _UPSTREAM.format(port=port, folder=folder, tracked=tracked, basic=BASIC, bearer=BEARER),
    )


def proxy(folder: Path, upstream: str) -> Callable[[int], Sequence[str]]:
    """Give the command, of the port, of a proxy before an upstream, ``host:port``."""
    return _command(folder, lambda port: _PROXY.format(port=port, upstream=upstream, basic=BASIC))


def _command(folder: Path, server: Callable[[int], str]) -> Callable[[int], Sequence[str]]:
    def command(port: int) -> Sequence[str]:
        # As root, nginx would serve as somebody who cannot read our folder.
        user = "user root;" if os.geteuid() == 0 else ""
        file = folder / f"nginx-{port}.conf"
        file.write_text(_MAIN.format(folder=folder, user=user, server=server(port)), encoding="utf-8")
        return [tool("nginx"), "-e", "stderr", "-p", str(folder), "-c", str(file)]

    return command
