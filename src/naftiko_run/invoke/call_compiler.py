"""Compilation of ``call`` and ``with`` to a call: an expression for each argument of a consumed operation."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from naftiko_run.consume import OperationRegistry, UpstreamOperation
from naftiko_run.diagnostics import Pointer, Report
from naftiko_run.expressions import Expression, exact_variable, member_of, normalize_name
from naftiko_run.invoke.call import Call
from naftiko_run.invoke.references import References
from naftiko_run.invoke.step_output import split_step_path


@dataclass(frozen=True, slots=True)
class CallCompiler:
    """Compiles the calls of one function.

    Attributes:
        operations: The document's consumed operations.
        references: Compiles the values of ``with``.
        offered: The names of the caller's inputs: each is passed to the argument of the same name.
        leftover: Those of them that become extra arguments if nothing refers to them.
        is_explicit: Whether the author declares the inputs: then no inputs are inferred for
            optional query parameters, headers and cookies without a value.
        report: Collects warnings.
    """

    operations: OperationRegistry
    references: References
    offered: Sequence[str]
    leftover: Sequence[str]
    is_explicit: bool
    report: Report

    def compile(self, name: str, with_: Mapping[str, Any], at: Pointer) -> Call:
        """Return the call of an operation: arguments come from ``with``, else from the input of the same name.

        Args:
            name: ``namespace.operation``; known to exist.
            with_: The ``with`` block as written.
            at: The location of the call in the document.

        Raises:
            NotCallable: The operation cannot be called.
            ValueError: A template is malformed.
        """
        written: dict[str, Expression] = {}
        secrets: dict[str, Sequence[str]] = {}
        for argument, value in with_.items():
            compile_it = partial(self.references.compile_member, argument, value)
            written[argument], secrets[argument] = self.references.with_secrets(compile_it)
        plain = self.operations.get(name)
        extras = self._extras(plain, written, at)
        operation = self.operations.get(name, extras) if extras else plain
        spellings = {normalize_name(each): each for each in self.offered}
        arguments = dict(written)
        fixed = {each.name for each in operation.parameters if each.value is not None}
        omitted = {
            each.name
            for each in (operation.parameters if self.is_explicit else ())
            if not each.required and each.in_ in ("query", "header", "cookie")
        }
        for argument in [*(each.name for each in operation.parameters), *operation.reads]:
            if argument in arguments or (argument in fixed and argument not in operation.reads):
                continue
            if argument not in self.offered and split_step_path(argument, self.references.steps):
                arguments[argument] = self.references.resolve(argument)
                continue
            source = (
                argument if argument in self.offered else spellings.get(normalize_name(argument), argument)
            )
            member = None if source in self.offered else member_of(argument, self.references.objects)
            if member is not None:
                arguments[argument] = member
            elif source in self.offered or argument not in omitted:
                arguments[argument] = exact_variable(source)
        reads = {argument: each for argument, each in arguments.items() if argument in operation.reads}
        for argument, expression in reads.items():
            secrets.setdefault(argument, self.references.given_in(expression))
        return Call.of(operation.masking(secrets), reads)

    def _extras(
        self, operation: UpstreamOperation, written: Mapping[str, Expression], at: Pointer
    ) -> dict[str, str]:
        """Return the arguments that the operation does not declare, and where they are sent.

        They become fields of a body that the document does not describe, or query parameters if the method
        has no body. A described body contains only what the document says.
        """
        known = {*operation.reads, *(each.name for each in operation.parameters)}
        named = [name for name in written if name not in known]
        unused = [name for name in self.leftover if name not in known]
        if not (named or unused):
            return {}
        place = self.operations.extras_location(operation.name)
        members = (member_of(name, self.references.objects) for name in known)
        read = [*written.values(), *(each for each in members if each is not None)]
        referred = {name for expression in read for name in expression.names}
        spellings = {normalize_name(name) for name in known - written.keys()}
        where = f"it is sent in the {place}" if place else "it is not sent"
        others: dict[str, str] = dict.fromkeys(named, place)
        for name in unused:
            if name not in referred and normalize_name(name) not in spellings:
                others.setdefault(name, place)
        for name in others:
            self.report.warning(
                "unknown-argument",
                f"`{operation.name}` has no parameter `{name}`; {where}",
                (*at, "with", name) if name in written else at,
                hint=f"declare `{name}` among the operation's inputParameters",
            )
        return others if place else {}
