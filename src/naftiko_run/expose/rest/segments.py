"""Parse arrays in a request path, whose elements are separated by a delimiter."""

from __future__ import annotations

from dataclasses import replace
from typing import Any
from urllib.parse import unquote

from naftiko_run.expose.exposer import Scope
from naftiko_run.expressions import PathTemplate, parse_path
from naftiko_run.invoke import Input, compile_coercion


class ArrayReader:
    """Parses an array from its segment of a request path.

    The segment is split at literal delimiters, then each element is decoded: an encoded delimiter is part of its
    element. A segment without a literal delimiter is split at encoded ones, since some clients encode them all.

    Args:
        declared: The input of type array.
        path: The path of the route, which has a variable of that name.
    """

    __slots__ = ("_coerce_elements", "_coerce_text", "_delimiter", "_from_end", "_group", "_pattern")

    def __init__(self, declared: Input, path: PathTemplate) -> None:
        self._delimiter = declared.delimiter or ","
        self._coerce_text = compile_coercion(declared, self._delimiter)
        self._coerce_elements = compile_coercion(replace(declared, delimiter=""))
        segments = [parse_path(each) for each in path.text.rstrip("/").split("/")]
        place = next(at for at, each in enumerate(segments) if declared.name in each.variables)
        # Counted from the end, since the app may be mounted below a prefix.
        self._from_end = place - len(segments)
        self._pattern = segments[place].pattern()
        self._group = 1 + segments[place].variables.index(declared.name)

    def __call__(self, text: str, scope: Scope) -> Any:
        """Return the array.

        Args:
            text: The decoded value of the path variable.
            scope: The ASGI scope of the request.
        """
        raw: str = (scope.get("raw_path") or b"").decode("latin-1")
        if "%" in raw:
            segment = raw.rstrip("/").split("/")[self._from_end]
            found = self._pattern.fullmatch(segment)
            if found and self._delimiter in found[self._group]:
                return self._coerce_elements(
                    [unquote(each) for each in found[self._group].split(self._delimiter)]
                )
        return self._coerce_text((text,))
