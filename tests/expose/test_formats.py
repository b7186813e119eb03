"""Every response format through every adapter: mapped, passed on, and malformed."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest

from consume.formats import (
    VESSEL_AVSC,
    avro_container,
    avro_value,
    proto_field,
    write_protos,
    write_schema,
)
from naftiko_run import Settings
from support.documents import written
from support.mcp_client import ERAS, call_tool, text_of
from support.server import Served, serving
from support.upstream import Answer, Upstream
from support.wire import problem


@dataclass(frozen=True)
class Sample:
    """An operation that answers in some format, and what is mapped of its answer.

    Attributes:
        says: What the operation says of its answers, beside their format.
        outputs: The mapped outputs.
        content: A well-formed answer.
        mapped: What the outputs give.
        malformed: An answer that is not in the format; empty where every one is.
    """

    format: str
    media_type: str
    outputs: list[dict[str, Any]]
    content: bytes
    mapped: Any
    malformed: bytes
    says: str = ""

    @property
    def name(self) -> str:
        """A name for its operation, routes and tools."""
        return self.media_type.translate(str.maketrans("/.", "--"))


ID = {"name": "id", "type": "number", "mapping": "$.id"}
ROWS = [
    {
        "type": "array",
        "mapping": "$",
        "items": {
            "type": "object",
            "properties": {"id": ID, "active": {"type": "boolean", "mapping": "$.active"}},
        },
    }
]
TABLE = [{"type": "array", "mapping": "$.tables[0]", "items": {"type": "object", "properties": {"id": ID}}}]
VESSEL = {"imo": "IMO-1", "tons": 5, "flags": ["NL"]}
IMO = [
    {"name": "imo", "type": "string", "mapping": "$.imo"},
    {"name": "tons", "type": "number", "mapping": "$.tons"},
]

SAMPLES = [
    Sample("json", "application/json", [ID], b'{"id": "7"}', 7, b"{"),
    Sample(
        "xml",
        "application/xml",
        [
            {
                "type": "array",
                "mapping": "$.vessel",
                "items": {
                    "type": "object",
                    "properties": {"id": ID, "port": {"type": "string", "mapping": "$.port.name"}},
                },
            }
        ],
        b"<fleet><vessel id='7'><port><name>X</name></port></vessel></fleet>",
        [{"id": 7, "port": "X"}],
        b"<fleet><vessel>",
    ),
    Sample("yaml", "application/yaml", [ID], b"id: 7\nname: on\n", 7, b"id: [7"),
    Sample(
        "csv",
        "text/csv",
        ROWS,
        b"id,active\n7,true\n8,FALSE\n",
        [{"id": 7, "active": True}, {"id": 8, "active": False}],
        b'id\n"7',
    ),
    Sample(
        "tsv",
        "text/tab-separated-values",
        ROWS,
        b"id\tactive\n7\ttrue\n",
        [{"id": 7, "active": True}],
        b"id\n7\t8",
    ),
    Sample("psv", "text/psv", ROWS, b"id|active\n7|true\n", [{"id": 7, "active": True}], b"id\n7|8"),
    Sample(
        "avro",
        "application/avro",
        ROWS[:1],
        avro_container(VESSEL_AVSC, [VESSEL]),
        [{"id": None, "active": None}],
        b"Obj\x01",
    ),
    Sample(
        "avro",
        "avro/binary",
        IMO,
        avro_value(VESSEL_AVSC, VESSEL),
        {"imo": "IMO-1", "tons": 5},
        b"\xff",
        "schema.avsc",
    ),
    Sample(
        "protobuf",
        "application/x-protobuf",
        [
            {
                "type": "array",
                "mapping": "$.vessels",
                "items": {
                    "type": "object",
                    "properties": {
                        "imo": {"type": "string", "mapping": "$.imo_number"},
                        "kind": {"type": "string", "mapping": "$.kind"},
                    },
                },
            }
        ],
        proto_field(1, proto_field(1, b"IMO-1") + proto_field(3, 1)),
        [{"imo": "IMO-1", "kind": "TUG"}],
        b"<html>",
        "fleet.proto",
    ),
    Sample(
        "html",
        "text/html",
        TABLE,
        b"<table><tr><th>id<tr><td>6</table><table class=b><tr><th>id<tr><td>7</table>",
        [{"id": 7}],
        b"",
        "table.b",
    ),
    Sample(
        "markdown",
        "text/markdown",
        [
            {"name": "title", "type": "string", "mapping": "$.frontMatter.title"},
            {"name": "result", "type": "string", "mapping": "$.sections[0].content"},
        ],
        b"---\ntitle: T\n---\n# Intro\nhello\n## Results\nfine\n",
        {"title": "T", "result": "fine"},
        b"---\na: [\n---\n",
        "## Results",
    ),
    Sample("text", "text/plain", [{"type": "string", "mapping": "$", "maxLength": 2}], b"up 1", "up", b""),
]
NAMED = pytest.mark.parametrize("sample", SAMPLES, ids=lambda sample: sample.name)
UNREADABLE = [each for each in SAMPLES if each.format in ("avro", "protobuf")]


def document() -> str:
    """Write the document: for each sample a route and a tool with outputs, and ones without."""
    operations: list[dict[str, Any]] = []
    routes: list[dict[str, Any]] = []
    tools: list[dict[str, Any]] = []
    for each in SAMPLES:
        says = {"outputRawFormat": each.format, **({"outputSchema": each.says} if each.says else {})}
        operations.append(
            {"path": f"/{each.name}", "operations": [{"name": each.name, "method": "GET", **says}]}
        )
        for suffix, outputs in (("", None), ("-mapped", each.outputs)):
            unit: dict[str, Any] = {"name": each.name + suffix, "call": f"api.{each.name}"}
            unit |= {"outputParameters": outputs} if outputs else {}
            routes.append({"path": f"/{each.name}{suffix}", "operations": [{"method": "GET", **unit}]})
            tools.append(unit)
        data = [{"type": "object", "mapping": "$."}]
        tools.append({"name": f"{each.name}-data", "call": f"api.{each.name}", "outputParameters": data})
    capability = {
        "consumes": [{"namespace": "api", "baseUri": "https://api.example", "resources": operations}],
        "exposes": [
            {"type": "rest", "namespace": "r", "resources": routes},
            {"type": "mcp", "namespace": "m", "tools": tools},
        ],
    }
    return json.dumps({"naftiko": "1.0.0-alpha2", "capability": capability})


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The document and its schemas."""
    made = tmp_path_factory.mktemp("formats")
    write_schema(made, VESSEL_AVSC)
    write_protos(made)
    return written(made, document()).parent


