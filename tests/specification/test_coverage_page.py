"""What the page of the specification's coverage says: tests that exist and speak of the field, words that are told."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from specification.page import PAGE, Row, rows

TESTS = Path(__file__).parents[1]
SOURCES = "".join(each.read_text(encoding="utf-8") for each in (TESTS.parent / "src").rglob("*.py"))
SAID = ("**yes**", "**in part**", "**no**", "**informational**")


def evidence(file: str) -> str:
    """Give the text of a test, and that of documents and helpers which stand beside it."""
    path = TESTS / file.partition("::")[0]
    beside = [*path.parent.glob("harbour/*.yaml")] if path.name == "test_every_field.py" else []
    helpers = [each for each in path.parent.glob("*.py") if not each.name.startswith("test_")]
    return "\n".join(each.read_text(encoding="utf-8") for each in (path, *beside, *helpers))


@pytest.mark.parametrize(("title", "row"), [*rows()], ids=lambda value: value if isinstance(value, str) else "/".join(value.names))  # fmt: skip
def test_a_row_names_tests_that_speak_of_its_field(title: str, row: Row) -> None:
    assert row.supported.startswith(SAID)
    assert row.tests, f"{title}: {row.names}"
    for each in row.tests:
        file, _, test = each.partition("::")
        assert (TESTS / file).is_file(), each
        assert not test or f"def {test}(" in (TESTS / file).read_text(encoding="utf-8"), each
    names = [name.rsplit(".", 1)[-1] for name in row.names if name]
    if title == "Kinds of values":
        return
    text = "\n".join(map(evidence, row.tests))
    assert any(re.search(rf"(?<![\w-]){re.escape(name)}(?![\w-])", text) for name in names), (
        f"{title}: no test named speaks of {names}"
    )


def test_what_a_user_is_told_is_told() -> None:
    codes = set(re.findall(r"(?:warning|error)\[([a-z-]+)\]", PAGE.read_text(encoding="utf-8")))
    assert codes
    assert not [code for code in codes if f'"{code}"' not in SOURCES]
