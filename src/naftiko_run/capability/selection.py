"""What is served of a document, where not all of it is: by globs on names."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from fnmatch import fnmatchcase
from typing import Any

from naftiko_run.diagnostics import Pointer
from naftiko_run.document import Document
from naftiko_run.document.model import (
    Exposes,
    McpExposes,
    Node,
    Prompt,
    Resource,
    RestExposes,
    RestResource,
    Skill,
    SkillExposes,
    Tool,
    Unavailable,
)


class Selection:
    """Takes from documents what is wanted of them.

    Args:
        include: Globs of which a name must match one; none for everything.
        exclude: Globs of which a name must match none.

    Attributes:
        unmatched: The globs that no name has matched so far.
    """

    def __init__(self, include: Sequence[str], exclude: Sequence[str]) -> None:
        self._include = include
        self._exclude = exclude
        self._dropped: set[Pointer] = set()
        self.unmatched = {*include, *exclude}

    def of(self, document: Document) -> Document:
        """Give a document with what is wanted of it; the same one where that is everything.

        Names are those of tools, routes (``METHOD /path`` too), resources and prompts,
        with and without their adapter's namespace. Skills go by what their tools are
        made of. An adapter of which nothing is wanted goes as well.
        """
        if not (self._include or self._exclude):
            return document
        kept: dict[Pointer, Exposes] = {}
        for exposes in sorted(document.exposes, key=lambda each: isinstance(each, SkillExposes)):
            offers = self._offers(exposes)
            if offers is None or any(offers.values()):
                kept[exposes.pointer] = replace(exposes, **(offers or {}))
        if not self._dropped:
            return document
        in_order = (kept[each.pointer] for each in document.exposes if each.pointer in kept)
        return replace(document, exposes=tuple(in_order))

    def _offers(self, exposes: Exposes) -> dict[str, Any] | None:
        """Give what is wanted of an adapter, by attribute; None for all of what only its plugin can read."""
        namespace = exposes.namespace
        unavailable = tuple(
            each for each in exposes.unavailable if self._wants(each, namespace, _plain(each), each.action)
        )
        if isinstance(exposes, RestExposes):
            resources = (self._resource(each, namespace) for each in exposes.resources)
            return {
                "resources": tuple(each for each in resources if each.operations or each.forward),
                "unavailable": unavailable,
            }
        if isinstance(exposes, McpExposes):
            return {
                "tools": self._named(exposes.tools, namespace),
                "resources": self._named(exposes.resources, namespace),
                "prompts": self._named(exposes.prompts, namespace),
                "unavailable": unavailable,
            }
        if isinstance(exposes, SkillExposes):
            skills = (self._skill(each) for each in exposes.skills)
            return {"skills": tuple(each for each in skills if each is not None)}
        return None

    def _named(self, units: Iterable[Tool | Resource | Prompt], namespace: str) -> tuple[Any, ...]:
        return tuple(
            each
            for each in units
            if self._wants(each, namespace, *dict.fromkeys((each.name, each.written_name or each.name)))
        )

    def _resource(self, resource: RestResource, namespace: str) -> RestResource:
        operations = tuple(
            each
            for each in resource.operations
            if self._wants(each, namespace, f"{each.method} {resource.path}", each.name)
        )
        forward = resource.forward
        if forward is not None and not self._wants(forward, namespace, f"ANY {resource.path}"):
            forward = None
        return replace(resource, operations=operations, forward=forward)

    def _skill(self, skill: Skill) -> Skill | None:
        """Give a skill without the tools that are made of what is not wanted; None where nothing is left of it."""
        tools = tuple(
            each for each in skill.tools if each.source is None or each.source.unit not in self._dropped
        )
        is_left = tools or skill.location or not skill.tools
        return replace(skill, tools=tools) if is_left else None

    def _wants(self, unit: Node, namespace: str, *names: str) -> bool:
        known = [*names, *(f"{namespace}.{name}" for name in names)]
        included = [glob for glob in self._include if any(fnmatchcase(name, glob) for name in known)]
        excluded = [glob for glob in self._exclude if any(fnmatchcase(name, glob) for name in known)]
        self.unmatched.difference_update(included, excluded)
        is_wanted = not excluded and bool(included or not self._include)
        if not is_wanted:
            self._dropped.add(unit.pointer)
        return is_wanted


def _plain(unit: Unavailable) -> str:
    """Give the name of what was left out, without what it is."""
    return unit.name.removeprefix("resource ").removeprefix("prompt ")
