"""Script steps: `context` in, `result` out, in both languages."""

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from naftiko_run.errors import ScriptFailed
from naftiko_run.expressions import MISSING
from support.scripts import prepare, run

LANGUAGES = ("javascript", "python")
BOTH = pytest.mark.parametrize("language", LANGUAGES)


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("javascript", "result = context.items.filter((item) => item.active).map((item) => item.id);"),
        ("python", "result = [item['id'] for item in context['items'] if item['active']]"),
    ],
)
def test_a_script_reads_context_and_gives_result(tmp_path: Path, language: str, text: str) -> None:
    items = [{"id": 1, "active": True}, {"id": 2, "active": False}, {"id": 3, "active": True}]
    assert run(prepare(tmp_path, language, text), {"items": items}) == [1, 3]


@pytest.mark.parametrize(
    "text", ["const result = 1", "let result = 1", "var result = 1", "'use strict'; result = 1"]
)
def test_javascript_may_declare_result_as_it_likes(tmp_path: Path, text: str) -> None:
    assert run(prepare(tmp_path, "javascript", text)) == 1


@BOTH
def test_a_script_that_assigns_no_result_gives_none_at_all(tmp_path: Path, language: str) -> None:
    assert run(prepare(tmp_path, language, "other = 1")) is MISSING


@pytest.mark.parametrize(("language", "text"), [("javascript", "result = null"), ("python", "result = None")])
def test_null_is_a_result(tmp_path: Path, language: str, text: str) -> None:
    assert run(prepare(tmp_path, language, text)) is None


@pytest.mark.parametrize(
    ("language", "parts", "text"),
    [
        ("javascript", ["const base = context.x * 2", "const twice = () => base * 2;"], "result = twice()"),
        ("python", ["base = context['x'] * 2", "def twice():\n    return base * 2"], "result = twice()"),
    ],
)
def test_dependencies_are_evaluated_first_and_in_order(
    tmp_path: Path, language: str, parts: list[str], text: str
) -> None:
    assert run(prepare(tmp_path, language, text, parts), {"x": 10}) == 40


def test_promises_settle_before_the_result_is_read(tmp_path: Path) -> None:
    text = "(async () => { const x = await Promise.resolve(2); result = x + await 3; })();"
    assert run(prepare(tmp_path, "javascript", text)) == 5


@pytest.mark.parametrize(
    ("language", "text"),
    [("javascript", "console.log('x'); print('y'); result = 1"), ("python", "print('x')\nresult = 1")],
)
def test_what_a_script_prints_goes_nowhere(
    tmp_path: Path, language: str, text: str, capfd: pytest.CaptureFixture[str]
) -> None:
    assert run(prepare(tmp_path, language, text)) == 1
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("javascript", "result = [typeof seen, typeof [].seen, typeof Math.tau, typeof {}.seen]; seen = Math.tau = Object.prototype.seen = 1"),
        ("python", "result = ['undefined'] * 4\ntry:\n    result = [seen]\nexcept NameError:\n    seen = 1"),
    ],
)  # fmt: skip
def test_nothing_stays_for_the_next_run(tmp_path: Path, language: str, text: str) -> None:
    script = prepare(tmp_path, language, text)
    assert [run(script) for _ in range(3)] == [["undefined"] * 4] * 3


@BOTH
def test_a_script_is_read_when_it_is_compiled_and_never_again(tmp_path: Path, language: str) -> None:
    script = prepare(tmp_path, language, "result = 1")
    for path in (tmp_path / "scripts").iterdir():
        path.unlink()
    assert run(script) == 1


DATA: dict[str, Any] = {
    "text": "é 😀 \u2028 \x00 \"'\\ </script> ${x} {{y}}",
    "": "an empty name",
    "__proto__": {"polluted": True},
    "constructor": 1,
    "toJSON": "a name, not a function",
    "nothing": None,
    "yes": True,
    "int": 2**53,
    "negative": -7,
    "float": 0.1,
    "tiny": 5e-324,
    "huge": 1.7976931348623157e308,
    "list": [[], {}, [None]],
}


