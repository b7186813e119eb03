"""Cookies: read as browsers send them, passed on untouched, and never a way to add another one."""

from __future__ import annotations

from collections.abc import Iterator

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from naftiko_run import Settings
from support.documents import written
from support.mcp_client import call_tool
from support.server import Served, serving
from support.upstream import Upstream
from support.wire import problem, send_raw

DOCUMENT = """\
naftiko: 1.0.0-alpha2
info: {label: Me}
capability:
  consumes:
  - type: http
    namespace: up
    baseUri: https://me.example
    resources:
    - path: /me
      operations:
      - name: me
        method: GET
        inputParameters: [{name: session, in: cookie, required: true}, {name: lang, in: cookie}]
  exposes:
  - {type: rest, namespace: r, resources: [{path: /me, operations: [{method: GET, call: up.me}]}]}
  - {type: mcp, namespace: m, tools: [{name: me, description: Me, call: up.me}]}
"""


@pytest.fixture(scope="module")
def served(shared_upstream: Upstream, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    document = written(tmp_path_factory.mktemp("me"), DOCUMENT)
    with serving(document, settings=Settings({"up": shared_upstream.url}, environment={})) as served:
        yield served


@pytest.mark.parametrize(
    ("sent", "passed_on"),
    [
        ("session=ab", "session=ab"),
        ('g_state={"i_l":0}; session=ab', "session=ab"),
        ('path=/x; g_state={"i_l":0}; session=ab', "session=ab"),
        ("expires=never; secure; ; =x; session=ab", "session=ab"),
        ("session=ab; session=cd", "session=ab"),
        ('session="a b"', 'session="a b"'),
        ("session=a+b/c==", "session=a+b/c=="),
        ("session=a%20b", "session=a%20b"),
        ("session=a,b:c@d", "session=a,b:c@d"),
        ("session  =  ab  ;lang=de", "session=ab; lang=de"),
        ("Session=no; session=ab", "session=ab"),
    ],
)
def test_a_cookie_is_passed_on_untouched(
    served: Served, upstream: Upstream, sent: str, passed_on: str
) -> None:
    answer = httpx.get(f"{served.url('rest')}/me", headers={"Cookie": sent})
    assert answer.status_code == 200, answer.text
    assert upstream.only.header("cookie") == passed_on


def test_cookies_of_several_headers_are_all_read(served: Served, upstream: Upstream) -> None:
    request = b"GET /me HTTP/1.1\r\nHost: localhost\r\nCookie: a=1\r\nCookie: session=ab\r\nConnection: close\r\n\r\n"
    assert send_raw(served.url("rest"), request).status_code == 200
    assert upstream.only.header("cookie") == "session=ab"


def test_a_request_without_the_cookie_is_refused(served: Served, upstream: Upstream) -> None:
    refused = problem(httpx.get(f"{served.url('rest')}/me", headers={"Cookie": "session; lang=de"}), 400)
    assert [each["pointer"] for each in refused["violations"]] == ["/session"]
    assert not upstream.received


def test_spaces_at_the_end_of_a_cookie_do_not_keep_the_request_from_being_sent(
    served: Served, upstream: Upstream
) -> None:
    assert not call_tool(served.url("mcp"), "me", {"session": "a b "}).is_error
    assert upstream.only.header("cookie") == "session=a b"


@pytest.mark.parametrize("value", ["a;admin=1", "a\r\nX-Admin: 1", "a\nb", "a\x00b"])
def test_a_value_that_would_be_more_than_one_cookie_is_refused(
    served: Served, upstream: Upstream, value: str
) -> None:
    result = call_tool(served.url("mcp"), "me", {"session": value})
    assert result.is_error
    assert not upstream.received


@given(
    value=st.text(st.characters(min_codepoint=0x21, max_codepoint=0x7E, exclude_characters=";"), min_size=1)
)
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=25)
def test_every_value_that_a_browser_sends_arrives_as_it_is(
    served: Served, shared_upstream: Upstream, value: str
) -> None:
    shared_upstream.reset()
    assert httpx.get(f"{served.url('rest')}/me", headers={"Cookie": f"session={value}"}).status_code == 200
    assert shared_upstream.only.header("cookie") == f"session={value}"
