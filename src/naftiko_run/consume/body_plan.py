"""Compile request bodies: a document's ``body`` into a plan that encodes a value into bytes and their Content-Type."""

from __future__ import annotations

import json
import re
from base64 import b64decode
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from secrets import token_hex
from typing import Any, Final
from urllib.parse import urlencode

from naftiko_run import _json
from naftiko_run.consume.graphql_template import compile_graphql_template, is_graphql
from naftiko_run.document.model import Body, BodyType, Parameter
from naftiko_run.errors import InvalidInput, Violation
from naftiko_run.expressions import (
    MISSING,
    Expression,
    Resolve,
    as_text,
    compile_text,
    compile_value,
    list_expression,
    object_expression,
    percent_encode,
)

BODY_METHODS: Final = ("POST", "PUT", "PATCH")
"""Methods whose requests have a body even if the document does not describe one."""

_PLACEHOLDER = re.compile(r"\{\{\{[^{}]+\}\}\}|\{\{[^{}]+\}\}")
_JSON = Body(type="json")
FIELD_TYPES: Final = ("json", "formUrlEncoded", "multipartForm", "yaml")
"""Body types that can be an object."""
_LANGUAGES: Final[dict[str, BodyType]] = {
    "yaml": "yaml",
    "xml": "xml",
    "json": "json",
    "sparql-query": "sparql",
}
"""Body types that are written as text, by a part of their media type."""
_BARE = "\ue000"
"""Marks a template that is not inside a JSON string."""


@dataclass(slots=True)
class CallerBody:
    """The body of a caller's HTTP request.

    Attributes:
        content: Its bytes, if they may be passed on unchanged; empty if there was no body.
        media_type: Its Content-Type; empty if there was none.
        is_absent: Whether the request had no body.
        is_empty: Whether the body is an empty JSON object.
    """

    content: bytes = field(repr=False)
    media_type: str = ""
    is_absent: bool = False
    is_empty: bool = False

    def without_content(self) -> CallerBody:
        """Return the description of a body whose bytes are not passed on."""
        return CallerBody(b"", self.media_type, self.is_absent, self.is_empty)


@dataclass(frozen=True, slots=True)
class BodyPlan:
    """How a body is built.

    Attributes:
        value: The value of the body; ``MISSING`` for no body.
        encode: Encodes the value.
        whole: The argument that is the whole body, so that the caller's JSON text may be sent unchanged; empty if
            there is none.
        keeps_media_type: Whether the Content-Type of the caller's HTTP request is sent instead of the default.
        has_members: Whether it consists of several arguments, so that one named ``body`` is only a part of it.
        binary: The argument whose bytes are the body, as base64; empty if there is none.
        is_optional: Whether an empty value can mean that there is no body.
        sends_empty: Whether an empty value is sent as an empty JSON object.
        is_expected: Whether requests of the method have a body even if the caller provides no value for it.
        takes_null: Whether it is JSON, which has a null value.
    """

    value: Expression
    encode: Encode
    whole: str = ""
    keeps_media_type: bool = False
    has_members: bool = False
    binary: str = ""
    is_optional: bool = False
    sends_empty: bool = False
    is_expected: bool = False
    takes_null: bool = False

    def is_absent(self, value: Any, caller: CallerBody | None) -> bool:
        """Return whether a value means that the request has no body.

        A caller's ``{}`` is sent with every method; a caller's missing body is never sent as ``{}``.
        """
        if value or not self.is_optional:
            return False
        if not self.sends_empty or (caller is not None and caller.is_absent):
            return True
        return not (self.is_expected or (caller is not None and caller.is_empty))


def compile_body(body: Body, resolve: Resolve) -> BodyPlan:
    """Compile a body that has data.

    Raises:
        ValueError: A template in it is malformed, or its data does not fit its type.
    """
    plan = _compile_data(body, resolve)
    plan = _accept_binary(replace(plan, has_members=len(plan.value.names) > 1), body)
    return (
        replace(plan, encode=_with_content_type(plan.encode, body.content_type))
        if body.content_type
        else plan
    )


