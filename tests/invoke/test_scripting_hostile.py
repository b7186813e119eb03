"""Scripts that try to escape, to persist, or to exhaust resources."""

import time
from pathlib import Path
from typing import Any

import pytest

from naftiko_run.errors import ScriptFailed
from naftiko_run.invoke.scripting import ScriptDefaults, ScriptRefused
from support.scripts import prepare, run

PATIENT = ScriptDefaults(timeout=20_000, statement_limit=5_000)
SECRET = "a-secret-of-the-host"


def attempt(folder: Path, language: str, text: str) -> Any:
    """Return the result of a script, or its failure."""
    try:
        return run(prepare(folder, language, text.replace("FILE", (folder / "file").as_posix())))
    except (ScriptFailed, ScriptRefused) as fault:
        return fault


@pytest.mark.parametrize(
    "text",
    [
        "import os\nresult = dict(os.environ)",
        "import os\nresult = os.getenv('SCRIPT_SECRET')",
        "import os\nresult = os.listdir('/')",
        "import os\nos.system('id')",
        "import sys\nresult = sys.modules",
        "result = open('FILE').read()",
        "from pathlib import Path\nresult = Path('FILE').read_text()",
        "with open('FILE', 'w') as file:\n    file.write('x')",
        "import subprocess",
        "import socket",
        "import urllib.request",
        "import ctypes",
        "import builtins",
        "import importlib",
        "import asyncio\nasyncio.create_subprocess_exec",
        "result = __import__('os')",
        "result = __builtins__",
        "result = globals()['__builtins__']",
        "result = ().__class__.__bases__[0].__subclasses__()",
        "result = (lambda: 0).__globals__",
        "result = (lambda: 0).__code__",
        "result = '{0.__class__.__mro__}'.format(1)",
        "result = getattr((), '__cl' + 'ass__').__base__",
        "result = type(1).__subclasses__(type(1))",
        "try:\n    1 / 0\nexcept ZeroDivisionError as e:\n    result = e.__traceback__.tb_frame.f_globals",
        "import json\njson.dumps = 1",
        "exec('result = 1')",
        "result = eval('1')",
        "e = exec\ne('result = 1')",
        "__naftiko__ = lambda number: 0\nresult = 1",
        "\uff3f\uff3fnaftiko__ = 1\nresult = 1",
        "breakpoint()",
        "input()",
        "exit()",
        "raise SystemExit(3)",
        "raise KeyboardInterrupt()",
    ],
)
def test_python_reaches_nothing_of_the_host(
    tmp_path: Path, text: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SCRIPT_SECRET", SECRET)
    (tmp_path / "file").write_text(SECRET)
    given = attempt(tmp_path, "python", text)
    assert given in ({}, None) or isinstance(given, (ScriptFailed, ScriptRefused))
    assert SECRET not in str(given)
    assert (tmp_path / "file").read_text() == SECRET


@pytest.mark.parametrize(
    "text",
    [
        "require('fs')",
        "process.env",
        "std.open('FILE', 'r')",
        "os.exec(['id'])",
        "fetch('http://127.0.0.1')",
        "new XMLHttpRequest()",
        "Deno.readTextFileSync('FILE')",
        "Java.type('java.lang.System')",
        "new Worker('FILE')",
        "new WebAssembly.Module(new Uint8Array(8))",
        "import fs from 'FILE'",
        "eval('1')",
        "(0, eval)('1')",
        "new Function('return 1')()",
        "(() => {}).constructor('return 1')()",
        "(async () => {}).constructor('return 1')()",
        "(function* () {}).constructor('return 1')().next()",
        "Object.getPrototypeOf(async function* () {}).constructor('return 1')()",
        "Reflect.construct(Object.getPrototypeOf(function () {}).constructor, ['return 1'])()",
        "delete Function.prototype.constructor; 'use strict'; (class {}).constructor('return 1')()",
        "__naftiko_spent()",
        "(function (\\u005f\\u{5f}naftiko_count) { for (;;); })(() => 0)",
        "setTimeout(() => {}, 1)",
        "Atomics.wait(new Int32Array(new SharedArrayBuffer(8)), 0, 0, 100000)",
    ],
)
def test_javascript_reaches_nothing_of_the_host(tmp_path: Path, text: str) -> None:
    (tmp_path / "file").write_text(SECRET)
    given = attempt(tmp_path, "javascript", f"result = 0; {text}")
    assert isinstance(given, (ScriptFailed, ScriptRefused))
    assert SECRET not in str(given)


def test_javascript_imports_no_module_at_run_time(tmp_path: Path) -> None:
    (tmp_path / "module.js").write_text("export default 1")
    text = f"import('{tmp_path.as_posix()}/module.js').then(() => {{ result = 'in' }}, () => {{ result = 'out' }})"
    assert run(prepare(tmp_path, "javascript", text)) == "out"


def test_javascript_knows_only_the_language_itself(tmp_path: Path) -> None:
    known = run(prepare(tmp_path, "javascript", "result = Object.getOwnPropertyNames(globalThis)"))
    assert not {"std", "os", "bjson", "scriptArgs", "require", "process", "fetch", "Worker", "navigator"} & {
        *known
    }


ENDLESS = {
    "javascript": [
        "for (;;) {}",
        "for (;;);",
        "while (true) result = 1",
        "do {} while (true)",
        "for (const x of (function* () { for (;;) yield 1 })()) ;",
        "again: for (;;) continue again",
        "const f = () => [1].map(f); for (;;) try { f() } catch {}",
        "try { for (;;); } catch (e) { result = 1 }",
        "try { for (;;); } catch { for (;;); } finally { result = 1; for (;;); }",
        "result = {toJSON() { for (;;); }}",
        "result = {get x() { for (;;); }}",
        "result = new Proxy({}, {ownKeys() { for (;;); }})",
        "result = {}; Object.prototype.toJSON = function () { for (;;); }",
        "(function f() { Promise.resolve().then(f) })()",
        "(async () => { for (;;) await null })()",
        "Error.prepareStackTrace = () => { for (;;); }; throw new Error('x')",
        "const e = new Error(); Object.defineProperty(e, 'message', {get() { for (;;); }}); throw e",
        "throw {toString() { for (;;); }}",
        "switch (1) { case 1: for (;;) switch (2) { default: result = 1 } }",
        "class A { static { for (;;); } }",
        "class A { x = (() => { for (;;); })() } new A()",
        "`${{toString() { for (;;); }}}`",
        "[3, 2, 1].sort(() => { for (;;); })",
        "'x'.replace(/x/, () => { for (;;); })",
        "with ({}) for (;;);",
        "if (true) for (;;); else ;",
    ],
    "python": [
        "while True: pass",
        "while True:\n    pass",
        "for i in iter(int, 1):\n    result = i",
        "while True:\n    try:\n        while True: pass\n    except BaseException:\n        pass",
        "try:\n    while True: pass\nexcept BaseException:\n    result = 1\nfinally:\n    result = 2",
        "def f():\n    try:\n        while True: pass\n    finally:\n        f()\nf()",
        "class A:\n    def go(self):\n        while True:\n            if self:\n                continue\nA().go()",
        "async def f():\n    while True: pass\nawait f()",
        "if 0:\n    pass\nelif 1:\n    while True: pass",
        "match 1:\n    case 1:\n        while True: pass",
        "'doc'\nfrom __future__ import annotations\nwhile True: pass",
        "x = 1; y = 2\nwhile True: x = y; y = x",
    ],
}


@pytest.mark.parametrize(
    ("language", "text"), [(name, text) for name, texts in ENDLESS.items() for text in texts]
)
def test_the_statement_limit_ends_what_does_not_end(tmp_path: Path, language: str, text: str) -> None:
    with pytest.raises(
        ScriptFailed, match=r"script step `shape`: it exceeded the statement limit \(5000\)"
    ) as told:
        run(prepare(tmp_path, language, text, defaults=PATIENT))
    assert "statementLimit" in told.value.hint


STATEMENTS = {
    "javascript": "for (let i = 1; i < {turns}; i++) {{ result = i }}",
    "python": "for i in range({turns}):\n    result = i",
}


@pytest.mark.parametrize("language", STATEMENTS)
def test_the_statement_limit_is_exact(tmp_path: Path, language: str) -> None:
    limits = ScriptDefaults(statement_limit=100)
    assert run(prepare(tmp_path, language, STATEMENTS[language].format(turns=99), defaults=limits)) == 98
    with pytest.raises(ScriptFailed, match="statement limit"):
        run(prepare(tmp_path, language, STATEMENTS[language].format(turns=102), defaults=limits))


@pytest.mark.parametrize("language", STATEMENTS)
def test_statements_of_dependencies_count(tmp_path: Path, language: str) -> None:
    limits = ScriptDefaults(statement_limit=100)
    part = STATEMENTS[language].format(turns=60)
    with pytest.raises(ScriptFailed, match="statement limit"):
        run(prepare(tmp_path, language, part, [part], defaults=limits))


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("javascript", "/(a+)+$/.test('a'.repeat(60) + 'b')"),
        (
            "javascript",
            "result = 'a'.repeat(2e7).indexOf('a'.repeat(1e7) + 'b')",
        ),  # asks nobody: its process ends
        ("python", "sum(range(10**12))"),
        ("python", "result = [x for x in range(10**9) if x < 0]"),
        ("python", "import re\nre.match('(a|a|a)*b', 'a' * 10**5)\nsum(range(10**12))"),
    ],
)
def test_the_time_limit_ends_what_counts_no_statements(tmp_path: Path, language: str, text: str) -> None:
    script = prepare(tmp_path, language, text)
    began = time.monotonic()
    with pytest.raises(ScriptFailed, match=r"it exceeded the timeout limit \(400 ms\)") as told:
        run(script)
    assert time.monotonic() - began < 3
    assert "timeout" in told.value.hint
    assert run(prepare(tmp_path, language, "result = 1")) == 1


