"""Script steps that cannot work are rejected at load, with a hint how to fix them."""

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from naftiko_run.errors import ScriptFailed
from naftiko_run.invoke.scripting import ScriptCompiler, ScriptDefaults, ScriptRefused
from support.scripts import Step, prepare, run, write


def refusal(folder: Path, step: Step, defaults: ScriptDefaults | None = None) -> tuple[str, str]:
    """Return the message and the hint of the error."""
    with pytest.raises(ScriptRefused) as told:
        ScriptCompiler(defaults or ScriptDefaults(), folder).compile(step)
    assert isinstance(told.value, ValueError)
    assert str(folder) not in str(told.value)
    return str(told.value), told.value.hint


def test_groovy_is_refused_by_name_with_what_to_do(tmp_path: Path) -> None:
    write(tmp_path, "main.groovy", "result = 1")
    message, hint = refusal(tmp_path, Step(language="groovy", file="main.groovy"))
    assert "Groovy" in message
    assert "rewrite it in JavaScript or Python" in hint


def test_an_unknown_language_is_refused(tmp_path: Path) -> None:
    write(tmp_path, "main.rb", "")
    message, hint = refusal(tmp_path, Step(language="ruby", file="main.rb"))
    assert "`ruby`" in message
    assert hint == "use javascript or python"


def test_a_language_that_is_not_allowed_is_refused(tmp_path: Path) -> None:
    write(tmp_path, "main.py", "result = 1")
    message, hint = refusal(
        tmp_path,
        Step(language="python", file="main.py"),
        ScriptDefaults(allowed_languages=("javascript",)),
    )
    assert "`python`, but `allowedLanguages` only has javascript" in message
    assert "add `python`" in hint


@pytest.mark.parametrize(
    ("step", "told"),
    [
        (Step(language="python", location="", file="main.py"), "has no `location`"),
        (Step(file="main.py"), "has no `language`"),
        (Step(language="python"), "has no `file`"),
        (
            Step(language="python", location="file:///./nowhere", file="main.py"),
            "no folder `file:///./nowhere`",
        ),
        (
            Step(language="python", location="https://example.org", file="main.py"),
            "not the location of a file",
        ),
        (Step(language="python", file="absent.py"), "no script `absent.py`"),
        (Step(language="python", file="main.py", dependencies=("absent.py",)), "no script `absent.py`"),
        (Step(language="python", file="lib"), "no script `lib`"),
    ],
)
def test_what_is_missing_is_told(tmp_path: Path, step: Step, told: str) -> None:
    write(tmp_path, "main.py", "result = 1")
    write(tmp_path, "lib/part.py", "x = 1")
    assert told in refusal(tmp_path, step)[0]


def test_the_control_adapter_gives_location_and_language(tmp_path: Path) -> None:
    write(tmp_path, "main.js", "result = 1")
    defaults = ScriptDefaults.of(
        {"defaultLocation": "file:///./scripts", "defaultLanguage": "javascript"}, {}
    )
    assert run(ScriptCompiler(defaults, tmp_path).compile(Step(location="", file="main.js"))) == 1


def test_an_absolute_location_is_taken_as_it_is(tmp_path: Path) -> None:
    write(tmp_path, "main.py", "result = 1")
    step = Step(language="python", location=(tmp_path / "scripts").as_uri(), file="main.py")
    assert run(ScriptCompiler(ScriptDefaults(), tmp_path / "elsewhere").compile(step)) == 1


@pytest.mark.parametrize(
    "name",
    [
        "../outside.py",
        "lib/../../outside.py",
        "..",
        ".",
        "./main.py",
        "/etc/passwd",
        "lib//part.py",
        "lib/",
        "..\\outside.py",
        "C:\\outside.py",
        "%2e%2e/outside.py",
        "main.py\n",
        "main.py\x00",
        "~/outside.py",
        "...",
        "ma in.py",
    ],
)
@pytest.mark.parametrize("is_dependency", [False, True])
def test_no_segment_leads_out_of_the_location(tmp_path: Path, name: str, is_dependency: bool) -> None:  # noqa: FBT001
    write(tmp_path, "main.py", "result = 1")
    write(tmp_path, "lib/part.py", "x = 1")
    (tmp_path / "outside.py").write_text("result = 'out'")
    step = Step(language="python", file=name)
    if is_dependency:
        step = Step(language="python", file="main.py", dependencies=(name,))
    message, hint = refusal(tmp_path, step)
    assert "not a path inside the scripts' location" in message
    assert "segments" in hint


