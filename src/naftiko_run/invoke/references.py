"""``with``: what fills each argument of a consumed operation (specification: ``with``)."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from naftiko_run.bindings import Bindings
from naftiko_run.consume import compile_graphql_text, is_graphql, revealed_in
from naftiko_run.errors import BoundVariable
from naftiko_run.expressions import (
    MISSING,
    Expression,
    compile_path,
    compile_value,
    constant,
    exact_variable,
    is_root,
    list_expression,
    member_of,
    normalize_name,
    object_expression,
    variable,
)
from naftiko_run.invoke.step_output import read_step, split_step_path

_INDEX = re.compile(r"\.(\d+)(?=[.\[]|\Z)")
"""An element's number as templates write it: ``{{step.0.name}}``."""


@dataclass(slots=True)
class References:
    """Compiles the values of ``with``.

    Attributes:
        bindings: What ``env.X`` and bound names stand for.
        prefixes: What may stand before a caller's input: ``rest``, ``tools``, the namespace of an
            adapter or aggregate.
        declared: The function's own inputs and its route's variables, which a bare word may name.
        missing: Takes the bindings that have no value.
        objects: Those of its inputs that can have members, which ``{{o.k}}`` reads.
        steps: The function's steps, whose outputs ``$.step.path`` and ``{{step.path}}`` read.
        given: The values of bindings in the names that the function itself fills in.
    """

    bindings: Bindings
    prefixes: frozenset[str]
    declared: Sequence[str]
    missing: dict[BoundVariable, None]
    steps: Sequence[str] = field(default=())
    objects: frozenset[str] = field(default=frozenset())
    given: dict[str, tuple[str, ...]] = field(default_factory=dict, repr=False)
    _revealed: list[str] = field(default_factory=list, init=False, repr=False)

    def compile(self, written: Any) -> Expression:
        """Compile one value: a reference, a template, a literal, or a structure of these.

        Raises:
            ValueError: A template is malformed.
        """
        if isinstance(written, str):
            return self._text(written)
        if isinstance(written, dict):
            return object_expression({key: self.compile_member(key, value) for key, value in written.items()})
        if isinstance(written, list):
            return list_expression([self.compile(value) for value in written])
        return constant(MISSING if written is None else written)

    def compile_member(self, name: str, written: Any) -> Expression:
        """Compile the value of an argument or member, which its name may say to be a GraphQL document.

        Raises:
            ValueError: A template is malformed.
        """
        if is_graphql(name, written):
            return compile_graphql_text(written, self.resolve)
        return self.compile(written)

    def with_secrets(self, compile_it: Callable[[], Expression]) -> tuple[Expression, tuple[str, ...]]:
        """Compile a value, and return the values of the bindings in it too."""
        known = len(self._revealed)
        expression = compile_it()
        return expression, (*revealed_in(expression, self._revealed[known:]), *self.given_in(expression))

    def given_in(self, expression: Expression) -> list[str]:
        """Return the values of bindings in what an expression reads."""
        return [each for name in expression.names for each in self.given.get(name, ())]

    def _text(self, written: str) -> Expression:
        if "{{" in written:
            return compile_value(written, self.resolve)
        if written.startswith("$.") and self.steps:
            return self._path(written)
        prefix, dot, name = written.partition(".")
        if dot and name and (prefix in self.prefixes or written.startswith("env.")):
            return self.resolve(written)
        if written in self.declared:
            return variable(written)
        return constant(written)

    def _path(self, written: str) -> Expression:
        """Read a path that begins with a step, or with one of the caller's inputs."""
        step = split_step_path(written, self.steps)
        if step is not None:
            return read_step(*step)
        given = split_step_path(written, self.declared)
        if given is None:
            raise ValueError(
                f"`{written}` reads no step and no input; its steps are: {', '.join(self.steps)}"
            )
        name, path = given
        access = compile_path(path)
        return Expression(
            lambda scope: access(scope[name]) if name in scope else MISSING,
            (name,),
            name if is_root(path) else "",
        )

    def resolve(self, name: str) -> Expression:
        """Say what a name in a template means: an input, a step's output, or a binding.

        A step may have the name of an adapter or aggregate: then only a declared input is the caller's.

        Raises:
            ValueError: What follows a step's name is not a JSONPath.
        """
        prefix, dot, rest = name.partition(".")
        is_step = prefix in self.steps and rest not in self.declared
        if dot and rest and prefix in self.prefixes and not is_step:
            return self._input(rest)
        step = split_step_path(_INDEX.sub(r"[\1]", name), self.steps)
        if step is not None and (dot or name not in self.declared):
            return read_step(*step)
        bound = self.bindings.find(name)
        if bound is None:
            return self._input(name)
        if bound.value is None:
            self.missing[bound.variable] = None
            return constant(MISSING)
        self._revealed.append(bound.value.reveal())
        return constant(self._revealed[-1])

    def _input(self, name: str) -> Expression:
        """Read a caller's input by its exact name: dots and brackets are part of names here.

        A name that is offered only in another spelling (``{user-id}`` for ``rest.user_id``) means that one. A
        dotted name that is not offered at all is a member of a declared input.
        """
        if name in self.declared:
            return exact_variable(name)
        spelled = next((each for each in self.declared if normalize_name(each) == normalize_name(name)), "")
        return exact_variable(spelled) if spelled else member_of(name, self.objects) or exact_variable(name)