def test_sleeping_takes_no_time(tmp_path: Path) -> None:
    assert run(prepare(tmp_path, "python", "import time\ntime.sleep(3600)\nresult = 1")) == 1


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("javascript", "const all = []; for (;;) all.push(new Array(1e5).fill(1))"),
        ("javascript", "'a'.repeat(1e9)"),
        ("javascript", "new Uint8Array(1e9)"),
        ("javascript", "Array(1e9).fill(0)"),
        ("javascript", "result = 'x'.repeat(5e7)"),
        ("python", "'a' * 10**9"),
        ("python", "x = []\nwhile True: x.append('a' * 10**5)"),
        ("python", "x = [0]\nwhile True: x += x"),
        ("python", "10 ** 10 ** 8"),
        ("python", "sorted(range(10**7))"),
        ("python", "s = 'x'\nwhile True: s += s"),
    ],
)
def test_memory_is_limited(tmp_path: Path, language: str, text: str) -> None:
    with pytest.raises(ScriptFailed, match="it used more than 64 MiB of memory"):
        run(prepare(tmp_path, language, text, defaults=PATIENT))


@pytest.mark.parametrize(
    ("language", "text"), [("javascript", "result = 'x'.repeat(1e7)"), ("python", "result = 'x' * 10**7")]
)
def test_a_result_that_is_too_large_is_told(tmp_path: Path, language: str, text: str) -> None:
    with pytest.raises(ScriptFailed, match="its `result` is larger than 8 MiB"):
        run(prepare(tmp_path, language, text, defaults=ScriptDefaults()))