@pytest.mark.skipif(sys.platform == "win32", reason="links need rights there")
def test_no_link_leads_out_of_the_location(tmp_path: Path) -> None:
    (tmp_path / "outside.py").write_text("result = 'out'")
    write(tmp_path, "real.py", "result = 'in'")
    (tmp_path / "scripts" / "link.py").symlink_to(tmp_path / "outside.py")
    (tmp_path / "scripts" / "up").symlink_to(tmp_path)
    (tmp_path / "scripts" / "inner.py").symlink_to("real.py")
    assert "leads out" in refusal(tmp_path, Step(language="python", file="link.py"))[0]
    assert "leads out" in refusal(tmp_path, Step(language="python", file="up/outside.py"))[0]
    step = Step(language="python", file="inner.py")
    assert run(ScriptCompiler(ScriptDefaults(), tmp_path).compile(step)) == "in"


@pytest.mark.skipif(sys.platform == "win32", reason="no such files there")
def test_only_a_real_file_is_read(tmp_path: Path) -> None:
    write(tmp_path, "main.py", "result = 1")
    os.mkfifo(tmp_path / "scripts" / "pipe.py")
    assert "no script `pipe.py`" in refusal(tmp_path, Step(language="python", file="pipe.py"))[0]


def test_a_file_that_is_no_text_or_too_long_is_refused(tmp_path: Path) -> None:
    write(tmp_path, "main.py", "x = 1\n" * 200_000)
    assert "larger than 1024 KiB" in refusal(tmp_path, Step(language="python", file="main.py"))[0]
    (tmp_path / "scripts" / "main.py").write_bytes(b"\xff\xfe")
    assert "not UTF-8" in refusal(tmp_path, Step(language="python", file="main.py"))[0]


@pytest.mark.parametrize("language", ["javascript", "python"])
def test_bom_and_line_ends_of_windows_are_read(tmp_path: Path, language: str) -> None:
    suffix = {"javascript": "js", "python": "py"}[language]
    write(tmp_path, f"main.{suffix}", "")
    (tmp_path / "scripts" / f"main.{suffix}").write_bytes(b"\xef\xbb\xbfx = 1\r\nresult = x\r\n")
    step = Step(language=language, file=f"main.{suffix}")
    assert run(ScriptCompiler(ScriptDefaults(), tmp_path).compile(step)) == 1


@pytest.mark.parametrize(
    ("language", "text", "told"),
    [
        ("javascript", "result = 1\nx = = 1", "`main.js`, line 2: SyntaxError: unexpected token"),
        ("javascript", "let a\nlet a", "`main.js`, line 2: SyntaxError: invalid redefinition"),
        ("javascript", "import x from './lib.js'", "`main.js`, line 1: SyntaxError"),
        ("javascript", "return 1", "`main.js`, line 1: SyntaxError: return not in a function"),
        ("javascript", "'use strict'; with (a) b", "`main.js`, line 1: SyntaxError"),
        ("javascript", "const f = () => {\n}\n[...[1]].map(f)", "`main.js`, line 3: syntax whose statements cannot be counted"),
        ("javascript", "result =", "`main.js`, line 1: SyntaxError"),
        ("javascript", "if (true)", "`main.js`, line 1: SyntaxError"),
        ("javascript", "for (;;) {", "`main.js`, line 1: SyntaxError"),
        ("python", "x = = 1", "`main.py`, line 1: invalid syntax"),
        ("python", "if x:\nresult = 1", "`main.py`, line 2: expected an indented block"),
        ("python", "def f():\n    x = 1\n    yield x", "`main.py`, line 3: NotImplementedError"),
        ("python", "x = 1\ndel x", "`main.py`, line 2: NotImplementedError"),
        ("python", "x = 1\nimport requests", "`main.py`, line 2: ModuleNotFoundError: No module named 'requests'"),
        ("python", "def f():\n    from math import nothing", "`main.py`, line 2: ImportError"),
    ],
)  # fmt: skip
def test_what_the_interpreter_cannot_run_is_rejected_with_its_line(
    tmp_path: Path, language: str, text: str, told: str
) -> None:
    with pytest.raises(ScriptRefused) as refused:
        prepare(tmp_path, language, text)
    assert str(refused.value).startswith(told)
    assert refused.value.hint


