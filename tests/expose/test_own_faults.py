"""A fault of ours: the caller gets an id, the log gets the rest."""

from __future__ import annotations

import re
from pathlib import Path

import httpx

from support.documents import PIPELINES, written
from support.process import started
from support.wire import problem

PLUGIN = """\
from naftiko_run.expose import Adapter, Endpoint, Exposer
from naftiko_run.expressions import parse_path


async def break_down(scope, receive, send):
    raise RuntimeError("what only we should read")


class BrokenExposer(Exposer):
    default_port = 0

    def expose(self, exposes, capability, settings):
        endpoint = Endpoint(parse_path("/broken"), break_down)
        return Adapter("broken", exposes.namespace, capability, "", (endpoint,), ())
"""


def _installed(folder: Path) -> Path:
    """Install a distribution whose exposer breaks at every request."""
    (folder / "broken_exposer.py").write_text(PLUGIN)
    info = folder / "broken_exposer-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: broken-exposer\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text("[naftiko_run.exposers]\nbroken = broken_exposer:BrokenExposer\n")
    return folder


def test_the_caller_gets_an_id_that_the_log_has_too_and_nothing_internal(tmp_path: Path) -> None:
    text = PIPELINES.read_text() + "  - type: broken\n    namespace: broken\n"
    document = written(tmp_path, text)
    environment = {"PYTHONPATH": str(_installed(tmp_path))}
    with started(document, "--sandbox", environment=environment) as process:
        answer = httpx.get(f"{process.url('broken')}/broken")
        found = problem(answer, 500)
        assert set(found) == {"type", "title", "status", "detail", "id", "traceId", "requestId"}
        assert re.fullmatch(r"[0-9a-f]{12}", found["id"])
        assert "what only we should read" not in answer.text
        assert httpx.post(f"{process.url('rest')}/v1/track", json={}).status_code == 200
        process.wait_for(lambda _: "RuntimeError: what only we should read" in process.text, "traceback")
        assert found["id"] in process.text
