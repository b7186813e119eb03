"""One invocation: from inputs to an outcome, independent of any protocol."""

from __future__ import annotations

from typing import Any

import pytest

from consume.recording import Recorder, invoke, tool
from naftiko_run.errors import UndecodableResponse
from naftiko_run.expressions import MISSING

MAPPED = {"outputParameters": [{"type": "string", "mapping": "$.name"}]}
IDENTITY = {"outputParameters": [{"type": "object", "mapping": "$."}]}


@pytest.mark.parametrize("answer", [b'{ "a" : 1.10 }', b"[1]", b"not json", b"\xff\xfe", b""])
def test_the_identity_passes_the_upstreams_bytes_on(answer: bytes) -> None:
    recorder = Recorder(answer, content_type="application/vnd.x")
    outcome = invoke(tool({}, IDENTITY), {}, recorder)
    assert (outcome.status, outcome.content, outcome.media_type) == (200, answer, "application/vnd.x")
    assert not outcome.has_failed


def test_a_mapping_is_applied() -> None:
    outcome = invoke(tool({}, MAPPED), {}, Recorder(b'{"name": "Ann"}', content_type="text/json"))
    assert (outcome.content, outcome.media_type, outcome.value) == (b'"Ann"', "application/json", "Ann")


@pytest.mark.parametrize("status", [301, 304, 400, 404, 429, 500, 503])
@pytest.mark.parametrize("unit", [MAPPED, IDENTITY], ids=["mapped", "identity"])
def test_a_failure_of_the_upstream_is_never_masked(status: int, unit: dict[str, Any]) -> None:
    outcome = invoke(
        tool({}, unit), {}, Recorder(b'{"name": "x"}', status=status, content_type="application/problem+json")
    )
    assert outcome.has_failed
    assert (outcome.status, outcome.content) == (status, b'{"name": "x"}')
    assert outcome.media_type == "application/problem+json"


def test_an_empty_answer_is_not_mapped() -> None:
    outcome = invoke(tool({}, MAPPED), {}, Recorder(b"", status=204, content_type=""))
    assert (outcome.status, outcome.content, outcome.value) == (204, b"", MISSING)


def test_an_answer_that_cannot_be_decoded_says_what_came_instead() -> None:
    with pytest.raises(
        UndecodableResponse, match=r"api\.op returned a response that is not JSON \(Content-Type: text/html\)"
    ):
        invoke(tool({}, MAPPED), {}, Recorder(b"<html>", content_type="text/html; charset=utf-8"))


def test_long_integers_pass_through_a_mapping() -> None:
    outcome = invoke(
        tool({}, {"outputParameters": [{"type": "array", "mapping": "$.ids"}]}),
        {},
        Recorder(b'{"ids": [12345678901234567890123]}'),
    )
    assert outcome.content == b"[12345678901234567890123]"
