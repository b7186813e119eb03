"""Linting any mapping, list or text in any place ends with findings, never with a traceback."""

import json
from copy import deepcopy
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from lint.marks import MARK
from lint.mistakes import IKANOS, NAFTIKO
from naftiko_run.document.source import parse
from naftiko_run.lint import Level, lint

DOCUMENTS = [parse(text.replace(MARK, "")).data for text in (NAFTIKO, IKANOS)]
ODD: st.SearchStrategy[Any] = st.sampled_from(
    [
        *(None, "", "x", "{{x}}", "$.", "://", "http://[", 0, -1.5, True, [], {}, [[]], [None, "x"]),
        *({"name": None}, {"type": []}, {"": {"": ""}}, [{"name": "x"}, {"name": "x"}]),
    ]
).map(deepcopy)


def places(value: Any) -> list[tuple[Any, Any]]:
    """Return every container of a document with each of its keys."""
    pairs = list(value.items()) if isinstance(value, dict) else list(enumerate(value))
    below = [place for _, member in pairs if isinstance(member, dict | list) for place in places(member)]
    return [(value, key) for key, _ in pairs] + below


@given(data=st.data())
def test_a_document_with_anything_anywhere_is_linted(data: st.DataObject) -> None:
    document = deepcopy(data.draw(st.sampled_from(DOCUMENTS)))
    for _ in range(data.draw(st.integers(1, 4))):
        known = places(document)
        if not known:
            break
        container, key = known[data.draw(st.integers(0, len(known) - 1))]
        container[key] = data.draw(ODD)
    for found in lint(parse(json.dumps(document, indent=1)), data.draw(st.sampled_from(Level))):
        assert found.line
        assert found.message