@pytest.fixture(scope="module")
def served(folder: Path, shared_upstream: Upstream) -> Iterator[Served]:
    """The document, in front of the upstream."""
    settings = Settings({"api": shared_upstream.url}, environment={})
    with serving(folder / "shop.yaml", settings=settings) as serving_:
        yield serving_


def answering(upstream: Upstream, sample: Sample, content: bytes | None = None, media_type: str = "") -> None:
    """Let the upstream answer a sample's content, or another."""
    headers = (("content-type", media_type or sample.media_type),)
    upstream.answers(Answer(200, sample.content if content is None else content, headers))


@NAMED
def test_mapped_over_rest(served: Served, upstream: Upstream, sample: Sample) -> None:
    answering(upstream, sample)
    answer = httpx.get(f"{served.url('rest')}/{sample.name}-mapped")
    assert (answer.status_code, answer.json()) == (200, sample.mapped)
    assert answer.headers["content-type"] == "application/json"


@NAMED
def test_mapped_over_mcp(served: Served, upstream: Upstream, sample: Sample) -> None:
    answering(upstream, sample)
    result = call_tool(served.url("mcp"), f"{sample.name}-mapped")
    assert (result.is_error, result.structured_content) == (False, sample.mapped)
    assert json.loads(text_of(result)) == sample.mapped


@NAMED
def test_passed_on_over_rest_untouched(served: Served, upstream: Upstream, sample: Sample) -> None:
    media_type = f"{sample.media_type}; v=1"
    answering(upstream, sample, media_type=media_type)
    answer = httpx.get(f"{served.url('rest')}/{sample.name}")
    assert (answer.content, answer.headers["content-type"]) == (sample.content, media_type)


