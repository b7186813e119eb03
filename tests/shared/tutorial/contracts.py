"""The tutorial's upstreams: servers made of their OpenAPI contracts.

A contract's examples are the answers, chosen as its ``x-microcks-operation`` says.
A request that breaks the contract is refused, and kept with the reasons.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

import yaml
from jsonschema import Draft202012Validator

from support.upstream import Answer, Received

_TEMPLATE = re.compile(r"\{\{ *request\.body/(\w+) *\}\}")
_VARIABLE = re.compile(r"\{(\w+)\}")


@dataclass(frozen=True, slots=True)
class Operation:
    """An operation of a contract, and what it reads of one request.

    Attributes:
        written: The operation as the contract has it.
        variables: The path's variables.
    """

    written: dict[str, Any]
    variables: dict[str, str]


@dataclass(slots=True)
class Contract:
    """A contract, as a server: ``answer`` is what it says to a request.

    Attributes:
        document: The OpenAPI document.
        credential: What the contract's security scheme must carry; empty where
            callers bring none, as the first steps of the tutorial do not.
        headers: Further headers, by their lower-case names, that every request must have.
        violations: What callers did that the contract does not allow.
    """

    document: dict[str, Any]
    credential: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)
    violations: list[str] = field(default_factory=list)

    @classmethod
    def read(cls, file: Path, credential: str = "", **headers: str) -> Contract:
        """Read a contract from its file; the names of headers are written with ``_``."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return cls(yaml.safe_load(file.read_text(encoding="utf-8")), credential, named)

    @property
    def path(self) -> str:
        """The path of the contract's server."""
        url: str = self.document["servers"][0]["url"]
        return urlsplit(url).path

    def answer(self, request: Received) -> Answer:
        """Answer a request: an example, or the reasons why the request is refused."""
        operation = self._find(request)
        if operation is None:
            return self._refuse(request, 400, ["the contract has no such path and method"])
        if strangers := list(self._faults_of_credential(request)):
            return self._refuse(request, 401, strangers)
        if faults := list(self._faults(operation, request)):
            return self._refuse(request, 400, faults)
        return self._example(operation, request)

    def _refuse(self, request: Received, status: int, faults: list[str]) -> Answer:
        reasons = [f"{request.method} {request.target}: {fault}" for fault in faults]
        self.violations += reasons
        return Answer(status, json.dumps({"reasons": reasons}).encode())

    def _find(self, request: Received) -> Operation | None:
        for path, methods in self.document["paths"].items():
            pattern = _VARIABLE.sub(r"(?P<\1>[^/]+)", self.path + path)
            match = re.fullmatch(pattern, request.path)
            if match and request.method.lower() in methods:
                variables = {name: unquote(value) for name, value in match.groupdict().items()}
                return Operation(methods[request.method.lower()], variables)
        return None

    def _faults_of_credential(self, request: Received) -> Iterator[str]:
        """Yield what is wrong with the credential, in the header that the contract's scheme uses."""
        (scheme,) = self.document["components"]["securitySchemes"].values()
        header, prefix = (
            ("authorization", "Bearer ") if scheme["type"] == "http" else (scheme["name"].lower(), "")
        )
        wanted = prefix + self.credential if self.credential else ""
        if request.header(header) != wanted:
            yield f"`{header}` is `{request.header(header)}`, not `{wanted}`"

    def _faults(self, operation: Operation, request: Received) -> Iterator[str]:
        for header, wanted in self.headers.items():
            if request.header(header) != wanted:
                yield f"`{header}` is `{request.header(header)}`, not `{wanted}`"
        declared = [self._resolved(each) for each in operation.written.get("parameters", [])]
        values = self._values(operation, request, declared)
        query = {each["name"] for each in declared if each["in"] == "query"}
        for name, _ in _query(request):
            if name not in query:
                yield f"query parameter `{name}` is not in the contract"
        for each in declared:
            value = values.get((each["in"], each["name"]))
            if value is not None:
                yield from self._schema_faults(each["schema"], value, each["name"])
            elif each["required"]:
                yield f"{each['in']} parameter `{each['name']}` is missing"
        yield from self._faults_of_body(operation, request)

    def _values(
        self, operation: Operation, request: Received, declared: list[dict[str, Any]]
    ) -> dict[tuple[str, str], str]:
        headers = {each["name"] for each in declared if each["in"] == "header"}
        return {
            **{("path", name): value for name, value in operation.variables.items()},
            **{("query", name): value for name, value in _query(request)},
            **{("header", name): value for name in headers if (value := request.header(name.lower()))},
        }

    def _faults_of_body(self, operation: Operation, request: Received) -> Iterator[str]:
        described = operation.written.get("requestBody")
        if described is None:
            if request.body:
                yield "there is a body, and none in the contract"
            return
        ((media_type, content),) = described["content"].items()
        if request.header("content-type") != media_type:
            yield f"`content-type` is `{request.header('content-type')}`, not `{media_type}`"
        try:
            body = request.json
        except ValueError as fault:
            yield f"the body is not JSON: {fault}: {request.body!r}"
            return
        yield from self._schema_faults(content["schema"], body, "body")

    def _schema_faults(self, schema: dict[str, Any], value: Any, name: str) -> Iterator[str]:
        whole = {**schema, "components": self.document["components"]}
        for fault in Draft202012Validator(whole).iter_errors(value):
            yield f"{name} {fault.json_path}: {fault.message}"

    def _resolved(self, written: dict[str, Any]) -> dict[str, Any]:
        if "$ref" not in written:
            return written
        found: Any = self.document
        for part in written["$ref"].removeprefix("#/").split("/"):
            found = found[part]
        return dict(found)

    def _example(self, operation: Operation, request: Received) -> Answer:
        """Choose an example, as the contract's dispatcher says; 404 where the path leads to none."""
        responses = operation.written["responses"]
        status = next(each for each in responses if each.startswith("2"))
        media_type, examples = _described(responses[status])
        name = _chosen(operation, request, examples)
        if name not in examples:
            status = "404"
            media_type, examples = _described(responses[status])
            name = next(iter(examples))
        value = examples[name]["value"]
        text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
        filled = _TEMPLATE.sub(lambda hole: json.dumps(request.json[hole[1]])[1:-1], text)
        return Answer(int(status), filled.encode(), (("content-type", media_type),))


def _described(response: dict[str, Any]) -> tuple[str, dict[str, Any]]:
    """Return a response's media type and examples."""
    ((media_type, content),) = response["content"].items()
    return media_type, content["examples"]


def _query(request: Received) -> list[tuple[str, str]]:
    return parse_qsl(request.query, keep_blank_values=True, strict_parsing=bool(request.query))


def _chosen(operation: Operation, request: Received, examples: Mapping[str, Any]) -> str:
    """Return the name of the example that Microcks's dispatchers would choose."""
    dispatching = operation.written.get("x-microcks-operation")
    if dispatching is None:
        return next(iter(examples))
    kind, rules = dispatching["dispatcher"], dispatching["dispatcherRules"]
    if kind == "URI_PARTS":
        return "".join(f"/{name}={operation.variables[name]}" for name in rules.split(" && "))
    assert kind == "FALLBACK"
    inner = json.loads(rules)
    given = [f"{name}={value}" for name, value in _query(request) if name == inner["dispatcherRules"]]
    chosen = "?" + "&".join(given)
    return chosen if chosen in examples else str(inner["fallback"])
