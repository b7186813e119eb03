"""Arrays in a request's path, whose elements a delimiter separates."""

from __future__ import annotations

from dataclasses import replace
from typing import Any
from urllib.parse import unquote

from naftiko_run.expose.exposer import Scope
from naftiko_run.expressions import PathTemplate, parse_path
from naftiko_run.invoke import Input, compile_coercion


class ArrayReader:
    """Reads an array from its segment of a request's path.

    Literal delimiters separate the elements, which are decoded one by one: an encoded delimiter is part of its
    element. In a segment without a literal delimiter an encoded one separates, as some clients encode them all.

    Args:
        declared: The array.
        path: The route's path, which has a variable of that name.
    """

    __slots__ = ("_coerce_elements", "_coerce_text", "_delimiter", "_from_end", "_group", "_pattern")

    def __init__(self, declared: Input, path: PathTemplate) -> None:
        self._delimiter = declared.delimiter or ","
        self._coerce_text = compile_coercion(declared, self._delimiter)
        self._coerce_elements = compile_coercion(replace(declared, delimiter=""))
        segments = [parse_path(each) for each in path.text.rstrip("/").split("/")]
        place = next(at for at, each in enumerate(segments) if declared.name in each.variables)
        # The path of a route may be served below another one.
        self._from_end = place - len(segments)
        self._pattern = segments[place].pattern()
        self._group = 1 + segments[place].variables.index(declared.name)

    def __call__(self, text: str, scope: Scope) -> Any:
        """Return the array.

        Args:
            text: The decoded value of the path's variable.
            scope: The request.
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
