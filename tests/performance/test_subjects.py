"""What the benchmark compares: everything that needs neither nginx nor wrk starts, and answers the same."""

from __future__ import annotations

import json
import os
from dataclasses import replace
from pathlib import Path

import pytest
from benchmarks import made_up
from benchmarks.answers import BASIC, BEARER, SIZES, TRACKED, USER, sized, stored
from benchmarks.calls import TRACK, Call, post
from benchmarks.processes import NotStarted, started
from benchmarks.profile import NAMES as PROFILED
from benchmarks.profile import hottest, subjects
from benchmarks.subject import CREDENTIALS, WrongAnswer, naftiko_run, of_mcp, of_rest

from naftiko_run.lint import Level, lint
from support.process import ROOT
from support.upstream import Answer, Received, Upstream

CORE = min(os.sched_getaffinity(0))
DOCUMENTS = sorted((ROOT / "benchmarks/documents").glob("*.yaml"))
NOWHERE = "http://127.0.0.1:9"
QUICK = (*of_rest(NOWHERE, Path(), quick=True), *of_mcp(NOWHERE, quick=True))
NAMES = [
    "ours, REST: five fields of a 2 KB answer",
    "ours, REST: two calls and a lookup in 1,000 rows",
    *(each.name for each in QUICK if each.family != "nginx"),
]


def answering(upstream: Upstream) -> Upstream:
    """Let the upstream answer as nginx does."""
    found = stored()
    upstream.answers(lambda request: _answer(request, found))
    return upstream


def _answer(request: Received, found: dict[str, bytes]) -> Answer:
    if request.header("authorization") not in (BASIC, BEARER):
        return Answer(401, b"")
    return Answer(body=TRACKED if request.method in ("POST", "PUT") else found[request.path])


@pytest.mark.parametrize("name", NAMES)
def test_what_is_compared_answers_the_same(name: str, upstream: Upstream, tmp_path: Path) -> None:
    subject = subjects(answering(upstream).url, tmp_path)[name]
    with started(subject.command, CORE, subject.call, subject.environment) as server:
        subject.check(server)
        assert server.seconds > 0
        assert server.cpu() > 0
        assert server.peak() >= server.resident() > 1_000_000
        server.forget_peak()
    calls_upstream = subject.family in ("ours", "hand-written", "rewritten")
    assert bool(upstream.received) == calls_upstream


def test_bodies_of_each_size_pass(upstream: Upstream) -> None:
    command = naftiko_run("benchmarks/documents/bodies.yaml", answering(upstream).url)
    small = Call("GET", f"/v1/bodies/{SIZES[0]}")
    with started(command, CORE, small, CREDENTIALS) as server:
        for size in SIZES:
            assert Call("GET", f"/v1/bodies/{size}").send(server.port) == (200, sized(size))
            assert Call("GET", f"/forward/bodies/{size}").send(server.port) == (200, sized(size))
            assert post("/v1/bodies", sized(size)).send(server.port) == (200, TRACKED)


def test_each_of_many_made_up_documents_is_served(upstream: Upstream, tmp_path: Path) -> None:
    folder = made_up.write_folder(tmp_path / "many", 7, answering(upstream).url)
    command = naftiko_run(folder, upstream.url)
    with started(command, CORE, made_up.call(6), CREDENTIALS) as server:
        for number in range(7):
            assert made_up.call(number).send(server.port) == (200, TRACKED)


def test_everything_that_can_be_profiled_is_there(tmp_path: Path) -> None:
    assert {*PROFILED.values()} <= {*subjects(NOWHERE, tmp_path)}


def test_a_profile_is_summed_up_by_function(tmp_path: Path) -> None:
    frames = [{"name": name, "file": f"/here/site-packages/{name}.py"} for name in ("main", "a", "b")]
    one = {"samples": [[0, 1], [0, 1, 2], [0, 1, 2, 2]], "weights": [1, 2, 1]}
    file = tmp_path / "a.json"
    file.write_text(json.dumps({"shared": {"frames": frames}, "profiles": [one]}), encoding="utf-8")
    assert hottest(file).rows == [["b (b.py)", "75.0%", "75.0%"], ["a (a.py)", "25.0%", "100.0%"]]


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda file: file.stem)
def test_a_document_of_the_benchmark_has_no_error(document: Path) -> None:
    assert not [each for each in lint(document, Level.RUNNABLE) if each.is_error]


def test_one_that_answers_something_else_is_not_measured(upstream: Upstream, tmp_path: Path) -> None:
    constant = subjects(upstream.url, tmp_path)["constant, raw ASGI (the ceiling)"]
    other = replace(constant, expected=b"something else")
    with started(other.command, CORE, other.call) as server, pytest.raises(WrongAnswer, match="success"):
        other.check(server)


def test_one_that_is_refused_by_the_upstream_does_not_start(upstream: Upstream, tmp_path: Path) -> None:
    subject = subjects(answering(upstream).url, tmp_path)["ours, REST: a direct call"]
    environment = {**subject.environment, "CUSTOMER_IO_USER": f"not-{USER}"}
    with (
        pytest.raises(NotStarted, match="got 401"),
        started(subject.command, CORE, subject.call, environment),
    ):
        pass


def test_one_that_ends_tells_what_it_said(tmp_path: Path) -> None:
    missing = tmp_path / "none.yaml"
    with (
        pytest.raises(NotStarted, match=r"none\.yaml"),
        started(naftiko_run(missing, NOWHERE), CORE, TRACK, CREDENTIALS),
    ):
        pass
