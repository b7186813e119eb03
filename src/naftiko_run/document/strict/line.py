"""How the lines of the specification differ in writing the same things."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from naftiko_run.document.strict.rules import Fields, Rule, list_of, map_of, record
from naftiko_run.document.strict.texts import IDENTIFIER


@dataclass(frozen=True, slots=True)
class Line:
    """One line of the specification, in the version whose rules are known.

    Attributes:
        key: The root key that says the version.
        version: The version.
        label: The key of a name for people.
        target: The key of a step mapping's target.
        keyed: Named things are a map with their names as keys, rather than a list of records with a ``name``.
        outputs: What ``outputParameters`` are before it is known what makes them.
        additions: The title of a record to the optional keys that this line adds to it, or redefines.
    """

    key: str
    version: str
    label: str
    target: str
    keyed: bool
    outputs: Rule
    additions: Mapping[str, Fields]

    def record(self, title: str, required: Fields, optional: Fields | None = None, *rules: Rule) -> Rule:
        """A record, with what the line adds to it."""
        return record(title, required, {**(optional or {}), **self.additions.get(title, {})}, *rules)

    def name(self, rule: Rule = IDENTIFIER) -> Fields:
        """The key for a thing's own name, where the line has one."""
        return {} if self.keyed else {"name": rule}

    def named(self, thing: Rule, *, names: Rule = IDENTIFIER, at_least: int = 0) -> Rule:
        """Several named things; in a list, their records hold ``name``."""
        if self.keyed:
            several = map_of(thing, keys=names, at_least=at_least)
            return {**several, "description": "write a map with the names as its keys"}
        return {
            **list_of(thing, at_least=at_least),
            "description": "write a list, with `- ` before each item",
        }
