"""A server that speaks the key/value part of Vault's API, as its public documentation describes it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from support.asgi import serving_app


@dataclass
class Vault:
    """The server's content, and what was asked of it.

    Attributes:
        url: Where it listens.
        tokens: Those that may read.
        namespace: The only one in which there is anything.
        engines: Version of each mount.
        secrets: Data by path, ``mount/path``.
        roles: The JWT of each Kubernetes role, and the token that it gets.
        status: Answered to everything where it is not 200.
        tells_mounts: Whether it knows ``sys/internal/ui/mounts``.
        asked: Method and path of every request.
    """

    url: str = ""
    tokens: set[str] = field(default_factory=lambda: {"s.root-token"})
    namespace: str = ""
    engines: dict[str, int] = field(default_factory=lambda: {"secret": 2, "old": 1, "team/kv": 2})
    secrets: dict[str, dict[str, Any]] = field(default_factory=dict)
    roles: dict[str, tuple[str, str]] = field(default_factory=dict)
    status: int = 200
    tells_mounts: bool = True
    asked: list[str] = field(default_factory=list)

    def app(self) -> Starlette:
        """Give the server."""
        return Starlette(
            routes=[
                Route("/v1/auth/kubernetes/login", self._login, methods=["POST"]),
                Route("/v1/sys/internal/ui/mounts/{path:path}", self._mount),
                Route("/v1/{path:path}", self._read),
            ]
        )

    def _refusal(self, request: Request, *, needs_token: bool = True) -> JSONResponse | None:
        self.asked.append(f"{request.method} {request.url.path}")
        if self.status != 200:
            return _errors(self.status)
        if request.headers.get("x-vault-namespace", "") != self.namespace:
            return _errors(404)
        is_known = request.headers.get("x-vault-token") in self.tokens
        return _errors(403, "permission denied") if needs_token and not is_known else None

    async def _login(self, request: Request) -> JSONResponse:
        refusal = self._refusal(request, needs_token=False)
        body = await request.json()
        jwt, token = self.roles.get(body["role"], ("", ""))
        if refusal or not jwt or body["jwt"] != jwt:
            return refusal or _errors(403, "permission denied")
        self.tokens.add(token)
        return JSONResponse({"auth": {"client_token": token, "lease_duration": 3600, "renewable": True}})

    async def _mount(self, request: Request) -> JSONResponse:
        path = request.path_params["path"]
        mount = self._mount_of(path)
        refusal = self._refusal(request)
        if refusal or not mount or not self.tells_mounts:
            return refusal or _errors(403 if self.tells_mounts else 404)
        version = self.engines[mount]
        options = {"version": str(version)} if version == 2 else None
        return JSONResponse({"data": {"path": f"{mount}/", "type": "kv", "options": options}})

    async def _read(self, request: Request) -> JSONResponse:
        path = request.path_params["path"]
        mount = self._mount_of(path)
        refusal = self._refusal(request)
        if refusal or not mount:
            return refusal or _errors(404)
        if self.engines[mount] == 1:
            found = self.secrets.get(path)
            return JSONResponse({"data": found, "lease_duration": 2764800}) if found else _errors(404)
        kind, _, below = path.removeprefix(f"{mount}/").partition("/")
        found = self.secrets.get(f"{mount}/{below}") if kind == "data" else None
        return JSONResponse({"data": {"data": found, "metadata": {"version": 1}}}) if found else _errors(404)

    def _mount_of(self, path: str) -> str:
        return next((mount for mount in self.engines if path.startswith(f"{mount}/")), "")


def _errors(status: int, *errors: str) -> JSONResponse:
    return JSONResponse({"errors": list(errors)}, status)


@contextmanager
def running_vault() -> Iterator[Vault]:
    """Run the server while the context is entered."""
    vault = Vault()
    with serving_app(vault.app()) as port:
        vault.url = f"http://127.0.0.1:{port}"
        yield vault
