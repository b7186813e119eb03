"""Responses and inputs that do not have what a document says are logged, with the place in the document."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from naftiko_run import Settings
from naftiko_run.diagnostics import Place
from naftiko_run.telemetry import DocumentWarning
from support.documents import written
from support.server import serving
from support.upstream import Upstream

DOCUMENT = """\
naftiko: 1.0.0-alpha2
capability:
  consumes:
  - type: http
    namespace: api
    baseUri: https://api.example
    resources:
    - path: /things
      operations:
      - name: get
        method: GET
        inputParameters:
        - {name: sort, in: query, value: "{{field}}:{{order}}"}
        - {name: q, in: query}
  exposes:
  - type: rest
    namespace: api-rest
    resources:
    - path: /things
      operations:
      - method: GET
        name: get-things
        call: api.get
        inputParameters:
        - {name: field, in: query}
        - {name: order, in: query}
        outputParameters:
        - type: array
          mapping: $.things
          items:
            type: object
            properties:
              name: {type: string, mapping: $.name}
              size: {type: integer, mapping: $.size}
"""


@pytest.fixture
def url(tmp_path: Path, upstream: Upstream) -> Iterator[str]:
    settings = Settings({"api": upstream.url}, environment={})
    with serving(written(tmp_path, DOCUMENT), settings=settings) as served:
        yield f"{served.url('rest')}/things"


def warnings(caplog: pytest.LogCaptureFixture, file: Path) -> list[str]:
    """Return the warnings, without the folder of the document."""
    return [each.message.replace(f"{file}/", "") for each in caplog.records if each.levelname == "WARNING"]


def test_what_a_response_does_not_have_is_named_with_its_line(
    url: str, upstream: Upstream, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    upstream.answers_json(
        {"things": [{"name": "hat", "size": 3}, {"name": {"secret": 1}, "sizes": "secret"}]}
    )
    for _ in range(3):
        assert httpx.get(f"{url}?field=name&order=up").json()[1] == {"name": {"secret": 1}, "size": None}
    upstream.answers_json({"items": ["secret"]})
    assert httpx.get(f"{url}?field=name&order=up").json() is None
    assert warnings(caplog, tmp_path) == [
        (
            "shop.yaml:33: the output `name` of `get-things` is declared as a string, but the response has an object "
            "with 1 member there; it is passed through"
        ),
        (
            "shop.yaml:34: the mapping `$.size` of the output `size` of `get-things` matches nothing in an object with "
            "2 members; the output is null"
        ),
        (
            "shop.yaml:28: the mapping `$.things` of the output of `get-things` matches nothing in an object with "
            "1 member; the output is null"
        ),
    ]


def test_nothing_is_logged_of_a_response_that_has_everything(
    url: str, upstream: Upstream, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    upstream.answers_json(
        {"things": [{"name": "hat", "size": 3}, {"name": None, "size": "4"}, {"name": 5, "size": 6.0}]}
    )
    assert httpx.get(f"{url}?field=name&order=up").json() == [
        *({"name": "hat", "size": 3}, {"name": None, "size": 4}, {"name": "5", "size": 6.0})
    ]
    assert not warnings(caplog, tmp_path)


def test_a_template_whose_value_is_missing_is_named_and_a_missing_input_is_not(
    url: str, upstream: Upstream, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    upstream.answers_json({"things": []})
    httpx.get(f"{url}?field=name")
    assert upstream.only.target == "/things"
    assert warnings(caplog, tmp_path) == [
        "shop.yaml:13: the template of the parameter `sort` of `api.get` has no value for `order`"
    ]


def test_a_warning_is_repeated_after_a_minute_with_the_number_of_times(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = 1000.0
    monkeypatch.setattr("naftiko_run.telemetry.document_warnings.time.monotonic", lambda: now)
    warning = DocumentWarning(Place("a.yaml", 7), "the {0} has {1}", ("output",))
    for _ in range(1001):
        warning.warn([1, 2, 3])
    now += 61
    warning.warn("x" * 5000)
    warning.warn(None)
    now += 61
    warning.warn(7)
    assert [each.message for each in caplog.records] == [
        "a.yaml:7: the output has an array of 3 elements",
        "a.yaml:7: the output has a string of 5,000 characters (1,001 times since the last warning)",
        "a.yaml:7: the output has a number (2 times since the last warning)",
    ]