@pytest.mark.parametrize(
    "sample", [each for each in SAMPLES if each not in UNREADABLE], ids=lambda each: each.name
)
def test_text_is_passed_on_over_mcp_as_it_is(served: Served, upstream: Upstream, sample: Sample) -> None:
    answering(upstream, sample)
    result = call_tool(served.url("mcp"), sample.name)
    if sample.format != "json":
        assert (text_of(result), result.structured_content) == (sample.content.decode(), None)


@pytest.mark.parametrize("sample", UNREADABLE, ids=lambda each: each.name)
@pytest.mark.parametrize("mode", ERAS)
def test_what_nobody_can_read_is_passed_on_over_mcp_as_data(
    served: Served, upstream: Upstream, sample: Sample, mode: str
) -> None:
    answering(upstream, sample)
    result = call_tool(served.url("mcp"), sample.name, mode=mode)
    assert "IMO-1" in text_of(result)
    assert json.loads(text_of(result))
    assert isinstance(result.structured_content, dict if mode == "legacy" else dict | list)


@NAMED
def test_an_object_that_is_asked_for_is_data_over_mcp(
    served: Served, upstream: Upstream, sample: Sample
) -> None:
    answering(upstream, sample)
    result = call_tool(served.url("mcp"), f"{sample.name}-data")
    assert result.structured_content is not None
    assert text_of(result) == json.dumps(result.structured_content, separators=(",", ":"))


@pytest.mark.parametrize("sample", [each for each in SAMPLES if each.malformed], ids=lambda each: each.name)
def test_a_malformed_answer_is_told_and_not_shown(served: Served, upstream: Upstream, sample: Sample) -> None:
    answering(upstream, sample, sample.malformed)
    found = problem(httpx.get(f"{served.url('rest')}/{sample.name}-mapped"), 502)
    assert found["type"] == "urn:naftiko:problem:undecodable-response"
    words = f"api.{sample.name} returned a response that is not {sample.format.upper()} (Content-Type: {sample.media_type}): "
    assert found["detail"].startswith(words)
    assert len(found["detail"]) > len(words)
    result = call_tool(served.url("mcp"), f"{sample.name}-mapped")
    assert result.is_error
    assert text_of(result) == found["detail"]


@pytest.mark.parametrize("sample", UNREADABLE, ids=lambda each: each.name)
def test_a_malformed_answer_that_nobody_can_read_is_told_without_outputs_too(
    served: Served, upstream: Upstream, sample: Sample
) -> None:
    answering(upstream, sample, sample.malformed)
    assert httpx.get(f"{served.url('rest')}/{sample.name}").content == sample.malformed
    result = call_tool(served.url("mcp"), sample.name)
    assert result.is_error
    assert "returned a response that is not" in text_of(result)


def test_text_over_mcp_is_in_its_own_encoding(served: Served, upstream: Upstream) -> None:
    (csv,) = [each for each in SAMPLES if each.format == "csv"]
    answering(upstream, csv, "id\né".encode("latin-1"), "text/csv; charset=iso-8859-1")
    assert text_of(call_tool(served.url("mcp"), csv.name)) == "id\né"


def test_an_upstreams_error_is_not_read(served: Served, upstream: Upstream) -> None:
    (proto,) = [each for each in SAMPLES if each.format == "protobuf"]
    upstream.answers_json({"message": "gone"}, 404)
    answer = httpx.get(f"{served.url('rest')}/{proto.name}-mapped")
    assert (answer.status_code, answer.json()) == (404, {"message": "gone"})
    assert call_tool(served.url("mcp"), proto.name).structured_content == {
        "status": 404,
        "body": {"message": "gone"},
    }


@NAMED
def test_the_sandbox_answers_every_format(sandboxed: Served, sample: Sample) -> None:
    for suffix in ("", "-mapped"):
        answer = httpx.get(f"{sandboxed.url('rest')}/{sample.name}{suffix}")
        assert (answer.status_code, answer.headers["content-type"]) == (200, "application/json")
        assert not call_tool(sandboxed.url("mcp"), sample.name + suffix).is_error
    shown = httpx.get(f"{sandboxed.url('rest')}/{sample.name}").json()
    assert shown["sandbox"]["wouldSend"]["url"] == f"https://api.example/{sample.name}"


@pytest.fixture(scope="module")
def sandboxed(folder: Path) -> Iterator[Served]:
    """The document in the sandbox."""
    with serving(folder / "shop.yaml", settings=Settings(sandbox=True, environment={})) as serving_:
        yield serving_
