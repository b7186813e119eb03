"""What a document says is shown; no terminal obeys it."""

from pathlib import Path

import pytest

from support.commands import ended
from support.process import READY, launched

DOCUMENT = """\
naftiko: 1.0.0-alpha2
info: {label: "\\e]0;label\\a"}
capability:
  consumes:
  - type: http
    namespace: up
    baseUri: http://127.0.0.1:1
    resources: [{path: /a, operations: [{name: get, method: GET}]}]
  exposes:
  - type: mcp
    namespace: tools
    tools:
    - {name: "get\\e[2J", call: up.get}
    - {name: gone, call: "up.\\e[31m\\x9b1mgone"}
"""


@pytest.fixture
def document(tmp_path: Path) -> Path:
    path = tmp_path / "document.yaml"
    path.write_text(DOCUMENT, encoding="utf-8")
    return path


@pytest.mark.parametrize("command", ["validate", "list"])
def test_control_characters_are_shown_as_signs(document: Path, command: str) -> None:
    done = ended("naftiko", command, document)
    said = done.stdout + done.stderr
    assert "`up` has no operation `␛[31m\ufffd1mgone`" in said
    assert "\x1b" not in said
    assert "\x9b" not in said


def test_start_up_shows_them_as_signs_too(document: Path) -> None:
    with launched(document, "--port", "mcp=0") as process:
        process.wait_for_line(READY)
        assert "tool get--2J" in process.text
        assert "the tool name `get␛[2J` is" in process.text
        assert "\x1b" not in process.text
