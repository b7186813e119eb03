"""The types that the specification table is written in: objects, fields and the types of values.

Each value type describes two forms of the same value. The *strict* form is what
the official JSON Schema of a version accepts. The *lenient* form is what loading
accepts: the strict form plus the leniency that the class documents, plus the
aliases of the field.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Final, Literal, TypeAlias, TypeVar, dataclass_transform

SpecLine = Literal["naftiko", "ikanos"]
"""A line of the specification, named by the root key that declares its version."""

JsonType = Literal["string", "number", "integer", "boolean", "array", "object", "null"]

_T = TypeVar("_T")


@dataclass_transform(frozen_default=True, eq_default=False, field_specifiers=(field,))
def _row(cls: type[_T]) -> type[_T]:
    """Make a class an immutable record.

    Only the type checker enforces immutability: every method that ``dataclass``
    generates adds to the start-up time of every process.
    """
    return dataclass(slots=True, eq=False, repr=False)(cls)


_SCALARS: Final[tuple[JsonType, ...]] = ("string", "number", "boolean", "null")


@_row
class String:
    """Text. Lenient: numbers and booleans are text too, and ``pattern`` is not required.

    Attributes:
        pattern: Regular expression of the strict form.
        form: The pattern in words, for "write …".
        min_length: Minimum length of the strict form.
        max_length: Maximum length of the strict form.
        accepts: JSON types of the lenient form; none for any value.
        also: JSON types that both forms accept in its place.
        lenient_pattern: Regular expression of the lenient form.
        lenient_form: That pattern in words.
        example: A value to show.
    """

    pattern: str = ""
    form: str = ""
    min_length: int = 0
    max_length: int | None = None
    accepts: tuple[JsonType, ...] = _SCALARS
    also: tuple[JsonType, ...] = ()
    lenient_pattern: str = ""
    lenient_form: str = ""
    example: str = ""


@_row
class Integer:
    """An integer. Lenient: null means unset; further JSON types as ``accepts`` lists them.

    Attributes:
        minimum: Minimum of the strict form; None for no minimum.
        maximum: Maximum of both forms; None for no maximum.
        lenient_minimum: Minimum of the lenient form; None for that of the strict form, or 0.
        accepts: JSON types of the lenient form; text must be decimal digits.
        lenient_form: What to write, in words.
    """

    minimum: int | None = None
    maximum: int | None = None
    lenient_minimum: int | None = None
    accepts: tuple[JsonType, ...] = ("integer", "null")
    lenient_form: str = ""


@_row
class Number:
    """A number. Lenient: null means unset; further JSON types as ``accepts`` lists them.

    Attributes:
        minimum: Minimum of both forms.
        maximum: Maximum of both forms.
        exclusive_minimum: Lower bound of the lenient form, itself excluded.
        accepts: JSON types of the lenient form; text must be a decimal number.
        lenient_form: What to write, in words.
        example: A value to show.
    """

    minimum: float | None = None
    maximum: float | None = None
    exclusive_minimum: float | None = None
    accepts: tuple[JsonType, ...] = ("number", "null")
    lenient_form: str = ""
    example: float | None = None


@_row
class Flag:
    """A boolean. Lenient: ``true``, ``yes``, ``on``, ``false``, ``no`` and ``off`` as text, in any case.

    Attributes:
        accepts: Further JSON types of the lenient form.
    """

    accepts: tuple[JsonType, ...] = ()


@_row
class Enum:
    """One of a few words. Lenient: in any case, and the ``extensions``, ``aliases`` and plugins too.

    Attributes:
        values: The official values.
        ikanos: Official values of the ikanos line only.
        extensions: Values beyond the official ones that this runtime supports.
        unsupported: Official values that this runtime does not support.
        aliases: Other spellings, and the value that each is read as.
        is_exact: Whether the lenient form is case-sensitive.
        group: The entry-point group whose names are values too.
    """

    values: tuple[str, ...]
    ikanos: tuple[str, ...] = ()
    extensions: tuple[str, ...] = ()
    unsupported: tuple[str, ...] = ()
    aliases: Mapping[str, str] = field(default_factory=dict)
    is_exact: bool = False
    group: str = ""

    @property
    def supported(self) -> tuple[str, ...]:
        """The values that this runtime supports, without those of plugins."""
        every = (*self.values, *self.ikanos, *self.extensions)
        return tuple(value for value in every if value not in self.unsupported)


@_row
class Version:
    """The version of a line. Lenient: every known version; strict: the newest one.

    Attributes:
        line: The line.
    """

    line: SpecLine


@_row
class Anything:
    """A JSON value of the given types; any value for none. Lenient: null means unset.

    Attributes:
        types: The JSON types.
    """

    types: tuple[JsonType, ...] = ()


@_row
class Object:
    """One object of the table.

    Attributes:
        name: An object or choice of the table; a form of an object as ``object/form``.
        also: JSON types that both forms accept in its place.
        or_several: Whether the lenient form accepts a list or named map of such objects too.
    """

    name: str
    also: tuple[JsonType, ...] = ()
    or_several: bool = False


@_row
class ListOf:
    """A list. Lenient: null means unset; a list of objects may be a named map instead.

    Attributes:
        item: The type of its items.
        min_items: Minimum length of the strict form.
        accepts: Further JSON types of the lenient form.
        has_scalars: Whether the lenient form accepts plain values as members of a named map.
        imports_in: The lines in which the strict form accepts imports as items.
    """

    item: Value
    min_items: int = 0
    accepts: tuple[JsonType, ...] = ()
    has_scalars: bool = False
    imports_in: tuple[SpecLine, ...] = ()


@_row
class MapOf:
    """A map with free keys. Lenient: null means unset; a map of objects may be a list of named objects instead.

    Attributes:
        value: The type of its values.
        keys: The type of its keys in the strict form; None for any.
        min_entries: Minimum number of entries of the strict form.
        accepts: Further JSON types of the lenient form; with "array", the items of a list are values too.
        has_scalars: Whether the lenient form accepts plain values in place of objects.
        is_only_map: Whether the lenient form accepts no list of named objects.
        also: JSON types that both forms accept in its place.
    """

    value: Value
    keys: String | None = None
    min_entries: int = 0
    accepts: tuple[JsonType, ...] = ()
    has_scalars: bool = False
    is_only_map: bool = False
    also: tuple[JsonType, ...] = ()


@_row
class Named:
    """Named objects: a list in the naftiko line, a map keyed by name in the ikanos line. Lenient: either.

    Attributes:
        item: The object or choice; a form of an object as ``object/form``.
        keys: The type of the names as keys in the strict form; None for any.
        min_items: Minimum length of the list in the strict form.
        min_entries: Minimum number of entries of the map in the strict form.
        has_scalars: Whether the lenient form accepts plain values as members of the map.
        is_list_in_ikanos: Whether the lenient form accepts lists in the ikanos line.
    """

    item: str
    keys: String | None
    min_items: int = 0
    min_entries: int = 0
    has_scalars: bool = False
    is_list_in_ikanos: bool = False


Value: TypeAlias = (
    String | Integer | Number | Flag | Enum | Version | Anything | Object | ListOf | MapOf | Named
)


@_row
class Official:
    """How the official schemas define a field, where its row does not say it all.

    Attributes:
        line: The one line that this applies to; empty for both.
        forms: The forms of the object that this applies to; empty for all.
        required: Whether the field is required.
        type: The strict type; None for that of the field.
    """

    line: SpecLine | Literal[""] = ""
    forms: tuple[str, ...] = ()
    required: bool = False
    type: Value | None = None


@_row
class Field:
    """A field of an object: one row of the table.

    Attributes:
        name: Its name; in both lines, or that of the naftiko line.
        type: The type of its value.
        description: What it means, in one sentence.
        ikanos: Its name in the ikanos line; empty for the same.
        line: The one line that defines it; empty for both.
        required: Whether the official schemas require it.
        is_standard: Whether the official schemas define it; else it is our extension, or a form that is only read.
        official: How the official schemas define it; empty for as this row says.
        aliases: Other names that loading reads.
        is_alias_reported: Whether loading warns of its aliases.
        instead: What to write instead; empty for a field that documents should use.
        default: Its default, as text; empty for none.
        example: A value to show, as YAML.
    """

    name: str
    type: Value
    description: str
    ikanos: str = ""
    line: SpecLine | Literal[""] = ""
    required: bool = False
    is_standard: bool = True
    official: tuple[Official, ...] = ()
    aliases: tuple[str, ...] = ()
    is_alias_reported: bool = False
    instead: str = ""
    default: str = ""
    example: str = ""

    @property
    def spellings(self) -> tuple[str, ...]:
        """Every name that loading reads, the official ones first."""
        return tuple(dict.fromkeys((self.name, *((self.ikanos,) if self.ikanos else ()), *self.aliases)))

    def name_in(self, line: SpecLine) -> str:
        """Return its name in a line; empty where the line does not define it."""
        if self.line not in ("", line):
            return ""
        return self.ikanos or self.name if line == "ikanos" else self.name


@_row
class Has:
    """Fields that are present.

    Attributes:
        fields: The fields; those that a line does not define are left out.
        values: Strict types that some fields must have then.
        items: Strict types that the items of some fields must have then, where they are lists.
        constants: Values that some fields must have then.
        also: Further fields that must be present then.
        title: What needs the fields; empty for the object.
    """

    fields: tuple[str, ...] = ()
    values: Mapping[str, Value] = field(default_factory=dict)
    items: Mapping[str, Value] = field(default_factory=dict)
    constants: Mapping[str, str] = field(default_factory=dict)
    also: tuple[str, ...] = ()
    title: str = ""


@_row
class AnyOf:
    """At least one of some conditions holds; the first whose fields are present is the one that is explained."""

    message: str
    branches: tuple[Has, ...]


@_row
class OneOf:
    """Exactly one of some conditions holds."""

    message: str
    branches: tuple[Has, ...]


@_row
class NoneOf:
    """None of some conditions holds."""

    message: str
    branches: tuple[Has, ...]


@_row
class When:
    """One constraint where a condition holds, another where it does not; None for no constraint."""

    condition: Has
    then: Has | AnyOf | OneOf | NoneOf | None
    otherwise: Has | AnyOf | OneOf | NoneOf | None


Constraint: TypeAlias = Has | AnyOf | OneOf | NoneOf | When
"""How the fields of an object go together in the strict form."""


@_row
class Form:
    """One of several official forms of an object.

    Attributes:
        title: What it is called, with its article.
        schemas: The names of its definitions in the official schemas.
        constraints: How its fields go together.
    """

    title: str
    schemas: tuple[str, ...] = ()
    constraints: tuple[Constraint, ...] = ()


@_row
class SpecObject:
    """An object of the specification.

    Attributes:
        name: Its name in the table.
        title: What it is called, with its article.
        fields: Its fields.
        schemas: The names of its definitions in the official schemas; none for an extension.
        ikanos_title: What it is called in the ikanos line; empty for the same.
        constraints: How its fields go together in the strict form.
        line_constraints: The same, of one line only.
        forms: Its official forms by name, where it has several; loading reads them all alike.
        needs: Groups of fields of which loading needs one.
        named_by: Fields of which loading needs one in a list, where a named map has the names as keys.
        is_open: Whether it may have any other field.
    """

    name: str
    title: str
    fields: tuple[Field, ...]
    schemas: tuple[str, ...] = ()
    ikanos_title: str = ""
    constraints: tuple[Constraint, ...] = ()
    line_constraints: Mapping[str, tuple[Constraint, ...]] = field(default_factory=dict)
    forms: Mapping[str, Form] = field(default_factory=dict)
    needs: tuple[tuple[str, ...], ...] = ()
    named_by: tuple[str, ...] = ()
    is_open: bool = False


@_row
class SpecChoice:
    """An object that is one of several, by its ``type``.

    Attributes:
        name: Its name in the table.
        title: What it is called, with its article.
        description: What ``type`` means.
        kinds: Each official ``type``, and the object that it makes; a form of an object as ``object/form``.
        extensions: The same for types that only this runtime has.
        aliases: Other spellings of types, and the type that each is read as.
        is_alias_reported: Whether loading warns of those spellings.
        groups: The entry-point groups whose names are types too.
        type_by_key: The type of an object without ``type``, by a key that only this type has.
        identified_by: Keys of which the object has one, where without them it may be anything else.
        default_type: The type of an object that has one of those keys, and no ``type``.
        is_strict_only: Whether loading reads it without looking at the type.
    """

    name: str
    title: str
    description: str
    kinds: Mapping[str, str]
    extensions: Mapping[str, str] = field(default_factory=dict)
    aliases: Mapping[str, str] = field(default_factory=dict)
    is_alias_reported: bool = False
    groups: tuple[str, ...] = ()
    type_by_key: Mapping[str, str] = field(default_factory=dict)
    identified_by: tuple[str, ...] = ()
    default_type: str = ""
    is_strict_only: bool = False

    @property
    def types(self) -> dict[str, str]:
        """Every ``type`` without those of plugins, and the object that it makes."""
        return {**self.kinds, **self.extensions}

    def object_of(self, type_: str) -> str:
        """Return the name of the object that a ``type`` makes, in any case; empty where none is known."""
        return _objects_by_type(self).get(type_.casefold(), "")


@cache
def _objects_by_type(choice: SpecChoice) -> Mapping[str, str]:
    """Return the object of each spelling of a type, in lower case."""
    types = {**choice.types, **{alias: choice.types[each] for alias, each in choice.aliases.items()}}
    return {type_.casefold(): object_.partition("/")[0] for type_, object_ in types.items()}
