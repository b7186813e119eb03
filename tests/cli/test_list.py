"""``naftiko list``: what a document consumes, exposes and misses."""

import json
import re
import subprocess
from pathlib import Path

import pytest

from support.commands import ended
from support.documents import small, written
from support.process import READY, ROOT, launched

TRACK = "capabilities/pipelines-track.yaml"

LEFT_OUT = """\
naftiko: 1.0.0-alpha2
info: {label: Half}
capability:
  consumes:
  - type: http
    namespace: up
    baseUri: http://127.0.0.1:1
    resources:
    - path: /a/{id}
      operations:
      - {name: get, method: GET}
      - {name: drop, method: DELETE}
  exposes:
  - type: mcp
    namespace: tools
    tools:
    - {name: get, call: up.get}
    - {name: gone, call: up.gone}
"""

READINGS = LEFT_OUT.replace(
    "    - {name: gone, call: up.gone}\n",
    """\
    resources:
    - {name: thing, uri: "data://things/{id}", call: up.get}
    - {name: notes, uri: "docs://notes", location: "file:///./notes"}
    - {name: lost, uri: "docs://lost", location: "file:///./lost"}
    - {name: gone, uri: "data://gone", call: up.gone}
    prompts:
    - {name: ask, arguments: [{name: about, description: What}], template: [{role: user, content: "{{about}}, {{how}}?"}]}
    - {name: torn, template: [{role: user, content: "{{#a}}"}]}
""",
).replace("- {name: get, call: up.get}", "- {name: drop, call: up.drop}")

GONE = "it is `tools.gone`, which is not served: it calls `up.gone`, but `up` has no operation `gone`"
SKILLS = LEFT_OUT.replace(
    "  exposes:\n",
    """\
  exposes:
  - type: skill
    namespace: catalogue
    skills:
    - name: things
      description: What can be had
      tools:
      - {name: get, from: {sourceNamespace: tools, action: get}}
      - {name: gone, from: {sourceNamespace: tools, action: gone}}
    - {name: words, description: Only words}
    - name: none
      description: Nothing
      tools: [{name: gone, from: {sourceNamespace: tools, action: gone}}]
""",
)


