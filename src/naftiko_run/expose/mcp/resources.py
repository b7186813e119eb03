"""The resources of an ``mcp`` block: files, functions, and functions with holes in their URI."""

from __future__ import annotations

import asyncio
import logging
from base64 import b64encode
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, unquote

import mcp_types as types
from mcp.server.context import ServerRequestContext
from mcp.shared.exceptions import MCPError
from mcp_types.version import MODERN_PROTOCOL_VERSIONS

from naftiko_run.capability import Capability
from naftiko_run.document.model import McpExposes, Resource
from naftiko_run.expose.mcp.describing import title_of
from naftiko_run.expose.mcp.failures import error_of, failed
from naftiko_run.expose.mcp.pages import page_of
from naftiko_run.expose.mediatypes import media_type_of
from naftiko_run.expressions import UriTemplate, as_text, parse_uri_template
from naftiko_run.folder import FileTooLarge, Folder
from naftiko_run.invoke import Coercion, Function, compile_coercion, repaired_text, run_in_decode_pool

_NOT_FOUND = -32002
"""The code of an unknown resource until 2025-11-25; later revisions have invalid params for it."""

_TEXT_TYPES = ("json", "xml", "yaml", "javascript", "x-www-form-urlencoded")
"""How types of text end that are not ``text/…``."""

_log = logging.getLogger(__name__)

Contents = types.TextResourceContents | types.BlobResourceContents


@dataclass(frozen=True, slots=True)
class _Dynamic:
    """A resource whose content a function gives."""

    model: Resource
    function: Function
    uri: UriTemplate
    coercions: Mapping[str, Coercion]


@dataclass(frozen=True, slots=True)
class _Static:
    """A resource whose content is a file, or whose files are contents."""

    model: Resource
    folder: Folder


class ResourceShelf:
    """The resources of one ``mcp`` block.

    Args:
        exposes: The block.
        capability: Holds what they are made of.
    """

    def __init__(self, exposes: McpExposes, capability: Capability) -> None:
        self._statics: list[_Static] = []
        self._dynamics: list[_Dynamic] = []
        for model in exposes.resources:
            folder = capability.folders.get(model.pointer)
            function = capability.functions.get(model.pointer)
            if folder is not None:
                self._statics.append(_Static(model, folder))
            elif function is not None:
                coercions = {each.name: compile_coercion(each) for each in function.inputs}
                self._dynamics.append(_Dynamic(model, function, parse_uri_template(model.uri), coercions))
        self._narrowest_first = sorted(self._dynamics, key=lambda each: each.uri.specificity)

    def __bool__(self) -> bool:
        return bool(self._statics or self._dynamics)

    def values_of(self, uri: str, name: str) -> list[str] | None:
        """Give the values that a hole of a template can have; None where there is no such template."""
        for dynamic in self._dynamics:
            if uri in (dynamic.model.uri, dynamic.uri.text):
                declared = dynamic.function.input_schema.get("properties", {}).get(name, {})
                return [as_text(each) for each in declared.get("enum", ())]
        return None

    def stamp(self, uri: str) -> object:
        """Give what changes when a file does, or comes or goes; None for a URI that is no file's place."""
        for static in self._statics:
            name = _below(static, uri)
            if name is not None:
                return static.folder.stamp(name)
        return None

    async def list(
        self, _: ServerRequestContext, params: types.PaginatedRequestParams | None
    ) -> types.ListResourcesResult:
        """Answer ``resources/list``: every file, and every function without holes in its URI.

        Raises:
            MCPError: The cursor is none of this list's.
        """
        files = await asyncio.to_thread(lambda: [each for shelf in self._statics for each in _files(shelf)])
        fixed = [
            types.Resource(
                uri=each.model.uri,
                name=each.model.name,
                title=title_of(each.model),
                description=each.function.description or None,
                mime_type=each.model.mime_type or None,
            )
            for each in self._dynamics
            if not each.uri.names
        ]
        page = page_of([(each.uri, each) for each in (*files, *fixed)], params)
        return types.ListResourcesResult(resources=page.entries, next_cursor=page.next_cursor)

    async def templates(
        self, _: ServerRequestContext, params: types.PaginatedRequestParams | None
    ) -> types.ListResourceTemplatesResult:
        """Answer ``resources/templates/list``.

        Raises:
            MCPError: The cursor is none of this list's.
        """
        templates = [
            types.ResourceTemplate(
                uri_template=each.uri.text,
                name=each.model.name,
                title=title_of(each.model),
                description=each.function.description or None,
                mime_type=each.model.mime_type or None,
            )
            for each in self._dynamics
            if each.uri.names
        ]
        page = page_of([(each.uri_template, each) for each in templates], params)
        return types.ListResourceTemplatesResult(
            resource_templates=page.entries, next_cursor=page.next_cursor
        )

    async def read(
        self, context: ServerRequestContext, params: types.ReadResourceRequestParams
    ) -> types.ReadResourceResult:
        """Answer ``resources/read``.

        Raises:
            MCPError: There is no such resource, or its content cannot be had.
        """
        return types.ReadResourceResult(contents=[await self.contents(params.uri, context.protocol_version)])

    async def contents(self, uri: str, protocol_version: str) -> Contents:
        """Give what a resource holds.

        Args:
            uri: The resource's.
            protocol_version: The client's.

        Raises:
            MCPError: There is no such resource, or its content cannot be had.
        """
        for dynamic in self._narrowest_first:
            inputs = dynamic.uri.match(uri)
            if inputs is not None:
                return await _invoked(dynamic, inputs, uri)
        for static in self._statics:
            name = _below(static, uri)
            try:
                content = None if name is None else await asyncio.to_thread(static.folder.read, name)
            except FileTooLarge as fault:
                raise MCPError(types.INTERNAL_ERROR, str(fault)) from None
            if content is not None:
                return _contents(uri, static.model, content, media_type_of(uri))
        is_modern = protocol_version in MODERN_PROTOCOL_VERSIONS
        code = types.INVALID_PARAMS if is_modern else _NOT_FOUND
        raise MCPError(
            code, f"There is no resource `{uri}`; resources/list names those that there are", {"uri": uri}
        )


