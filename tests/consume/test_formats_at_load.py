"""Errors in a format are reported when the document is loaded, and only its own functions are not served."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from consume.formats import write_protos
from consume.recording import Recorder, consumes, header_of, invoke, sent, tool
from naftiko_run.capability import Capability, Settings, load
from naftiko_run.diagnostics import Diagnostic

MAPPED = {"outputParameters": [{"type": "string", "mapping": "$.a"}]}


def loaded(folder: Path, operation: dict[str, Any], **unit: Any) -> Capability:
    """Load a document in a folder: the tool ``m.t`` calls the operation, and ``m.fine`` another."""
    entry = consumes(operation)
    entry["resources"].append({"path": "/fine", "operations": [{"name": "fine", "method": "GET"}]})
    tools = [{"name": "t", "call": "api.op", **unit}, {"name": "fine", "call": "api.fine"}]
    capability = {"consumes": [entry], "exposes": [{"type": "mcp", "namespace": "m", "tools": tools}]}
    file = folder / "capability.yaml"
    file.write_text(yaml.safe_dump({"naftiko": "1.0.0-alpha2", "capability": capability}, sort_keys=False))
    return load(file, Settings(environment={}))


def finding(capability: Capability, code: str) -> Diagnostic:
    """Return the only diagnostic of a kind."""
    (found,) = [each for each in capability.diagnostics if each.code == code]
    return found


@pytest.mark.parametrize(
    ("operation", "words"),
    [
        ({"outputRawFormat": "avro", "outputSchema": "none.avsc"}, "schema file `none.avsc` not found"),
        ({"outputRawFormat": "avro", "outputSchema": "text.avsc"}, "is not a valid Avro schema"),
        ({"outputRawFormat": "avro", "outputSchema": "node.avsc"}, "a recursive type, `Node`"),
        (
            {"outputRawFormat": "protobuf", "outputSchema": "none.proto"},
            "schema file `none.proto` not found",
        ),
        (
            {"outputRawFormat": "protobuf", "outputSchema": "bad.proto"},
            "bad.proto:2:23: Expected field number",
        ),
        ({"outputRawFormat": "protobuf", "outputSchema": "fleet.proto#Nope"}, "has no message `Nope`"),
        ({"outputRawFormat": "protobuf"}, "needs an `outputSchema`"),
        ({"outputRawFormat": "protobuf", "outputSchema": "vault://x"}, "not the location of a file"),
        ({"outputRawFormat": "html", "outputSchema": "table["}, "`table[` is not a valid CSS selector"),
    ],
)
def test_functions_with_an_invalid_schema_are_not_served(
    tmp_path: Path, operation: dict[str, Any], words: str
) -> None:
    (tmp_path / "text.avsc").write_text("no JSON")
    (tmp_path / "node.avsc").write_text(
        '{"type": "record", "name": "Node", "fields": [{"name": "next", "type": ["null", "Node"]}]}'
    )
    (tmp_path / "bad.proto").write_text('syntax = "proto3";\nmessage A { int32 n = ; }')
    write_protos(tmp_path)
    capability = loaded(tmp_path, operation)
    assert [function.name for function in capability.functions.values()] == ["fine"]
    found = finding(capability, "not-runnable")
    assert words in found.message
    assert "`t` is not served: responses of `api.op` cannot be decoded" in found.message
    assert words in str([*capability.unavailable.values()])
    assert found.pointer == "/capability/consumes/0/resources/0/operations/0/outputSchema"


def test_the_paths_tried_are_named(tmp_path: Path) -> None:
    capability = loaded(tmp_path, {"outputRawFormat": "avro", "outputSchema": "schemas/none.avsc"})
    message = finding(capability, "not-runnable").message
    assert str(tmp_path / "schemas" / "none.avsc") in message
    assert str(Path.cwd() / "schemas" / "none.avsc") in message


@pytest.mark.parametrize(
    ("written", "content", "value"),
    [
        ("XML", b"<r><a>1</a></r>", "1"),
        ("application/xml", b"<r><a>1</a></r>", "1"),
        ("text/xml; charset=utf-8", b"<r><a>1</a></r>", "1"),
        ("application/atom+xml", b"<r><a>1</a></r>", "1"),
        ("application/hal+json", b'{"a": "1"}', "1"),
        ("Application/JSON", b'{"a": "1"}', "1"),
        ("yml", b"a: '1'", "1"),
        ("application/x-yaml", b"a: '1'", "1"),
    ],
)
def test_a_format_under_another_name(written: str, content: bytes, value: str) -> None:
    function = tool({"outputRawFormat": written}, MAPPED)
    assert invoke(function, {}, Recorder(content, content_type="")).value == value


def test_an_unknown_format_is_read_as_json(tmp_path: Path) -> None:
    capability = loaded(tmp_path, {"outputRawFormat": "klingon"}, **MAPPED)
    found = finding(capability, "unknown-format")
    assert found.message == "`klingon` is not a format; responses are read as JSON"
    assert "csv, html, json" in found.hint
    assert invoke(capability.function("m.t"), {}, Recorder(b'{"a": "1"}')).value == "1"


@pytest.mark.parametrize(
    ("written", "accept"),
    [("json", "application/json"), ("xml", "application/xml"), ("csv", "text/csv"), ("image/png", "*/*")],
)
def test_the_upstream_is_asked_for_the_format(written: str, accept: str) -> None:
    asked = header_of(sent(tool({"outputRawFormat": written})), "accept") or ""
    assert asked.startswith(accept)
    assert "*/*" in asked


@pytest.mark.parametrize(
    ("name", "library"),
    [("avro", "fastavro"), ("protobuf", "google"), ("protobuf", "grpc_tools"), ("html", "selectolax")],
)
def test_a_library_that_is_not_installed_is_named_with_its_command(
    tmp_path: Path, name: str, library: str
) -> None:
    operation = {
        "outputRawFormat": name,
        **({"outputSchema": write_protos(tmp_path)} if name == "protobuf" else {}),
    }
    loaded(tmp_path, operation)
    script = f"""