def naftiko(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    return ended("naftiko", *arguments, environment={"COLUMNS": "200"}, cwd=ROOT)


def test_json_names_the_inputs_of_every_route_and_tool_and_what_is_missing() -> None:
    done = naftiko("list", TRACK, "--json")
    assert done.returncode == 0, done.stderr
    (told,) = json.loads(done.stdout)
    assert told["label"] == "Customer.io Pipelines API — Track"
    assert told["consumes"][0]["operations"] == [
        {
            "name": "trackevent",
            "method": "POST",
            "path": "/track",
            "calledBy": ["POST /v1/track", "track-event"],
        }
    ]
    rest, mcp = told["exposes"]
    assert rest["units"][0]["name"] == "POST /v1/track"
    assert mcp["units"][0]["inputs"] == {
        "type": "object",
        "properties": {"body": {"type": "object", "description": "Request body (JSON)."}},
        "required": ["body"],
    }
    assert told["missing"] == [
        {
            "variable": variable,
            "remedy": f"set {variable} in the server's environment",
            "reason": "",
            "neededBy": ["pipelines-track.trackevent"],
        }
        for variable in ("CUSTOMER_IO_PASS", "CUSTOMER_IO_USER")
    ]


def test_text_tells_what_is_left_out_and_what_nobody_calls(tmp_path: Path) -> None:
    document = tmp_path / "half.yaml"
    document.write_text(LEFT_OUT, encoding="utf-8")
    done = naftiko("list", document)
    assert done.returncode == 0, done.stderr
    lines = done.stdout.splitlines()
    assert "  get  -> up.get" in lines
    assert "      id  string required" in lines
    assert "  drop  DELETE /a/{id}  (nothing exposed calls it)" in lines
    assert "  gone  not served: it calls `up.gone`, but `up` has no operation `gone`" in lines


def test_a_document_that_cannot_run_is_refused_and_the_others_are_listed(tmp_path: Path) -> None:
    bad = tmp_path / "bad.yaml"
    bad.write_text("naftiko: 1.0.0-alpha2\n", encoding="utf-8")
    done = naftiko("list", bad, TRACK, "--json")
    assert done.returncode == 65
    assert "bad.yaml:1:1: error[no-capability]" in done.stderr
    refused, listed = json.loads(done.stdout)
    assert listed["file"] == TRACK
    assert refused.keys() == {"file", "findings"}
    assert refused["file"] == str(bad)
    (finding,) = refused["findings"]
    assert (finding["severity"], finding["code"], finding["line"]) == ("error", "no-capability", 1)
    assert finding["hint"]
    plain = naftiko("list", bad, TRACK)
    assert plain.returncode == 65
    assert plain.stdout.startswith("Customer.io Pipelines API")


def test_a_folder_without_documents_is_told_and_the_others_are_listed(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    for files in ((TRACK, tmp_path / "empty"), (tmp_path / "empty", TRACK)):
        done = naftiko("list", *files)
        assert done.returncode == 66
        assert done.stdout.startswith("Customer.io Pipelines API")
        assert "there is no capability document in this folder" in done.stderr
    refused, listed = json.loads(naftiko("list", tmp_path / "empty", TRACK, TRACK, "--json").stdout)
    assert listed["file"] == TRACK
    assert refused["file"] == str(tmp_path / "empty")
    (finding,) = refused["findings"]
    assert (finding["code"], finding["altersService"]) == ("no-documents", False)


def test_json_of_a_missing_file_says_so(tmp_path: Path) -> None:
    done = naftiko("list", tmp_path / "none.yaml", "--json")
    assert done.returncode == 66
    ((finding,),) = [each["findings"] for each in json.loads(done.stdout)]
    assert finding["code"] == "no-such-file"


def test_json_of_a_refused_document_shows_no_credential_that_is_written_in_it(tmp_path: Path) -> None:
    document = tmp_path / "bad.yaml"
    document.write_text(
        "naftiko: 1.0.0-alpha2\ncapability:\n  consumes:\n"
        "  - {namespace: a, baseUri: http://h, authentication: {token: hunter2-secret}}\n",
        encoding="utf-8",
    )
    done = naftiko("list", document, "--json")
    assert [each["code"] for each in json.loads(done.stdout)[0]["findings"]] == [
        "authentication-without-type",
        "nothing-exposed",
    ]
    assert "hunter2" not in done.stdout + done.stderr


def test_a_missing_file_is_a_missing_input(tmp_path: Path) -> None:
    done = naftiko("list", tmp_path / "none.yaml")
    assert done.returncode == 66
    assert "there is no such file" in done.stderr


def test_skills_are_told_with_their_tools(tmp_path: Path) -> None:
    document = tmp_path / "skills.yaml"
    document.write_text(SKILLS)
    (told,) = json.loads(naftiko("list", document, "--json").stdout)
    assert told["exposes"][0]["units"] == [
        {"name": "things", "tools": ["get"]},
        {"name": "things.gone", "reason": GONE},
        {"name": "words", "tools": []},
        {"name": "none", "reason": "none of its tools can be used"},
        {"name": "none.gone", "reason": GONE},
    ]
    assert told["consumes"][0]["operations"][0]["calledBy"] == ["get"]
    lines = naftiko("list", document).stdout.splitlines()
    assert "  things  -> get" in lines
    assert f"  things.gone  not served: {GONE}" in lines
    assert "  words  (files)" in lines
    assert "  none  not served: none of its tools can be used" in lines


def test_skills_are_told_at_start_up_and_by_validate(tmp_path: Path) -> None:
    document = tmp_path / "skills.yaml"
    document.write_text(SKILLS)
    with launched(document, "--sandbox", "--port", "skill=0", "--port", "mcp=0") as process:
        process.wait_for_line(READY)
        (line,) = [line for line in process.lines if line.startswith("skill http")]
        assert re.fullmatch(r"skill http://127\.0\.0\.1:\d+/skills  catalogue", line)
        assert "skill things -> get" in process.lines
        assert f"skill things.gone not served: {GONE}" in process.lines
        assert "skill none not served: none of its tools can be used" in process.lines
    done = naftiko("validate", document)
    assert done.returncode == 1
    assert f"{document}:21:9: error[not-runnable] `things.gone` is not served: {GONE}" in done.stdout


def test_resources_and_prompts_are_told_and_count_as_callers(tmp_path: Path) -> None:
    (tmp_path / "notes").mkdir()
    document = tmp_path / "readings.yaml"
    document.write_text(READINGS, encoding="utf-8")
    done = naftiko("list", document)
    assert done.returncode == 0, done.stderr
    assert "nothing exposed calls it" not in done.stdout
    lines = [line.strip() for line in done.stdout.splitlines()]
    assert "resource data://things/{id}  -> up.get" in lines
    assert "resource docs://notes  (files)" in lines
    assert "resource gone  not served: it calls `up.gone`, but `up` has no operation `gone`" in lines
    assert any(
        line.startswith("resource docs://lost  not served: `file:///./lost` does not") for line in lines
    )
    assert lines[lines.index("prompt ask  (messages)") + 1 :][:2] == [
        "about  string required  What",
        "how  string",
    ]
    assert "prompt torn  not served: the section `{{#a}}` is not closed" in lines


def test_start_up_tells_resources_and_prompts(tmp_path: Path) -> None:
    (tmp_path / "notes").mkdir()
    document = tmp_path / "readings.yaml"
    document.write_text(READINGS, encoding="utf-8")
    with launched(document, "--port", "mcp=0") as process:
        process.wait_for_line(READY)
        lines = process.lines
    assert "resource data://things/{id} -> up.get  GET http://127.0.0.1:1/a/{id}" in lines
    assert "resource docs://notes (files)" in lines
    assert "prompt ask (messages)" in lines
    assert any(
        line.startswith("resource docs://lost not served: `file:///./lost` does not") for line in lines
    )
    assert "resource gone not served: it calls `up.gone`, but `up` has no operation `gone`" in lines
    assert "prompt torn not served: the section `{{#a}}` is not closed" in lines


def test_forwards_are_told(tmp_path: Path) -> None:
    document = tmp_path / "forward.yaml"
    forward = """\
  - type: rest
    resources:
    - {path: "/all/{path}", forward: {targetNamespace: up, trustedHeaders: []}}
    - {path: "/none/{path}", forward: {targetNamespace: down, trustedHeaders: []}}
"""
    document.write_text(LEFT_OUT + forward, encoding="utf-8")
    lines = naftiko("list", document).stdout.splitlines()
    assert "  ANY /all/{path}  -> up.*" in lines
    (left_out,) = [line for line in lines if "/none" in line]
    assert left_out.startswith(
        "  ANY /none/{path}  not served: it forwards, and nothing is consumed under `down`"
    )


@pytest.mark.parametrize("command", ["list", "mcp-config"])
def test_a_bad_document_of_a_folder_is_skipped_with_its_errors(tmp_path: Path, command: str) -> None:
    good = written(tmp_path, small("one"), "good.yaml")
    bad = written(tmp_path, "- a list", "bad.yaml")
    done = ended("naftiko", command, tmp_path)
    assert done.returncode == 0
    assert "one-mcp" in done.stdout
    assert f"{bad}:1:1: error[not-a-mapping]" in done.stderr
    assert ended("naftiko", command, good, bad).returncode == 65
    good.unlink()
    assert ended("naftiko", command, tmp_path).returncode == 65
