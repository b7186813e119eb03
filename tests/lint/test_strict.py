"""``check_strict``: which documents conform to their specification, and what is said of those that do not."""

from __future__ import annotations

from typing import Any

import pytest

from lint.documents import ikanos, naftiko
from naftiko_run.document.strict import SchemaViolation, check_strict

GONE = object()
AGGREGATE = ("capability", "aggregates", 0)
CONSUMED = ("capability", "consumes", 1)
CONSUMED_OPERATIONS = (*CONSUMED, "resources", 0, "operations")
REST = ("capability", "exposes", 0)
REST_OPERATIONS = (*REST, "resources", 0, "operations")
MCP = ("capability", "exposes", 1)
TOOL = (*MCP, "tools", 0)
CONTROL = ("capability", "exposes", 4)
IKANOS_FLOW = ("capability", "aggregates", 1, "flows", "get-order")
IKANOS_CONSUMED = ("capability", "consumes", 0)
IKANOS_REST = ("capability", "exposes", 1)
IKANOS_OPERATION = (*IKANOS_REST, "resources", "orders", "operations", "get-order")
IKANOS_MCP = ("capability", "exposes", 2)


def edited(data: Any, place: tuple[str | int, ...], value: Any) -> Any:
    """The document with another value at a place, or with none."""
    part = data
    for key in place[:-1]:
        part = part[key]
    if value is GONE:
        del part[place[-1]]
    else:
        part[place[-1]] = value
    return data


def test_a_document_that_conforms_has_no_findings() -> None:
    assert check_strict(naftiko()) == []
    assert check_strict(ikanos()) == []


def test_documents_for_others_to_import_conform() -> None:
    shop = {"type": "http", "namespace": "shop", "baseUri": "https://shop.example"}
    assert check_strict({"naftiko": "1.0.0-alpha2", "consumes": [shop]}) == []
    assert check_strict({"ikanos": "1.0.0-beta5", "consumes": [shop]}) == []
    assert check_strict({"ikanos": "1.0.0-beta5", "exposes": [{"type": "control", "port": 9091}]}) == []


@pytest.mark.parametrize("data", [{}, {"info": {"label": "x", "description": "y"}}, [], "naftiko", None])
def test_a_document_that_names_no_specification_is_told_how_to_begin(data: Any) -> None:
    (finding,) = check_strict(data)
    assert finding.pointer == ()
    assert finding.hint == "begin with `naftiko: 1.0.0-alpha2` or `ikanos: 1.0.0-beta5`"


@pytest.mark.parametrize(
    ("data", "line", "version", "known"),
    [
        (naftiko(), "naftiko", "1.0.0-alpha1", "1.0.0-alpha2"),
        (naftiko(), "naftiko", "0.5", "1.0.0-alpha2"),
        (naftiko(), "naftiko", 0.5, "1.0.0-alpha2"),
        (ikanos(), "ikanos", "1.0.0-alpha3", "1.0.0-beta5"),
        (ikanos(), "ikanos", "1.0.0-beta4", "1.0.0-beta5"),
    ],
)
def test_another_version_is_named_beside_the_one_that_is_known(
    data: Any, line: str, version: Any, known: str
) -> None:
    assert check_strict(edited(data, (line,), version)) == [
        SchemaViolation(
            (line,),
            f"`{line}` is `{version}`, and the strict level supports {line} {known} only",
            f"write `{line}: {known}`",
        )
    ]