import sys
sys.modules[{library!r}] = None  # as if it were not installed
import naftiko_run
print(*naftiko_run.load({str(tmp_path / "capability.yaml")!r}).unavailable.values())
"""
    ended = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert f"needs `{library}" in ended.stdout
    assert f'which is not installed: pip install "naftiko-run[{name}]"' in ended.stdout


def compiling(folder: Path, protoc: str | None) -> str:
    """Return the report of a document with a `.proto` file if the compiler package has this `protoc` module."""
    broken = folder / "installed" / "grpc_tools"
    broken.mkdir(parents=True)
    (broken / "__init__.py").touch()
    if protoc is not None:
        (broken / "protoc.py").write_text(protoc)
    loaded(folder, {"outputRawFormat": "protobuf", "outputSchema": write_protos(folder)})
    script = f"import naftiko_run; print(*naftiko_run.load({str(folder / 'capability.yaml')!r}).unavailable.values())"
    ended = subprocess.run(
        [sys.executable, "-c", script],
        capture_output=True,
        text=True,
        check=True,
        env={**os.environ, "PYTHONPATH": str(broken.parent)},
    )
    return ended.stdout


@pytest.mark.parametrize(
    ("protoc", "reason"),
    [
        (None, "No module named grpc_tools.protoc"),
        ("from grpc_tools import _protoc_compiler", "ImportError: cannot import name '_protoc_compiler'"),
        ("import nowhere", "ModuleNotFoundError: No module named 'nowhere'"),
        ("raise ImportError('libstdc++.so.6: no such file')", "ImportError: libstdc++.so.6: no such file"),
        ("import os, signal; os.kill(os.getpid(), signal.SIGKILL)", "it was terminated by SIGKILL"),
        ("raise SystemExit(3)", "it exited with code 3"),
    ],
)
def test_a_compiler_that_cannot_start_reports_the_reason(
    tmp_path: Path, protoc: str | None, reason: str
) -> None:
    told = compiling(tmp_path, protoc)
    assert "the compiler of `.proto` files (grpcio-tools) cannot start: " in told
    assert reason in told


def test_a_compiler_that_warns_before_an_error_reports_the_error(tmp_path: Path) -> None:
    told = compiling(
        tmp_path, "import sys, warnings; warnings.warn('old'); sys.exit('fleet.proto:1:1: Expected x.')"
    )
    assert "the schema cannot be compiled: fleet.proto:1:1: Expected x." in told


def test_a_size_that_is_too_large_is_reported(tmp_path: Path) -> None:
    size = "9" * 400 + "MiB"
    finding(loaded(tmp_path, {"outputRawFormat": "binary", "maxBinarySize": size}), "bad-size")


def test_an_invalid_size_is_reported(tmp_path: Path) -> None:
    found = finding(loaded(tmp_path, {"outputRawFormat": "binary", "maxBinarySize": "10 bytes"}), "bad-size")
    assert found.message == "`10 bytes` is not a size; 1,024 bytes are the limit"
    assert found.hint == "write a number and a unit, such as `512KiB`, `500KB` or `10MiB`"
    assert found.line > 1


def test_outputs_of_bytes_are_reported_as_unused(tmp_path: Path) -> None:
    found = finding(loaded(tmp_path, {"outputRawFormat": "binary"}, **MAPPED), "unmapped-bytes")
    assert "passed through unchanged" in found.message


@pytest.mark.parametrize("written", ["protobuf", "Application/X-Protobuf"])
def test_the_schema_of_what_is_imported_is_beside_its_file(tmp_path: Path, written: str) -> None:
    shared = tmp_path / "shared"
    shared.mkdir()
    schema = f"{write_protos(shared)}#fleet.Vessel"
    entry = consumes({"outputRawFormat": written, "outputSchema": schema})
    (shared / "api.yaml").write_text(yaml.safe_dump({"ikanos": "1.0.0-beta5", "consumes": [entry]}))
    capability = {
        "consumes": [{"import": "api", "from": "./shared/api.yaml"}],
        "exposes": [{"type": "mcp", "namespace": "m", "tools": [{"name": "t", "call": "api.op"}]}],
    }
    file = tmp_path / "capability.yaml"
    file.write_text(yaml.safe_dump({"ikanos": "1.0.0-beta5", "capability": capability}))
    assert load(file, Settings(environment={})).function("m.t")
