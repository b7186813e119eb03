"""Step 3 of the tutorial, both spec lines: its secrets file gives the token and the version that are sent."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
import yaml

from naftiko_run import Settings, load
from shared.documents import SHARED
from support.upstream import Upstream


@pytest.mark.parametrize("line", ["naftiko-1.0.0-alpha2", "ikanos-1.0.0-beta5"])
def test_the_secrets_file_fills_credentials_and_headers(line: str, upstream: Upstream) -> None:
    folder = SHARED / "tutorial" / line
    secrets: dict[str, Any] = yaml.safe_load((folder / "shared" / "secrets.yaml").read_text())
    upstream.answers_json([{"imo_number": "IMO-1", "vessel_name": "Aurora", "operational_status": "active"}])
    capability = load(
        folder / "step-3-shipyard-auth.yml", Settings({"registry": upstream.url}, environment={})
    )

    async def list_ships() -> Any:
        outcome = await capability.function("shipyard-tools.list-ships").invoke({"status": "active"})
        await capability.aclose()
        return outcome.value

    (ship,) = asyncio.run(list_ships())
    assert (ship["imo"], ship["name"], ship["status"]) == ("IMO-1", "Aurora", "active")
    assert upstream.only.target == "/ships?status=active"
    assert upstream.only.header("authorization") == f"Bearer {secrets['registry-bearer-token']}"
    assert upstream.only.header("registry-version") == secrets["registry-api-version"]
    assert not capability.missing()
    assert "provider-not-supported" not in {each.code for each in capability.diagnostics}
