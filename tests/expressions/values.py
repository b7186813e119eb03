"""Strategies for JSON values and for names in templates."""

from __future__ import annotations

import string
from typing import Any

from hypothesis import strategies as st

names = st.text(string.ascii_letters + string.digits + "_-", min_size=1, max_size=8)
"""Names that are valid in a template or a path."""

numbers = st.integers() | st.floats(allow_nan=False, allow_infinity=False)
scalars = st.none() | st.booleans() | numbers | st.text(max_size=12)
json_values: st.SearchStrategy[Any] = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner, max_size=3),
    max_leaves=8,
)
