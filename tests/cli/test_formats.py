"""Findings as JSON, workflow commands and SARIF."""

import json
from pathlib import Path
from typing import Any

from naftiko_run.cli.formats import FORMATS
from naftiko_run.diagnostics import Diagnostic, Severity
from naftiko_run.lint import RULES

SLASH = Diagnostic(
    Severity.WARNING,
    "consumes-baseuri-no-trailing-slash",
    "the base URI ends with a slash",
    "docs/fleet.yaml",
    8,
    14,
    "/capability/consumes/0/baseUri",
    "remove the slash",
    "    baseUri: https://registry.test/",
)
MISSING = Diagnostic(Severity.ERROR, "no-such-file", "there is no such file", "none.yaml")
NOTE = Diagnostic(Severity.INFO, "info-tags", "no tags: 100%\r\nnone", "a,b:c%d.yaml", 2, 1)


def test_json_has_every_field_of_every_finding() -> None:
    first, second = json.loads(FORMATS["json"]([SLASH, MISSING]))
    assert first == {
        "severity": "warning",
        "code": "consumes-baseuri-no-trailing-slash",
        "message": "the base URI ends with a slash",
        "file": "docs/fleet.yaml",
        "line": 8,
        "column": 14,
        "pointer": "/capability/consumes/0/baseUri",
        "hint": "remove the slash",
        "excerpt": "    baseUri: https://registry.test/",
        "altersService": False,
    }
    assert (second["line"], second["excerpt"]) == (0, "")
    assert json.loads(FORMATS["json"]([])) == []


def test_github_annotates_lines() -> None:
    slash, missing = FORMATS["github"]([SLASH, MISSING]).splitlines()
    assert slash == (
        "::warning file=docs/fleet.yaml,line=8,col=14,title=consumes-baseuri-no-trailing-slash"
        "::the base URI ends with a slash%0Ahint: remove the slash"
    )
    assert missing == "::error file=none.yaml,title=no-such-file::there is no such file"
    assert FORMATS["github"]([]) == ""


def test_github_calls_a_note_a_notice_and_escapes_what_would_end_it() -> None:
    assert FORMATS["github"]([NOTE]) == (
        "::notice file=a%2Cb%3Ac%25d.yaml,line=2,col=1,title=info-tags::no tags: 100%25%0D%0Anone\n"
    )


def run_of(*found: Diagnostic) -> dict[str, Any]:
    log = json.loads(FORMATS["sarif"](found))
    assert log["version"] == "2.1.0"
    (run,) = log["runs"]
    assert isinstance(run, dict)
    return run


def test_sarif_tells_findings_with_their_rule_and_place() -> None:
    run = run_of(SLASH, MISSING, NOTE)
    slash, missing, note = run["results"]
    rules = run["tool"]["driver"]["rules"]
    assert slash == {
        "ruleId": "consumes-baseuri-no-trailing-slash",
        "ruleIndex": slash["ruleIndex"],
        "level": "warning",
        "message": {"text": "the base URI ends with a slash; remove the slash"},
        "locations": [
            {
                "physicalLocation": {
                    "artifactLocation": {"uri": "docs/fleet.yaml"},
                    "region": {
                        "startLine": 8,
                        "startColumn": 14,
                        "snippet": {"text": "    baseUri: https://registry.test/"},
                    },
                },
                "logicalLocations": [{"fullyQualifiedName": "/capability/consumes/0/baseUri"}],
            }
        ],
    }
    rule = rules[slash["ruleIndex"]]
    assert rule["id"] == slash["ruleId"]
    assert rule["defaultConfiguration"] == {"level": "warning"}
    assert rule["help"]["text"] == "Remove the slash."
    assert rules[missing["ruleIndex"]] == {"id": "no-such-file"}
    assert "region" not in missing["locations"][0]["physicalLocation"]
    assert note["level"] == "note"


def test_sarif_lists_every_rule_also_where_nothing_is_found() -> None:
    run = run_of()
    assert run["results"] == []
    assert [rule["id"] for rule in run["tool"]["driver"]["rules"]] == [rule.id for rule in RULES]


def test_sarif_names_files_by_uri(tmp_path: Path) -> None:
    odd = tmp_path / "a b.yaml"
    uris = [
        result["locations"][0]["physicalLocation"]["artifactLocation"]["uri"]
        for result in run_of(
            Diagnostic(Severity.ERROR, "x", "x", "sub/a b.yaml"),
            Diagnostic(Severity.ERROR, "x", "x", str(odd)),
        )["results"]
    ]
    assert uris == ["sub/a%20b.yaml", odd.as_uri()]