def _accept_binary(plan: BodyPlan, body: Body) -> BodyPlan:
    """Return a plan that sends the bytes and Content-Type of a caller's HTTP request if the body is binary."""
    if body.type != "binary" or len(plan.value.names) != 1:
        return plan
    keeps_media_type = body.content_type in ("", "application/octet-stream")
    return replace(plan, binary=plan.value.names[0], keeps_media_type=keeps_media_type)


def in_language_of(body: Body, content_type: str) -> Body:
    """Return a text body with the type for the language of a Content-Type, so that values are escaped for it."""
    media_type = content_type.casefold().partition(";")[0]
    kind = next((kind for mark, kind in _LANGUAGES.items() if mark in media_type), None)
    return replace(body, type=kind) if kind and body.type in ("text", "raw") else body


def _with_content_type(encode: Encode, content_type: str) -> Encode:
    """Return an encoder that uses another Content-Type."""
    return lambda value, is_large: (content_type, encode(value, is_large)[1])


def _compile_data(body: Body, resolve: Resolve) -> BodyPlan:
    encode = encoder(body.type)
    data = body.data
    if body.type == "binary" and (isinstance(data, list) or (isinstance(data, dict) and len(data) != 1)):
        raise ValueError("a binary body must be a single value, but its `data` is an object or an array")
    if not isinstance(data, str):
        return BodyPlan(_compile_members(data, resolve), encode, takes_null=body.type == "json")
    if body.type in ("json", "raw"):
        return _compile_json_text(data, resolve, encode)
    if body.type == "yaml":
        from naftiko_run.consume.yaml_template import compile_yaml_template  # few documents have YAML bodies

        return BodyPlan(compile_yaml_template(data, resolve), encode)
    if body.type in ("text", "xml", "sparql"):
        return BodyPlan(_compile_language_text(body.type, data, resolve), encode)
    if body.type == "formUrlEncoded" and not _PLACEHOLDER.fullmatch(data.strip()):
        return BodyPlan(compile_text(data, resolve, escape=percent_encode, lenient=True), encode)
    return BodyPlan(compile_value(data, resolve, lenient=True), encode)


def _compile_language_text(language: str, text: str, resolve: Resolve) -> Expression:
    """Compile a text body of a language; a text that is a single template is sent unescaped."""
    if language == "text" or _PLACEHOLDER.fullmatch(text.strip()):
        return compile_text(text, resolve, lenient=True)
    # Few documents have bodies of these types.
    if language == "xml":
        from naftiko_run.consume.xml_template import compile_xml_template

        return compile_xml_template(text, resolve)
    from naftiko_run.consume.sparql_template import compile_sparql_template

    return compile_sparql_template(text, resolve)


def _compile_members(data: Any, resolve: Resolve) -> Expression:
    """Compile the data of a body, in which the member ``query`` can be a GraphQL document."""
    if isinstance(data, dict) and is_graphql("query", data.get("query")):
        members = {key: compile_value(value, resolve, lenient=True) for key, value in data.items()}
        members["query"] = compile_graphql_template(data["query"], resolve, lenient=True)
        return object_expression(members)
    return compile_value(data, resolve, lenient=True)


def _compile_json_text(text: str, resolve: Resolve, encode: Encode) -> BodyPlan:
    """Compile JSON written as text: ``{{x}}`` outside quotes is a value, inside quotes it is text.

    Text that is valid JSON only after its sections are rendered is compiled as text.
    """
    try:
        value = _compile_marked(json.loads(_mark_bare_placeholders(text)), resolve)
        return BodyPlan(value, encoder("json"), takes_null=True)
    except ValueError:
        if text.lstrip().startswith("<"):
            return BodyPlan(_compile_language_text("xml", text, resolve), encode)
        if text.lstrip().startswith(("{", "[")):
            return BodyPlan(compile_text(text, resolve, escape=_in_json, lenient=True), _encode_json_text)
        return BodyPlan(compile_value(text, resolve, lenient=True), encode)


