"""Steps decode responses of any format; an error names the step with a malformed response."""

from __future__ import annotations

from collections.abc import Iterator

import httpx
import pytest

from consume.formats import proto_field, write_protos
from naftiko_run import Settings
from support.documents import written
from support.server import Served, serving
from support.upstream import Answer, Received, Upstream
from support.wire import problem

DOCUMENT = """\
naftiko: 1.0.0-alpha2
capability:
  consumes:
  - namespace: yard
    baseUri: https://yard.example
    resources:
    - path: /docks
      operations: [{name: docks, method: GET, outputRawFormat: xml}]
    - path: /crews
      operations: [{name: crews, method: GET, outputRawFormat: csv}]
    - path: /fleet
      operations: [{name: fleet, method: GET, outputRawFormat: protobuf, outputSchema: fleet.proto}]
  exposes:
  - type: rest
    namespace: yard-rest
    resources:
    - path: /report
      operations:
      - method: GET
        name: report
        steps:
        - {name: docks, type: call, call: yard.docks}
        - {name: crews, type: call, call: yard.crews}
        - {name: fleet, type: call, call: yard.fleet}
        - name: captain
          type: lookup
          index: crews
          match: imo
          lookupValue: $.fleet.vessels[0].imo_number
          outputParameters: [name]
        mappings:
        - {targetName: docks, value: $.docks.dock}
        - {targetName: captain, value: $.captain.name}
        - {targetName: tons, value: '$.fleet.vessels[0].tons'}
        outputParameters:
        - name: docks
          type: array
          items: {type: object, properties: {id: {type: number, mapping: $.id}}}
        - {name: captain, type: string}
        - {name: tons, type: number}
"""

ANSWERS = {
    "/docks": b"<yard><dock id='4'/></yard>",
    "/crews": b"imo,name\nIMO-1,Ann\nIMO-2,Bo\n",
    "/fleet": proto_field(1, proto_field(1, b"IMO-2") + proto_field(2, 5)),
}


@pytest.fixture(scope="module")
def yard(shared_upstream: Upstream, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """The capability, in front of the upstream."""
    folder = tmp_path_factory.mktemp("yard")
    write_protos(folder)
    settings = Settings({"yard": shared_upstream.url}, environment={})
    with serving(written(folder, DOCUMENT), settings=settings) as served:
        yield served


def test_steps_of_several_formats(yard: Served, upstream: Upstream) -> None:
    upstream.answers(lambda request: Answer(200, ANSWERS[request.path], ()))
    answer = httpx.get(yard.url("rest") + "/report")
    assert answer.json() == {"docks": [{"id": 4}], "captain": "Bo", "tons": 5}


def test_a_step_whose_answer_is_malformed_is_named(yard: Served, upstream: Upstream) -> None:
    def answer(request: Received) -> Answer:
        return Answer(200, b"<yard>" if request.path == "/docks" else ANSWERS[request.path], ())

    upstream.answers(answer)
    found = problem(httpx.get(yard.url("rest") + "/report"), 502)
    assert "docks" in found["detail"]
    assert "no element found" in found["detail"]
