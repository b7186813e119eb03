"""``naftiko validate``: levels, forms and exit codes."""

import json
import subprocess
from pathlib import Path

import pytest

from support.commands import ended
from support.process import ROOT

SECRET = "s3cr3t-of-the-fleet"

FLEET = """\
naftiko: 1.0.0-alpha2
info: {label: Fleet, description: Ships, tags: [Fleet]}
capability:
  consumes:
  - type: http
    namespace: registry
    description: The registry of ships
    baseUri: https://registry.test
    resources:
    - path: /ships
      name: ships
      operations:
      - {name: list, method: GET}
  exposes:
  - type: mcp
    namespace: fleet
    port: 9090
    description: The fleet
    tools:
    - {name: list, description: List the ships, call: registry.list}
"""
GONE = "    - {name: gone, description: Gone, call: registry.gone}\n"


def validate(*arguments: str | Path, cwd: Path = ROOT, width: int = 200) -> subprocess.CompletedProcess[str]:
    return ended("naftiko", "validate", *arguments, environment={"COLUMNS": str(width)}, cwd=cwd)


@pytest.fixture
def fleet(tmp_path: Path) -> Path:
    """A folder with ``good.yaml``, ``slip.yaml`` (a warning) and ``bad.yaml`` (an error)."""
    (tmp_path / "good.yaml").write_text(FLEET, encoding="utf-8")
    (tmp_path / "slip.yaml").write_text(FLEET.replace("registry.test", "registry.test/"), encoding="utf-8")
    (tmp_path / "bad.yaml").write_text(FLEET + GONE, encoding="utf-8")
    return tmp_path


def test_a_document_without_faults_is_passed_over_in_silence(fleet: Path) -> None:
    done = validate("good.yaml", "--level", "strict", cwd=fleet)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "1 file checked: no problems\n")


def test_text_shows_the_place_with_a_caret_and_how_to_mend_it(fleet: Path) -> None:
    done = validate("bad.yaml", cwd=fleet)
    assert done.returncode == 1
    assert done.stdout == (
        "bad.yaml:21:45: error[unknown-operation] `gone` is not served: "
        "it calls `registry.gone`, but `registry` has no operation `gone`\n"
        "    21 |     - {name: gone, description: Gone, call: registry.gone}\n"
        "       |                                             ^\n"
        "  hint: did you mean `registry.list`?\n"
    )
    assert done.stderr == "1 error in 1 file\n"


def test_the_level_decides_what_is_looked_for(fleet: Path) -> None:
    runnable = validate("slip.yaml", cwd=fleet)
    assert (runnable.returncode, runnable.stdout) == (0, "")
    recommended = validate("slip.yaml", "--level", "recommended", cwd=fleet)
    assert recommended.returncode == 0
    assert "slip.yaml:8:14: warning[consumes-baseuri-no-trailing-slash]" in recommended.stdout
    assert recommended.stderr == "1 warning in 1 file\n"
    strict = validate("capabilities/pipelines-track.yaml", "--level", "strict")
    assert strict.returncode == 1
    assert "error[schema]" in strict.stdout


def test_warnings_fail_where_that_is_asked_for(fleet: Path) -> None:
    arguments = ("slip.yaml", "--level", "recommended", "--fail-on")
    assert validate(*arguments, "error", cwd=fleet).returncode == 0
    assert validate(*arguments, "warning", cwd=fleet).returncode == 1
    assert validate("good.yaml", "--fail-on", "warning", cwd=fleet).returncode == 0


def test_notes_never_fail(tmp_path: Path) -> None:
    (tmp_path / "untagged.yaml").write_text(FLEET.replace(", tags: [Fleet]", ""), encoding="utf-8")
    done = validate("untagged.yaml", "--level", "recommended", "--fail-on", "warning", cwd=tmp_path)
    assert "info[info-tags]" in done.stdout
    assert done.stderr == "1 note in 1 file\n"
    assert done.returncode == 0


