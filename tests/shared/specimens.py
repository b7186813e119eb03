"""Specimens: documents made from a JSON Schema, and changes that may spoil them.

Every part of a specimen knows which of the schema's definitions it was made
from, so that a test can tell whether each definition was met both kept and
broken.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from random import Random
from typing import Any

from jsonschema_rs import Draft202012Validator

Schema = dict[str, Any]
Pointer = tuple[str | int, ...]
Owners = dict[Pointer, set[str]]

WORDS = (
    *r"""
    |a|A|Z9|a-b|a_b|a.b|a b|*|ns.op|ns.op.x|ns/op|NS-1.Op-2|.a|é|API_KEY|_KEY|9KEY|api_key|KEY-1|-|_
    |$.x|$.|{{env.KEY}}|tools.x| a|https://x.test|http://x.test/v1|https://x.test/{id}|https://x.test/v1/{{V}}
    |https:///v1|ftp://x.test|HTTPS://x.test|file:///a/b|file://a|vault://kv|k8s+x.y-z://s|1x://y|//x|x:/y
    |2026-01-31|2026-13-01|2026-1-1|0000-12-30|2026-01-32|a@b.co|a@b.c|a.b+c@d-e.fr|@b.co|a@b|localhost
    |127.0.0.1|256.1.1.1|1.2.3|::1|fe80::1|1:2:3:4:5:6:7:8|1:2:3:4:5:6:7:8:9|12345::1|:|g::1|a..b|-a|a-
    |text/plain|text/plain; q=1|text|a/b ; c="d e"; f=g|a/b;|a/b; c=|text/pl ain|a/b/c|10MiB|1.5GiB|7B|10MB
    |1.KiB|.5B|٣B|200|2XX|XXX|600|20|2000|99|1.0.0-alpha1|1.0.0-alpha2|1.0.0-beta4|1.0.0-beta5
    """.replace("\n    ", "").split("|"),
    *("a\n", "\n", *("x" * length for length in (63, 64, 500, 501, 1024, 1025))),
)
"""Text that one pattern of the specification or another accepts, and near misses."""

NUMBERS = (
    *(-1, 0, 1, 2, 9, 10, 20, 21, 99, 100, 599, 600, 10_000, 10_001, 65_535, 65_536, 10**20),
    *(0.5, 1.0, 1.5),
)
"""The limits that the specification sets, and what is just beyond them."""

JUNK: tuple[Any, ...] = (
    *(None, True, False, 8080, 0.5, "a"),
    *([], {}, ["a"], [{}], {"a": "b"}, {"type": "string"}),
)
"""One or two values of each JSON type."""

DEEP = 12
TEXT_LIMITS = {"pattern", "minLength", "maxLength"}
NUMBER_LIMITS = {"minimum", "maximum"}


@dataclass
class Specimen:
    """A document, and what it was made from.

    Attributes:
        data: The document.
        owners: The definitions that the value at each place was made from.
        name_owners: The definitions that the keys of the map at each place were made from.
    """

    data: Any = None
    owners: Owners = field(default_factory=lambda: defaultdict(set))
    name_owners: Owners = field(default_factory=lambda: defaultdict(set))

    def definitions(self) -> set[str]:
        """Return every definition that something was made from."""
        return set[str]().union(*self.owners.values(), *self.name_owners.values())

    def places(self, definition: str) -> list[Pointer]:
        """Return the places that were made from a definition."""
        return [place for place, names in self.owners.items() if definition in names]

    def places_named(self, definition: str) -> list[Pointer]:
        """Return the places of maps whose keys were made from a definition."""
        return [place for place, names in self.name_owners.items() if definition in names]

    def size(self) -> int:
        """How large the document is."""
        return len(str(self.data))

    def absorb(self, part: Specimen) -> None:
        """Take over what a part was made from."""
        for owners, more in ((self.owners, part.owners), (self.name_owners, part.name_owners)):
            for place, names in more.items():
                owners[place] |= names


@dataclass
class Shape:
    """What several schemas together, with their alternatives chosen, ask of one value."""

    refs: set[str] = field(default_factory=set)
    limits: dict[str, list[Any]] = field(default_factory=lambda: defaultdict(list))
    properties: dict[str, list[Any]] = field(default_factory=lambda: defaultdict(list))
    required: set[str] = field(default_factory=set)
    unwanted: set[str] = field(default_factory=set)


class Unmakeable(Exception):
    """The alternatives chosen exclude each other."""


class Maker:
    """Makes conforming documents from a schema, in the vocabulary that the specification's schemas use."""

    def __init__(self, schema: Schema, random: Random) -> None:
        self._schema = schema
        self._random = random
        self._validators = {
            name: Draft202012Validator({"$ref": f"#/$defs/{name}", "$defs": schema["$defs"]})
            for name in schema["$defs"]
        }
        self._document = Draft202012Validator(schema)
        self._leads: dict[int, set[str]] = {}
        self._focus = ""
        self._fits: dict[str, list[Any]] = {}

    @property
    def definitions(self) -> list[str]:
        """The names of the schema's definitions."""
        return list(self._schema["$defs"])

    def document(self, focus: str) -> Specimen:
        """Make a conforming document with a part made from the definition in focus."""
        self._focus = focus
        while True:
            specimen = self._make([self._schema], ())
            if focus in specimen.definitions() and self._document.is_valid(specimen.data):
                return specimen

    def value(self, schema: Any) -> Any:
        """Make a value that conforms to a part of the schema.

        Raises:
            Unmakeable: Chance chose alternatives that exclude each other, again and again.
        """
        self._focus = ""
        return self._make([schema], ()).data

    def _make(self, schemas: list[Any], at: Pointer) -> Specimen:
        for _ in range(30):
            specimen = Specimen()
            shape = self._shape(schemas, at)
            try:
                specimen.data = self._value(shape, at, specimen)
            except Unmakeable:
                continue
            if all(self._validators[name].is_valid(specimen.data) for name in shape.refs):
                if shape.refs:
                    specimen.owners[at] |= shape.refs
                return specimen
        raise Unmakeable

    def _shape(self, schemas: list[Any], at: Pointer) -> Shape:
        """Gather what schemas ask, and choose among their alternatives."""
        shape = Shape()
        waiting = [schema for schema in schemas if isinstance(schema, dict)]
        while waiting:
            schema = waiting.pop()
            for keyword, asked in schema.items():
                match keyword:
                    case "$ref":
                        name = asked.rpartition("/")[2]
                        shape.refs.add(name)
                        waiting.append(self._schema["$defs"][name])
                    case "allOf":
                        waiting += asked
                    case "oneOf" | "anyOf":
                        waiting.append(self._alternative(schema, keyword, shape, at))
                    case "not":
                        for refused in (asked, *asked.get("anyOf", ())):
                            shape.unwanted |= set(sorted(_required(refused))[:1])
                    case "properties":
                        for name, rule in asked.items():
                            shape.properties[name].append(rule)
                    case _:
                        shape.limits[keyword].append(asked)
            shape.required |= _required(schema)
        return shape

    def _alternative(self, schema: Schema, keyword: str, shape: Shape, at: Pointer) -> Schema:
        """Choose an alternative, and mostly leave out what would make another of ``oneOf`` hold too."""
        closed = set(schema["properties"]) if schema.get("additionalProperties") is False else None
        possible = [one for one in schema[keyword] if closed is None or _required(one) <= closed]
        chosen: Schema = self._random.choice(
            [one for one in possible if self._is_in_focus([one], at)] or possible
        )
        if keyword == "oneOf" and self._random.random() < 0.9:
            shape.unwanted |= set().union(*map(_required, possible)) - _required(chosen)
        return chosen

    def _value(self, shape: Shape, at: Pointer, specimen: Specimen) -> Any:
        words = [word for words in shape.limits["enum"][-1:] for word in words]
        if choices := shape.limits["const"] or words:
            return self._random.choice(choices)
        match self._type(shape):
            case "object":
                return self._map(shape, at, specimen)
            case "array":
                return self._list(shape, at, specimen)
            case "string" | "number" | "integer" as kind:
                return self._random.choice(self._fitting(kind, shape))
            case "boolean":
                return self._random.choice((True, False))
            case _:
                return self._random.choice(JUNK)

    def _type(self, shape: Shape) -> str:
        types = [{asked} if isinstance(asked, str) else set(asked) for asked in shape.limits["type"]]
        if not types:
            return "array" if shape.limits["items"] and self._random.random() < 0.7 else ""
        common = sorted(set.intersection(*types))
        return self._random.choice(common) if common else ""

    def _map(self, shape: Shape, at: Pointer, specimen: Specimen) -> dict[str, Any]:
        share = self._random.choice((0.1, 0.4, 0.7)) if len(at) < DEEP else 0.1
        made: dict[str, Any] = {}
        for name, rules in shape.properties.items():
            is_wanted = self._is_in_focus(rules, at) or self._random.random() < share
            if name in shape.required or (is_wanted and name not in shape.unwanted):
                made[name] = self._member(rules, (*at, name), specimen)
        values = [rule for rule in shape.limits["additionalProperties"] if isinstance(rule, dict)]
        if values:
            names = self._shape(shape.limits["propertyNames"], at)
            specimen.name_owners[at] |= names.refs
            for _ in range(self._count(shape.limits["minProperties"], values, at)):
                name = self._random.choice(self._fitting("string", names))
                if name not in made:
                    made[name] = self._member(values, (*at, name), specimen)
        return made

    def _list(self, shape: Shape, at: Pointer, specimen: Specimen) -> list[Any]:
        items = shape.limits["items"]
        count = self._count(shape.limits["minItems"], items, at)
        return [self._member(items, (*at, index), specimen) for index in range(count)]

    def _count(self, least: list[int], rules: list[Any], at: Pointer) -> int:
        return max(*least, self._is_in_focus(rules, at), 0) + self._random.choice((0, 0, 1, 2))

    def _is_in_focus(self, schemas: list[Any], at: Pointer) -> bool:
        """Whether to head for the focus through schemas that apply at a place."""
        leads = any(self._focus in self._lead(schema) for schema in schemas)
        return leads and len(at) < DEEP and self._random.random() < 0.9

    def _lead(self, schema: Any) -> set[str]:
        """Return the definitions that a schema leads to."""
        if id(schema) not in self._leads:
            found: set[str] = set()
            waiting = [schema]
            while waiting:
                match waiting.pop():
                    case {"$ref": str(ref)} if (name := ref.rpartition("/")[2]) not in found:
                        found.add(name)
                        waiting.append(self._schema["$defs"][name])
                    case dict() as node:
                        waiting += [value for key, value in node.items() if key != "$defs"]
                    case list() as nodes:
                        waiting += nodes
            self._leads[id(schema)] = found
        return self._leads[id(schema)]

    def _member(self, rules: list[Any], at: Pointer, specimen: Specimen) -> Any:
        part = self._make(rules, at)
        specimen.absorb(part)
        return part.data

    def _fitting(self, kind: str, shape: Shape) -> list[Any]:
        """Return the words or numbers that keep a shape's limits."""
        limits = {
            keyword: asked[-1]
            for keyword, asked in shape.limits.items()
            if keyword in TEXT_LIMITS | NUMBER_LIMITS
        }
        known = f"{kind} {limits}"
        if known not in self._fits:
            validator = Draft202012Validator({"type": kind, **limits})
            candidates: tuple[Any, ...] = WORDS if kind == "string" else NUMBERS
            self._fits[known] = [value for value in candidates if validator.is_valid(value)]
        return self._fits[known]


def _required(schema: Schema) -> set[str]:
    return set(schema.get("required", ()))
