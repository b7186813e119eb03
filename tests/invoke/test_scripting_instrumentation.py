"""An instrumented script behaves as the original."""

import ast

import pytest

from naftiko_run.invoke.scripting.javascript import count_statements as count_javascript
from naftiko_run.invoke.scripting.python import COUNT
from naftiko_run.invoke.scripting.python import count_statements as count_python


@pytest.mark.parametrize(
    ("written", "counted"),
    [
        ("x = 1; y = 2", "C(2); x = 1; y = 2"),
        ("for i in x:\n    y", "C(1)\nfor i in x:\n    C(1); y"),
        ("if a: b\nelif c: d\nelse: e", "C(1)\nif a: C(1); b\nelif c: C(1); d\nelse: C(1); e"),
        ("'doc'\nfrom __future__ import annotations\nx", "'doc'\nfrom __future__ import annotations\nC(1); x"),
        ("@a\n@b\ndef f():\n    'doc'\n    return 1", "C(1)\n@a\n@b\ndef f():\n    C(2); 'doc'\n    return 1"),
        ("class A:\n    x = 1\n    def f(self): pass", "C(1)\nclass A:\n    x = 1\n    def f(self): C(1); pass"),
        ("try: a\nexcept B: c\nelse: d\nfinally: e", "C(1)\ntry: C(1); a\nexcept B: C(1); c\nelse: C(1); d\nfinally: C(1); e"),
        ("x = '''\nfor\n'''\nif 'é':   y", "C(2); x = '''\nfor\n'''\nif 'é':   C(1); y"),
        ("match x:\n  case 1: y", "C(1)\nmatch x:\n  case 1: C(1); y"),
        ("with a: b", "C(1)\nwith a: C(1); b"),
        ("", ""),
        ("# nothing", "# nothing"),
    ],
)  # fmt: skip
def test_python_counts_at_the_begin_of_each_suite(written: str, counted: str) -> None:
    given = count_python(written, ast.parse(written))
    assert given.text == counted.replace("C(", f"{COUNT}(")
    ast.parse(given.text)
    assert len(given.lines) == len(given.text.split("\n"))


def test_python_lines_lead_back_to_the_script() -> None:
    written = "if a:\n    for b in c:\n        d\n\ne"
    given = count_python(written, ast.parse(written))
    for number, line in enumerate(given.text.split("\n"), 1):
        original = written.split("\n")[given.lines[number - 1] - 1]
        assert line.strip().startswith(COUNT) or line == original


@pytest.mark.parametrize(
    ("written", "counted"),
    [
        ("'use strict'\nx = 1", "'use strict';C(2);\nx = 1"),
        ("for (;;);", "C(1);for (;;){C(1);;}"),
        ("for (;;) {}", "C(1);for (;;) {C(1);}"),
        ("for (const a of b) c(a)\nd()", "C(2);for (const a of b) {C(1);c(a)}\nd()"),
        ("do x++\nwhile (x < 3)", "C(1);do {C(1);x++}\nwhile (x < 3)"),
        ("while (a) while (b) c()", "C(1);while (a) {C(1);while (b) {C(1);c()}}"),
        ("f = x => x, g = x => ({x}), h = x => y => z",
         "C(1);f = x => (C(1),x), g = x => (C(1),({x})), h = x => (C(1),y => (C(1),z))"),
        ("function f() { 'use strict'; return 1 }", "C(1);function f() { 'use strict';;C(2); return 1 }"),
        ("class A { static { b() } get c() { return 1 } d = () => 2 }",
         "C(1);class A { static {C(1); b() } get c() {C(1); return 1 } d = () => (C(1),2) }"),
        ("switch (a) { case 1: b(); c(); default: }", "C(1);switch (a) { case 1: C(2);b(); c(); default: }"),
        ("try {} catch {} finally {}", "C(1);try {C(1);} catch {C(1);} finally {C(1);}"),
        ("x => x // c\n, 2", "C(1);x => (C(1),x) // c\n, 2"),
        ("for (;;) // c\n  f()", "C(1);for (;;) // c\n  {C(1);f()}"),
        ("`${x => 'é'}`", "C(1);`${x => (C(1),'é')}`"),
        ("// nothing", "C(1);// nothing"),
    ],
)  # fmt: skip
def test_javascript_counts_at_the_begin_of_each_block(written: str, counted: str) -> None:
    given = count_javascript(written)
    assert given == counted.replace("C(", "__naftiko_count(")
    assert given.count("\n") == written.count("\n")


def test_javascript_of_any_depth_is_counted() -> None:
    assert count_javascript("(" * 3000 + "() => 1" + ")" * 3000).count("__naftiko_count") == 2
