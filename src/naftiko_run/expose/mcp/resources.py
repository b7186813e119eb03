"""The resources of an ``mcp`` adapter (files, functions, and functions with a URI template), and ``x-content`` as blocks."""

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
from naftiko_run.document.model import Content, McpExposes, Resource
from naftiko_run.expose.mcp.listing import paginate, title_of
from naftiko_run.expose.mcp.results import failure_error, problem_error
from naftiko_run.expose.mcp.truncation import shorten_name
from naftiko_run.expressions import UriTemplate, as_text, names_of, parse_uri_template
from naftiko_run.folder import FileTooLarge, Folder, media_type_of
from naftiko_run.invoke import (
    Coercion,
    Function,
    compile_coercion,
    compile_content,
    repaired_text,
    run_in_decode_pool,
)

_NOT_FOUND = -32002
"""The error code of an unknown resource up to 2025-11-25; later protocol versions use "invalid params"."""

_TEXT_SUFFIXES = ("json", "xml", "yaml", "javascript", "x-www-form-urlencoded")
"""Endings of the media types of text, besides ``text/…``."""

_log = logging.getLogger(__name__)

ResourceContents = types.TextResourceContents | types.BlobResourceContents


@dataclass(frozen=True, slots=True)
class _FunctionResource:
    """A resource whose contents are the outcome of a function."""

    model: Resource
    function: Function
    uri: UriTemplate
    coercions: Mapping[str, Coercion]


@dataclass(frozen=True, slots=True)
class _FileResource:
    """A resource that is a file, or a folder whose files are resources."""

    model: Resource
    folder: Folder


class ResourceRegistry:
    """The resources of one ``mcp`` adapter.

    Args:
        exposes: The block.
        capability: The capability with the functions and folders.
    """

    def __init__(self, exposes: McpExposes, capability: Capability) -> None:
        self._files: list[_FileResource] = []
        self._functions: list[_FunctionResource] = []
        for model in exposes.resources:
            folder = capability.folders.get(model.pointer)
            function = capability.functions.get(model.pointer)
            if folder is not None:
                self._files.append(_FileResource(model, folder))
            elif function is not None:
                coercions = {each.name: compile_coercion(each) for each in function.inputs}
                self._functions.append(
                    _FunctionResource(model, function, parse_uri_template(model.uri), coercions)
                )
        self._most_specific_first = sorted(self._functions, key=lambda each: each.uri.specificity)

    def __bool__(self) -> bool:
        return bool(self._files or self._functions)

    def completion_values(self, uri: str, name: str) -> list[str] | None:
        """Return the allowed values of a template variable; None if there is no such template."""
        for resource in self._functions:
            if uri in (resource.model.uri, resource.uri.text):
                declared = resource.function.input_schema.get("properties", {}).get(name, {})
                return [as_text(each) for each in declared.get("enum", ())]
        return None

    def fingerprint(self, uri: str) -> object:
        """Return a value that changes whenever a file changes, appears or disappears; None if the URI is not a file's."""
        for resource in self._files:
            name = _file_name(resource, uri)
            if name is not None:
                return resource.folder.stamp(name)
        return None

    async def list(
        self, _: ServerRequestContext, params: types.PaginatedRequestParams | None
    ) -> types.ListResourcesResult:
        """Handle ``resources/list``: every file, and every function without variables in its URI.

        Raises:
            MCPError: The cursor is not valid for this list.
        """
        files = await asyncio.to_thread(
            lambda: [each for resource in self._files for each in _list_files(resource)]
        )
        fixed = [
            types.Resource(
                uri=each.model.uri,
                name=each.model.name,
                title=title_of(each.model),
                description=each.function.description or None,
                mime_type=each.model.mime_type or None,
            )
            for each in self._functions
            if not each.uri.names
        ]
        page = paginate([(each.uri, each) for each in (*files, *fixed)], params)
        return types.ListResourcesResult(resources=page.entries, next_cursor=page.next_cursor)

    async def templates(
        self, _: ServerRequestContext, params: types.PaginatedRequestParams | None
    ) -> types.ListResourceTemplatesResult:
        """Handle ``resources/templates/list``.

        Raises:
            MCPError: The cursor is not valid for this list.
        """
        templates = [
            types.ResourceTemplate(
                uri_template=each.uri.text,
                name=each.model.name,
                title=title_of(each.model),
                description=each.function.description or None,
                mime_type=each.model.mime_type or None,
            )
            for each in self._functions
            if each.uri.names
        ]
        page = paginate([(each.uri_template, each) for each in templates], params)
        return types.ListResourceTemplatesResult(
            resource_templates=page.entries, next_cursor=page.next_cursor
        )

    async def read(
        self, context: ServerRequestContext, params: types.ReadResourceRequestParams
    ) -> types.ReadResourceResult:
        """Handle ``resources/read``.

        Raises:
            MCPError: There is no such resource, or it cannot be read.
        """
        return types.ReadResourceResult(contents=[await self.contents(params.uri, context.protocol_version)])

    async def contents(self, uri: str, protocol_version: str) -> ResourceContents:
        """Return the contents of a resource.

        Args:
            uri: The URI of the resource.
            protocol_version: The protocol version of the client.

        Raises:
            MCPError: There is no such resource, or it cannot be read.
        """
        for resource in self._most_specific_first:
            inputs = resource.uri.match(uri)
            if inputs is not None:
                return await _invoke(resource, inputs, uri)
        for file in self._files:
            name = _file_name(file, uri)
            try:
                content = None if name is None else await asyncio.to_thread(file.folder.read, name)
            except FileTooLarge as error:
                raise MCPError(types.INTERNAL_ERROR, str(error)) from None
            if content is not None:
                return _contents(uri, file.model, content, media_type_of(uri))
        is_modern = protocol_version in MODERN_PROTOCOL_VERSIONS
        code = types.INVALID_PARAMS if is_modern else _NOT_FOUND
        text = f"Unknown resource `{shorten_name(uri)}`; resources/list lists the available resources"
        raise MCPError(code, text, {"uri": uri})


