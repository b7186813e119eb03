"""The keys that each object of a document may have.

The union of what both spec lines define and what loading reads beside them:
a key that neither knows does nothing, and is likely a slip of the pen.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from naftiko_run.document.entries import is_import


@dataclass(frozen=True, slots=True)
class Shape:
    """An object of the specification.

    Attributes:
        title: What it is called, with its article.
        keys: The keys that it may have.
        parts: Keys whose value is one object, and that object's shape.
        members: Keys whose value is a list or named map of objects, and their shape.
        is_open: Whether authors choose the keys.
    """

    title: str
    keys: frozenset[str]
    parts: Mapping[str, str] = field(default_factory=dict)
    members: Mapping[str, str] = field(default_factory=dict)
    is_open: bool = False


def _shape(
    title: str, keys: str, parts: Mapping[str, str] | None = None, members: Mapping[str, str] | None = None
) -> Shape:
    parts, members = parts or {}, members or {}
    return Shape(title, frozenset([*keys.split(), *parts, *members]), parts, members)


_OPEN: Final = Shape("", frozenset(), is_open=True)
_NAMED: Final = "name label display title tags description"
_CALLS: Final = {"mappings": "mapping", "steps": "step", "outputParameters": "output"}
_WITH_INPUTS: Final = {**_CALLS, "inputParameters": "input"}
_SECTIONS: Final = {
    "consumes": "consumes",
    "exposes": "exposes",
    "aggregates": "aggregate",
    "binds": "bind",
}
_ADAPTER: Final = "type namespace description address port"
_AUTHENTICATED: Final = {"authentication": "authentication"}

SHAPES: Final[Mapping[str, Shape]] = {
    "document": _shape(
        "a document",
        "naftiko ikanos name description import imports",
        {"info": "info", "capability": "capability"},
        _SECTIONS,
    ),
    "info": _shape(
        "`info`",
        "label display title name description version tags created modified",
        members={"stakeholders": "stakeholder"},
    ),
    "stakeholder": _shape("a stakeholder", "role fullName email"),
    "capability": _shape("`capability`", "import imports", members=_SECTIONS),
    "bind": _shape("a bind", "namespace description location keys"),
    "import": _shape(
        "an import", "from location ref url path openapi import as namespace name description type"
    ),
    "consumes": _shape(
        "a consumed API",
        "type namespace name description baseUri baseUrl base_uri",
        {"authentication": "authentication", "auth": "authentication", "tunnel": "tunnel"},
        {"inputParameters": "input", "resources": "consumed resource"},
    ),
    "tunnel": _shape("a tunnel", "type service identity fallback"),
    "consumed resource": _shape(
        "a consumed resource",
        f"{_NAMED} path",
        members={"inputParameters": "input", "operations": "consumed operation"},
    ),
    "consumed operation": _shape(
        "a consumed operation",
        f"{_NAMED} id summary method path outputRawFormat outputSchema outputMediaType maxBinarySize",
        {"body": "body"},
        {"inputParameters": "input", "outputParameters": "output", "mappings": "mapping"},
    ),
    "input": _shape(
        "an input parameter",
        "name in type description required value template pattern enum default format items properties",
    ),
    "output": _shape(
        "an output parameter",
        "name type description mapping const value maxLength",
        members={"properties": "output", "items": "output", "values": "output"},
    ),
    "body": _shape("a body", "type data"),
    "multipart body": _shape("a body", "type", members={"data": "body part"}),
    "body part": _shape("a part of a multipart body", "name value filename contentType"),
    "basic authentication": _shape("a basic authentication", "type username password"),
    "digest authentication": _shape("a digest authentication", "type username password"),
    "bearer authentication": _shape("a bearer authentication", "type token value"),
    "apikey authentication": _shape(
        "an apikey authentication",
        "type key value placement in name header token headers parameters",
    ),
    "oauth2 authentication": _shape(
        "an oauth2 authentication",
        "type authorizationServerUri tokenEndpoint resource scopes audience tokenValidation "
        "clientId clientSecret tokenEndpointAuthMethod grantType token",
    ),
    "rest adapter": _shape(
        "a rest adapter",
        f"{_ADAPTER} maxBinarySize",
        _AUTHENTICATED,
        {"inputParameters": "input", "resources": "resource"},
    ),
    "resource": _shape(
        "a resource",
        f"{_NAMED} path",
        {"forward": "forward"},
        {"inputParameters": "input", "operations": "operation"},
    ),
    "forward": _shape("`forward`", "targetNamespace trustedHeaders"),
    "operation": _shape(
        "an operation",
        f"{_NAMED} summary method path call with ref outputMediaType responses responseBinary",
        members=_WITH_INPUTS,
    ),
    "mcp adapter": _shape(
        "an mcp adapter",
        f"{_ADAPTER} transport maxBinarySize ttlMs cacheScope",
        _AUTHENTICATED,
        {"tools": "tool", "resources": "mcp resource", "prompts": "prompt"},
    ),
    "tool": _shape("a tool", f"{_NAMED} summary call with ref", {"hints": "hints"}, _WITH_INPUTS),
    "hints": _shape("`hints`", "readOnly destructive idempotent openWorld"),
    "mcp resource": _shape(
        "an MCP resource", f"{_NAMED} uri mimeType binary location call with", members=_WITH_INPUTS
    ),
    "prompt": _shape(
        "a prompt", f"{_NAMED} location", members={"arguments": "argument", "template": "message"}
    ),
    "argument": _shape("an argument of a prompt", "name label display description required"),
    "message": _shape("a message of a prompt", "role content"),
    "skill adapter": _shape("a skill adapter", _ADAPTER, _AUTHENTICATED, {"skills": "skill"}),
    "skill": _shape(
        "a skill",
        "name description license compatibility metadata allowed-tools argument-hint location "
        "user-invocable disable-model-invocation",
        members={"tools": "skill tool"},
    ),
    "skill tool": _shape("a tool of a skill", "name description instruction", {"from": "skill source"}),
    "skill source": _shape("`from`", "sourceNamespace action"),
    "control adapter": _shape(
        "a control adapter",
        _ADAPTER,
        {**_AUTHENTICATED, "management": "management", "observability": "observability"},
    ),
    "management": _shape(
        "`management`", "health info reload validate", {"logs": "logs", "scripting": "scripting"}
    ),
    "logs": _shape("`logs`", "level-control stream max-subscribers"),
    "scripting": _shape(
        "`scripting`", "enabled defaultLocation defaultLanguage timeout statementLimit allowedLanguages"
    ),
    "observability": _shape(
        "`observability`", "enabled", {"metrics": "metrics", "traces": "traces", "exporters": "exporters"}
    ),
    "metrics": _shape("`metrics`", "", {"local": "local"}),
    "traces": _shape("`traces`", "sampling propagation", {"local": "local"}),
    "local": _shape("`local`", "enabled buffer-size"),
    "exporters": _shape("`exporters`", "", {"otlp": "otlp"}),
    "otlp": _shape("`otlp`", "endpoint"),
    "aggregate": _shape(
        "an aggregate", "label display namespace description", members={"functions": "flow", "flows": "flow"}
    ),
    "flow": _shape(
        "a function", f"{_NAMED} call with outputMediaType", {"semantics": "semantics"}, _WITH_INPUTS
    ),
    "semantics": _shape("`semantics`", "safe idempotent cacheable"),
    "step": _shape(
        "a step",
        "name type call with index match lookupValue location language file dependencies outputParameters",
    ),
    "mapping": _shape("a mapping", "target targetName value"),
}
"""Every object of the specification, by what it is; exposes entries and authentications by their type."""

_AUTHENTICATION_SPELLINGS: Final = {
    "api-key": "apikey",
    "api_key": "apikey",
    "header": "apikey",
    "query": "apikey",
    "http-basic": "basic",
    "http-bearer": "bearer",
    "token": "bearer",
}


def shape_of(kind: str, data: Mapping[str, Any]) -> Shape:
    """Give the shape of an object.

    Args:
        kind: What stands at its place.
        data: The object; some places take several kinds.
    """
    if kind in _SECTIONS.values() and is_import(data, is_consumed=kind == "consumes"):
        return SHAPES["import"]
    return SHAPES.get(_exact_kind(kind, data), _OPEN)


def _exact_kind(kind: str, data: Mapping[str, Any]) -> str:
    """Give the kind by the ``type`` that the object names; one that is not in ``SHAPES`` is open."""
    written = data.get("type")
    type_ = written.casefold() if isinstance(written, str) else ""
    if kind == "exposes":
        guessed = "mcp" if "tools" in data else "rest" if "resources" in data else ""
        return f"{type_ or guessed} adapter"
    if kind == "authentication":
        return f"{_AUTHENTICATION_SPELLINGS.get(type_, type_)} authentication"
    if kind == "body" and "type" not in data and "data" not in data:
        return "bare body"
    return "multipart body" if kind == "body" and type_.startswith("multipart") else kind
