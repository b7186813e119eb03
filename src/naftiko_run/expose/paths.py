"""Request paths relative to the mount point of the app (``root_path`` in the ASGI scope)."""

from __future__ import annotations

from urllib.parse import quote, unquote

from naftiko_run.expose.exposer import ASGIApp, Receive, Scope, Send


def raw_path_of(scope: Scope) -> str:
    """Return the percent-encoded path of a request, without the ``root_path``.

    Most frameworks and servers keep ``root_path`` in the path, some remove it: both are supported.
    """
    raw: bytes = scope.get("raw_path") or quote(scope["path"]).encode()
    path = raw.decode("latin-1")
    root: str = scope.get("root_path", "").rstrip("/")
    if not root:
        return path
    segments = path.split("/")
    end = root.count("/") + 1
    if unquote("/".join(segments[:end])) != root:
        return path
    return "/" + "/".join(segments[end:])


class Mounted:
    """Mounts an app below a prefix, as Starlette's ``Mount`` does: ``root_path`` ends with the prefix.

    Args:
        app: The app.
        prefix: The prefix; it starts with a slash, does not end with one, and has no variables.
    """

    __slots__ = ("_app", "_prefix")

    def __init__(self, app: ASGIApp, prefix: str) -> None:
        self._app = app
        self._prefix = prefix

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one request."""
        root: str = scope.get("root_path", "").rstrip("/")
        path: str = scope["path"]
        if root and path != root and not path.startswith(f"{root}/"):
            path = root + path
        await self._app({**scope, "path": path, "root_path": root + self._prefix}, receive, send)
