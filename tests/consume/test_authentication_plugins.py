"""A third-party scheme: the one in the documentation, installed and used."""

from __future__ import annotations

import hmac
from pathlib import Path

import httpx

from support.documents import written
from support.plugins import installed_from_the_documentation
from support.process import launched
from support.upstream import Upstream

DOCUMENT = """\
naftiko: 1.0.0-alpha2
info: {label: Shop}
capability:
  consumes:
  - type: http
    namespace: shop
    baseUri: UPSTREAM
    resources: [{path: /items, operations: [{name: list-items, method: GET}]}]
"""
EXPOSES = """\
  exposes:
  - type: rest
    namespace: r
    resources: [{path: /items, operations: [{name: list, method: GET, call: shop.list-items}]}]
"""


def test_the_documented_scheme_authenticates_calls(tmp_path: Path, upstream: Upstream) -> None:
    block = installed_from_the_documentation("An outbound authentication scheme", tmp_path)
    consumes = DOCUMENT.replace("UPSTREAM", upstream.url)
    document = written(tmp_path, consumes + "".join(f"    {line}\n" for line in block.splitlines()) + EXPOSES)
    environment = {"PYTHONPATH": str(tmp_path), "SHOP_USER": "u", "SHOP_SECRET": "s3cret"}
    with launched(document, "--port", "rest=0", environment=environment) as process:
        process.wait_for_line("ready; stop with Ctrl-C")
        assert httpx.get(f"{process.url('rest')}/items").status_code == 200
    sent = upstream.only
    signature = hmac.digest(b"s3cret", sent.header("date").encode(), "sha256").hex()
    assert sent.header("authorization") == f"Signed-Date u:{signature}"