def test_what_only_monty_cannot_run_says_that_it_is_a_part_of_python(tmp_path: Path) -> None:
    with pytest.raises(ScriptRefused) as refused:
        prepare(tmp_path, "python", "import statistics")
    assert "Monty, which supports a subset of Python" in refused.value.hint


def test_an_import_that_the_script_is_ready_to_miss_is_not_refused(tmp_path: Path) -> None:
    text = "try:\n    import numpy\nexcept ImportError:\n    result = 'without'"
    assert run(prepare(tmp_path, "python", text)) == "without"


def test_compiling_runs_nothing(tmp_path: Path) -> None:
    quick = ScriptDefaults(timeout=300, statement_limit=1_000)
    for language, text in (("javascript", "for (;;) {}"), ("python", "while True: pass")):
        script = prepare(tmp_path, language, text, defaults=quick)
        with pytest.raises(ScriptFailed, match="statement limit"):
            run(script)


def test_scripts_that_are_switched_off_fail_when_called(tmp_path: Path) -> None:
    script = ScriptCompiler(ScriptDefaults(enabled=False), tmp_path).compile(Step(language="groovy"))
    with pytest.raises(ScriptFailed, match="scripts are disabled") as told:
        run(script)
    assert "enabled: true" in told.value.hint


def test_the_defaults_are_those_of_the_specification() -> None:
    assert ScriptDefaults.of(None, {}) == ScriptDefaults("", "", (), 60_000, 100_000, enabled=True)


def test_a_scripting_block_is_read() -> None:
    block = {
        "enabled": True,
        "defaultLocation": "file:///./scripts",
        "defaultLanguage": "python",
        "timeout": 3000,
        "statementLimit": 50_000,
        "allowedLanguages": ["Python"],
    }
    assert ScriptDefaults.of(block, {}) == ScriptDefaults(
        "file:///./scripts", "python", ("python",), 3000, 50_000, enabled=True
    )


@pytest.mark.parametrize(
    ("block", "variables", "enabled"),
    [
        ({}, {}, True),
        ({}, {"NAFTIKO_SCRIPTING": "false"}, False),
        ({}, {"IKANOS_SCRIPTING": "FALSE"}, False),
        ({}, {"NAFTIKO_SCRIPTING": "true"}, True),
        ({"enabled": True}, {"NAFTIKO_SCRIPTING": "false"}, True),
        ({"enabled": False}, {}, False),
    ],
)
def test_the_document_beats_the_environment(
    block: dict[str, Any],
    variables: dict[str, str],
    enabled: bool,  # noqa: FBT001
) -> None:
    assert ScriptDefaults.of(block, variables).enabled is enabled


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("timeout", 0),
        ("timeout", "3s"),
        ("timeout", True),
        ("statementLimit", -1),
        ("statementLimit", 1.5),
        ("enabled", "yes"),
        ("defaultLocation", 3),
        ("defaultLanguage", ["python"]),
        ("allowedLanguages", "python"),
        ("allowedLanguages", [1]),
    ],
)
def test_a_bad_value_of_the_scripting_block_is_told(key: str, value: object) -> None:
    with pytest.raises(ScriptRefused, match=key):
        ScriptDefaults.of({key: value}, {})


@pytest.mark.parametrize("language", ["javascript", "python"])
def test_without_the_extra_the_refusal_says_what_to_install(tmp_path: Path, language: str) -> None:
    """Run in a Python from which the installed interpreters are hidden."""
    write(tmp_path, "main.x", "result = 1")
    program = f"""
import sys
class Hidden:
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] in ("pydantic_monty", "quickjs", "tree_sitter"):
            raise ModuleNotFoundError(f"No module named {{name!r}}", name=name)
sys.meta_path.insert(0, Hidden())
from pathlib import Path
from naftiko_run.invoke.scripting import ScriptCompiler, ScriptDefaults, ScriptRefused
from support.scripts import Step
try:
    ScriptCompiler(ScriptDefaults(), Path({str(tmp_path)!r})).compile(Step(language={language!r}, file="main.x"))
except ScriptRefused as refused:
    print(refused, refused.hint, sep="|")
"""
    answer = subprocess.run(
        [sys.executable, "-c", program],
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[1])},
        capture_output=True,
        text=True,
        check=True,
        timeout=30,
    )
    message, _, hint = answer.stdout.strip().partition("|")
    assert "need an interpreter that is not installed" in message
    assert hint == f'pip install "naftiko-run[scripts-{language}]"'
