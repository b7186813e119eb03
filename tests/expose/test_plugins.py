"""A protocol of somebody else: the exposer that the documentation shows, installed and served."""

from __future__ import annotations

import re
from pathlib import Path

import httpx

from support.documents import written
from support.process import ROOT, launched
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
    page = (ROOT / "docs" / "extending.md").read_text(encoding="utf-8")
    (module,) = re.findall(r"```python\n(.*?)```", page, re.DOTALL)
    (entry_points,) = re.findall(r"```toml\n.*?\]\n(.*?)```", page, re.DOTALL)
    (exposes,) = re.findall(r"```yaml\n(.*?)```", page, re.DOTALL)
    (tmp_path / "naftiko_lines.py").write_text(module, encoding="utf-8")
    info = tmp_path / "naftiko_lines-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: naftiko-lines\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text("[naftiko_run.exposers]\n" + entry_points.replace('"', ""))
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
