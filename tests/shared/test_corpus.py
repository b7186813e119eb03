"""The published documents: each loads or is refused in plain words; each function sends the right request."""

import asyncio
import json
import posixpath
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, unquote

import pytest
import yaml

from naftiko_run import Capability, Settings, load
from naftiko_run.document import load_document
from naftiko_run.errors import DocumentError, InvalidInput, SharedDocument, Unsupported
from naftiko_run.invoke import Function
from shared.documents import CORPUS, EVERY
from support.upstream import Received, Upstream

REFUSED = 15
"""Documents of the corpus with nothing to run: no capability, nothing exposed, no call that leads anywhere."""


class EverythingSet(dict[str, str]):
    """An environment in which every variable has a value that tells its name."""

    def __contains__(self, name: object) -> bool:
        return True

    def get(self, name: str, default: Any = None) -> Any:  # noqa: ARG002 - a mapping's form
        return f"value-of-{name}"


def loaded(path: Path, upstream: str = "http://127.0.0.1:9") -> Capability | None:
    """Load a document with every consumed namespace at the upstream; None where it is refused."""
    try:
        namespaces = [each.namespace for each in load_document(path).document.consumes]
        base_uris = dict.fromkeys(namespaces, f"{upstream}/base")
        return load(path, Settings(base_uris, environment=EverythingSet()))
    except DocumentError:
        return None


@pytest.mark.parametrize("path", EVERY, ids=lambda path: path.stem)
def test_it_loads_or_says_where_and_what_is_wrong(path: Path) -> None:
    try:
        found = load(path, Settings(environment={})).diagnostics
    except SharedDocument as fault:
        found = fault.diagnostics
    except DocumentError as fault:
        found = fault.diagnostics
        assert any(each.is_error for each in found)
    for each in found:  # in it, or in what it imports
        assert Path(each.file).is_relative_to(path.parent)
        assert each.line >= 1
        assert each.message
        assert "Traceback" not in each.message


def test_all_that_can_be_run_is_run() -> None:
    capabilities = [loaded(path) for path in CORPUS]
    assert capabilities.count(None) == REFUSED
    assert sum(len(each.functions) for each in capabilities if each) == 631


def test_every_function_sends_the_right_request(shared_upstream: Upstream) -> None:
    called = 0
    for path in CORPUS:
        capability = loaded(path, shared_upstream.url)
        if capability is None:
            continue
        raw = yaml.safe_load(path.read_text(encoding="utf-8"))
        for function, inputs, request in asyncio.run(calls_of(capability, shared_upstream)):
            place = f"{path.name}: {function.name} with {inputs}"
            check(function, inputs, request, place)
            if not capability.diagnostics:
                check_against_the_text(function, raw, request, place)
            called += 1
    assert called == 1195


async def calls_of(
    capability: Capability, upstream: Upstream
) -> list[tuple[Function, dict[str, Any], Received]]:
    """Call every function twice, with its required inputs and with all; give the requests that came."""
    done = []
    for function in capability.functions.values():
        for inputs in (values(function, every=False), values(function, every=True)):
            upstream.reset()
            try:
                outcome = await function.invoke(inputs)
            except Unsupported:
                continue
            except InvalidInput:
                # A structure has no form as bytes, and these documents say that it is sent as such.
                assert function.operations[0].model.body is not None
                assert function.operations[0].model.body.type == "binary"
                continue
            assert outcome.status == 200
            done.append((function, inputs, upstream.only))
    await capability.aclose()
    return done


def values(function: Function, *, every: bool) -> dict[str, Any]:
    return {each.name: value(each.schema, each.name) for each in function.inputs if every or each.required}


def value(schema: dict[str, Any], name: str) -> Any:
    """Make a value that fits a schema."""
    if "enum" in schema:
        return schema["enum"][0]
    kind = schema.get("type")
    if kind == "array":
        return [value(schema["items"], name)]
    if kind == "object":
        return {key: value(each, key) for key, each in schema.get("properties", {}).items()} or {
            "key": "value"
        }
    return {"integer": 7, "number": 1.5, "boolean": True}.get(str(kind), f"a {name}/é")


def check(function: Function, inputs: dict[str, Any], request: Received, place: str) -> None:
    """Check a request against what its operation says of itself."""
    assert "{" not in request.target, place
    assert request.method == function.operations[0].model.method, place
    query = parse_qs(request.query, keep_blank_values=True)
    every = len(inputs) == len(function.inputs)
    for parameter in function.operations[0].parameters:
        if parameter.value is not None or not (every or parameter.required):
            continue
        if parameter.in_ == "query":
            assert parameter.name in query, place
        elif parameter.in_ == "header":
            assert request.header(parameter.name.lower()), place
    if request.header("content-type").startswith("application/json"):
        assert "{{" not in json.dumps(request.json), place
    assert not any("{{" in text for _, text in request.headers), place


def check_against_the_text(function: Function, raw: dict[str, Any], request: Received, place: str) -> None:
    """Check a request of a clean document against the document's own words, read without our loader."""
    namespace, _, name = function.operations[0].name.partition(".")
    (entry,) = [each for each in raw["capability"]["consumes"] if each["namespace"] == namespace]
    (path, operation), *_ = [
        (resource.get("path", ""), each)
        for resource in entry["resources"]
        for each in resource["operations"]
        if each.get("name", each.get("id")) == name and "path" not in each
    ] or [("", {})]
    if not operation:
        return
    assert request.method == operation.get("method", "GET"), place
    whole = posixpath.normpath(f"/base/{path.partition('?')[0]}")
    pattern = "[^/]+".join(re.escape(each) for each in re.split(r"\{\{?[^{}]+\}?\}", whole))
    assert re.fullmatch(f"{pattern}/?", request.path), place
    for kind, text in credentials(entry.get("authentication") or {}):
        assert text in (request.header(kind) if kind else unquote(request.target)), place


def credentials(block: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """Yield what must be found in which header; an empty one for the URL."""
    if block.get("type") == "bearer":
        yield "authorization", "Bearer "
    elif block.get("type") == "basic":
        yield "authorization", "Basic "
    elif block.get("type") == "apikey" and block.get("value"):
        place = block.get("placement", block.get("in"))
        name = block.get("key", block.get("name"))
        if place == "body":
            return
        header = {"query": "", "cookie": "cookie"}.get(str(place), str(name).lower())
        yield header, "value-of-" if place == "header" else f"{name}=value-of-"