async def _invoked(dynamic: _Dynamic, texts: dict[str, str], uri: str) -> Contents:
    inputs: dict[str, Any] = {
        name: dynamic.coercions[name]((text,)) if name in dynamic.coercions else text
        for name, text in texts.items()
    }
    try:
        outcome = await dynamic.function.invoke(inputs)
    except Exception as fault:  # noqa: BLE001 - the last door: nothing internal leaves it
        raise error_of(fault, f"resource `{dynamic.model.written_name or dynamic.model.name}`") from None
    if outcome.has_failed:
        raise failed(outcome)
    if outcome.is_long:
        return await run_in_decode_pool(
            lambda: _contents(uri, dynamic.model, outcome.content, outcome.media_type)
        )
    return _contents(uri, dynamic.model, outcome.content, outcome.media_type)


def _contents(uri: str, model: Resource, content: bytes, media_type: str) -> Contents:
    """Return content as text where it is text, and as base64 where it is not, or is said not to be.

    Args:
        uri: The resource's.
        model: What the document says of it.
        content: Its bytes.
        media_type: The Content-Type that comes with them; empty for none.
    """
    kind = model.mime_type or media_type.partition(";")[0].strip() or "application/octet-stream"
    text = None if model.binary else _text(uri, content, kind, media_type)
    if text is not None:
        return types.TextResourceContents(uri=uri, mime_type=kind, text=text)
    return types.BlobResourceContents(uri=uri, mime_type=kind, blob=b64encode(content).decode())


def _text(uri: str, content: bytes, kind: str, media_type: str) -> str | None:
    """Return content as text, with U+FFFD in place of what is not Unicode; None for what is no text."""
    essence = kind.partition(";")[0].strip().casefold()
    if not (essence.startswith("text/") or essence.endswith(_TEXT_TYPES)):
        try:
            return content.decode()
        except UnicodeDecodeError:
            return None
    charset = media_type.partition(";")[2]
    text, is_repaired = repaired_text(content, f"{essence};{charset}" if charset else essence)
    if is_repaired:
        _log.warning("the resource %s holds text that is not Unicode; U+FFFD replaces it", uri)
    return text


def _files(static: _Static) -> Iterator[types.Resource]:
    model = static.model
    names: Sequence[str] = [""] if static.folder.is_file else [*static.folder.names()]
    for name in names:
        uri = f"{model.uri.rstrip('/')}/{quote(name)}" if name else model.uri
        yield types.Resource(
            uri=uri,
            name=name or model.name,
            title=title_of(model) if static.folder.is_file else model.label or None,
            description=model.description or None,
            mime_type=model.mime_type or media_type_of(uri),
        )


def _below(static: _Static, uri: str) -> str | None:
    """Give the file's name that a URI means in a folder; empty for the one file, None for none."""
    if static.folder.is_file:
        return "" if uri == static.model.uri else None
    prefix = f"{static.model.uri.rstrip('/')}/"
    return unquote(uri.removeprefix(prefix)) if uri.startswith(prefix) else None
