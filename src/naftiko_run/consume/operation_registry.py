"""The registry of the operations that a document consumes, by name."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final, Literal

from naftiko_run.consume.authentication import credential_parameters
from naftiko_run.consume.body_plan import BODY_METHODS, FIELD_TYPES
from naftiko_run.consume.formats import Format, FormatSettings, JsonFormat, compile_format
from naftiko_run.consume.forwarding import Forwarding
from naftiko_run.consume.operation import UpstreamOperation
from naftiko_run.consume.operation_compiler import OperationCompiler
from naftiko_run.consume.upstream import ConsumeContext, Upstream, compile_upstream
from naftiko_run.diagnostics import Pointer
from naftiko_run.document.model import ConsumedOperation, Consumes, Document, Parameter
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
"""Locations of exposed parameters whose fixed values are sent with forwarded requests."""


class NotCallable(Exception):
    """Raised for a consumed operation that cannot be compiled.

    Args:
        message: The reason.
        at: The location of the error in the document; empty for that of the function that calls the operation.
        template: The invalid template; empty if the error is not in a template.
    """

    def __init__(self, message: str, at: Pointer = (), template: str = "") -> None:
        super().__init__(message)
        self.at = at
        self.template = template

    @classmethod
    def of(cls, fault: ValueError) -> NotCallable:
        """Return the error for callers of the operation."""
        return cls(str(fault), template=fault.template if isinstance(fault, TemplateError) else "")


class OperationRegistry:
    """The operations of a document, each compiled on first use.

    Args:
        document: The canonical document.
        context: The context in which operations are compiled.
    """

    def __init__(self, document: Document, context: ConsumeContext) -> None:
        self._context = context
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
        self._compiled: dict[tuple[str, tuple[tuple[str, str], ...]], UpstreamOperation] = {}

    def parameters(self, name: str) -> tuple[Parameter, ...]:
        """Return an operation's input parameters, including those of its namespace and an implied body.

        Parameters that the authentication fills in are not included.
        """
        found = self._parameters.get(name)
        if found is None:
            found = self._parameters[name] = self._parameters_of(name)
        return found

    def _parameters_of(self, name: str) -> tuple[Parameter, ...]:
        consumes, _, model = self._models[name]
        own = {parameter.name for parameter in model.input_parameters}
        authenticated = credential_parameters(consumes.authentication)
        parameters = [
            parameter
            for parameter in [
                *(each for each in consumes.input_parameters if each.name not in own),
                *model.input_parameters,
            ]
            if (parameter.in_, parameter.name.casefold()) not in authenticated
        ]
        if _implies_body(model, parameters):
            is_binary = model.body is not None and model.body.type == "binary"
            parameters.append(_IMPLIED_BYTES if is_binary else _IMPLIED_BODY)
        return tuple(parameters)

    def implies_body(self, name: str) -> bool:
        """Whether an operation accepts any JSON body, because the document does not describe one."""
        return any(parameter is _IMPLIED_BODY for parameter in self.parameters(name))

    def extras_location(self, name: str) -> Literal["body", "query", ""]:
        """Return where arguments that an operation does not declare are sent; empty if it accepts none."""
        _, _, model = self._models[name]
        if model.method not in BODY_METHODS:
            return "query"
        takes_fields = model.body is None or model.body.type in FIELD_TYPES
        return "body" if self.implies_body(name) and takes_fields else ""

    def get(self, name: str, extras: Mapping[str, str] | None = None) -> UpstreamOperation:
        """Return a compiled operation.

        Args:
            name: ``namespace.operation``; must exist.
            extras: Arguments that the operation does not declare, and where they are sent:
                ``query``, or ``body`` for a field of its JSON object.

        Raises:
            NotCallable: Its base URI, one of its templates, or its response format is invalid.
        """
        added = dict(extras or {})
        key = (name, tuple(added.items()))
        if key not in self._compiled:
            consumes, path, model = self._models[name]
            parameters = self.parameters(name)
            response_format = self._format(name)
            try:
                upstream = self._upstream(consumes)
                path = path or ("/" if upstream.has_slash else "")
                compiler = OperationCompiler(
                    upstream, path, model, parameters, response_format=response_format, context=self._context
                )
                self._compiled[key] = compiler.compile(added)
            except ValueError as fault:
                raise NotCallable.of(fault) from None
        return self._compiled[key]

    def forwarding(self, namespace: str, exposed: Sequence[Parameter] = ()) -> Forwarding:
        """Return a compiled namespace to which requests are forwarded.

        Args:
            namespace: Its name; must exist.
            exposed: Exposed parameters with a fixed value, the most specific last. Those for headers, the query and
                cookies are sent, unless the namespace sets them itself.

        Raises:
            NotCallable: Its base URI or one of its templates is invalid.
        """
        consumes = self._namespaces[namespace]
        fixed = {
            (each.in_, each.name.casefold()): each
            for each in (*(each for each in exposed if each.in_ in _FORWARDED), *consumes.input_parameters)
            if each.value is not None
        }
        anything = ConsumedOperation(name="*", method="GET", output_raw_format="binary")
        try:
            upstream = self._upstream(consumes)
            response_format = compile_format(FormatSettings(anything.output_raw_format))
            compiler = OperationCompiler(
                upstream,
                "",
                anything,
                tuple(fixed.values()),
                response_format=response_format,
                context=self._context,
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
                self._context.folder,
                model.output_media_type,
                model.max_binary_size,
            )
            try:
                found = compile_format(settings)
            except ValueError as fault:
                reason = f"responses of `{name}` cannot be decoded: {fault}"
                raise NotCallable(reason, (*model.pointer, "outputSchema")) from None
            # The sandbox returns JSON, not the format of the upstream.
            self._formats[name] = JsonFormat(settings) if self._context.is_masked else found
        return self._formats[name]

    def _upstream(self, consumes: Consumes) -> Upstream:
        if consumes.namespace not in self._upstreams:
            self._upstreams[consumes.namespace] = compile_upstream(consumes, self._context)
        return self._upstreams[consumes.namespace]


def _implies_body(model: ConsumedOperation, parameters: Sequence[Parameter]) -> bool:
    """Whether the method has a body that the document does not describe, so that the caller's is sent."""
    return (
        model.method in BODY_METHODS
        and (model.body is None or model.body.data is None)
        and not any(parameter.in_ == "body" or parameter.name == "body" for parameter in parameters)
    )