def _encode_json_text(value: Any, _: bool) -> Encoded:  # noqa: FBT001
    """Encode JSON text rendered from sections; a template without a value can make it invalid."""
    content = str(value).encode()
    try:
        _json.loads(content)
    except ValueError as fault:
        raise ValueError(f"it is not valid JSON after its templates are filled in: {fault}") from None
    return "application/json", content


def _mark_bare_placeholders(text: str) -> str:
    written = []
    in_string = False
    at = 0
    while at < len(text):
        found = _PLACEHOLDER.match(text, at)
        if found:
            written.append(found.group() if in_string else json.dumps(_BARE + found.group()))
            at = found.end()
            continue
        if in_string and text[at] == "\\":
            written.append(text[at : at + 2])
            at += 2
            continue
        if text[at] == '"':
            in_string = not in_string
        written.append(text[at])
        at += 1
    return "".join(written)


def _compile_marked(data: Any, resolve: Resolve) -> Expression:
    if isinstance(data, str):
        if data.startswith(_BARE):
            return compile_value(data[1:], resolve)
        return (
            _quoted(data, resolve)
            if _PLACEHOLDER.fullmatch(data)
            else compile_text(data, resolve, lenient=True)
        )
    if isinstance(data, dict):
        return object_expression(
            {
                key: compile_graphql_template(member, resolve, lenient=True)
                if is_graphql(key, member)
                else _compile_marked(member, resolve)
                for key, member in data.items()
            }
        )
    if isinstance(data, list):
        return list_expression([_compile_marked(member, resolve) for member in data])
    return compile_value(data, resolve)


def _quoted(text: str, resolve: Resolve) -> Expression:
    """Compile a JSON string that is a single template: its value as text, and null as null."""
    inner = compile_value(text, resolve).then(lambda value: None if value is None else as_text(value))
    return Expression(inner.evaluate, inner.names)


def _in_json(value: Any) -> str:
    """Render a value in JSON text: text without its quotes, which the template has, other values as JSON."""
    return _json.dumps(value).decode()[1:-1] if isinstance(value, str) else as_text(value)


def body_of_parameters(
    parameters: Sequence[Parameter],
    arguments: Mapping[str, Expression],
    body: Body | None,
    *,
    is_expected: bool = False,
) -> BodyPlan | None:
    """Compile a body from ``in: body`` parameters.

    Args:
        parameters: The operation's ``in: body`` parameters.
        arguments: The value of each.
        body: The block with the type of the body; None for JSON.
        is_expected: Whether requests of the method usually have a body.

    Returns:
        None if there are no such parameters.
    """
    if not parameters:
        return None
    body = body or _JSON
    is_plain_json = body.type == "json" and not body.content_type
    encode = (
        _with_content_type(encoder(body.type), body.content_type) if body.content_type else encoder(body.type)
    )
    whole = _whole_body(parameters)
    if whole is not None:
        argument = arguments[whole.name]
        is_untouched = argument.whole == whole.name and is_plain_json
        plan = BodyPlan(
            argument, encode, whole=whole.name if is_untouched else "", keeps_media_type=is_plain_json
        )
        return _accept_binary(plan, body)
    plan = BodyPlan(
        object_expression(arguments),
        encode,
        keeps_media_type=is_plain_json,
        has_members=len(parameters) > 1,
        is_optional=True,
        sends_empty=body.type == "json",
        is_expected=is_expected,
        takes_null=body.type == "json",
    )
    return _accept_binary(plan, body)


def _whole_body(parameters: Sequence[Parameter]) -> Parameter | None:
    """Return the parameter that is the whole body; None if parameters are fields of it.

    A parameter named ``data`` is always a field, because APIs use that name for a wrapper.
    """
    if len(parameters) != 1:
        return None
    only = parameters[0]
    is_structure = only.type in ("object", "array") and only.name != "data"
    return only if only.name == "body" or is_structure else None


