"""Telling clients of a guarded adapter how to get a token (RFC 9728), without asking them for one."""

from __future__ import annotations

from typing import Final
from urllib.parse import urlsplit

from naftiko_run import jsontext
from naftiko_run.expose.authentication.guard import Guard
from naftiko_run.expose.exposer import Adapter, ASGIApp, Endpoint, Receive, Scope, Send
from naftiko_run.expose.problems import respond
from naftiko_run.expressions import Selector, parse_path

WELL_KNOWN: Final = "/.well-known/oauth-protected-resource"


def metadata_url(adapter: Adapter, guard: Guard) -> str:
    """Give the URL of an adapter's metadata, as RFC 9728 makes it of its resource; empty where it has none.

    Only an adapter with a path of its own, such as an MCP server, has metadata.
    """
    if guard.metadata is None or not adapter.path:
        return ""
    resource = urlsplit(guard.metadata["resource"])
    return f"{resource.scheme}://{resource.netloc}{WELL_KNOWN}{resource.path.rstrip('/')}"


def metadata_endpoints(adapter: Adapter, guard: Guard) -> tuple[Endpoint, ...]:
    """Give the open endpoints that answer with an adapter's metadata.

    The adapter's own path leads to it, and at the resource's host the resource's path. Where no other adapter of the
    port asks for the same, also each of its second paths does, the resource's path at any host, and the root.
    """
    if guard.metadata is None or not adapter.path:
        return ()
    app = _answering(jsontext.dumps(dict(guard.metadata)))
    seconds = [each.path.text for each in adapter.endpoints if each.is_alias]
    resource = urlsplit(guard.metadata["resource"])
    seconds += [resource.path, "/"]
    aliases = {path.rstrip("/") for path in seconds} - {adapter.path}
    return (
        Endpoint(parse_path(WELL_KNOWN + adapter.path), app, "GET"),
        Endpoint(
            parse_path(WELL_KNOWN + resource.path.rstrip("/")),
            app,
            "GET",
            selectors=(Selector("header", "host", resource.netloc),),
        ),
        *(Endpoint(parse_path(WELL_KNOWN + path), app, "GET", is_alias=True) for path in sorted(aliases)),
    )


def _answering(content: bytes) -> ASGIApp:
    async def answer(_: Scope, __: Receive, send: Send) -> None:
        await respond(send, 200, content, "application/json")

    return answer
