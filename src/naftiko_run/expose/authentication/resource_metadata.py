"""Serve the protected resource metadata of an adapter (RFC 9728), which clients read without a token."""

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
        url: The URL that RFC 9728 derives from the resource.
        mounted: The path after the ``root_path`` if the app is mounted below a path.
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
    """Return the URL of an adapter's metadata; None if it has none.

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
    """Return the unauthenticated endpoints that serve an adapter's metadata.

    They are served at the adapter's path, and at the path of the resource for the host of the resource; and, unless
    another adapter on the port has the same path, at each alias path, the path of the resource for any host, and the root.
    """
    if guard.metadata is None or not adapter.path:
        return ()
    from starlette.responses import JSONResponse

    app = JSONResponse(dict(guard.metadata))
    alias_paths = [each.path.text for each in adapter.endpoints if each.is_alias]
    resource = urlsplit(guard.metadata["resource"])
    alias_paths += [resource.path, "/"]
    aliases = {path.rstrip("/") for path in alias_paths} - {adapter.path}
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
