"""A third-party format: the one in the documentation, installed and used."""

from __future__ import annotations

from pathlib import Path

import httpx

from support.documents import written
from support.plugins import installed_from_the_documentation
from support.process import launched
from support.upstream import Answer, Upstream
from support.wire import problem

FORMAT = """\
naftiko: 1.0.0-alpha2
capability:
  consumes:
  - namespace: files
    baseUri: UPSTREAM
    resources:
    - path: /app.properties
      OPERATIONS
  exposes:
  - type: rest
    namespace: r
    resources:
    - path: /title
      operations:
      - {name: title, method: GET, call: files.get, outputParameters: [{type: string, mapping: $.title}]}
"""


def test_the_documented_format_reads_answers(tmp_path: Path, upstream: Upstream) -> None:
    operations = installed_from_the_documentation("A response format", tmp_path)
    text = FORMAT.replace("UPSTREAM", upstream.url).replace(
        "OPERATIONS", operations.replace("\n", "\n      ")
    )
    document = written(tmp_path, text)
    with launched(document, "--port", "rest=0", environment={"PYTHONPATH": str(tmp_path)}) as process:
        process.wait_for_line("ready; stop with Ctrl-C")
        url = f"{process.url('rest')}/title"
        upstream.answers(Answer(200, b"! ours\ntitle = Fleet\n", (("content-type", "text/plain"),)))
        assert httpx.get(url).json() == "Fleet"
        assert upstream.only.header("accept") == "text/x-java-properties, */*;q=0.5"
        upstream.answers(Answer(200, b"title"))
        assert problem(httpx.get(url), 502)["detail"].endswith("a line has no `=`")
