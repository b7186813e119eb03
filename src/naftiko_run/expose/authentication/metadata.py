"""Telling clients of a guarded adapter how to get a token (RFC 9728), without asking them for one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final
from urllib.parse import quote, urlsplit

from naftiko_run.expose.authentication.guard import Guard
from naftiko_run.expose.exposer import Adapter, Endpoint, Scope
from naftiko_run.expressions import Selector, parse_path

WELL_KNOWN: Final = "/.well-known/oauth-protected-resource"


@dataclass(frozen=True, slots=True)
class MetadataUrl:
    """The URL of an adapter's metadata.

    Attributes:
        url: As RFC 9728 derives it from the resource.
        mounted: What follows the ``root_path`` where the app is mounted below a path.
    """

    url: str
    mounted: str

    def for_request(self, scope: Scope) -> str:
        """Return the URL at which the client of a request finds the metadata."""
        root: str = scope.get("root_path", "").rstrip("/")
        if not root:
            return self.url
        origin = urlsplit(self.url)
        return f"{origin.scheme}://{origin.netloc}{quote(root)}{self.mounted}"


def metadata_url(adapter: Adapter, guard: Guard) -> MetadataUrl | None:
    """Return the URL of an adapter's metadata; None where it has none.

    Only an adapter with a path of its own, such as an MCP server, has metadata.
    """
    if guard.metadata is None or not adapter.path:
        return None
    resource = urlsplit(guard.metadata["resource"])
    return MetadataUrl(
        f"{resource.scheme}://{resource.netloc}{WELL_KNOWN}{resource.path.rstrip('/')}",
        WELL_KNOWN + adapter.path,
    )


def metadata_endpoints(adapter: Adapter, guard: Guard) -> tuple[Endpoint, ...]:
    """Return the open endpoints that answer with an adapter's metadata.

    The adapter's own path leads to it, and at the resource's host the resource's path. Where no other adapter of the
    port asks for the same, also each of its second paths does, the resource's path at any host, and the root.
    """
    if guard.metadata is None or not adapter.path:
        return ()
    from starlette.responses import JSONResponse

    app = JSONResponse(dict(guard.metadata))
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
