"""Served documents that many tests call."""

from __future__ import annotations

from collections.abc import Iterator

import httpx
import pytest

from naftiko_run import Settings
from support.documents import CREDENTIALS, PIPELINES, SHOP, SHOP_TOKEN, written
from support.server import Served, serving
from support.upstream import Upstream

MAX_BODY = 100_000


@pytest.fixture(scope="session")
def pipelines(shared_upstream: Upstream) -> Iterator[Served]:
    """The first document, in front of the upstream."""
    settings = Settings({"pipelines-track": f"{shared_upstream.url}/v1"}, environment=CREDENTIALS)
    with serving(PIPELINES, settings=settings, max_body=MAX_BODY) as served:
        yield served


@pytest.fixture(scope="session")
def shop(shared_upstream: Upstream, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """The shop, in front of the upstream."""
    document = written(tmp_path_factory.mktemp("shop"), SHOP)
    settings = Settings({"shop": f"{shared_upstream.url}/api"}, environment=SHOP_TOKEN)
    with serving(document, settings=settings, max_body=MAX_BODY) as served:
        yield served


@pytest.fixture(scope="session")
def pipelines_client(pipelines: Served) -> Iterator[httpx.Client]:
    """A client of the first document's REST API."""
    with httpx.Client(base_url=pipelines.url("rest")) as client:
        yield client


@pytest.fixture(scope="session")
def shop_client(shop: Served) -> Iterator[httpx.Client]:
    """A client of the shop's REST API."""
    with httpx.Client(base_url=shop.url("rest")) as client:
        yield client
