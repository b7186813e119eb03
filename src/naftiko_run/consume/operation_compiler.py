"""Compile consumed operations: templates, paths and credentials are resolved when the document is loaded."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from functools import partial

from naftiko_run.consume.body_plan import (
    BODY_METHODS,
    BodyPlan,
    body_of_parameters,
    compile_body,
    in_language_of,
    with_fields,
)
from naftiko_run.consume.formats import Format
from naftiko_run.consume.graphql_template import compile_graphql_template, is_graphql
from naftiko_run.consume.masking import Mask, UrlSecrets, revealed_in
from naftiko_run.consume.operation import UpstreamOperation
from naftiko_run.consume.parameter_styles import (
    Write,
    cookie_writer,
    form_field_writer,
    header_writer,
    path_writer,
    query_writer,
)
from naftiko_run.consume.request_plan import JSON, RequestPlan
from naftiko_run.consume.upstream import ConsumeContext, Upstream
from naftiko_run.diagnostics import Pointer
from naftiko_run.document.model import Body, ConsumedOperation, Parameter
from naftiko_run.errors import BoundVariable
from naftiko_run.expressions import (
    MISSING,
    Expression,
    PathTemplate,
    ReportingResolver,
    Resolve,
    Variable,
    compile_integer_conversion,
    compile_value,
    constant,
    encode_name,
    member_of,
    names_of,
    parse_path,
    variable,
)
from naftiko_run.telemetry import DocumentWarning

_VARIABLE_NAME = re.compile(r"[A-Z][A-Z0-9_]*\Z")


class OperationCompiler:
    """Compile one operation.

    Args:
        upstream: Its compiled ``consumes`` entry.
        path: The path of its resource.
        model: The operation in the document.
        parameters: Its input parameters, including those of the entry.
        response_format: The format of its responses.
        context: The context in which it is compiled.
    """

    def __init__(
        self,
        upstream: Upstream,
        path: str,
        model: ConsumedOperation,
        parameters: tuple[Parameter, ...],
        *,
        response_format: Format,
        context: ConsumeContext,
    ) -> None:
        self._upstream = upstream
        self._path = path
        self._model = model
        self._parameters = parameters
        self._response_format = response_format
        self._context = context
        self._missing: dict[BoundVariable, None] = {}
        self._revealed: list[str] = []
        """The values of bindings, in the order of their resolution."""
        self._siblings = {each.name: each for each in parameters if each.value is not None}
        self._environment = {parameter.name for parameter in parameters if parameter.in_ == "environment"}

    def compile(self, extras: Mapping[str, str]) -> UpstreamOperation:
        """Compile the operation, with arguments that it does not declare; see ``OperationRegistry.get``.

        Raises:
            ValueError: One of its templates is invalid.
        """
        operation = f"{self._upstream.namespace}.{self._model.name}"
        in_query = [extra for extra, place in extras.items() if place == "query"]
        in_body = [extra for extra, place in extras.items() if place == "body"]
        base, _ = _resolve_parents(self._upstream.base, self._path)
        shown_base, own_path = _resolve_parents(self._upstream.shown, self._path)
        path = parse_path(own_path)
        own = {parameter.name for parameter in self._parameters}
        secrets = UrlSecrets()
        variables = {
            each: self._secret(secrets, before, partial(self._path_variable, each))
            for each, before in path.prefixes_by_variable().items()
        }
        writers = {each: self._path_writer(each) for each in path.variables}
        query = [
            (key, constant(value), query_writer(key, None))
            for key, value in self._upstream.query
            if key not in own
        ]
        query += [
            (
                each.name,
                self._secret(secrets, f"{encode_name(each.name)}=", partial(self._argument, each)),
                query_writer(each.name, each.style),
            )
            for each in self._placed("query")
        ]
        query += [(extra, variable(extra), query_writer(extra, None)) for extra in in_query]
        headers = [(p.name, self._argument(p), header_writer(p.style)) for p in self._placed("header")]
        cookies = [
            (p.name, self._argument(p), cookie_writer(p.name, p.style)) for p in self._placed("cookie")
        ]
        for each in self._placed("cookie"):
            if isinstance(each.value, str) and (";" in each.value or "\n" in each.value.strip()):
                raise ValueError(
                    f"the cookie `{each.name}` of `{operation}` has a `;` or a line break in its value"
                )
        body = self._body(in_body)
        expressions = [*variables.values(), *(value for _, value, _ in (*query, *headers, *cookies))]
        expressions += [body.value] if body else []
        fixed_headers = self._upstream.fixed_headers(self._response_format.accept)
        plan = RequestPlan(
            operation=operation,
            method=self._model.method,
            base=base,
            path=path,
            pieces=_pieces(base, path, variables, writers),
            fixed_url="" if variables or query else base + path.text,
            variables=variables,
            writers=writers,
            query=tuple(query),
            headers=tuple(headers),
            cookies=tuple(cookies),
            fixed_headers=fixed_headers,
            json_headers=fixed_headers.with_type(JSON),
            body=body,
            missing=tuple(sorted({*self._upstream.missing, *self._missing})),
        )
        secrets |= self._upstream.secrets
        mask = Mask(secrets) if secrets and not self._context.is_masked else None
        reads = tuple(name for name in names_of(expressions) if name)
        return UpstreamOperation(
            operation,
            shown_base + path.text,
            self._model,
            self._parameters,
            self._sources(path),
            reads,
            plan,
            self._upstream.refusal,
            self._upstream.refused_at,
            self._upstream.authentication,
            self._response_format,
            self._response_format.unmapped,
            self._upstream.max_response if self._model.max_response is None else self._model.max_response,
            self._upstream.timeout if self._model.timeout is None else self._model.timeout,
            "" if self._context.is_masked else self._model.output_media_type,
            self._context.transport,
            mask,
        )

    def _sources(self, path: PathTemplate) -> dict[str, Parameter]:
        """Return the parameters whose value is exactly one argument, by the name of that argument."""
        sources: dict[str, Parameter] = {}
        for parameter in self._parameters:
            is_sent = (
                parameter.name in path.variables
                if parameter.in_ == "path"
                else parameter.in_ != "environment"
            )
            if is_sent and isinstance(parameter.value, str) and "{{" in parameter.value:
                whole = self._argument(parameter).whole
                if (
                    whole
                    and whole not in sources
                    and all(each.name != whole or each.value is not None for each in self._parameters)
                ):
                    sources[whole] = parameter
        return sources

    def _placed(self, place: str) -> list[Parameter]:
        return [parameter for parameter in self._parameters if (parameter.in_ or "query") == place]

    def _path_variable(self, name: str) -> Expression:
        for parameter in self._parameters:
            if parameter.name == name and parameter.in_ == "path":
                return self._argument(parameter)
        return self._resolve(name)

    def _path_writer(self, name: str) -> Write:
        for parameter in self._placed("path"):
            if parameter.name == name:
                return path_writer(name, parameter.style)
        return path_writer(name, None)

    def _argument(self, parameter: Parameter) -> Expression:
        if parameter.value is None:
            value = variable(parameter.name)
        else:
            is_document = is_graphql(parameter.name, parameter.value)
            compile_ = compile_graphql_template if is_document else compile_value
            what = f"parameter `{parameter.name}`"
            value = compile_(parameter.value, self._reporting(self._resolve_fixed, what, parameter.pointer))
        integers = compile_integer_conversion(parameter.schema)
        return value if integers is None else value.then(integers)

    def _reporting(self, resolve: Resolve, what: str, at: Pointer) -> ReportingResolver:
        """Return a resolver that warns about templates in the document whose values are missing."""
        operation = f"{self._upstream.namespace}.{self._model.name}"
        text = "the template of the {0} of `{1}` has no value for {2}"
        warning = DocumentWarning(self._context.place_of(at), text, (what, operation))
        return ReportingResolver(resolve, warning.log)

    def _resolve(self, name: str) -> Expression:
        """Resolve a name in a template of the operation: a binding, or else the caller's argument."""
        bound = self._bound(f"env.{name}" if name in self._environment else name)
        if bound is not None:
            return bound
        if name in self._siblings:
            return self._sibling_value(name)
        prefix, dot, rest = name.partition(".")
        name = rest if dot and prefix in self._context.prefixes else name
        own = {each.name: each.type for each in self._parameters}
        objects = [each for each, kind in own.items() if kind in (None, "object", "array")]
        member = None if name in own else member_of(name, objects)
        return variable(name) if member is None else member

    def _sibling_value(self, name: str) -> Expression:
        """Return the fixed value of another parameter; inside it, its own name is the caller's argument."""
        sibling = self._siblings.pop(name)
        try:
            return self._argument(sibling)
        finally:
            self._siblings[name] = sibling

    def _resolve_fixed(self, name: str) -> Expression:
        """Resolve a name in a parameter's ``value``, where a name in capitals is an environment variable."""
        declared = any(parameter.name == name for parameter in self._parameters)
        if _VARIABLE_NAME.match(name) and not declared and self._context.bindings.find(name) is None:
            return self._bound(f"env.{name}") or variable(name)
        return self._resolve(name)

    def _bound(self, name: str) -> Expression | None:
        bound = self._context.bindings.find(name)
        if bound is None:
            return None
        if bound.value is None:
            self._missing[bound.variable] = None
            return constant(MISSING)
        self._revealed.append(bound.value.reveal())
        return constant(self._revealed[-1])

    def _secret(self, secrets: UrlSecrets, before: str, compile_part: Callable[[], Expression]) -> Expression:
        """Compile a part of the URL, and record the values of bindings in it."""
        known = len(self._revealed)
        expression = compile_part()
        secrets.add_all(before, revealed_in(expression, self._revealed[known:]))
        return expression

    def _fixed_content_type(self) -> str:
        """Return the Content-Type that a header parameter sets to a fixed value; empty if none does."""
        fixed = (each.value for each in self._placed("header") if each.name.casefold() == "content-type")
        return next((value for value in fixed if isinstance(value, str)), "")

    def _body(self, extras: Sequence[str]) -> BodyPlan | None:
        model = self._model.body
        if model is not None and model.data is not None:
            model = in_language_of(model, self._fixed_content_type())
            resolve = self._reporting(self._resolve, "body", model.pointer)
            return with_fields(compile_body(model, resolve), extras)
        parameters = self._placed("body")
        arguments = {parameter.name: self._argument(parameter) for parameter in parameters}
        for parameter in parameters:
            write = form_field_writer(parameter.style)
            if write is not None:
                arguments[parameter.name] = arguments[parameter.name].then(write)
        if model is None and len(parameters) == 1 and parameters[0].format == "binary":
            model = Body(type="binary")
        is_expected = self._model.method in BODY_METHODS
        plan = body_of_parameters(parameters, arguments, model, is_expected=is_expected)
        return with_fields(plan, extras) if plan else None


def _pieces(
    base: str, path: PathTemplate, variables: Mapping[str, Expression], writers: Mapping[str, Write]
) -> tuple[str | tuple[Expression, Write], ...]:
    """Return the parts of a URL without its query, in order: text, or the value of a variable and its writer.

    Empty if values must be checked together with the text around them; see ``RequestPlan.pieces``.
    """
    if path.needs_segment_check:
        return ()
    parts = [
        (variables[part.name], writers[part.name]) if isinstance(part, Variable) else part
        for part in path.parts
    ]
    if parts and isinstance(parts[0], str):
        return (base + parts[0], *parts[1:])
    return (base, *parts)


def _resolve_parents(base: str, path: str) -> tuple[str, str]:
    """Resolve leading ``../`` segments of a path against the path of the base URI, never beyond its host."""
    while path.startswith("/../"):
        path = path.removeprefix("/..")
        above, _, _ = base.rpartition("/")
        base = base if above.endswith(("/", ":")) or "/" not in above else above
    return base, path
