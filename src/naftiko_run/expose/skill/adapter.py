"""The HTTP catalogue of a ``skill`` block: Starlette endpoints for the list, one skill, and its files."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from typing import TypeVar

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import request_response

from naftiko_run import _json
from naftiko_run.capability import Capability, Feature
from naftiko_run.document.model import SkillExposes
from naftiko_run.expose.exposer import Adapter, Endpoint
from naftiko_run.expose.problems import Problem
from naftiko_run.expose.skill.bundle import Bundle, skill_file
from naftiko_run.expose.skill.offer import Offer, offer_of
from naftiko_run.expressions import parse_path
from naftiko_run.folder import FileTooLarge, media_type_of


def build_adapter(exposes: SkillExposes, capability: Capability, features: tuple[Feature, ...]) -> Adapter:
    """Return the adapter of a ``skill`` block.

    Args:
        exposes: The block.
        capability: The capability that it belongs to.
        features: The features of the adapter.
    """
    unavailable = capability.unavailable
    offers = [
        offer_of(skill, exposes, capability) for skill in exposes.skills if skill.pointer not in unavailable
    ]
    catalogue = Catalogue(
        {offer.skill.name: (offer, _bundle(offer, capability)) for offer in offers},
        {each.name: unavailable[each.pointer] for each in exposes.skills if each.pointer in unavailable},
    )
    namespace = exposes.namespace or "capability"
    own = f"/{namespace}/skills"
    endpoints = (
        *_endpoints(own, catalogue, namespace),
        *_endpoints("/skills", catalogue, namespace, is_alias=True),
    )
    return Adapter("skill", exposes.namespace, capability, own, endpoints, features)


def _bundle(offer: Offer, capability: Capability) -> Bundle:
    return Bundle(skill_file(offer).encode(), capability.folders.get(offer.skill.pointer))


def _endpoints(
    root: str, catalogue: Catalogue, namespace: str, *, is_alias: bool = False
) -> tuple[Endpoint, ...]:
    endpoints = {
        root: catalogue.index,
        f"{root}/{{name}}": catalogue.skill,
        f"{root}/{{name}}/download": catalogue.download,
        f"{root}/{{name}}/contents": catalogue.contents,
        f"{root}/{{name}}/contents/{{path}}": catalogue.file,
    }
    return tuple(
        Endpoint(
            parse_path(path),
            request_response(endpoint),
            "GET",
            is_prefix=path.endswith("{path}"),
            is_alias=is_alias,
            operation=f"{namespace}.{endpoint.__name__}",
        )
        for path, endpoint in endpoints.items()
    )


_JSON = "application/json"
_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class Catalogue:
    """The skills of one adapter; each method is a Starlette endpoint.

    Attributes:
        skills: The served part of each skill, and its files, by name.
        unavailable: The reason why a skill is not served, by name.
    """

    skills: Mapping[str, tuple[Offer, Bundle]]
    unavailable: Mapping[str, str] = field(default_factory=dict)

    async def index(self, request: Request) -> Response:
        """Return the list of skills."""
        skills = [offer.summary() for offer, _ in self.skills.values()]
        return _response(request, _json.dumps({"count": len(skills), "skills": skills}), _JSON)

    async def skill(self, request: Request) -> Response:
        """Return one skill and its tools."""
        offer, _ = self._find(request)
        return _response(request, _json.dumps(offer.document()), _JSON)

    async def download(self, request: Request) -> Response:
        """Return all files of a skill as a zip archive."""
        offer, bundle = self._find(request)
        name = re.sub(r"[^\w.-]+", "-", offer.skill.name, flags=re.ASCII)
        headers = {"content-disposition": f'attachment; filename="{name}.zip"'}
        return _response(request, await _read(bundle.archive), "application/zip", headers)

    async def contents(self, request: Request) -> Response:
        """Return the list of a skill's files."""
        offer, bundle = self._find(request)
        files = [
            {"path": name, "size": size, "type": media_type_of(name)}
            for name, size in await _read(lambda: [*bundle.sizes()])
        ]
        return _response(request, _json.dumps({"name": offer.skill.name, "files": files}), _JSON)

    async def file(self, request: Request) -> Response:
        """Return one file of a skill."""
        offer, bundle = self._find(request)
        name = request.path_params["path"]
        if any(segment in ("", ".", "..") for segment in re.split(r"[/\\]", name)):
            raise Problem(400, "unsafe-path", f"`{name}` is not a valid file path")
        content = await _read(lambda: bundle.read(name))
        if content is None:
            raise Problem(
                404,
                "unknown-file",
                f"The skill `{offer.skill.name}` has no file `{name}`",
                hint="`contents` lists its files",
            )
        return _response(request, content, media_type_of(name))

    def _find(self, request: Request) -> tuple[Offer, Bundle]:
        name = request.path_params["name"]
        if name in self.unavailable:
            raise Problem(
                501, "unavailable", f"The skill `{name}` cannot be served: {self.unavailable[name]}"
            )
        if name not in self.skills:
            raise Problem(
                404,
                "unknown-skill",
                f"There is no skill `{name}`; available skills: {', '.join(self.skills) or 'none'}",
            )
        return self.skills[name]


async def _read(read: Callable[[], _T]) -> _T:
    """Read files in a thread.

    Raises:
        Problem: 500, the files are too large to serve.
    """
    try:
        return await asyncio.to_thread(read)
    except FileTooLarge as error:
        raise Problem(500, "file-too-large", f"This cannot be served: {error}") from None


def _response(
    request: Request, content: bytes, media_type: str, headers: Mapping[str, str] | None = None
) -> Response:
    """Return a response with content, or 304 where the client has a current copy."""
    tag = f'"{sha256(content).hexdigest()[:32]}"'
    cached = {"etag": tag, "cache-control": "no-cache"}
    cached_tags = request.headers.get("if-none-match", "").split(",")
    if any(each.strip().removeprefix("W/") in (tag, "*") for each in cached_tags):
        return Response(status_code=304, headers=cached)
    safe = {"x-content-type-options": "nosniff"}
    return Response(content, headers={**cached, **safe, **(headers or {})}, media_type=media_type)
