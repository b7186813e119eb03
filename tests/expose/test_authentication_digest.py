"""Callers with a user name and a password that do not travel (``digest``, RFC 7616)."""

from __future__ import annotations

import hashlib
import re
import time
from collections.abc import Iterator
from urllib.parse import urlsplit

import httpx
import pytest

from naftiko_run.expose.authentication.digest import NonceFactory
from support.guarded import INITIALIZE, get, post, route, serving_guarded
from support.server import Served
from support.upstream import Upstream
from support.wire import problem

pytestmark = pytest.mark.usefixtures("upstream")  # what it answers is not what another test left

BLOCK = "{type: digest, username: '{{SHOP_USER}}', password: '{{SHOP_PASSWORD}}'}"
VALUES = {"SHOP_USER": "Mufasa", "SHOP_PASSWORD": "Cïrcle of Life"}
RIGHT = ("Mufasa", "Cïrcle of Life")
CHALLENGE = re.compile(
    r'Digest realm="shop-rest", qop="auth", algorithm=(SHA-256|MD5), nonce="([0-9a-f.]+)", charset="UTF-8"'
    r"(, stale=true)?"
)


@pytest.fixture(scope="module")
def served(shared_upstream: Upstream, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with serving_guarded(tmp_path_factory.mktemp("digest"), shared_upstream, BLOCK, VALUES) as served:
        yield served


def challenges(answer: httpx.Response) -> list[tuple[str, str, str]]:
    """Give the algorithm, nonce and staleness of each challenge."""
    problem(answer, 401)
    found = [CHALLENGE.fullmatch(each) for each in answer.headers.get_list("www-authenticate")]
    assert all(found)
    return [(each[1], each[2], each[3] or "") for each in found if each]


def digest(url: str, made: str, by: str = "SHA-256", **changes: str | None) -> dict[str, str]:
    """Give the header of a right digest by RFC 7616, 3.4, with changes; None takes a parameter away."""
    kind = {"SHA-256": hashlib.sha256, "MD5": hashlib.md5}[by]

    def hashed(text: str) -> str:
        return kind(text.encode()).hexdigest()

    parts = urlsplit(url)
    uri = changes.get("uri") or parts.path + (f"?{parts.query}" if parts.query else "")
    user = hashed(f"Mufasa:{changes.get('realm') or 'shop-rest'}:Cïrcle of Life")
    request = hashed(f"GET:{uri}")
    parameters: dict[str, str | None] = {
        "username": "Mufasa",
        "realm": "shop-rest",
        "nonce": made,
        "uri": uri,
        "qop": "auth",
        "nc": "00000001",
        "cnonce": "f2/wE4q7",
        "algorithm": by,
        "response": hashed(f"{user}:{made}:00000001:f2/wE4q7:auth:{request}"),
    }
    given = {**parameters, **changes}
    return {
        "authorization": "Digest "
        + ", ".join(f'{name}="{value}"' for name, value in given.items() if value is not None)
    }


@pytest.fixture
def nonce(served: Served) -> str:
    return challenges(get(route(served)))[0][1]


def send(served: Served, header: dict[str, str], url: str = "") -> httpx.Response:
    return get(url or route(served), headers={"authorization": header["authorization"].encode()})


def test_a_digest_client_passes(served: Served, upstream: Upstream) -> None:
    answer = get(f"{route(served)}?q=%C3%A4&r=1", auth=httpx.DigestAuth(*RIGHT))
    assert answer.json() == {"ok": True}
    assert not upstream.only.header("authorization")


def test_a_digest_client_reaches_the_mcp_server(served: Served) -> None:
    assert post(served.url("mcp"), json=INITIALIZE, auth=httpx.DigestAuth(*RIGHT)).is_success


def test_one_nonce_serves_many_requests(served: Served) -> None:
    with httpx.Client(auth=httpx.DigestAuth(*RIGHT)) as client:
        answers = [client.get(route(served)) for _ in range(3)]
    assert [len(each.history) for each in answers] == [1, 0, 0]


@pytest.mark.parametrize("wrong", [("Mufasa", "cïrcle of life"), ("Kate", "Cïrcle of Life"), ("", "")])
def test_a_wrong_user_name_or_password_is_refused(
    served: Served, upstream: Upstream, wrong: tuple[str, str]
) -> None:
    answer = get(route(served), auth=httpx.DigestAuth(*wrong))
    assert [(algorithm, stale) for algorithm, _, stale in challenges(answer)] == [
        ("SHA-256", ""),
        ("MD5", ""),
    ]
    assert not upstream.received


@pytest.mark.parametrize("algorithm", ["SHA-256", "MD5"])
def test_both_algorithms_are_taken(served: Served, nonce: str, algorithm: str) -> None:
    assert send(served, digest(route(served), nonce, algorithm)).is_success


def test_a_user_name_may_be_written_in_ascii(served: Served, nonce: str) -> None:
    header = digest(route(served), nonce)["authorization"]
    extended = header.replace('username="Mufasa"', "username*=UTF-8''Mufas%61")
    assert send(served, {"authorization": extended}).is_success


@pytest.mark.parametrize(
    "changes",
    [
        {"response": "0" * 64},
        {"response": None},
        {"username": "Kate"},
        {"username": None},
        {"realm": "shop-mcp"},
        {"qop": None},
        {"qop": "auth-int"},
        {"nc": "1"},
        {"nc": "00000002"},
        {"cnonce": ""},
        {"cnonce": "x"},
        {"algorithm": "SHA-512-256"},
        {"algorithm": "MD5"},
        {"uri": "/elsewhere"},
        {"uri": None, "response": "x"},
        {"nonce": None},
    ],
)
def test_a_digest_of_something_else_is_refused(
    served: Served, upstream: Upstream, nonce: str, changes: dict[str, str | None]
) -> None:
    challenges(send(served, digest(route(served), nonce, "SHA-256", **changes)))
    assert not upstream.received


def test_a_digest_is_good_for_its_own_query_only(served: Served, nonce: str) -> None:
    url = f"{route(served)}?q=1"
    assert send(served, digest(url, nonce), url).is_success
    challenges(send(served, digest(url, nonce), f"{route(served)}?q=2"))
    challenges(send(served, digest(url, nonce)))


@pytest.mark.parametrize(
    "header", ["Digest", "Digest nonsense", "Digest a=b, a=c", 'Digest username="', "Digest ="]
)
def test_what_is_no_digest_is_refused(served: Served, header: str) -> None:
    challenges(get(route(served), headers={"authorization": header}))


def test_a_nonce_that_is_used_up_is_called_stale(served: Served, upstream: Upstream) -> None:
    nonces = NonceFactory("Cïrcle of Life", "Mufasa:shop-rest")
    assert send(served, digest(route(served), nonces.create())).is_success  # as another replica makes them
    old = nonces._signed(f"{int((time.time() - 3600) * 1000):x}")
    ahead = nonces._signed(f"{int((time.time() + 3600) * 1000):x}")
    upstream.reset()
    for each in (old, ahead, "x", "", "." * 3, "1f.00", old.upper()):
        answer = send(served, digest(route(served), each))
        assert [stale for _, _, stale in challenges(answer)] == [", stale=true"] * 2
    assert not upstream.received


def test_nonces_of_one_secret_are_known_wherever_they_were_made() -> None:
    here, there, elsewhere = NonceFactory("a", "salt"), NonceFactory("a", "salt"), NonceFactory("b", "salt")
    assert there.is_fresh(here.create())
    assert not elsewhere.is_fresh(here.create())
    assert not NonceFactory("a", "salt", lifetime=-1).is_fresh(here.create())


def test_replicas_share_nothing_but_the_password(
    served: Served, shared_upstream: Upstream, tmp_path_factory: pytest.TempPathFactory
) -> None:
    with serving_guarded(tmp_path_factory.mktemp("replica"), shared_upstream, BLOCK, VALUES) as other:
        for _, nonce, _ in challenges(get(route(served))):
            assert send(other, digest(route(other), nonce)).is_success
