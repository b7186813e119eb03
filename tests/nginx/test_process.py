"""The nginx that the other tests here start."""

from __future__ import annotations

import httpx

from nginx.conftest import StartNginx
from nginx.process import Nginx

HTTP = """
server { listen 127.0.0.1:@port; location / { return 200 "$request_uri"; } }
server { listen 127.0.0.1:@port2; location / { proxy_pass http://127.0.0.1:@port/below/; } }
"""


def test_nginx_serves_a_configuration_on_free_ports(start_nginx: StartNginx) -> None:
    nginx: Nginx = start_nginx(HTTP)
    assert httpx.get(nginx.url() + "/a?b").text == "/a?b"
    assert httpx.get(nginx.url("@port2") + "/a").text == "/below/a"
    assert start_nginx(HTTP) is nginx
