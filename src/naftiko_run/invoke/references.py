"""References, templates and literals that supply the arguments of consumed operations (specification: ``with``)."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from naftiko_run.bindings import Bindings
from naftiko_run.consume import compile_graphql_template, is_graphql, revealed_in
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
"""The index of an element in a template: ``{{step.0.name}}``."""


@dataclass(slots=True)
class References:
    """Compiles the values of ``with``.

    Attributes:
        bindings: The values of ``env.X`` and bound names.
        prefixes: The prefixes that may precede an input: ``rest``, ``tools``, or the namespace of an
            adapter or aggregate.
        declared: The inputs of the function and variables of its route, which a bare word may name.
        missing: Collects the bindings without a value.
        objects: The inputs that can have members, which ``{{o.k}}`` reads.
        steps: The steps of the function, whose outputs ``$.step.path`` and ``{{step.path}}`` read.
        given: The values of bindings in the names that the function itself supplies.
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
        """Compile the value of an argument or member, which may be a GraphQL document according to its name.

        Raises:
            ValueError: A template is malformed.
        """
        if is_graphql(name, written):
            return compile_graphql_template(written, self.resolve)
        return self.compile(written)

    def with_secrets(self, compile_it: Callable[[], Expression]) -> tuple[Expression, tuple[str, ...]]:
        """Compile a value; return the expression and the values of the bindings in it."""
        known = len(self._revealed)
        expression = compile_it()
        return expression, (*revealed_in(expression, self._revealed[known:]), *self.given_in(expression))

    def given_in(self, expression: Expression) -> list[str]:
        """Return the values of bindings in the names that an expression reads."""
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
        """Compile a path that begins with the name of a step or an input."""
        step = split_step_path(written, self.steps)
        if step is not None:
            return read_step(*step)
        given = split_step_path(written, self.declared)
        if given is None:
            raise ValueError(
                f"`{written}` refers to no step or input; its steps are: {', '.join(self.steps)}"
            )
        name, path = given
        access = compile_path(path)
        return Expression(
            lambda scope: access(scope[name]) if name in scope else MISSING,
            (name,),
            name if is_root(path) else "",
        )

    def resolve(self, name: str) -> Expression:
        """Resolve a name in a template to an input, a step's output, or a binding.

        If a step has the name of an adapter or aggregate, the name means an input only if it is declared.

        Raises:
            ValueError: The rest of a step reference is not a JSONPath.
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
        """Return the expression of an input by its exact name, in which dots and brackets are allowed.

        A name that is declared only in another spelling (``{user-id}`` for ``rest.user_id``) means that input. A
        dotted name that is not declared is a member of a declared input.
        """
        if name in self.declared:
            return exact_variable(name)
        spelled = next((each for each in self.declared if normalize_name(each) == normalize_name(name)), "")
        return exact_variable(spelled) if spelled else member_of(name, self.objects) or exact_variable(name)
