"""An adapter that asks for authentication is never open: whatever its scheme, its type or its author's slips."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import httpx
import pytest

from naftiko_run import Settings, load
from naftiko_run.capability.inventory import inventory
from naftiko_run.errors import DocumentError
from naftiko_run.serve import Addressing
from support.commands import ended
from support.documents import small, written
from support.guarded import TLS, bearing, get, guarded, post, refused, route, serving_guarded
from support.ports import free_ports
from support.process import FREE_PORTS, READY, ROOT, launched, run, started
from support.server import serving
from support.upstream import Upstream
from support.wire import problem

BEARER = "{type: bearer, token: '{{SHOP_TOKEN}}'}"
TOKEN = {"SHOP_TOKEN": "t0ken-of-the-shop"}


def run_naftiko(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    return ended("naftiko", *arguments, environment={"COLUMNS": "200"})


OAUTH2 = "type: oauth2, resource: 'https://x.example', authorizationServerUri: 'https://y.example'"
UNUSABLE = {
    "no-type": ("{secret: '{{SHOP_TOKEN}}'}", "it has no `type`"),
    "empty": ("{}", "it has no `type`"),
    "nothing": ("", "it has no `type`"),
    "null-type": ("{type: null}", "it has no `type`"),
    "text": ("bearer", "it needs a `token`"),
    "other-text": ("please", "it has no `type`"),
    "list": ("[{type: bearer, token: x}, {type: basic}]", "it has no `type`"),
    "number": ("0", "it has no `type`"),
    "false": ("false", "it has no `type`"),
    "unknown": (
        "{type: kerberos}",
        "the scheme `kerberos` is not installed (installed: apikey, basic, bearer, digest, oauth2)",
    ),
    "bearer": ("{type: bearer}", "its authentication cannot be checked: it needs a `token`"),
    "bearer-empty": ("{type: bearer, token: ''}", "it needs a `token`"),
    "bearer-bare": ("{type: bearer, token: 'Bearer '}", "it needs a `token`"),
    "basic": ("{type: basic, username: u}", "it needs a `password`"),
    "basic-empty": ("{type: basic, username: u, password: ''}", "it needs a `password`"),
    "basic-colon": ("{type: basic, username: 'a:b', password: x}", "must not contain a colon"),
    "digest": ("{type: digest, password: x}", "it needs a `username`"),
    "apikey": ("{type: apikey, key: X-Key}", "it needs a `key` and a `value`"),
    "apikey-body": (
        "{type: apikey, key: k, value: v, placement: body}",
        "an API key cannot be required in `body`; supported placements: header, query, cookie",
    ),
    "apikey-half": ("{type: apikey, headers: {X-A: a, X-B: }}", "it needs a `key` and a `value`"),
    "oauth2": ("{type: oauth2, resource: 'https://x.example'}", "it needs a `authorizationServerUri`"),
    "oauth2-file": (
        "{type: oauth2, resource: 'https://x.example', authorizationServerUri: 'file:///etc'}",
        "its `authorizationServerUri` is not an http or https URL",
    ),
    "oauth2-fragment": (
        "{type: oauth2, resource: 'https://x.example#y', authorizationServerUri: 'https://y.example'}",
        "its `resource` is not an http or https URL",
    ),
    "oauth2-implied": (
        f"{{{OAUTH2}, x-impliedScopes: [admin]}}",
        "its `x-impliedScopes` must be a mapping from a scope to the scopes that it implies",
    ),
    "oauth2-validation": (
        f"{{{OAUTH2}, tokenValidation: trust}}",
        "its `tokenValidation` must be `jwks` or `introspection`",
    ),
}


@pytest.mark.parametrize(("block", "reason"), UNUSABLE.values(), ids=UNUSABLE)
def test_an_adapter_whose_authentication_cannot_be_checked_is_left_out(
    tmp_path: Path, upstream: Upstream, block: str, reason: str
) -> None:
    document = written(tmp_path, small("shop", rest=f"authentication: {block}"))
    settings = Settings({"shop": upstream.url}, environment=TOKEN)
    with serving(document, settings=settings) as served:
        assert served.urls("rest") == []
        assert httpx.get(f"{served.origin('mcp')}/things", verify=TLS).status_code == 404
        (capability,) = served.capabilities
    (told,) = [each for each in capability.diagnostics if each.code == "not-guarded"]
    assert told.is_error
    assert told.message.startswith("the adapter `shop-rest` is not served: ")
    assert reason in told.message


@pytest.mark.parametrize("block", ["{type: none}", "{type: None, token: x}", "none"])
def test_an_author_who_writes_none_means_it(tmp_path: Path, upstream: Upstream, block: str) -> None:
    with serving_guarded(tmp_path, upstream, block) as served:
        assert get(route(served)).is_success


@pytest.mark.parametrize(
    "line",
    [
        f"auth: {BEARER}",
        "authentication: {token: '{{SHOP_TOKEN}}'}",
        "authentication: {type: Token, value: '{{SHOP_TOKEN}}'}",
        f"authentication: [{BEARER}]",
        "authentication: {bearer: '{{SHOP_TOKEN}}'}",
    ],
)
def test_other_spellings_guard_as_well(tmp_path: Path, upstream: Upstream, line: str) -> None:
    document = written(tmp_path, small("shop", rest=line))
    with serving(document, settings=Settings({"shop": upstream.url}, environment=TOKEN)) as served:
        assert get(route(served)).status_code == 401
        assert get(route(served), headers=bearing(TOKEN["SHOP_TOKEN"])).is_success


def test_a_document_none_of_whose_adapters_can_be_guarded_is_refused(tmp_path: Path) -> None:
    document = written(tmp_path, guarded("{type: kerberos}"))
    with pytest.raises(DocumentError, match=r"shop-rest.*is not served") as failed:
        load(document)
    assert sum(each.code == "not-guarded" for each in failed.value.diagnostics) == 2
    assert run(document, *FREE_PORTS).returncode == 65


def test_validate_says_that_an_adapter_cannot_be_guarded(tmp_path: Path) -> None:
    document = written(tmp_path, small("shop", mcp="authentication: {type: bearer}"))
    found = run_naftiko("validate", document)
    assert found.returncode == 1
    assert "not-guarded" in found.stdout
    assert "the adapter `shop-mcp` is not served" in found.stdout


def test_without_its_variable_an_adapter_answers_nobody(tmp_path: Path, upstream: Upstream) -> None:
    with serving_guarded(tmp_path, upstream, BEARER) as served:
        for token in ("x", "***", "None", "{{SHOP_TOKEN}}"):
            for answer in (
                get(route(served), headers=bearing(token)),
                post(served.url("mcp"), json={}, headers=bearing(token)),
            ):
                told = problem(answer, 503)
                assert told["missing"] == ["SHOP_TOKEN"]
                assert "needs SHOP_TOKEN, which is not set" in told["detail"]
        ((variable, needed_by),) = served.capabilities[0].missing().items()
        assert variable.name == "SHOP_TOKEN"
        assert needed_by == ["the authentication of shop-rest", "the authentication of shop-mcp"]
    assert not upstream.received


@pytest.mark.parametrize("environment", [{}, TOKEN])
def test_in_the_sandbox_the_door_stays_shut(tmp_path: Path, environment: dict[str, str]) -> None:
    settings = Settings(sandbox=True, environment=environment)
    with serving(written(tmp_path, guarded(BEARER)), settings=settings) as served:
        assert get(route(served), headers=bearing("***")).status_code == (401 if environment else 503)
        right = get(route(served), headers=bearing("t0ken-of-the-shop"))
        assert right.status_code == (200 if environment else 503)
        assert "t0ken" not in right.text


@pytest.mark.parametrize("sandbox", [False, True])
def test_a_credential_may_be_in_a_file_of_secrets(
    tmp_path: Path, upstream: Upstream, *, sandbox: bool
) -> None:
    (tmp_path / "secrets.yaml").write_text("shop-token: t0ken-of-the-shop\n")
    binds = "binds: [{namespace: s, location: 'file:///./secrets.yaml', keys: {SHOP_TOKEN: shop-token}}]\n"
    settings = Settings({"shop": upstream.url}, sandbox=sandbox, environment={})
    with serving(written(tmp_path, binds + guarded(BEARER)), settings=settings) as served:
        assert get(route(served), headers=bearing("shop-token")).status_code == 401
        assert get(route(served), headers=bearing("t0ken-of-the-shop")).is_success


IMPORTING = """\
ikanos: 1.0.0-beta5
info: {display: Shop}
capability:
  consumes:
    files: {type: http, baseUri: https://files.example}
  exposes:
  - {from: ./shared.yaml, import: files-rest}
"""
SHARED = """\
ikanos: 1.0.0-beta5
exposes:
  files-rest:
    type: rest
    authentication: {type: apikey, key: key, value: '{{SHOP_TOKEN}}', placement: query}
    resources:
      all:
        path: /files/{{path}}
        forward: {targetNamespace: files, trustedHeaders: [accept]}
"""


def test_an_imported_adapter_that_forwards_is_guarded_too(tmp_path: Path, upstream: Upstream) -> None:
    written(tmp_path, SHARED, "shared.yaml")
    settings = Settings({"files": upstream.url}, environment=TOKEN)
    with serving(written(tmp_path, IMPORTING), settings=settings) as served:
        url = f"{served.url('rest')}/files/a/b"
        assert get(url).status_code == 401
        assert httpx.delete(url, verify=TLS).status_code == 401
        assert not upstream.received
        assert get(url, params={"q": "1", "key": "t0ken-of-the-shop"}).is_success
        assert upstream.only.target == "/a/b?q=1"


def test_the_adapters_of_one_port_are_guarded_each_by_its_own(tmp_path: Path, upstream: Upstream) -> None:
    document = written(tmp_path, small("shop", rest=f"authentication: {BEARER}"))
    (port,) = free_ports(1)
    addressing = Addressing("", {"rest": port, "mcp": port})
    settings = Settings({"shop": upstream.url}, environment=TOKEN)
    with serving(document, settings=settings, addressing=addressing) as served:
        assert get(route(served)).status_code == 401
        answer = post(
            served.url("mcp"), json={"jsonrpc": "2.0", "id": 1, "method": "tools/list", "params": {}}
        )
        assert answer.is_success


def test_strangers_learn_nothing_of_which_routes_there_are(tmp_path: Path, upstream: Upstream) -> None:
    text = small("shop", rest=f"authentication: {BEARER}").replace(
        "- {name: get, method: GET, call: shop.get}",
        "- {name: get, method: GET, call: shop.get}\n      - {name: x, method: POST, call: shop.secret-reason}",
        1,
    )
    settings = Settings({"shop": upstream.url}, environment=TOKEN)
    with serving(written(tmp_path, text), settings=settings) as served:
        elsewhere = f"{served.url('rest')}/elsewhere"
        for answer in (
            httpx.options(route(served), verify=TLS),
            get(elsewhere),
            httpx.delete(route(served), verify=TLS),
            get(f"{served.url('rest')}/.well-known/oauth-protected-resource"),
        ):
            refused(answer, 'Bearer realm="shop-rest"')
        known = bearing("t0ken-of-the-shop")
        assert httpx.options(route(served), headers=known, verify=TLS).status_code == 204
        problem(get(elsewhere, headers=known), 404)
        problem(httpx.delete(route(served), headers=known, verify=TLS), 405)
        hidden = post(route(served))
        refused(hidden, 'Bearer realm="shop-rest"')
        assert "secret-reason" not in hidden.text
        assert "secret-reason" in post(route(served), headers=bearing("t0ken-of-the-shop")).text
        assert httpx.head(route(served), verify=TLS).status_code == 401
        assert get(f"{route(served)}/").status_code == 401


def test_without_its_variable_an_adapter_says_nothing_of_its_paths_either(
    tmp_path: Path, upstream: Upstream
) -> None:
    with serving_guarded(tmp_path, upstream, BEARER) as served:
        problem(get(f"{served.url('rest')}/elsewhere"), 503)


@pytest.mark.parametrize(
    ("rest", "mcp", "status"), [(BEARER, "", 401), ("", BEARER, 404), (BEARER, BEARER, 401)]
)
def test_an_unknown_path_of_a_shared_port_is_the_rest_adapters(
    tmp_path: Path, upstream: Upstream, rest: str, mcp: str, status: int
) -> None:
    blocks = {
        name: f"authentication: {block}" if block else "" for name, block in (("rest", rest), ("mcp", mcp))
    }
    document = written(tmp_path, small("shop", rest=blocks["rest"], mcp=blocks["mcp"]))
    (port,) = free_ports(1)
    settings = Settings({"shop": upstream.url}, environment=TOKEN)
    with serving(
        document, settings=settings, addressing=Addressing("", {"rest": port, "mcp": port})
    ) as served:
        problem(get(f"{served.origin('rest')}/elsewhere"), status)
        assert (
            get(f"{served.origin('rest')}/elsewhere", headers=bearing(TOKEN["SHOP_TOKEN"])).status_code == 404
        )


def test_start_up_says_what_each_adapter_demands(tmp_path: Path) -> None:
    document = written(tmp_path, small("shop", rest=f"authentication: {BEARER}"))
    with started(document, environment=TOKEN) as process:
        (rest,) = [line for line in process.lines if line.startswith("rest ")]
        (mcp,) = [line for line in process.lines if line.startswith("mcp ")]
        assert rest.endswith("  shop-rest  authentication: bearer")
        assert "authentication" not in mcp
        assert TOKEN["SHOP_TOKEN"] not in process.text


def test_start_up_says_what_is_missing_for_whom(tmp_path: Path) -> None:
    document = written(tmp_path, small("shop", mcp=f"authentication: {BEARER}"))
    with started(document) as process:
        assert "missing SHOP_TOKEN  needed by the authentication of shop-mcp" in process.lines
    assert run(document, "--strict", *FREE_PORTS).returncode == 78


def test_list_says_what_each_adapter_demands(tmp_path: Path) -> None:
    text = small("shop", rest="authentication: {type: kerberos}", mcp=f"authentication: {BEARER}")
    rest, mcp = inventory(load(written(tmp_path, text), Settings(environment=TOKEN)))["exposes"]
    assert "the scheme `kerberos` is not installed" in rest["reason"]
    assert mcp["authentication"] == "bearer"
    lines = run_naftiko("list", tmp_path / "shop.yaml").stdout.splitlines()
    assert "mcp shop-mcp  default port  authentication: bearer" in lines
    assert f"  not served: {rest['reason']}" in lines


PROTOCOL = """

from dataclasses import dataclass

from naftiko_run.document.model import Exposes
from naftiko_run.expose import Adapter, Endpoint, Exposer
from naftiko_run.expose.response import respond
from naftiko_run.expressions import parse_path


@dataclass(kw_only=True)
class WordsExposes(Exposes):
    words: tuple = ()


class WordsExposer(Exposer):
    default_port = 7070

    def parse(self, exposes, parser):
        words, unavailable = parser.functions(exposes, "words")
        return WordsExposes.of(exposes, words=words, unavailable=unavailable)

    def compile(self, exposes, compiler):
        for word in exposes.words:
            compiler.function(word, word.name)

    def expose(self, exposes, capability, settings):
        (function,) = capability.functions_of(exposes)

        async def answer(scope, receive, send):
            outcome = await function.invoke({})
            await respond(scope, send, outcome.status, outcome.content, "application/json")

        endpoints = (Endpoint(parse_path("/get"), answer),)
        return Adapter("words", exposes.namespace, capability, "", endpoints, ())
"""


def test_the_documented_scheme_guards_a_protocol_of_somebody_else(tmp_path: Path, upstream: Upstream) -> None:
    page = (ROOT / "docs" / "how-to" / "extend.md").read_text(encoding="utf-8")
    (_, section) = page.split("\n## A scheme that authenticates callers\n")
    (scheme,) = re.findall(r"```python\n(.*?)```", section, re.DOTALL)
    (tmp_path / "naftiko_words.py").write_text(scheme + PROTOCOL)
    info = tmp_path / "naftiko_words-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: naftiko-words\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text(
        "[naftiko_run.guards]\nword = naftiko_words:compile_guard\n"
        "[naftiko_run.exposers]\nwords = naftiko_words:WordsExposer\n"
    )
    text = small("shop").partition("  exposes:")[0].replace("https://shop.example", upstream.url) + (
        "  exposes:\n  - type: words\n    namespace: w\n    authentication: {type: word, word: '{{WORD}}'}\n    words: [{name: get, call: shop.get}]\n"
    )
    environment = {"PYTHONPATH": str(tmp_path), "WORD": "sesame"}
    with launched(written(tmp_path, text), "--port", "words=0", environment=environment) as process:
        process.wait_for_line(READY)
        url = f"{process.url('words')}/get"
        refused(get(url), 'Word realm="w"')
        refused(get(url, headers={"x-word": "barley"}), 'Word realm="w"')
        assert not upstream.received
        assert get(url, headers={"x-word": "sesame"}).json() == {"ok": True}
