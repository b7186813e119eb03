"""The places of the templates in a document."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import fields
from functools import cached_property
from typing import Any

from pydantic.alias_generators import to_camel

from naftiko_run.diagnostics import Pointer
from naftiko_run.document import Document
from naftiko_run.document.model import Node


class TemplateIndex:
    """Finds the places of templates; the document is searched when the first one is needed.

    Args:
        document: The document.
    """

    def __init__(self, document: Document) -> None:
        self._document = document

    def find(self, template: str) -> Pointer:
        """Return the place of the first text that is a template or contains it; empty where there is none."""
        if not template:
            return ()
        if template in self._places:
            return self._places[template]
        return next((place for text, place in self._places.items() if template in text), ())

    @cached_property
    def _places(self) -> dict[str, Pointer]:
        places: dict[str, Pointer] = {}
        for text, place in _texts(self._document, ()):
            if "{{" in text:
                places.setdefault(text, place)
        return places


def _texts(value: Any, at: Pointer) -> Iterator[tuple[str, Pointer]]:
    if isinstance(value, str):
        yield value, at
    elif isinstance(value, Node):
        at = value.pointer or at
        for each in fields(value):
            if each.name != "pointer":
                yield from _texts(getattr(value, each.name), (*at, to_camel(each.name.rstrip("_"))))
    elif isinstance(value, dict):
        for key, member in value.items():
            yield from _texts(member, (*at, key))
    elif isinstance(value, list | tuple):
        for index, member in enumerate(value):
            yield from _texts(member, (*at, index))
