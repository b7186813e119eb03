"""``completion/complete`` with the official client in both protocol generations."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import mcp_types as types
import pytest
from mcp.client.client import Client
from mcp.shared.exceptions import MCPError

from naftiko_run import Settings
from support.mcp_client import ERAS, with_client
from support.server import Served, serving

MODES = pytest.mark.parametrize("mode", ERAS)
Reference = types.PromptReference | types.ResourceTemplateReference

DOCUMENT = """
naftiko: 1.0.0-alpha2
capability:
  exposes:
  - type: mcp
    namespace: m
    resources:
    - name: floor
      uri: plans://{floor}
      description: A floor
      inputParameters: [{name: floor, type: integer, enum: [1, 2, 12]}]
      outputParameters: [{type: string, value: "{{floor}}"}]
    prompts:
    - name: travel
      description: Travel
      arguments: [{name: city, enum: [Rome, Riga, Oslo]}, {name: remark}]
      template: [{role: user, content: "To {{city}}: {{remark}}"}]
"""


@pytest.fixture
def served(tmp_path: Path) -> Iterator[Served]:
    file = tmp_path / "m.yaml"
    file.write_text(DOCUMENT)
    with serving(file, settings=Settings()) as served:
        yield served


def completed(served: Served, mode: str, reference: Reference, name: str, value: str) -> list[str]:
    async def complete(client: Client) -> list[str]:
        return (await client.complete(reference, {"name": name, "value": value})).completion.values

    return with_client(served.url("mcp"), mode, complete)


@MODES
@pytest.mark.parametrize(
    ("name", "value", "expected"),
    [
        ("city", "r", ["Rome", "Riga"]),
        ("city", "", ["Rome", "Riga", "Oslo"]),
        ("city", "x", []),
        ("remark", "a", []),
    ],
)
def test_a_prompt_argument_is_completed_from_its_enum(
    served: Served, mode: str, name: str, value: str, expected: list[str]
) -> None:
    assert completed(served, mode, types.PromptReference(name="travel"), name, value) == expected


@MODES
def test_a_template_variable_is_completed_from_its_enum(served: Served, mode: str) -> None:
    reference = types.ResourceTemplateReference(uri="plans://{floor}")
    assert completed(served, mode, reference, "floor", "1") == ["1", "12"]


@pytest.mark.parametrize(
    "reference",
    [types.PromptReference(name="none"), types.ResourceTemplateReference(uri="plans://none")],
    ids=["prompt", "template"],
)
def test_an_unknown_reference_cannot_be_completed(served: Served, reference: Reference) -> None:
    async def refused(client: Client) -> types.ErrorData:
        with pytest.raises(MCPError) as failed:
            await client.complete(reference, {"name": "city", "value": "r"})
        return failed.value.error

    assert with_client(served.url("mcp"), "legacy", refused).code == types.INVALID_PARAMS
