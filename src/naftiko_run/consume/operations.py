"""The consumed operations of a document, by name."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final, Literal

from naftiko_run.consume.authentication import credentials_given
from naftiko_run.consume.bodies import BODY_METHODS, FIELD_TYPES
from naftiko_run.consume.compile import OperationCompiler
from naftiko_run.consume.formats import Format, FormatSettings, JsonFormat, compile_format
from naftiko_run.consume.forwarding import Forwarding
from naftiko_run.consume.operation import ConsumedOperation
from naftiko_run.consume.surroundings import Surroundings
from naftiko_run.consume.upstream import Upstream, compile_upstream
from naftiko_run.diagnostics import Pointer
from naftiko_run.document.model import ConsumedOperation as OperationModel
from naftiko_run.document.model import Consumes, Document, Parameter
from naftiko_run.expressions import TemplateError

_IMPLIED_BODY: Final = Parameter(
    name="body", in_="body", type="object", description="Request body (JSON).", required=False
)
_IMPLIED_BYTES: Final = Parameter(
    name="body",
    in_="body",
    type="string",
    format="binary",
    description="Request body (base64).",
    required=False,
)


_FORWARDED: Final = ("header", "query", "cookie")
"""Places of exposed parameters whose fixed values are sent with what is forwarded."""


class NotCallable(Exception):
    """A consumed operation that cannot be compiled; the message says why.

    Args:
        message: Why.
        at: The place in the document that is at fault; empty for that of the unit that calls it.
        template: The template that is at fault; empty for none.
    """

    def __init__(self, message: str, at: Pointer = (), template: str = "") -> None:
        super().__init__(message)
        self.at = at
        self.template = template

    @classmethod
    def of(cls, fault: ValueError) -> NotCallable:
        """Return what another fault means to those who would call the operation."""
        return cls(str(fault), template=fault.template if isinstance(fault, TemplateError) else "")


class ConsumedOperations:
    """The operations of a document, each compiled when first asked for.

    Args:
        document: The canonical document.
        surroundings: What operations need beyond it.
    """

    def __init__(self, document: Document, surroundings: Surroundings) -> None:
        self._surroundings = surroundings
        self._models = {
            f"{consumes.namespace}.{operation.name}": (consumes, resource.path, operation)
            for consumes in document.consumes
            for resource in consumes.resources
            for operation in resource.operations
        }
        self._namespaces = {consumes.namespace: consumes for consumes in document.consumes}
        self._upstreams: dict[str, Upstream] = {}
        self._formats: dict[str, Format] = {}
        self._parameters: dict[str, tuple[Parameter, ...]] = {}
        self._compiled: dict[tuple[str, tuple[tuple[str, str], ...]], ConsumedOperation] = {}

    def parameters(self, name: str) -> tuple[Parameter, ...]:
        """Give an operation's input parameters, its namespace's included, and the body that it implies.

        What the authentication gives is not among them: nobody else has to.
        """
        found = self._parameters.get(name)
        if found is None:
            found = self._parameters[name] = self._parameters_of(name)
        return found

    def _parameters_of(self, name: str) -> tuple[Parameter, ...]:
        consumes, _, model = self._models[name]
        own = {parameter.name for parameter in model.input_parameters}
        given = credentials_given(consumes.authentication)
        parameters = [
            parameter
            for parameter in [
                *(each for each in consumes.input_parameters if each.name not in own),
                *model.input_parameters,
            ]
            if (parameter.in_, parameter.name.casefold()) not in given
        ]
        if _implies_body(model, parameters):
            is_binary = model.body is not None and model.body.type == "binary"
            parameters.append(_IMPLIED_BYTES if is_binary else _IMPLIED_BODY)
        return tuple(parameters)

    def implies_body(self, name: str) -> bool:
        """Whether an operation takes a body that the document does not describe: then any JSON will do."""
        return any(parameter is _IMPLIED_BODY for parameter in self.parameters(name))

    def place_of_others(self, name: str) -> Literal["body", "query", ""]:
        """Return where arguments travel that an operation does not declare; empty where they have no place."""
        _, _, model = self._models[name]
        if model.method not in BODY_METHODS:
            return "query"
        takes_fields = model.body is None or model.body.type in FIELD_TYPES
        return "body" if self.implies_body(name) and takes_fields else ""

    def get(self, name: str, extras: Mapping[str, str] | None = None) -> ConsumedOperation:
        """Give an operation.

        Args:
            name: ``namespace.operation``; known to exist.
            extras: Arguments that the operation does not declare, and where they
                travel: ``query``, or ``body`` for a field of its JSON object.

        Raises:
            NotCallable: Its base URI, one of its templates, or its answers' format cannot be used.
        """
        added = dict(extras or {})
        key = (name, tuple(added.items()))
        if key not in self._compiled:
            consumes, path, model = self._models[name]
            parameters = self.parameters(name)
            answers = self._format(name)
            try:
                upstream = self._upstream(consumes)
                path = path or ("/" if upstream.has_slash else "")
                compiler = OperationCompiler(
                    upstream, path, model, parameters, answers=answers, surroundings=self._surroundings
                )
                self._compiled[key] = compiler.compile(added)
            except ValueError as fault:
                raise NotCallable.of(fault) from None
        return self._compiled[key]

    def forwarding(self, namespace: str, exposed: Sequence[Parameter] = ()) -> Forwarding:
        """Give a namespace to which requests are forwarded; known to exist.

        Args:
            namespace: Its name.
            exposed: Exposed parameters with a fixed value, nearest last. Those for headers, the query and cookies
                are sent, unless the namespace fixes them itself.

        Raises:
            NotCallable: Its base URI or one of its templates cannot be used.
        """
        consumes = self._namespaces[namespace]
        fixed = {
            (each.in_, each.name.casefold()): each
            for each in (*(each for each in exposed if each.in_ in _FORWARDED), *consumes.input_parameters)
            if each.value is not None
        }
        anything = OperationModel(name="*", method="GET", output_raw_format="binary")
        try:
            upstream = self._upstream(consumes)
            answers = compile_format(FormatSettings(anything.output_raw_format))
            compiler = OperationCompiler(
                upstream,
                "",
                anything,
                tuple(fixed.values()),
                answers=answers,
                surroundings=self._surroundings,
            )
            operation = compiler.compile({})
        except ValueError as fault:
            raise NotCallable.of(fault) from None
        return Forwarding(
            operation.name,
            operation.address,
            operation.plan,
            operation.refusal,
            operation.refused_at,
            operation.authentication,
            operation.timeout,
            operation.transport,
            operation.mask,
        )

    def _format(self, name: str) -> Format:
        if name not in self._formats:
            _, _, model = self._models[name]
            settings = FormatSettings(
                model.output_raw_format,
                model.output_schema,
                self._surroundings.folder,
                model.output_media_type,
                model.max_binary_size,
            )
            try:
                found = compile_format(settings)
            except ValueError as fault:
                reason = f"the answers of `{name}` cannot be read: {fault}"
                raise NotCallable(reason, (*model.pointer, "outputSchema")) from None
            # The sandbox answers JSON, whatever the upstream would.
            self._formats[name] = JsonFormat(settings) if self._surroundings.is_masked else found
        return self._formats[name]

    def _upstream(self, consumes: Consumes) -> Upstream:
        if consumes.namespace not in self._upstreams:
            self._upstreams[consumes.namespace] = compile_upstream(consumes, self._surroundings)
        return self._upstreams[consumes.namespace]


def _implies_body(model: OperationModel, parameters: Sequence[Parameter]) -> bool:
    """Whether the method carries a body that the document does not describe: then the caller's is sent."""
    return (
        model.method in BODY_METHODS
        and (model.body is None or model.body.data is None)
        and not any(parameter.in_ == "body" or parameter.name == "body" for parameter in parameters)
    )
