"""A Kubernetes API server as far as Secrets go, over TLS, and the service account of a pod that asks it."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import trustme
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from support.asgi import serving_app

TOKEN = "eyJ.service-account.token"


@dataclass
class Cluster:
    """The cluster's content, and what was asked of it.

    Attributes:
        port: Where its API server listens, on 127.0.0.1.
        account: The folder that is mounted into the pod.
        secrets: Bytes by key, by ``namespace/name``.
        is_forbidden: Whether the service account may read nothing.
        asked: The path of every request.
    """

    port: int
    account: Path
    secrets: dict[str, dict[str, bytes]] = field(default_factory=dict)
    is_forbidden: bool = False
    asked: list[str] = field(default_factory=list)

    @property
    def environment(self) -> dict[str, str]:
        """What the pod has in its environment."""
        return {
            "KUBERNETES_SERVICE_HOST": "127.0.0.1",
            "KUBERNETES_SERVICE_PORT": str(self.port),
            "NAFTIKO_SERVICE_ACCOUNT": str(self.account),
        }

    async def answer(self, request: Request) -> JSONResponse:
        """Answer the request for a Secret."""
        self.asked.append(request.url.path)
        name = "{namespace}/{name}".format(**request.path_params)
        if request.headers.get("authorization") != f"Bearer {TOKEN}":
            return _status(401)
        if self.is_forbidden:
            return _status(403)
        if name not in self.secrets:
            return _status(404)
        data = {key: b64encode(value).decode() for key, value in self.secrets[name].items()}
        return JSONResponse({"apiVersion": "v1", "kind": "Secret", "type": "Opaque", "data": data})


def _status(code: int) -> JSONResponse:
    return JSONResponse({"apiVersion": "v1", "kind": "Status", "status": "Failure", "code": code}, code)


@contextmanager
def running_cluster(folder: Path) -> Iterator[Cluster]:
    """Run an API server while the context is entered.

    Args:
        folder: Gets the certificates, and the service account's folder.
    """
    authority = trustme.CA()
    certificate = folder / "server.pem"
    authority.issue_cert("127.0.0.1").private_key_and_cert_chain_pem.write_to_path(str(certificate))
    account = folder / "serviceaccount"
    account.mkdir()
    authority.cert_pem.write_to_path(str(account / "ca.crt"))
    (account / "token").write_text(TOKEN)
    (account / "namespace").write_text("shop")
    cluster = Cluster(0, account)
    app = Starlette(routes=[Route("/api/v1/namespaces/{namespace}/secrets/{name}", cluster.answer)])
    with serving_app(app, certificate=certificate) as port:
        cluster.port = port
        yield cluster
