"""A protocol of somebody else: the exposer that the documentation shows, installed and served."""

from __future__ import annotations

from pathlib import Path

import httpx

from support.documents import written
from support.plugins import installed_from_the_documentation
from support.process import launched
from support.upstream import Upstream
from support.wire import problem

DOCUMENT = """\
naftiko: 1.0.0-alpha2
info: {label: Weather}
capability:
  consumes:
  - type: http
    namespace: weather
    baseUri: UPSTREAM
    resources: [{path: /cities, operations: [{name: list-cities, method: GET}]}]
"""


def test_the_documented_exposer_serves_a_document_that_has_no_other(
    tmp_path: Path, upstream: Upstream
) -> None:
    exposes = installed_from_the_documentation("A protocol", tmp_path)
    text = DOCUMENT.replace("UPSTREAM", upstream.url) + "".join(
        f"  {line}\n" for line in exposes.splitlines()
    )
    document = written(tmp_path, text)
    upstream.answers_json(["Oslo"])
    with launched(document, "--port", "lines=0", environment={"PYTHONPATH": str(tmp_path)}) as process:
        process.wait_for_line("ready; stop with Ctrl-C")
        url = process.url("lines")
        assert httpx.get(f"{url}/cities").text == '["Oslo"]\n'
        assert upstream.only.target == "/cities"
        assert problem(httpx.get(f"{url}/towns"), 404)
