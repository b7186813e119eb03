"""``x-content``: content blocks of tool results and prompt messages."""

from __future__ import annotations

from base64 import b64decode
from collections.abc import Iterator
from pathlib import Path

import mcp_types as types
import pytest
from mcp.client.client import Client

from naftiko_run import Settings
from support.mcp_client import ERAS, call_tool, error_of_call, text_of, with_client
from support.server import Served, serving
from support.upstream import Answer, Upstream

MODES = pytest.mark.parametrize("mode", ERAS)
PNG = bytes.fromhex("89504e470d0a1a0a00ff")
WAV = b"RIFF\0\0\0\0WAVE\xff"

DOCUMENT = """
naftiko: 1.0.0-alpha2
capability:
  consumes:
  - type: http
    namespace: api
    baseUri: {url}
    resources:
    - path: /plans
      operations:
      - {{name: plan, method: GET, inputParameters: [{{name: floor, in: query}}]}}
  exposes:
  - type: mcp
    namespace: m
    tools:
    - name: everything
      description: One of each
      inputParameters: [{{name: floor, type: string, required: true}}]
      x-content:
      - {{text: "Floor {{{{floor}}}}:"}}
      - {{resource: "plans://picture"}}
      - {{resource: "plans://sound"}}
      - {{resource: "plans://{{{{floor}}}}/text"}}
    - name: with-call
      description: With a call
      call: api.plan
      inputParameters: [{{name: floor, type: string, required: true}}]
      x-content: [{{text: "A plan of {{{{floor}}}}"}}]
    - name: nowhere
      description: Shows what is not there
      x-content: [{{resource: "plans://nowhere"}}]
    - name: half
      description: Has a part that says two things
      x-content: [{{text: whole}}, {{text: a, resource: b}}]
    resources:
    - {{name: picture, uri: "plans://picture", description: P, mimeType: image/png, location: ./a.png}}
    - {{name: sound, uri: "plans://sound", description: S, mimeType: audio/wav, location: ./a.wav}}
    - name: text
      uri: plans://{{floor}}/text
      description: T
      inputParameters: [{{name: floor, type: string}}]
      outputParameters: [{{type: object, properties: {{floor: {{type: string, value: "{{{{floor}}}}"}}}}}}]
    prompts:
    - name: explain
      description: Explains
      arguments: [{{name: what, description: What}}]
      template:
      - {{role: user, x-content: [{{resource: "plans://picture"}}, {{resource: "plans://{{{{what}}}}/text"}}]}}
      - {{role: assistant, content: "This is {{{{what}}}}."}}
"""


@pytest.fixture
def served(tmp_path: Path, upstream: Upstream) -> Iterator[Served]:
    (tmp_path / "a.png").write_bytes(PNG)
    (tmp_path / "a.wav").write_bytes(WAV)
    file = tmp_path / "m.yaml"
    file.write_text(DOCUMENT.format(url=upstream.url))
    with serving(file, settings=Settings()) as served:
        yield served


@MODES
def test_a_result_contains_texts_images_audio_and_resources(served: Served, mode: str) -> None:
    text, picture, sound, resource = call_tool(served.url("mcp"), "everything", {"floor": "7"}, mode).content
    assert isinstance(text, types.TextContent)
    assert text.text == "Floor 7:"
    assert isinstance(picture, types.ImageContent)
    assert (b64decode(picture.data), picture.mime_type) == (PNG, "image/png")
    assert isinstance(sound, types.AudioContent)
    assert (b64decode(sound.data), sound.mime_type) == (WAV, "audio/wav")
    assert isinstance(resource, types.EmbeddedResource)
    assert isinstance(resource.resource, types.TextResourceContents)
    assert (resource.resource.uri, resource.resource.text) == ("plans://7/text", '{"floor":"7"}')


@MODES
def test_with_a_call_the_response_remains_structured_content(
    served: Served, upstream: Upstream, mode: str
) -> None:
    upstream.answers_json({"rooms": 3})
    result = call_tool(served.url("mcp"), "with-call", {"floor": "7"}, mode)
    assert text_of(result) == "A plan of 7"
    assert result.structured_content == {"rooms": 3}
    assert upstream.only.query == "floor=7"


def test_a_failed_call_shows_only_the_reason(served: Served, upstream: Upstream) -> None:
    upstream.answers(Answer(500, body=b"out of order"))
    result = call_tool(served.url("mcp"), "with-call", {"floor": "7"})
    assert result.is_error
    assert "out of order" in text_of(result)


def test_arguments_are_validated_before_content_is_rendered(served: Served) -> None:
    result = call_tool(served.url("mcp"), "everything", {})
    assert result.is_error
    assert "/floor is required" in text_of(result)


def test_an_unknown_resource_is_an_error_with_its_uri(served: Served) -> None:
    assert "plans://nowhere" in error_of_call(served.url("mcp"), "nowhere", {}).message


def test_an_ambiguous_part_is_skipped_with_a_warning(served: Served) -> None:
    assert text_of(call_tool(served.url("mcp"), "half")) == "whole"
    (warning,) = [each for each in served.capabilities[0].diagnostics if each.code == "bad-content"]
    assert warning.pointer.endswith("/x-content/1")


@MODES
def test_a_prompt_message_embeds_resources(served: Served, mode: str) -> None:
    async def get(client: Client) -> list[types.PromptMessage]:
        return (await client.get_prompt("explain", {"what": "7"})).messages

    picture, resource, text = with_client(served.url("mcp"), mode, get)
    assert isinstance(picture.content, types.ImageContent)
    assert isinstance(resource.content, types.EmbeddedResource)
    assert resource.content.resource.uri == "plans://7/text"
    assert (text.role, text.content) == ("assistant", types.TextContent(text="This is 7."))
