"""All 25 documents of shared/corpus/customer-io: each operation and each tool reaches a real upstream.

What should arrive is read from the YAML here, independently of the package.
"""

from __future__ import annotations

import json
import re
from base64 import b64encode
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from posixpath import normpath
from typing import Any
from urllib.parse import parse_qsl, quote, urlsplit

import httpx
import pytest
import yaml
from mcp.client.client import Client

from naftiko_run import Settings
from shared.documents import SHARED
from support.mcp_client import with_client
from support.server import Served, serving
from support.upstream import Received, Upstream

DOCUMENTS = sorted((SHARED / "corpus" / "customer-io").glob("*.yaml"))
ENVIRONMENT = {"CUSTOMER_IO_USER": "site-7", "CUSTOMER_IO_PASS": "p:a/s s", "CUSTOMER_IO_API_KEY": "k3y"}
AUTHORIZATION = {
    "basic": f"Basic {b64encode(b'site-7:p:a/s s').decode()}",
    "bearer": "Bearer k3y",
}


@dataclass(frozen=True, slots=True)
class Expected:
    """What the YAML says of an exposed unit, and of the operation that it calls.

    Attributes:
        exposed: The tool's name, or the method and path of the route.
        path: The consumed path, with its variables.
    """

    exposed: tuple[str, str]
    method: str
    path: str
    query: frozenset[str]
    has_body: bool
    authorization: str


def sample(schema: dict[str, Any], name: str) -> Any:
    """Make a value that fits an inferred input's schema, hard to carry where it is text."""
    if schema.get("enum"):
        return schema["enum"][0]
    values = {
        "integer": 7,
        "number": 7.5,
        "boolean": True,
        "array": [f"{name} 1"],
        "object": {"é": [1.5, None, {}]},
    }
    return values.get(schema.get("type", "string"), f"{name}/ü {{x}}?&")


def expectations(document: Path, kind: str) -> Iterator[Expected]:
    """Read what each unit of a document's adapter should send."""
    capability = yaml.safe_load(document.read_text())["capability"]
    (consumes,) = capability["consumes"]
    (exposes,) = [each for each in capability["exposes"] if each["type"] == kind]
    consumed = {
        f"{consumes['namespace']}.{operation['name']}": (resource["path"], operation)
        for resource in consumes["resources"]
        for operation in resource["operations"]
    }
    units = (
        [((each["name"], ""), each["call"]) for each in exposes["tools"]]
        if kind == "mcp"
        else [
            ((operation["method"], resource["path"]), operation["call"])
            for resource in exposes["resources"]
            for operation in resource["operations"]
        ]
    )
    for exposed, call in units:
        path, operation = consumed[call]
        parameters = operation.get("inputParameters", [])
        yield Expected(
            exposed,
            operation["method"],
            normpath(f"{urlsplit(consumes['baseUri']).path}/{path}"),
            frozenset(each["name"] for each in parameters if each["in"] == "query"),
            operation["method"] in ("POST", "PUT", "PATCH"),
            AUTHORIZATION[consumes["authentication"]["type"]],
        )


def check(sent: Received, expected: Expected, inputs: dict[str, Any]) -> None:
    """Compare a request with what the document says, and with the inputs of the call."""
    given = {name.replace("-", "_"): value for name, value in inputs.items()}
    path = re.sub(r"\{([^{}]+)\}", lambda variable: quote(given.pop(variable[1]), safe=""), expected.path)
    assert (sent.method, sent.path) == (expected.method, path)
    assert "{" not in sent.target
    assert "}" not in sent.target
    assert sent.header("authorization") == expected.authorization
    query = dict(parse_qsl(sent.query, strict_parsing=True)) if sent.query else {}
    assert query.keys() == expected.query
    for name, text in query.items():
        value = given.pop(name)
        assert (text if isinstance(value, str) else json.loads(text)) == value
    if expected.has_body:
        assert sent.header("content-type") == "application/json"
        assert sent.json == given.pop("body")
    else:
        assert sent.body == b""
    assert given == {}, "inputs that went nowhere"


@pytest.fixture(params=DOCUMENTS, ids=lambda document: document.stem)
def document(request: pytest.FixtureRequest) -> Path:
    """Each document."""
    found: Path = request.param
    return found


@pytest.fixture
def served(document: Path, upstream: Upstream) -> Iterator[Served]:
    """The document, in front of the upstream."""
    (consumes,) = yaml.safe_load(document.read_text())["capability"]["consumes"]
    base = upstream.url + urlsplit(consumes["baseUri"]).path
    with serving(
        document, settings=Settings({consumes["namespace"]: base}, environment=ENVIRONMENT)
    ) as served:
        yield served


def test_every_route_and_every_tool_sends_the_right_request(
    document: Path, served: Served, upstream: Upstream
) -> None:
    _check_routes(document, served, upstream)
    _check_tools(document, served, upstream)


def _check_routes(document: Path, served: Served, upstream: Upstream) -> None:
    expected = list(expectations(document, "rest"))
    (capability,) = served.capabilities
    (rest,) = [each for each in capability.document.exposes if each.type == "rest"]
    functions = list(capability.functions_of(rest))
    assert len(functions) == len(expected)
    for each, function in zip(expected, functions, strict=True):
        upstream.reset()
        method, route = each.exposed
        properties = function.input_schema["properties"]
        inputs = {name: sample(schema, name) for name, schema in properties.items()}
        rest_of = dict(inputs)
        path = re.sub(r"\{([^{}]+)\}", lambda name: quote(rest_of.pop(name[1]), safe=""), route)  # noqa: B023
        body = rest_of.pop("body", None)
        query = {
            name: value if isinstance(value, str) else json.dumps(value) for name, value in rest_of.items()
        }
        answer = httpx.request(method, served.url("rest") + path, params=query, json=body)
        assert (answer.status_code, answer.content) == (200, b'{"ok": true}')
        check(upstream.only, each, inputs)


def _check_tools(document: Path, served: Served, upstream: Upstream) -> None:
    expected = {each.exposed[0]: each for each in expectations(document, "mcp")}

    async def use(client: Client) -> None:
        tools = (await client.list_tools()).tools
        assert {tool.name for tool in tools} == set(expected)
        for tool in tools:
            upstream.reset()
            properties = tool.input_schema["properties"]
            inputs = {name: sample(schema, name) for name, schema in properties.items()}
            result = await client.call_tool(tool.name, inputs)
            assert (result.is_error, result.structured_content) == (False, {"ok": True})
            check(upstream.only, expected[tool.name], inputs)

    with_client(served.url("mcp"), "auto", use)


def test_there_are_52_routes_and_52_tools_in_25_documents() -> None:
    assert len(DOCUMENTS) == 25
    for kind in ("rest", "mcp"):
        assert sum(len(list(expectations(document, kind))) for document in DOCUMENTS) == 52