@pytest.mark.parametrize(
    ("language", "text", "told"),
    [
        ("javascript", "const f = () => f() + 1; f()", "Maximum call stack size exceeded"),
        ("javascript", "JSON.parse('['.repeat(100000))", "Maximum call stack size exceeded"),
        ("python", "def f(): return f()\nf()", "maximum recursion depth exceeded"),
        ("python", "f = lambda: f()\nf()", "maximum recursion depth exceeded"),
    ],
)
def test_deep_recursion_is_told(tmp_path: Path, language: str, text: str, told: str) -> None:
    with pytest.raises(ScriptFailed, match=told):
        run(prepare(tmp_path, language, text))


def test_python_that_prints_without_end_is_ended(tmp_path: Path) -> None:
    with pytest.raises(ScriptFailed, match="statement limit"):
        run(prepare(tmp_path, "python", "while True: print('x' * 1000)", defaults=PATIENT))


@pytest.mark.parametrize(
    ("language", "text", "told"),
    [
        ("javascript", "\n\nnull.x", "`main.js`, line 3: TypeError: cannot read property 'x' of null"),
        ("javascript", "throw new Error('mine')", "`main.js`, line 1: Error: mine"),
        ("javascript", "throw 42", "`main.js`: 42"),
        ("javascript", "throw new Error('\\ud800')", "`main.js`"),
        ("javascript", "half(null)", "`lib/part-0.js`, line 3: TypeError"),
        ("python", "x = 1\n\nx / 0", "`main.py`, line 3: ZeroDivisionError: division by zero"),
        ("python", "raise ValueError('mine\\nand more')", "`main.py`, line 1: ValueError: mine and more"),
        ("python", "half(None)", "`lib/part-0.py`, line 3: TypeError"),
        ("python", "if True:\n    if True:\n        foo", "`main.py`, line 3: NameError: name 'foo' is not defined"),
        ("python", "open('x')", "`main.py`, line 1: PermissionError"),
    ],
)  # fmt: skip
def test_an_error_tells_step_file_line_and_words(tmp_path: Path, language: str, text: str, told: str) -> None:
    part = {
        "javascript": "\nfunction half(x) {\n  return x.y / 2\n}",
        "python": "\ndef half(x):\n    return x / 2",
    }
    with pytest.raises(ScriptFailed) as fault:
        run(prepare(tmp_path, language, text, [part[language]]))
    assert str(fault.value).startswith(f"script step `shape`: {told}")
    assert str(tmp_path) not in str(fault.value)
    assert "\n" not in str(fault.value)


def test_an_error_of_endless_words_is_cut(tmp_path: Path) -> None:
    with pytest.raises(ScriptFailed) as fault:
        run(prepare(tmp_path, "javascript", "throw new Error('x'.repeat(1e6))"))
    assert len(str(fault.value)) < 700


@pytest.mark.parametrize("language", ["javascript", "python"])
def test_a_script_cannot_change_what_the_next_one_gets(tmp_path: Path, language: str) -> None:
    context: dict[str, Any] = {"list": [1]}
    change = {
        "javascript": "context.list.push(2); result = 1",
        "python": "context['list'].append(2)\nresult = 1",
    }
    run(prepare(tmp_path, language, change[language]), context)
    assert context == {"list": [1]}