def test_a_folder_is_every_document_in_it(fleet: Path) -> None:
    done = validate(fleet, "--level", "recommended")
    assert done.stderr == "1 error, 1 warning in 3 files\n"
    assert [line.split(":")[0] for line in done.stdout.splitlines() if "[" in line and ".yaml:" in line] == [
        str(fleet / "bad.yaml"),
        str(fleet / "slip.yaml"),
    ]


def test_a_missing_file_is_no_input_and_the_others_are_checked(fleet: Path) -> None:
    done = validate("none.yaml", "bad.yaml", cwd=fleet)
    assert done.returncode == 66
    assert done.stdout.startswith("none.yaml: error[no-such-file]")
    assert "bad.yaml:21" in done.stdout


def test_a_folder_without_documents_is_no_input(tmp_path: Path) -> None:
    done = validate(tmp_path)
    assert done.returncode == 66
    assert done.stdout.startswith(f"{tmp_path}: error[no-documents] there is no capability document in this")
    assert "  hint: put a .yaml file there" in done.stdout
    assert done.stderr == "1 error in 0 files\n"


def test_an_empty_folder_and_a_missing_file_are_findings_beside_those_of_the_others(fleet: Path) -> None:
    (fleet / "empty").mkdir()
    done = validate("bad.yaml", "empty", "none.yaml", "good.yaml", "--format", "json", cwd=fleet)
    assert done.returncode == 66
    assert [(each["file"], each["code"]) for each in json.loads(done.stdout)] == [
        ("bad.yaml", "unknown-operation"),
        ("empty", "no-documents"),
        ("none.yaml", "no-such-file"),
    ]
    assert done.stderr == "3 errors in 3 files\n"


@pytest.mark.parametrize("option", ["--level", "--format", "--fail-on"])
def test_a_word_that_an_option_does_not_know_is_a_usage_error_that_lists_those_it_does(option: str) -> None:
    done = validate("x.yaml", option, "severe")
    assert done.returncode == 2
    assert "severe" in done.stderr


@pytest.mark.parametrize("form", ["json", "github", "sarif"])
def test_the_forms_for_programs_go_to_stdout_and_the_count_to_stderr(fleet: Path, form: str) -> None:
    done = validate("good.yaml", "bad.yaml", "--format", form, cwd=fleet)
    assert done.returncode == 1
    assert done.stderr == "1 error in 2 files\n"
    assert "unknown-operation" in done.stdout
    if form != "github":
        assert json.loads(done.stdout)


@pytest.mark.parametrize("form", ["text", "sarif"])
def test_no_form_shows_a_credential_that_is_written_in_a_document(tmp_path: Path, form: str) -> None:
    document = tmp_path / "leaky.yaml"
    document.write_text(
        FLEET.replace(
            "    resources:",
            f"    authentication: {{type: bearer, token: {SECRET}, realm: x}}\n    resources:",
            1,
        ),
        encoding="utf-8",
    )
    done = validate(document, "--level", "strict", "--format", form)
    assert done.returncode == 1
    assert "secret-literal" in done.stdout
    assert SECRET not in done.stdout + done.stderr


def test_nothing_of_the_environment_and_no_network_is_needed(tmp_path: Path) -> None:
    document = tmp_path / "bound.yaml"
    document.write_text(
        FLEET.replace("https://registry.test", "'{{env.REGISTRY}}/v1'").replace(
            "info:", "binds: [{namespace: env, keys: {REGISTRY: REGISTRY}}]\ninfo:"
        ),
        encoding="utf-8",
    )
    done = validate(document, "--level", "recommended", "--fail-on", "warning")
    assert (done.returncode, done.stdout) == (0, "")


def test_help_shows_examples() -> None:
    done = validate("--help")
    assert done.returncode == 0
    assert "naftiko validate my.yaml --level recommended --fail-on warning" in done.stdout
