"""What each level looks for, and in which order it is told."""

from pathlib import Path

import pytest

from lint.marks import findings
from naftiko_run import load
from naftiko_run.diagnostics import Diagnostic, Severity
from naftiko_run.document.source import parse
from naftiko_run.errors import DocumentError
from naftiko_run.lint import Level, lint
from support.documents import PIPELINES, SHOP

HALF = """\
naftiko: 1.0.0-alpha2
info: {label: Half, tags: [x]}
binds: [{namespace: env, keys: {HOST: HOST}}]
capability:
  exposes:
  - type: mcp
    namespace: tools
    tools:
    - {name: get, description: Get, call: up.get}
    - {name: gone, description: Gone, call: up.gone}
  consumes:
  - {type: http, namespace: up, baseUri: 'https://{{HOST}}.test/', resources: [
      {path: /a, operations: [{name: get, method: GET}]}]}
"""


def told(found: tuple[Diagnostic, ...]) -> list[tuple[str, str, int, int, str]]:
    return [(each.code, each.message, each.line, each.column, each.pointer) for each in found]


def test_runnable_tells_what_loading_tells(tmp_path: Path) -> None:
    file = tmp_path / "half.yaml"
    file.write_text(HALF, encoding="utf-8")
    found = lint(file)
    assert told(found) == told(load(file).diagnostics)
    assert [each.code for each in found] == ["unknown-operation"]
    assert found[0].excerpt == "    - {name: gone, description: Gone, call: up.gone}"


def test_runnable_tells_why_a_document_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "none.yaml"
    file.write_text("naftiko: 1.0.0-alpha2\n", encoding="utf-8")
    with pytest.raises(DocumentError) as refused:
        load(file)
    assert told(lint(file)) == told(refused.value.diagnostics)


@pytest.mark.parametrize("text", [HALF, SHOP, PIPELINES.read_text(encoding="utf-8")])
def test_each_level_tells_what_the_one_before_it_tells_and_more(text: str) -> None:
    runnable, recommended, strict = (set(findings(text, level)) for level in Level)
    assert runnable < recommended or not runnable
    assert recommended < strict


def test_findings_stand_in_the_order_of_the_document() -> None:
    found = findings(HALF, Level.STRICT)
    places = [(each.line, each.column) for each in found]
    assert places == sorted(places)
    assert len(set(found)) == len(found)


def test_what_breaks_the_schema_is_an_error_of_the_strict_level_alone() -> None:
    text = PIPELINES.read_text(encoding="utf-8")
    assert not [each for each in findings(text) if each.code == "schema"]
    schema = [each for each in findings(text, Level.STRICT) if each.code == "schema"]
    assert schema
    assert all(each.severity is Severity.ERROR and each.line for each in schema)


def test_an_unknown_key_is_told_once_at_the_key() -> None:
    text = HALF.replace("    namespace: tools", "    namespace: tools\n    workflow: x")
    for level, code in ((Level.RECOMMENDED, "unknown-key"), (Level.STRICT, "schema")):
        told = [each for each in findings(text, level) if "workflow" in each.message]
        assert [(each.code, each.line, each.column) for each in told] == [(code, 8, 5)]


def test_a_document_of_the_official_schema_has_no_strict_finding() -> None:
    assert (
        findings(
            """\
naftiko: 1.0.0-alpha2
info: {label: Fleet, description: Ships, tags: [Fleet]}
capability:
  consumes:
  - type: http
    namespace: registry
    description: The registry of ships
    baseUri: https://registry.test
    resources:
    - name: ships
      path: /ships
      operations:
      - {name: list-ships, method: GET}
  exposes:
  - type: mcp
    namespace: fleet
    transport: http
    port: 9090
    description: The fleet
    tools:
    - {name: list-ships, description: List the ships, call: registry.list-ships}
""",
            Level.STRICT,
        )
        == ()
    )


def test_variables_that_are_not_set_are_no_findings() -> None:
    assert not findings(
        HALF.replace("https://{{HOST}}.test/", "{{HOST}}").replace("up.gone", "up.get"), Level.RUNNABLE
    )


def test_variables_that_are_set_change_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    before = findings(HALF)
    monkeypatch.setenv("HOST", "::not a host::")
    assert findings(HALF) == before


def test_a_file_that_is_missing_too_large_or_no_text_is_one_finding(tmp_path: Path) -> None:
    (missing,) = lint(tmp_path / "none.yaml", Level.STRICT)
    assert (missing.code, missing.line, missing.excerpt) == ("no-such-file", 0, "")
    large = tmp_path / "large.yaml"
    large.write_bytes(b"# " + b"x" * 5_000_000)
    (too_large,) = lint(large)
    assert too_large.code == "document-too-large"
    latin = tmp_path / "latin.yaml"
    latin.write_bytes("naftiko: 1.0.0-alpha2\ninfo: {label: Café}\n".encode("latin-1"))
    (no_text,) = lint(latin)
    assert (no_text.code, no_text.line) == ("not-utf8", 2)
    assert no_text.excerpt.startswith("info: {label: Caf")


def test_a_document_can_be_linted_without_a_file() -> None:
    (found,) = lint(parse("just text"))
    assert (found.code, found.file, found.excerpt) == ("not-a-mapping", "", "just text")
