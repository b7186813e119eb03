"""Which consumed operation a call means, when it is not written exactly, and when several have its name."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from document.findings import document, found_in, tools
from naftiko_run.diagnostics import Severity
from naftiko_run.document.load import load_text
from naftiko_run.document.model import McpExposes, RestExposes

CONSUMED = """
- namespace: dns-api
  baseUri: https://h
  resources:
    - {name: Domain Records, path: /domains, operations: [{name: get-domain, method: GET}]}
    - {path: '/zones/{id}', operations: [{name: get-zone, method: GET}, {name: list, method: GET}]}
- namespace: mail-api
  baseUri: https://h
  resources:
    - {path: /mails, operations: [{name: list, method: GET}, {name: sendMail, method: POST}]}
"""


def calling(call: str, adapter: str = "dns-tools") -> str:
    return document(
        CONSUMED,
        f"- type: mcp\n  namespace: {adapter}\n  tools:\n    - {{name: t, call: dns-api.list}}\n"
        f"    - name: u\n      call: {call}  # <-\n",
    )


def called(text: str) -> str | None:
    exposes = load_text(text).document.exposes[0]
    assert isinstance(exposes, McpExposes)
    return next((tool.call for tool in exposes.tools if tool.name == "u"), None)


@pytest.mark.parametrize(
    ("call", "meant"),
    [
        ("DNS.Get-Domain", "dns-api.get-domain"),
        ("dns.getDomain", "dns-api.get-domain"),
        ("Dns_Api.GET_DOMAIN", "dns-api.get-domain"),
        ("Mail.send_mail", "mail-api.sendMail"),
        ("api.send-mail", "mail-api.sendMail"),
        ("dns-tools.get-zone", "dns-api.get-zone"),
        ("dns_tools.Get_Zone", "dns-api.get-zone"),
        ("dns-api/zones/get-zone", "dns-api.get-zone"),
        ("dns-api/zones/{id}/get-zone", "dns-api.get-zone"),
        ("dns-api/domain-records/get-domain", "dns-api.get-domain"),
        ("dns-api.domains.get-domain", "dns-api.get-domain"),
        ("dns-api/get-zone", "dns-api.get-zone"),
        ("DNS/Domains/GetDomain", "dns-api.get-domain"),
        ("get-zone", "dns-api.get-zone"),
    ],
)
def test_a_call_that_can_only_mean_one_operation_is_read_with_a_warning(call: str, meant: str | None) -> None:
    text = calling(call)
    assert called(text) == meant
    code = "inexact-call" if meant else "unknown-operation"
    found = found_in(text, code)
    assert found.severity is (Severity.WARNING if meant else Severity.ERROR)
    assert (meant or "did you mean") in found.message + found.hint


@pytest.mark.parametrize(
    "call",
    [
        "dns-tools.list",
        "api.list",
        "list",
        "dns-security.get-zone",
        "zones.get-zone",
        "prod-dns-api.get-zone",
        "dns-tools.t",
    ],
)
def test_a_call_that_could_mean_another_leaves_its_unit_out(call: str) -> None:
    text = calling(call)
    assert found_in(text, "unknown-operation").severity is Severity.ERROR
    assert called(text) is None
    assert tools(load_text(text).document) == ["t"]


_SPELLINGS = {
    "namespace": ["dns-api", "dns_api", "DnsApi", "dns", "api", "DNS", "dns-tools"],
    "operation": ["get-domain", "getDomain", "GET_DOMAIN", "get.domain"],
    "between": [".", "/"],
}


@given(
    st.tuples(*(st.sampled_from(each) for each in _SPELLINGS.values())).filter(lambda each: each[0] != "api")
)
def test_all_that_is_odd_at_once_is_read_too(parts: tuple[str, str, str]) -> None:
    namespace, operation, between = parts
    assert called(calling(f"{namespace}{between}{operation}")) == "dns-api.get-domain"


TWINS = """
- namespace: api
  baseUri: https://h
  resources:
    - {name: users, path: /users, operations: [{name: user, method: GET}, {name: user, method: POST}]}
    - {path: '/users/{id}', operations: [{name: user, method: GET}, {name: user, method: DELETE}]}
    - {path: /other, operations: [{name: other, method: GET}]}