async def _invoke(resource: _FunctionResource, variables: dict[str, str], uri: str) -> ResourceContents:
    inputs: dict[str, Any] = {
        name: resource.coercions[name]((text,)) if name in resource.coercions else text
        for name, text in variables.items()
    }
    try:
        outcome = await resource.function.invoke(inputs)
    except Exception as error:  # noqa: BLE001 - outermost handler: clients get no internal details
        raise problem_error(
            error, f"resource `{resource.model.written_name or resource.model.name}`"
        ) from None
    if outcome.has_failed:
        raise failure_error(outcome)
    if outcome.is_long:
        return await run_in_decode_pool(
            lambda: _contents(uri, resource.model, outcome.content, outcome.media_type)
        )
    return _contents(uri, resource.model, outcome.content, outcome.media_type)


def _contents(uri: str, model: Resource, content: bytes, media_type: str) -> ResourceContents:
    """Return content as text, or as base64 if it is binary or the document declares it binary.

    Args:
        uri: The URI of the resource.
        model: The resource in the document.
        content: The content.
        media_type: The ``Content-Type`` of the content; empty if it has none.
    """
    kind = model.mime_type or media_type.partition(";")[0].strip() or "application/octet-stream"
    text = None if model.binary else _decoded(uri, content, kind, media_type)
    if text is not None:
        return types.TextResourceContents(uri=uri, mime_type=kind, text=text)
    return types.BlobResourceContents(uri=uri, mime_type=kind, blob=b64encode(content).decode())


def _decoded(uri: str, content: bytes, kind: str, media_type: str) -> str | None:
    """Return content as text, with U+FFFD for invalid Unicode; None if it is binary."""
    essence = kind.partition(";")[0].strip().casefold()
    if not (essence.startswith("text/") or essence.endswith(_TEXT_SUFFIXES)):
        try:
            return content.decode()
        except UnicodeDecodeError:
            return None
    charset = media_type.partition(";")[2]
    text, is_repaired = repaired_text(content, f"{essence};{charset}" if charset else essence)
    if is_repaired:
        _log.warning("the resource %s contains text that is not Unicode, replaced by U+FFFD", uri)
    return text


def _list_files(resource: _FileResource) -> Iterator[types.Resource]:
    model = resource.model
    names: Sequence[str] = [""] if resource.folder.is_file else [*resource.folder.names()]
    for name in names:
        uri = f"{model.uri.rstrip('/')}/{quote(name)}" if name else model.uri
        yield types.Resource(
            uri=uri,
            name=name or model.name,
            title=title_of(model) if resource.folder.is_file else model.label or None,
            description=model.description or None,
            mime_type=model.mime_type or media_type_of(uri),
        )


def _file_name(resource: _FileResource, uri: str) -> str | None:
    """Return the name of the file in a folder that a URI refers to; empty for a single file, None for no match."""
    if resource.folder.is_file:
        return "" if uri == resource.model.uri else None
    prefix = f"{resource.model.uri.rstrip('/')}/"
    return unquote(uri.removeprefix(prefix)) if uri.startswith(prefix) else None


class ResultContent:
    """The content blocks that the document adds to a tool's results.

    Args:
        parts: The parts as the document declares them, already validated.
        resources: The resources of the adapter.
    """

    def __init__(self, parts: Sequence[Content], resources: ResourceRegistry) -> None:
        self._parts = compile_content(parts)
        self._resources = resources

    def __bool__(self) -> bool:
        return bool(self._parts)

    @property
    def names(self) -> tuple[str, ...]:
        """The names of the inputs that its templates use."""
        return names_of(part.text for part in self._parts)

    async def blocks(self, inputs: Mapping[str, Any], protocol_version: str) -> list[types.ContentBlock]:
        """Return the content blocks for a function's inputs.

        Raises:
            MCPError: There is no such resource, or it cannot be read.
        """
        blocks: list[types.ContentBlock] = []
        for part in self._parts:
            text = part.text.evaluate(inputs)
            if part.is_resource:
                blocks.append(resource_block(await self._resources.contents(text, protocol_version)))
            else:
                blocks.append(types.TextContent(text=text))
        return blocks


def resource_block(contents: ResourceContents) -> types.ContentBlock:
    """Return a resource's contents as an image or audio block by their media type, else as an embedded resource."""
    kind = (contents.mime_type or "").partition(";")[0].strip().casefold()
    if isinstance(contents, types.BlobResourceContents) and kind.startswith("image/"):
        return types.ImageContent(data=contents.blob, mime_type=kind)
    if isinstance(contents, types.BlobResourceContents) and kind.startswith("audio/"):
        return types.AudioContent(data=contents.blob, mime_type=kind)
    return types.EmbeddedResource(resource=contents)