@BOTH
def test_data_crosses_unchanged(tmp_path: Path, language: str) -> None:
    given = run(prepare(tmp_path, language, "result = context"), DATA)
    assert given == DATA
    assert list(given) == list(DATA)


def test_python_keeps_integers_of_any_size_and_javascript_has_floats(tmp_path: Path) -> None:
    context = {"n": 12345678901234567890123}
    assert run(prepare(tmp_path, "python", "result = context['n'] + 1"), context) == 12345678901234567890124
    assert run(prepare(tmp_path, "javascript", "result = context.n"), context) == 1.2345678901234568e22


@BOTH
@pytest.mark.parametrize("depth", [200, 400])
def test_deep_data_crosses_unchanged(tmp_path: Path, language: str, depth: int) -> None:
    deep: Any = 1
    for _ in range(depth):
        deep = {"x": [deep]}
    assert json.dumps(
        run(prepare(tmp_path, language, "result = context"), {"deep": deep})["deep"]
    ) == json.dumps(deep)


@BOTH
def test_data_that_is_too_deep_is_told(tmp_path: Path, language: str) -> None:
    text = {"javascript": "let a = 1; for (let i = 0; i < 9000; i++) a = [a]; result = a",
            "python": "a = 1\nfor i in range(9000): a = [a]\nresult = a"}[language]  # fmt: skip
    with pytest.raises(ScriptFailed, match=r"`result` is not JSON"):
        run(prepare(tmp_path, language, text))


@pytest.mark.parametrize(
    ("language", "text", "value"),
    [
        ("javascript", r"result = 'a\ud800b'", "a\N{REPLACEMENT CHARACTER}b"),
        ("javascript", r"result = 'a\\ud800b\\'", "a\\ud800b\\"),
        ("python", r"result = 'a\ud800b'", "a\N{REPLACEMENT CHARACTER}b"),
        ("javascript", "result = [undefined, () => 1, Symbol(), NaN, -Infinity]", [None] * 5),
        ("javascript", "result = {a: undefined, b: new Date(0), c: new Map([[1, 2]])}",
         {"b": "1970-01-01T00:00:00.000Z", "c": {}}),
        ("javascript", "result = () => 1", MISSING),
        ("python", "result = {1: (2, 3), None: True}", {"1": [2, 3], "null": True}),
        ("python", "result = [1.0, 10**30]", [1.0, 10**30]),
    ],
)  # fmt: skip
def test_what_is_not_quite_json_crosses_as_near_as_it_can(
    tmp_path: Path, language: str, text: str, value: Any
) -> None:
    assert run(prepare(tmp_path, language, text)) == value


@pytest.mark.parametrize(
    ("language", "text", "told"),
    [
        ("javascript", "result = 1n", "BigInt"),
        ("javascript", "result = {}; result.self = result", "circular"),
        ("python", "result = {1, 2}", "set is not JSON serializable"),
        ("python", "result = float('nan')", "nan"),
        ("python", "from datetime import date\nresult = date(2020, 1, 2)", "date is not JSON serializable"),
        ("python", "result = []\nresult.append(result)", "Circular"),
        ("python", "class A:\n    pass\nresult = A()", "A is not JSON serializable"),
    ],
)
def test_a_result_that_json_cannot_carry_is_told(tmp_path: Path, language: str, text: str, told: str) -> None:
    with pytest.raises(ScriptFailed, match="script step `shape`: its `result` is not JSON: .*" + told):
        run(prepare(tmp_path, language, text))


def test_a_context_that_json_cannot_carry_is_told(tmp_path: Path) -> None:
    with pytest.raises(ScriptFailed, match="its context is not JSON"):
        run(prepare(tmp_path, "python", "result = 1"), {"x": {object()}})


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.floats(-(2**53), 2**53) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text().filter(lambda key: not key.isdecimal()), inner, max_size=4),
    max_leaves=20,
)  # fmt: skip


@BOTH
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(value=JSON)
def test_any_json_comes_back_as_it_went_in(tmp_path: Path, language: str, value: Any) -> None:
    script = _echoes.get(language) or prepare(tmp_path, language, "result = context")
    _echoes[language] = script
    assert run(script, {"value": value}) == {"value": value}


_echoes: dict[str, Any] = {}
