"""The index page of a REST port: its capabilities, with links to their routes, as HTML for browsers or as JSON."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from typing import Any, Final

from naftiko_run import _json
from naftiko_run.errors import InvocationError
from naftiko_run.expose.exposer import Adapter, ASGIApp, Receive, Scope, Send, find_exposer
from naftiko_run.expose.problems import Problem
from naftiko_run.version import __version__

INDEX_PATH: Final = "/"
_HEADERS: Final = {
    "cache-control": "no-store",
    "content-security-policy": "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'",
    "vary": "accept",
}
_ADMITTED: Final = "naftiko.admitted"
_STYLE: Final = (
    "body{font:16px/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem}"
    "h2{margin-bottom:0}ul{padding-left:1.2rem}code{font-size:.95em}.note{color:#666}"
)


class IndexPage:
    """The ASGI app of the index page.

    Lists what the caller can use: the adapters without authentication, and those that authenticate the request.

    Args:
        adapters: The adapters on the port; those that manage the process are not listed.
    """

    def __init__(self, adapters: Sequence[Adapter]) -> None:
        self._adapters = [each for each in adapters if each.capability is not None and not _is_control(each)]
        self._app: ASGIApp | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle a request."""
        scope[_ADMITTED] = await self._admitted(scope)
        if self._app is None:
            self._app = self._build()
        await self._app(scope, receive, send)

    def _build(self) -> ASGIApp:
        # Imported lazily: most processes never show the page.
        from starlette.applications import Starlette
        from starlette.requests import Request
        from starlette.responses import Response
        from starlette.routing import Route

        async def index(request: Request) -> Response:
            listed = self._describe(request.scope[_ADMITTED])
            if _prefers_html(request.headers.get("accept", "")):
                page = _page(listed, request.scope.get("root_path", ""))
                return Response(page, headers=_HEADERS, media_type="text/html")
            return Response(_json.dumps(listed), headers=_HEADERS, media_type="application/json")

        return Starlette(routes=[Route(INDEX_PATH, index, methods=["GET"])])

    async def _admitted(self, scope: Scope) -> list[Adapter]:
        """Return the adapters that the caller can use.

        Raises:
            Problem: There are none; contains the challenge of the first.
            MissingBinding: The credentials of the first adapter are not set.
        """
        admitted: list[Adapter] = []
        rejection: Problem | InvocationError | None = None
        for adapter in self._adapters:
            if adapter.admit is not None:
                try:
                    await adapter.admit(scope)
                except (Problem, InvocationError) as error:
                    rejection = rejection or error
                    continue
            admitted.append(adapter)
        if rejection is not None and not admitted:
            raise rejection
        return admitted

    def _describe(self, adapters: Sequence[Adapter]) -> dict[str, Any]:
        capabilities: dict[int, dict[str, Any]] = {}
        for adapter in adapters:
            assert adapter.capability is not None
            info = adapter.capability.document.info
            entry = {"label": adapter.capability.label, "description": info.description, "adapters": []}
            described = capabilities.setdefault(id(adapter.capability), entry)
            described["adapters"].append(self._describe_adapter(adapter))
        return {
            "server": f"naftiko-run {__version__}",
            "links": {"live": "/health/live", "ready": "/health/ready"},
            "capabilities": list(capabilities.values()),
        }

    def _describe_adapter(self, adapter: Adapter) -> dict[str, Any]:
        described: dict[str, Any] = {"type": adapter.type, "namespace": adapter.namespace}
        if adapter.path:
            described["path"] = adapter.path
        else:
            names = [each.name.partition(" ") for each in adapter.features if not each.reason]
            described["operations"] = [
                {"method": method, "path": path} for method, space, path in names if space
            ]
        return described


def _is_control(adapter: Adapter) -> bool:
    exposer = find_exposer(adapter.type)
    return exposer is not None and exposer.manages_process


def _prefers_html(accept: str) -> bool:
    """Return whether an Accept header prefers HTML to JSON."""
    return _quality(accept, "text/html") > _quality(accept, "application/json")


def _quality(accept: str, media_type: str) -> float:
    found: dict[str, float] = {}
    for each in accept.split(","):
        name, *parameters = (part.strip().lower() for part in each.split(";"))
        weight = next((part[2:] for part in parameters if part.startswith("q=")), "1")
        try:
            found[name] = float(weight)
        except ValueError:
            found[name] = 0.0
    ranges = (media_type, f"{media_type.partition('/')[0]}/*", "*/*")
    return next((found[name] for name in ranges if name in found), 0.0)


def _page(listed: dict[str, Any], root_path: str) -> str:
    """Return the page as HTML; everything in it is escaped."""
    body = "".join(_capability(each, root_path) for each in listed["capabilities"])
    links = " · ".join(_link(path, path, root_path) for path in listed["links"].values())
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width"><title>Capabilities</title>'
        f"<style>{_STYLE}</style></head><body><h1>Capabilities</h1>{body}"
        f'<p class="note">{escape(listed["server"])} · {links}</p></body></html>'
    )


def _capability(listed: dict[str, Any], root_path: str) -> str:
    items: list[str] = []
    for adapter in listed["adapters"]:
        if "path" in adapter:
            kind = escape(adapter["type"].upper())
            items.append(f"<li>{kind} {_link(adapter['path'], adapter['path'], root_path)}</li>")
        for each in adapter.get("operations", ()):
            method, path = each["method"], each["path"]
            is_link = method == "GET" and "{" not in path
            shown = _link(path, path, root_path) if is_link else escape(path)
            items.append(f"<li><code>{escape(method)} {shown}</code></li>")
    description = f"<p>{escape(listed['description'])}</p>" if listed["description"] else ""
    return f"<h2>{escape(listed['label'])}</h2>{description}<ul>{''.join(items)}</ul>"


def _link(path: str, text: str, root_path: str) -> str:
    return f'<a href="{escape(root_path + path)}">{escape(text)}</a>'