def with_fields(plan: BodyPlan, extras: Sequence[str]) -> BodyPlan:
    """Return a plan that adds arguments which the operation does not declare as fields of the body."""
    if not extras:
        return plan
    inner = plan.value.evaluate

    def evaluate(scope: Mapping[str, object]) -> object:
        value = inner(scope)
        added = {name: scope[name] for name in extras if name in scope}
        if not added:
            return value
        if value is MISSING or value is None:
            return added
        if not isinstance(value, dict):
            listed = ", ".join(f"`{name}`" for name in added)
            raise InvalidInput(
                [Violation("/body", f"must be an object, because {listed} is sent as a field of it")]
            )
        return {**value, **added}

    value = Expression(evaluate, (*plan.value.names, *extras))
    return replace(plan, value=value, whole="")


Encoded = tuple[str, bytes]
"""Content-Type and bytes."""

Encode = Callable[[Any, bool], Encoded]
"""Encodes a value; True for a large one, which is encoded in a thread, in steps that let other threads run."""


def encoder(body_type: str) -> Encode:
    """Return the encoder of a body type."""
    return _ENCODERS[body_type]


def _encode_json(value: Any, is_large: bool) -> Encoded:  # noqa: FBT001
    return "application/json", _json.dumps_incrementally(value) if is_large else _json.dumps(value)


def _typed_text(content_type: str) -> Encode:
    return lambda value, _: (content_type, as_text(value).encode())


def _yaml(value: Any, _: bool) -> Encoded:  # noqa: FBT001
    from naftiko_run.consume.yaml_template import dump_yaml

    return "application/yaml", (value if isinstance(value, str) else dump_yaml(value)).encode()


def _form(value: Any, _: bool) -> Encoded:  # noqa: FBT001
    if isinstance(value, dict):
        pairs = [
            (name, as_text(each))
            for name, member in value.items()
            for each in (member if isinstance(member, list) else [member])
            if each is not None
        ]
        return "application/x-www-form-urlencoded", urlencode(pairs).encode()
    return "application/x-www-form-urlencoded", as_text(value).encode()


def _multipart(value: Any, _: bool) -> Encoded:  # noqa: FBT001
    import httpx  # only its multipart encoder is used

    parts = _parts(value)
    if not parts:
        boundary = token_hex(16)
        return f"multipart/form-data; boundary={boundary}", f"--{boundary}--\r\n".encode()
    request = httpx.Request("POST", "http://multipart.invalid", files=parts)
    return request.headers["content-type"], request.read()


def _parts(value: Any) -> list[tuple[str, Any]]:
    """Return a mapping of fields, or the specification's list of parts, in the form that httpx takes.

    Parts and fields without a value are skipped.
    """
    if isinstance(value, dict):
        return [(name, (None, as_text(member))) for name, member in value.items() if member is not None]
    if not isinstance(value, list):
        return [("body", (None, as_text(value)))]
    parts: list[tuple[str, Any]] = []
    for part in value:
        if part.get("value") is None:
            continue
        content = as_text(part["value"])
        kind = part.get("contentType")
        file = (part.get("filename"), content, kind) if kind else (part.get("filename"), content)
        parts.append((str(part.get("name", "")), file))
    return parts


def _binary(value: Any, _: bool) -> Encoded:  # noqa: FBT001
    """Decode base64 text into bytes; a mapping of one value is treated as that value."""
    if isinstance(value, dict) and len(value) == 1:
        value = next(iter(value.values()))
    if isinstance(value, dict | list):
        raise TypeError("a binary body must be a single value, not an object or an array")
    text = as_text(value)
    try:
        content = b64decode(text, validate=True)
    except ValueError:
        content = text.encode()
    return "application/octet-stream", content


_ENCODERS: dict[str, Encode] = {
    "json": _encode_json,
    "raw": _typed_text("application/json"),
    "text": _typed_text("text/plain; charset=utf-8"),
    "xml": _typed_text("application/xml"),
    "sparql": _typed_text("application/sparql-query"),
    "yaml": _yaml,
    "formUrlEncoded": _form,
    "multipartForm": _multipart,
    "binary": _binary,
}
