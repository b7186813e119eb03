"""Answers to requests for skills: the list, one skill, its files."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any, TypeVar

from naftiko_run import jsontext
from naftiko_run.expose.body import header
from naftiko_run.expose.exposer import Receive, Scope, Send
from naftiko_run.expose.mediatypes import media_type_of
from naftiko_run.expose.problems import Problem, respond
from naftiko_run.expose.skill.bundle import Bundle
from naftiko_run.expose.skill.offer import Offer
from naftiko_run.folder import FileTooLarge

_JSON = "application/json"
_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class Catalogue:
    """The skills of one adapter; each method is an ASGI app.

    Attributes:
        skills: What is served of each skill, and its files, by its name.
        unavailable: Why a skill is left out, by its name.
    """

    skills: Mapping[str, tuple[Offer, Bundle]]
    unavailable: Mapping[str, str] = field(default_factory=dict)

    async def index(self, scope: Scope, _: Receive, send: Send) -> None:
        """Answer the list of skills."""
        skills = [offer.summary() for offer, _ in self.skills.values()]
        await _answer(scope, send, jsontext.dumps({"count": len(skills), "skills": skills}), _JSON)

    async def skill(self, scope: Scope, _: Receive, send: Send) -> None:
        """Answer one skill and its tools."""
        offer, _bundle = self._find(scope)
        await _answer(scope, send, jsontext.dumps(offer.document()), _JSON)

    async def download(self, scope: Scope, _: Receive, send: Send) -> None:
        """Answer all files of a skill as a zip."""
        offer, bundle = self._find(scope)
        name = re.sub(r"[^\w.-]+", "-", offer.skill.name, flags=re.ASCII)
        disposition = ("content-disposition", f'attachment; filename="{name}.zip"')
        await _answer(scope, send, await _read(bundle.archive), "application/zip", disposition)

    async def contents(self, scope: Scope, _: Receive, send: Send) -> None:
        """Answer the list of a skill's files."""
        offer, bundle = self._find(scope)
        files = [
            {"path": name, "size": size, "type": media_type_of(name)}
            for name, size in await _read(lambda: [*bundle.sizes()])
        ]
        await _answer(scope, send, jsontext.dumps({"name": offer.skill.name, "files": files}), _JSON)

    async def file(self, scope: Scope, _: Receive, send: Send) -> None:
        """Answer one file of a skill."""
        offer, bundle = self._find(scope)
        name = scope["path_params"]["path"]
        if any(segment in ("", ".", "..") for segment in re.split(r"[/\\]", name)):
            raise Problem(400, "unsafe-path", f"`{name}` is not the path of a file")
        content = await _read(lambda: bundle.read(name))
        if content is None:
            raise Problem(
                404,
                "unknown-file",
                f"The skill `{offer.skill.name}` has no file `{name}`",
                hint="`contents` names those that there are",
            )
        media_type = media_type_of(name)
        charset = "; charset=utf-8" if media_type.startswith("text/") else ""
        await _answer(scope, send, content, media_type + charset)

    def _find(self, scope: Scope) -> tuple[Offer, Bundle]:
        name = scope["path_params"]["name"]
        if name in self.unavailable:
            raise Problem(
                501, "unavailable", f"The skill `{name}` cannot be served: {self.unavailable[name]}"
            )
        if name not in self.skills:
            raise Problem(
                404,
                "unknown-skill",
                f"There is no skill `{name}`; there is: {', '.join(self.skills) or 'none'}",
            )
        return self.skills[name]


async def _read(read: Callable[[], _T]) -> _T:
    """Read files in a thread.

    Raises:
        Problem: They are too large to be served.
    """
    try:
        return await asyncio.to_thread(read)
    except FileTooLarge as fault:
        raise Problem(500, "file-too-large", f"This cannot be served: {fault}") from None


async def _answer(
    scope: Scope, send: Send, content: bytes, media_type: str, *headers: tuple[str, str]
) -> None:
    """Answer a client, in a word where it has the content already."""
    tag = f'"{sha256(content).hexdigest()[:32]}"'
    kept: Sequence[tuple[str, str]] = (("etag", tag), ("cache-control", "no-cache"))
    if _has(scope, tag):
        await respond(send, 304, b"", headers=tuple(kept))
        return
    safe = ("x-content-type-options", "nosniff")
    await respond(send, 200, content, media_type, (*kept, safe, *headers))


def _has(scope: Scope, tag: str) -> bool:
    known: Any = header(scope, b"if-none-match").split(",")
    return any(each.strip().removeprefix("W/") in (tag, "*") for each in known)
