"""The examples on the page about paths are correct."""

from __future__ import annotations

import json
import re

import pytest

from naftiko_run.expressions import compile_path
from support.process import ROOT

PAGE = (ROOT / "docs" / "reference" / "outputs.md").read_text(encoding="utf-8")
ROWS = re.findall(r"^\| (`+)((?:(?!\1).)+) ?\1 \| `([^`]+)` \|", PAGE, re.MULTILINE)


@pytest.mark.parametrize(("path", "gives"), [(path, gives) for _, path, gives in ROWS])
def test_a_path_of_the_page(path: str, gives: str) -> None:
    (data,) = re.findall(r"```json\n(.+?)\n```", PAGE, re.DOTALL)
    assert compile_path(path)(json.loads(data)) == json.loads(gives)


def test_the_page_has_paths_of_every_dialect() -> None:
    assert len(ROWS) >= 15
