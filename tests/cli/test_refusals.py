"""What ``naftiko-run`` refuses to start with: one message that says what, where and how to mend it."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from support.documents import CREDENTIALS, PIPELINES, written
from support.ports import taken_port
from support.process import run

UNKNOWN = PIPELINES.read_text().replace("call: pipelines-track.trackevent", "call: pipelines-track.trackevnt")

BAD = {
    "not YAML": ("a: [1, 2\nb: 3\n", "2:2", "yaml-syntax", "brackets"),
    "a tab": ("capability:\n\tconsumes: []\n", "2:1", "yaml-syntax", "spaces"),
    "a key twice": ("naftiko: 1\nnaftiko: 2\n", "2:1", "duplicate-key", "keep one"),
    "a list": ("- naftiko\n", "1:1", "not-a-mapping", "begin with"),
    "text": ("hello\n", "1:1", "not-a-mapping", "begin with"),
    "nothing": ("", "1:1", "not-a-mapping", "begin with"),
    "no capability": ("naftiko: 1.0.0-alpha2\ninfo: {label: x}\n", "1:1", "no-capability", "`capability:`"),
    "capability is text": ("naftiko: 1.0.0-alpha2\ncapability: x\n", "2:13", "no-capability", "indent"),
    "nothing exposed": (
        "naftiko: 1.0.0-alpha2\ncapability:\n  consumes: []\n",
        "2:1",
        "nothing-exposed",
        "exposes",
    ),
    "nothing written yet": (
        "naftiko: 1.0.0-alpha2\ncapability:\n  exposes:\n  - {type: mcp, tools: [{name: a}, {name: b}]}\n",
        "3:3",
        "nothing-exposed",
        "`call`",
    ),
    "an unknown operation": (UNKNOWN, "57:15", "unknown-operation", "pipelines-track.trackevent"),
}


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[str]]:
    """What is told of each bad document, when all are asked for at once."""
    folder = tmp_path_factory.mktemp("bad")
    documents = {name: written(folder, BAD[name][0], f"{number}.yaml") for number, name in enumerate(BAD)}
    result = run(*documents.values())
    assert result.returncode == 65
    assert result.stdout == ""
    assert "Traceback" not in result.stderr
    found: dict[str, list[str]] = {name: [] for name in BAD}
    current: list[str] = []
    for line in result.stderr.splitlines():
        for name, document in documents.items():
            if line.startswith(str(document)):
                current = found[name]
        current.append(line)
    return found


@pytest.mark.parametrize("name", BAD)
def test_a_bad_document_is_told_with_place_fault_and_mending(told: dict[str, list[str]], name: str) -> None:
    _, place, code, hint = BAD[name]
    first, *others = told[name]
    assert re.search(rf"\.yaml:{place}: error\[{code}\] \S", first)
    hints = [line for line in others if line.startswith("  hint: ")]
    assert hint in hints[0]


def test_one_bad_document_ends_with_65(tmp_path: Path) -> None:
    document = written(tmp_path, UNKNOWN)
    result = run(document)
    assert result.returncode == 65
    reason = "it calls `pipelines-track.trackevnt`, but `pipelines-track` has no operation `trackevnt`"
    assert result.stderr.splitlines()[:4] == [
        f"{document}:57:15: error[unknown-operation] `POST /v1/track` is not served: {reason}",
        "    57 |         call: pipelines-track.trackevnt",
        "       |               ^",
        "  hint: did you mean `pipelines-track.trackevent`?",
    ]


def test_what_else_was_found_in_a_refused_document_is_told_after_why_it_is(tmp_path: Path) -> None:
    document = written(tmp_path, "naftiko: 1.0.0-alpha2\ncapability:\n  consumes: 3\n")
    told = [line for line in run(document).stderr.splitlines() if line.startswith(str(document))]
    assert [re.sub(r".*?: (\w+\[[\w-]+\]).*", r"\1", line) for line in told] == [
        "error[nothing-exposed]",
        "warning[wrong-type]",
    ]


def test_strict_refuses_a_document_with_a_tool_that_is_not_written_yet(tmp_path: Path) -> None:
    text = PIPELINES.read_text(encoding="utf-8").replace("call: pipelines-track.trackevent", "summary: x", 1)
    document = written(tmp_path, text)
    result = run(document, "--sandbox", "--strict")
    assert result.returncode == 65
    assert "warning[not-runnable]" in result.stderr


def test_a_missing_file_ends_with_66(tmp_path: Path) -> None:
    result = run(tmp_path / "nowhere.yaml")
    assert result.returncode == 66
    assert result.stderr.startswith(f"{tmp_path}/nowhere.yaml: error[no-such-file] there is no such file")


def test_a_folder_without_documents_ends_with_66(tmp_path: Path) -> None:
    result = run(tmp_path)
    assert result.returncode == 66
    assert str(tmp_path) in result.stderr
    assert len(result.stderr.splitlines()) == 1


def test_strict_refuses_missing_credentials_with_78() -> None:
    result = run(PIPELINES, "--strict", environment={"CUSTOMER_IO_PASS": CREDENTIALS["CUSTOMER_IO_PASS"]})
    assert result.returncode == 78
    missing, refusal = result.stderr.splitlines()
    assert missing == "missing CUSTOMER_IO_USER  needed by pipelines-track.trackevent"
    assert refusal.startswith("naftiko-run: error: --strict: not started")


def test_strict_refuses_a_bad_document_with_65_even_beside_a_good_one(tmp_path: Path) -> None:
    bad = written(tmp_path, "- a list", "bad.yaml")
    assert run(PIPELINES, bad, "--strict", "--sandbox").returncode == 65


def test_a_port_in_use_is_one_line_that_names_port_adapter_and_option() -> None:
    with taken_port() as taken:
        result = run(PIPELINES, "--sandbox", "--port", "rest=0", "--port", f"mcp={taken}")
    assert result.returncode == 1
    assert result.stderr == (
        f"naftiko-run: error: port {taken} is in use, and the mcp adapter `pipelines-track-mcp` needs it "
        f"(choose another: --port mcp={taken + 1})\n"
    )


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        (["--base-uri", "pipelines-trak=http://127.0.0.1:9"], "did you mean `pipelines-track`?"),
        (["--port", "rset=8081"], "pipelines-track-rest"),
    ],
)
def test_a_name_that_no_document_has_is_one_line_and_ends_with_2(arguments: list[str], named: str) -> None:
    result = run(PIPELINES, "--sandbox", *arguments)
    assert result.returncode == 2
    (line,) = result.stderr.splitlines()
    assert named in line


def test_strict_refuses_a_document_of_which_a_part_is_left_out_with_65(tmp_path: Path) -> None:
    text = PIPELINES.read_text(encoding="utf-8").replace("call: pipelines-track.trackevent", "call: a.b", 1)
    result = run(written(tmp_path, text), "--sandbox", "--strict")
    assert result.returncode == 65
    assert "error[unknown-operation] `POST /v1/track` is not served" in result.stderr


def test_a_base_uri_that_cannot_be_called_is_told_with_what_to_mend(tmp_path: Path) -> None:
    text = PIPELINES.read_text(encoding="utf-8").replace("https://cdp.customer.io/v1", "file:///etc")
    result = run(written(tmp_path, text))
    assert result.returncode == 65
    assert "its `baseUri` `file:///etc` is not an http or https address" in result.stderr
    assert "hint: correct the entry `pipelines-track` under `consumes`" in result.stderr
