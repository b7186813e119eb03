"""No credential is ever shown: not at start-up, not in logs at any level, not in answers."""

from __future__ import annotations

from base64 import b64encode
from pathlib import Path
from urllib.parse import quote, unquote

import httpx

from support.commands import ended
from support.documents import CREDENTIALS, PIPELINES, written
from support.mcp_client import call_tool, text_of
from support.process import started
from support.upstream import JSON, Answer, Upstream

KEYED = """\
naftiko: 1.0.0-alpha2
info: {label: Keyed}
binds:
- namespace: env
  keys: {KEY: KEYED_KEY, ORIGIN: KEYED_ORIGIN}
capability:
  consumes:
  - type: http
    namespace: keyed
    baseUri: '{{ORIGIN}}/{{KEY}}'
    authentication: {type: apikey, key: api_key, value: '{{KEY}}', placement: query}
    resources:
    - path: /things
      operations:
      - name: get
        method: GET
        inputParameters:
        - {name: X-Key, in: header, value: '{{KEY}}'}
  exposes:
  - type: rest
    namespace: keyed-rest
    resources:
    - path: /things
      operations:
      - {method: GET, name: get, call: keyed.get}
    - path: /things/name
      operations:
      - {method: GET, name: name, call: keyed.get, outputParameters: [{type: string, mapping: $.name}]}
"""
KEY = "k3y+of/the=keyed"


def test_nothing_that_is_told_or_logged_holds_a_credential(tmp_path: Path, upstream: Upstream) -> None:
    user, password = CREDENTIALS["CUSTOMER_IO_USER"], CREDENTIALS["CUSTOMER_IO_PASS"]
    secrets = [user, password, b64encode(f"{user}:{password}".encode()).decode(), KEY, quote(KEY, safe="")]
    keyed = written(tmp_path, KEYED)
    with started(
        *(PIPELINES, keyed, "--log-level", "debug", "--timeout", "0.3"),
        *("--base-uri", f"pipelines-track={upstream.url}/v1"),
        environment={**CREDENTIALS, "KEYED_KEY": KEY, "KEYED_ORIGIN": upstream.url},
    ) as process:
        rest, mcp = process.url("rest"), process.url("mcp")
        told: list[str] = []
        for answer in (
            Answer(),
            Answer(401, b"{}", (*JSON, ("www-authenticate", "Basic"))),
            Answer(500, b"oops"),
            Answer(200, b"{broken"),
            Answer(200, b'{"ok": true}', cut_after=2),
            Answer(200, b"x", (("content-encoding", "gzip"),)),
        ):
            upstream.answers(answer)
            told.append(httpx.post(f"{rest}/v1/track", json={}).text)
            told.append(text_of(call_tool(mcp, "track-event", {"body": {}})))
            told += [httpx.get(f"{rest}/{path}").text for path in ("things", "things/name")]
        with upstream.held():
            told.append(httpx.post(f"{rest}/v1/track", json={}).text)
            told.append(httpx.get(f"{rest}/things").text)
        assert KEY in {
            unquote(request.path).removeprefix("/").removesuffix("/things") for request in upstream.received
        }
        told.append(process.text)
    for secret in secrets:
        assert [text for text in told if secret in text] == []


LITERAL = """\
naftiko: 1.0.0-alpha2
capability:
  consumes:
  - type: http
    namespace: up
    baseUri: http://user:url-password-9@127.0.0.1:1
    authentication: {type: header, header: X-Api-Key, token: literal-token-9}
    resources: [{path: /a, operations: [{name: get, method: GET}]}]
  exposes:
  - type: mcp
    namespace: tools
    tools: [{name: get, call: up.get}]
  - type: rest
    namespace: routes
    resources: [{path: /a, operations: [{method: GET, call: up.get}]}]
"""


def test_a_credential_that_is_written_in_the_document_is_not_shown_at_start_up(tmp_path: Path) -> None:
    with started(written(tmp_path, LITERAL.replace("type: header", "type: made-up"))) as process:
        told = process.text
    assert "warning[cannot-be-called]" in told
    assert "| " in told  # the line of the block, which holds the credential
    assert "literal-token-9" not in told
    assert "url-password-9" not in told


def test_a_credential_that_is_written_in_the_document_is_not_listed(tmp_path: Path) -> None:
    document = written(tmp_path, LITERAL)
    for form in ([], ["--json"]):
        done = ended("naftiko", "list", document, *form)
        assert done.returncode == 0
        assert "up" in done.stdout
        assert "token-9" not in done.stdout + done.stderr
        assert "password-9" not in done.stdout + done.stderr