@pytest.mark.parametrize(
    ("place", "value", "at", "message", "hint"),
    [
        # keys
        (
            (*TOOL, "descripton"),
            "x",
            None,
            "`descripton` is not a key of a tool",
            "did you mean `description`?",
        ),
        (("info", "title"), "x", None, "`title` is not a key of `info`", "did you mean `label`?"),
        (
            (*CONSUMED, "auth"),
            {},
            None,
            "`auth` is not a key of a consumed API",
            "did you mean `authentication`?",
        ),
        (
            (*CONSUMED_OPERATIONS, 0, "inputParameters", 0, "required"),
            True,
            None,
            "`required` is not a key of a consumed input parameter",
            "its keys are name, in, value",
        ),
        (("info", "label"), GONE, ("info",), "`info` needs `label`", ""),
        ((*TOOL, "description"), GONE, TOOL, "a tool needs `description`", ""),
        (
            (*CONSUMED, "type"),
            GONE,
            CONSUMED,
            "a consumed API needs `type`",
            "write `http`",
        ),
        (
            (*REST_OPERATIONS, 1, "name"),
            GONE,
            (*REST_OPERATIONS, 1),
            "an operation with `steps` needs `name`",
            "",
        ),
        # types
        ((*REST, "port"), "8080", None, "`port` must be a whole number, not text", "write it without quotes"),
        ((*REST, "port"), 8080.5, None, "`port` must be a whole number, not a number", ""),
        (
            (*TOOL, "hints", "readOnly"),
            "yes",
            None,
            "`readOnly` must be true or false, not text",
            "write it without quotes",
        ),
        (("info", "description"), 7, None, "`description` must be text, not a number", "put it in quotes"),
        (("info", "description"), None, None, "`description` must not be empty", ""),
        (("info", "tags", 0), True, None, "item 1 of `tags` must be text, not true", "put it in quotes"),
        (
            (*MCP, "tools"),
            {"get-order": {}},
            None,
            "`tools` must be a list, not a map",
            "write a list, with `- ` before each item",
        ),
        (("capability",), [], None, "`capability` must be a map, not a list", ""),
        (
            (*TOOL, "with"),
            {"id": True},
            (*TOOL, "with", "id"),
            "`id` must be a number or text, not true",
            "put it in quotes",
        ),
        # words, patterns and limits
        (
            (*CONSUMED_OPERATIONS, 0, "method"),
            "HEAD",
            None,
            "`method` cannot be `HEAD`",
            "write one of GET, POST, PUT, PATCH, DELETE",
        ),
        (
            (*CONSUMED, "authentication", "type"),
            "hmac",
            None,
            "`type` cannot be `hmac`",
            "write one of basic, digest, bearer, apikey, oauth2",
        ),
        (
            (*MCP, "namespace"),
            "shop mcp",
            None,
            "`namespace` cannot be `shop mcp`",
            "write letters, digits and hyphens",
        ),
        (
            (*MCP, "namespace"),
            "shop-mcp\n",
            None,
            "`namespace` cannot be `shop-mcp\n`",
            "write letters, digits and hyphens",
        ),
        ((*MCP, "namespace"), "", None, "`namespace` must not be empty", ""),
        (
            (*CONSUMED, "baseUri"),
            "https://shop.example/{tenant}",
            None,
            "`baseUri` cannot be `https://shop.example/{tenant}`",
            "write an http or https address with no `{` after its host",
        ),
        (
            ("binds", 0, "keys"),
            {"shop_token": "x"},
            ("binds", 0, "keys", "shop_token"),
            "`shop_token` cannot be a key here",
            "write capital letters, digits and underscores, beginning with a letter",
        ),
        ((*REST, "port"), 65_536, None, "`port` must be at least 1 and at most 65535, not 65536", ""),
        (
            (*CONTROL, "management", "scripting", "timeout"),
            0,
            None,
            "`timeout` must be at least 1, not 0",
            "",
        ),
        (
            ("capability", "exposes", 3, "skills", 0, "description"),
            "x" * 1025,
            None,
            "`description` must be at most 1024 characters long, not 1025",
            "",
        ),
        ((*MCP, "tools"), [], None, "`tools` must not be empty", ""),
        # what goes together
        (
            (*TOOL, "call"),
            GONE,
            TOOL,
            "a tool needs `call`, `steps` or `ref`, or else mock `outputParameters`",
            "",
        ),
        ((*MCP, "port"), GONE, MCP, "an MCP adapter over http needs `port`", ""),
        ((*MCP, "transport"), "stdio", MCP, "an MCP adapter over stdio cannot have `port`", ""),
        (
            (*MCP, "resources", 1, "call"),
            "shop.get-order",
            (*MCP, "resources", 1),
            "an MCP resource cannot have `call` or `steps` beside `location`",
            "",
        ),
        (
            (*MCP, "prompts", 0, "location"),
            "file:///greet",
            (*MCP, "prompts", 0),
            "a prompt needs just one of `template` and `location`",
            "",
        ),
        (
            (*REST, "resources", 1, "forward"),
            GONE,
            (*REST, "resources", 1),
            "a resource needs `operations` or `forward`",
            "",
        ),
        (
            ("consumes",),
            [{"import": "stock", "location": "./stock.yaml"}],
            (),
            "a document needs either `capability` or, for others to import, `consumes`",
            "",
        ),
    ],
)
def test_what_departs_from_the_naftiko_line_is_named_with_its_place(
    place: tuple[str | int, ...], value: Any, at: tuple[str | int, ...] | None, message: str, hint: str
) -> None:
    findings = check_strict(edited(naftiko(), place, value))
    assert findings == [SchemaViolation(place if at is None else at, message, hint)]


