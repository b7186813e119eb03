"""The servers made of the contracts refuse what the contracts do not allow."""

from __future__ import annotations

import json
from typing import Any

import pytest

from shared.tutorial.conftest import TUTORIAL
from shared.tutorial.contracts import Contract
from shared.tutorial.expected import PLAN
from support.upstream import Received

GOOD = {"authorization": "Bearer t", "registry-version": "7", "content-type": "application/json"}


def registry() -> Contract:
    """Return the registry's contract, for a caller with the token ``t``."""
    file = TUTORIAL / "upstream" / "naftiko-shipyard-maritime-registry-api.yaml"
    return Contract.read(file, "t", registry_version="7")


def request(contract: Contract, method: str, target: str, body: Any = None, **headers: str) -> Received:
    """Make a request that is good but for what is given."""
    named = {**GOOD, **{name.replace("_", "-"): value for name, value in headers.items()}}
    content = b"" if body is None else json.dumps(body).encode()
    return Received(method, contract.path + target, tuple(named.items()), content)


@pytest.mark.parametrize(
    ("asked", "status", "reason"),
    [
        (("GET", "/ships", None, {"authorization": "Bearer REGISTRY_TOKEN"}), 401, "not `Bearer t`"),
        (("GET", "/ships", None, {"authorization": ""}), 401, "`authorization` is ``"),
        (("GET", "/ships", None, {"registry_version": ""}), 400, "`registry-version`"),
        (("GET", "/fleet", None, {}), 400, "no such path and method"),
        (("DELETE", "/ships", None, {}), 400, "no such path and method"),
        (("GET", "/ships?status=afloat", None, {}), 400, "'afloat' is not one of"),
        (("GET", "/ships?flag=NO", None, {}), 400, "query parameter `flag` is not in the contract"),
        (("GET", "/ships", {}, {}), 400, "there is a body"),
        (("POST", "/voyages", {**PLAN, "crewIds": "CREW-001"}, {}), 400, "is not of type 'array'"),
        (("POST", "/voyages", {"shipImo": "IMO-1"}, {}), 400, "'crewIds' is a required property"),
        (("POST", "/voyages", {**PLAN, "cargoIds": None}, {}), 400, "None is not of type 'array'"),
        (("POST", "/voyages", PLAN, {"content_type": "text/plain"}), 400, "`content-type` is `text/plain`"),
    ],
)
def test_a_request_that_breaks_the_contract(
    asked: tuple[str, str, Any, dict[str, str]], status: int, reason: str
) -> None:
    contract = registry()
    method, target, body, headers = asked
    answer = contract.answer(request(contract, method, target, body, **headers))
    assert answer.status == status
    assert any(reason in violation for violation in contract.violations), contract.violations


@pytest.mark.parametrize(
    ("method", "target", "body", "status", "words"),
    [
        ("GET", "/ships?status=maintenance", None, 200, "Pacific Dawn"),
        ("GET", "/ships/IMO-9456781", None, 200, "Pacific Dawn"),
        ("GET", "/ships/IMO-1", None, 404, "not_found"),
        ("POST", "/voyages", {**PLAN, "arrivalPort": 'Port "A"'}, 201, 'Port \\"A\\"'),
    ],
)
def test_a_request_that_keeps_the_contract(
    method: str, target: str, body: Any, status: int, words: str
) -> None:
    contract = registry()
    answer = contract.answer(request(contract, method, target, body))
    assert (answer.status, contract.violations) == (status, [])
    assert words in answer.body.decode()