"""


def of_twins(unit: str, kind: str = "mcp") -> str:
    if kind == "mcp":
        return document(
            TWINS,
            f"- {{type: mcp, tools: [{{name: x, call: api.other}}, {{name: u, call: api.user, {unit}}}]}}",
        )
    return document(
        TWINS,
        f"- {{type: rest, resources: [{{path: /x, operations: [{{method: GET, call: api.other}}]}}, {unit}]}}",
    )


def meant(text: str) -> str | None:
    """Return the request that the unit beside ``x`` means."""
    loaded = load_text(text).document
    requests = {
        f"api.{operation.name}": f"{operation.method} {resource.path}"
        for resource in loaded.consumes[0].resources
        for operation in resource.operations
    }
    (exposes,) = loaded.exposes
    if isinstance(exposes, McpExposes):
        calls = [tool.call for tool in exposes.tools]
    else:
        assert isinstance(exposes, RestExposes)
        calls = [unit.call for resource in exposes.resources for unit in resource.operations]
    others = [call for call in calls if call != "api.other"]
    assert len(others) == 1 - len(exposes.unavailable)
    return requests[others[0]] if others else None


@pytest.mark.parametrize(
    ("unit", "request_"),
    [
        ("{path: /v1/users, operations: [{method: POST, call: api.user}]}", "POST /users"),
        ("{path: /v1/users, operations: [{method: GET, call: api.user}]}", "GET /users"),
        ("{path: '/v1/users/{id}', operations: [{method: GET, call: api.user}]}", "GET /users/{id}"),
        ("{path: '/v1/people/{id}', operations: [{method: GET, call: api.user}]}", "GET /users/{id}"),
        ("{path: /v1/people, operations: [{method: GET, call: api.user}]}", "GET /users"),
        ("{path: '/x/{key}', operations: [{method: DELETE, call: api.user}]}", "DELETE /users/{id}"),
        (
            "{path: '/p/{key}', operations: [{method: GET, call: api.user, with: {id: rest.key}}]}",
            "GET /users/{id}",
        ),
        ("{path: /v1/people, operations: [{method: PUT, call: api.user}]}", None),
    ],
)
def test_the_method_or_path_of_a_route_says_which_of_several_is_meant(
    unit: str, request_: str | None
) -> None:
    assert meant(of_twins(unit, "rest")) == request_


@pytest.mark.parametrize(
    ("unit", "request_"),
    [
        ("hints: {readOnly: true}, with: {id: tools.id}", "GET /users/{id}"),
        ("hints: {readOnly: true}, inputParameters: [{name: ID, type: string}]", "GET /users/{id}"),
        ("hints: {readOnly: true}, with: {page: tools.page}", "GET /users"),
        ("hints: {destructive: true}, with: {id: tools.id}", "DELETE /users/{id}"),
        ("hints: {readOnly: false}, with: {name: tools.name}", "POST /users"),
        ("hints: {readOnly: true}", None),
        ("with: {id: tools.id}", None),
        ("description: A user", None),
    ],
)
def test_the_hints_and_inputs_of_a_tool_say_which_of_several_is_meant(
    unit: str, request_: str | None
) -> None:
    assert meant(of_twins(unit)) == request_


def test_a_unit_that_could_mean_several_is_left_out_by_name_with_all_of_them() -> None:
    text = of_twins("description: A user")
    (unavailable,) = load_text(text).document.exposes[0].unavailable
    assert unavailable.name == "u"
    for each in ("GET /users", "POST /users", "GET /users/{id}", "DELETE /users/{id}"):
        assert f"`{each}`" in unavailable.reason
    errors = [each for each in load_text(text).diagnostics if each.severity is Severity.ERROR]
    assert [each.hint for each in errors] == ["give each operation a unique name"]


def test_what_was_decided_is_told() -> None:
    text = of_twins("hints: {readOnly: true}, with: {id: tools.id}")
    (found,) = [each for each in load_text(text).diagnostics if each.code == "ambiguous-call"]
    assert "`GET /users/{id}` is called" in found.message


def test_the_resource_in_a_call_says_which_of_several_is_meant() -> None:
    consumed = TWINS.replace("{name: user, method: POST}", "{name: more, method: POST}")
    for call, expected in itertools.chain(
        [("api/users/user", "api.user"), ("api.users.user", "api.user")],
        [("api/users-id/user", "api.user (GET /users/{id})")],
    ):
        consumed_once = consumed.replace(", {name: user, method: DELETE}", "")
        text = document(consumed_once, f"- {{type: mcp, tools: [{{name: u, call: {call}}}]}}")
        assert called(text) == expected, call


@pytest.mark.parametrize(
    "call",
    [
        "dns-api/domain-records/get-zone",
        "dns-api/domains/get-zone",
        "dns-api.domains.get-zone",
        "dns-api/zones/{id}/get-domain",
        "DNS/Domains/GetZone",
    ],
)
def test_an_operation_of_another_resource_than_the_call_names_is_not_called(call: str) -> None:
    text = calling(call)
    found = found_in(text, "unknown-operation")
    assert found.severity is Severity.ERROR
    assert "another resource has it: `GET /" in found.message
    assert called(text) is None
    assert tools(load_text(text).document) == ["t"]


def test_operations_that_differ_by_their_static_query_are_two() -> None:
    consumed = (
        "- {namespace: api, baseUri: 'https://h', resources: [{path: '/?Action=A', operations: [{name: go, method: POST}]},"
        " {path: '/?Action=B', operations: [{name: go, method: POST}]}]}"
    )
    text = document(consumed, "- {type: mcp, tools: [{name: u, call: api.go}]}")
    assert called(text) is None
    assert "may be any of 2 operations" in found_in(text, "unknown-operation").message
