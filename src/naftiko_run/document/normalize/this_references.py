"""``$this.<namespace>.<param>``: the specification's syntax for an input of the caller."""

from __future__ import annotations

import re
from typing import Any, Final

_REFERENCE: Final = r"\$this\.(?:[A-Za-z0-9_*-]+\.(?=[^\s.{}]))?(?=[^\s.{}])"
_THIS = re.compile(_REFERENCE)
_WHOLE = re.compile(r"\$this\.[^\s{}]+\Z")
_IN_BRACES = re.compile(r"(\{\{\{?\s*[#^/&]?\s*)" + _REFERENCE)
_IN_QUOTES = re.compile(r'"(\$this\.[^\s{}"\\]+)"')


def read_references(value: Any) -> Any:
    """Return a value of ``with`` with ``$this.<namespace>.x`` replaced by ``tools.x``, also in templates."""
    if isinstance(value, str):
        return _THIS.sub("tools.", value) if "$this." in value else value
    if isinstance(value, dict):
        return {key: read_references(member) for key, member in value.items()}
    if isinstance(value, list):
        return [read_references(member) for member in value]
    return value


def read_value(value: Any) -> Any:
    """Return the ``value`` of a parameter, in which ``$this.<namespace>.x`` is the template ``{{tools.x}}``."""
    if isinstance(value, dict):
        return {key: read_value(member) for key, member in value.items()}
    if isinstance(value, list):
        return [read_value(member) for member in value]
    return _template(value) if isinstance(value, str) and _WHOLE.match(value) else read_references(value)


def read_data(data: Any) -> Any:
    """Return the ``data`` of a body, in which a text ``$this.<namespace>.x`` is the template ``{{tools.x}}``.

    Inside another text it is one only between braces, and in JSON written as text between quotes.
    """
    if isinstance(data, dict):
        return {key: read_data(member) for key, member in data.items()}
    if isinstance(data, list):
        return [read_data(member) for member in data]
    if not isinstance(data, str) or "$this." not in data:
        return data
    if _WHOLE.match(data):
        return _template(data)
    if data.lstrip().startswith(("{", "[")):
        data = _IN_QUOTES.sub(lambda found: _template(found[1]), data)
    return _IN_BRACES.sub(r"\1tools.", data)


def _template(reference: str) -> str:
    return f"{{{{{read_references(reference)}}}}}"
