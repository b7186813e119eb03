"""Whatever stands in an authentication block: the adapter is guarded, or it is not served."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from naftiko_run import Settings, load
from naftiko_run.serve import Addressing, ServeSettings
from naftiko_run.serve.site import build_sites
from support.asgi_client import get
from support.documents import small, written
from support.server import ANY_PORT

KEYS = [
    "token",
    "value",
    "key",
    "placement",
    "in",
    "name",
    "header",
    "headers",
    "parameters",
    "username",
    "password",
    "authorizationServerUri",
    "resource",
    "scopes",
    "audience",
    "tokenValidation",
    "clientId",
    "clientSecret",
]
TYPES = ["bearer", "basic", "apikey", "Digest", "oauth2", "api-key", "token", "header", "query", "oauth1", ""]
LEAVES = st.sampled_from(
    [None, True, 0, "", "x", "{{X}}", "{{#x}}", "{{Y}}", "header", "body", "https://x.example", "http://["]
)
VALUES = LEAVES | st.lists(LEAVES, max_size=2) | st.dictionaries(st.sampled_from(KEYS), LEAVES, max_size=2)
BLOCKS = st.builds(
    lambda kind, block: {"type": kind, **block} if kind is not None else block,
    st.sampled_from([*TYPES, None]),
    st.dictionaries(st.sampled_from(KEYS), VALUES, max_size=5),
)


@given(BLOCKS | VALUES)
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_no_block_leaves_an_adapter_open(tmp_path_factory: pytest.TempPathFactory, block: Any) -> None:
    text = small("shop", rest=f"authentication: {json.dumps(block)}")
    document = written(tmp_path_factory.getbasetemp(), text, "property.yaml")
    capability = load(document, Settings(environment={"X": "x"}))
    sites = build_sites([capability], ServeSettings(Addressing("", ANY_PORT)))
    try:
        served = [site for site in sites for adapter in site.adapters if adapter.type == "rest"]
        for site in served:
            assert get(site.router, "/things").status_code in (401, 503)
        told = [each for each in capability.diagnostics if each.code == "not-guarded"]
        assert len(told) + len(served) == 1
    finally:
        for site in sites:
            site.socket.close()
