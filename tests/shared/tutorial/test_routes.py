"""Steps 7, 10 and 11, two spec lines: what the tutorial promises of every REST API."""

from __future__ import annotations

import httpx
import pytest

from shared.tutorial.conftest import PLAIN, Serving
from shared.tutorial.expected import STEPS

every_api = pytest.mark.parametrize(
    "step", [number for number, step in STEPS.items() if step.routes], indirect=True
)


@every_api
def test_every_route_gives_the_shaped_answer(step: Serving) -> None:
    with httpx.Client(base_url=step.served.url("rest"), verify=PLAIN) as client:
        for call in step.expected.routes:
            answer = client.request(call.method, call.target, json=call.body)
            assert (call.target, answer.status_code) == (call.target, call.status), answer.text
            assert (call.target, answer.json()) == (call.target, call.gives)
            assert answer.headers["content-type"] == "application/json"


@every_api
def test_there_is_a_route_for_each_tool(step: Serving) -> None:
    (capability,) = step.served.capabilities
    (rest,) = [each for each in capability.document.exposes if each.type == "rest"]
    assert {function.name for function in capability.functions_of(rest)} == step.expected.inputs.keys()


@every_api
def test_a_ship_that_the_registry_does_not_know_is_not_found(step: Serving) -> None:
    direct, in_step = step.get("/ships/IMO-0000000"), step.get("/ships/IMO-0000000/crew")
    body = {"error": "not_found", "message": "Ship with IMO number IMO-0000000 not found"}
    assert (direct.status_code, direct.json()) == (404, body)
    assert in_step.status_code == 404
    assert in_step.headers["content-type"] == "application/problem+json"
    assert in_step.json()["step"] == "get-ship"