@pytest.mark.parametrize(
    ("place", "value", "at", "message", "hint"),
    [
        (("info", "label"), "x", None, "`label` is not a key of `info`", "did you mean `display`?"),
        (
            ("capability", "aggregates", 1, "functions"),
            {},
            None,
            "`functions` is not a key of an aggregate",
            "did you mean `flows`?",
        ),
        (
            (*IKANOS_MCP, "tools"),
            [{"name": "get-order", "description": "One order", "call": "shop.get-order"}],
            None,
            "`tools` must be a map, not a list",
            "write a map with the names as its keys",
        ),
        (
            (*IKANOS_FLOW, "inputParameters", "order id"),
            {"type": "string", "description": "x"},
            None,
            "`order id` cannot be a key here",
            "write letters, digits, hyphens, underscores and asterisks",
        ),
        (
            (*IKANOS_CONSUMED, "tunnel", "identity"),
            GONE,
            (*IKANOS_CONSUMED, "tunnel"),
            "a `ziti` tunnel needs `identity`",
            "",
        ),
        (
            (*IKANOS_REST, "maxBinarySize"),
            "10MB",
            None,
            "`maxBinarySize` cannot be `10MB`",
            "write a size such as 512KiB or 10MiB",
        ),
        (
            (*IKANOS_OPERATION, "responses", "2xx"),
            {},
            None,
            "`2xx` cannot be a key here",
            "write a status such as 200 or 2XX",
        ),
        (
            (*IKANOS_OPERATION, "responseBinary"),
            {"mediaType": "image/png"},
            IKANOS_OPERATION,
            "an operation cannot have `responses` beside `responseBinary`",
            "",
        ),
        (("exposes",), [{"from": "./admin.yaml", "import": "admin"}], None, "", ""),
    ],
)
def test_what_departs_from_the_ikanos_line_is_named_with_its_place(
    place: tuple[str | int, ...], value: Any, at: tuple[str | int, ...] | None, message: str, hint: str
) -> None:
    findings = check_strict(edited(ikanos(), place, value))
    assert findings == ([SchemaViolation(place if at is None else at, message, hint)] if message else [])


def test_an_ikanos_document_for_others_to_import_has_just_one_part() -> None:
    data = ikanos()
    del data["capability"]
    assert check_strict(data) == []
    data["exposes"] = [{"from": "./admin.yaml", "import": "admin"}]
    assert [finding.pointer for finding in check_strict(data)] == [()]


def test_outputs_are_judged_by_what_makes_them() -> None:
    """A tool with ``call`` maps its outputs, one with ``steps`` names them, one with neither gives values."""
    named = [{"name": "id", "type": "string"}]
    assert check_strict(edited(naftiko(), (*TOOL, "outputParameters"), named)) == [
        SchemaViolation(
            (*TOOL, "outputParameters", 0, "name"),
            "`name` is not a key of an output",
            "its keys are type, mapping, const, value",
        ),
        SchemaViolation((*TOOL, "outputParameters", 0), "an output needs just one of `mapping` and `value`"),
    ]
    stepping = edited(naftiko(), (*TOOL, "call"), GONE)
    stepping = edited(stepping, (*TOOL, "steps"), [{"type": "call", "name": "one", "call": "shop.get-order"}])
    assert check_strict(edited(stepping, (*TOOL, "outputParameters"), named)) == []
    mocking = edited(naftiko(), (*TOOL, "call"), GONE)
    assert check_strict(edited(mocking, (*TOOL, "outputParameters"), named)) == [
        SchemaViolation((*TOOL, "outputParameters", 0), "a mock output needs `value`")
    ]


def test_a_body_is_judged_by_its_type() -> None:
    body = (*CONSUMED_OPERATIONS, 1, "body")
    assert check_strict(edited(naftiko(), body, {"type": "sparql", "data": "ASK {}"})) == []
    assert check_strict(edited(naftiko(), body, {"type": "xml", "data": {}})) == [
        SchemaViolation((*body, "data"), "`data` must be text, not a map")
    ]
    assert check_strict(edited(naftiko(), body, 7)) == [
        SchemaViolation(body, "`body` must be text or a map, not a number", "put it in quotes")
    ]


def test_every_fault_of_a_document_is_found_at_once() -> None:
    data = edited(naftiko(), ("info", "label"), GONE)
    data = edited(data, (*TOOL, "name"), "get order")
    data = edited(data, (*CONTROL, "port"), 0)
    assert {finding.pointer for finding in check_strict(data)} == {
        ("info",),
        (*TOOL, "name"),
        (*CONTROL, "port"),
    }
