"""The files of one skill: those of its folder, and a ``SKILL.md`` generated where the folder has none."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from io import BytesIO
from typing import Any, Final
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

import yaml

from naftiko_run import _json
from naftiko_run.document.model import SKILL_FILE
from naftiko_run.expose.skill.offer import Offer, OfferedTool
from naftiko_run.folder import FileTooLarge, Folder
from naftiko_run.invoke import Function, Input

MAX_DOWNLOAD: Final = 50 * 1024 * 1024
"""The maximum total size of the files of a skill in one download, in bytes."""
_UNIX: Final = 3
_EPOCH: Final = (1980, 1, 1, 0, 0, 0)
"""The earliest time in the zip format; a fixed time makes archives reproducible."""


@dataclass(frozen=True, slots=True)
class Bundle:
    """The files of one skill. Its methods block on file access: call them in a thread.

    Attributes:
        made: The generated ``SKILL.md``, used where the folder has none.
        folder: The folder of the skill; None where it has no files of its own.
    """

    made: bytes
    folder: Folder | None

    def names(self) -> list[str]:
        """Return the sorted paths of the files, with ``/`` as separator."""
        names = {SKILL_FILE, *self.folder.names()} if self.folder else {SKILL_FILE}
        return sorted(names)

    def read(self, name: str) -> bytes | None:
        """Return the content of a file; None where there is no such file, or it is not served.

        Raises:
            FileTooLarge: It exceeds the limit.
        """
        content = self.folder.read(name) if self.folder else None
        return self.made if content is None and name == SKILL_FILE else content

    def sizes(self) -> Iterator[tuple[str, int]]:
        """Yield the path and the size in bytes of each file."""
        for name in self.names():
            path = self.folder.find(name) if self.folder else None
            yield name, path.stat().st_size if path else len(self.made)

    def archive(self) -> bytes:
        """Return all files as a zip archive; the same files result in the same bytes.

        Raises:
            FileTooLarge: One of the files, or their total size, exceeds the limit.
        """
        if sum(size for _, size in self.sizes()) > MAX_DOWNLOAD:
            raise FileTooLarge(f"the files are larger than {MAX_DOWNLOAD:,} bytes together")
        buffer = BytesIO()
        with ZipFile(buffer, "w") as archive:
            for name in self.names():
                content = self.read(name)
                if content is not None:  # None if it was deleted in the meantime
                    archive.writestr(self._entry(name), content)
        return buffer.getvalue()

    def _entry(self, name: str) -> ZipInfo:
        path = self.folder.find(name) if self.folder else None
        is_program = path is not None and bool(path.stat().st_mode & 0o111)
        entry = ZipInfo(name, _EPOCH)
        entry.compress_type = ZIP_DEFLATED
        entry.create_system = _UNIX
        entry.external_attr = (0o755 if is_program else 0o644) << 16
        return entry


def skill_file(offer: Offer) -> str:
    """Render the ``SKILL.md`` of a skill that has none."""
    head = yaml.safe_dump(offer.front_matter(), sort_keys=False, allow_unicode=True, width=1_000_000)
    blocks = [f"---\n{head}---", f"# {offer.skill.name}", offer.description.strip()]
    if offer.tools:
        blocks += ["## Tools", *(block for tool in offer.tools for block in _render_tool(tool))]
    return "\n\n".join(blocks) + "\n"


def _render_tool(tool: OfferedTool) -> Iterator[str]:
    yield f"### {tool.model.name}"
    if tool.description:
        yield tool.description.strip()
    source = tool.model.source
    if source is None:
        file = tool.model.instruction
        yield f"Read [{file}](<{file}>) and follow its instructions."
        return
    assert tool.function is not None
    if source.mode == "mcp":
        yield f"Call the tool `{source.title}` of the MCP server `{source.source_namespace}`."
    else:
        yield f"Send `{source.title}` to the REST API `{source.source_namespace}`."
    yield _render_inputs(tool.function, with_places=source.mode == "rest")


def _render_inputs(function: Function, *, with_places: bool) -> str:
    if not function.inputs:
        return "It takes no inputs."
    return "\n".join(
        ["Inputs:", "", *(_render_input(each, with_place=with_places) for each in function.inputs)]
    )


def _render_input(declared: Input, *, with_place: bool) -> str:
    facts = [declared.type or "any"]
    if with_place and declared.location:
        facts.append(f"in {declared.location}")
    if declared.required:
        facts.append("required")
    facts += [
        f"{word} {_render_json(declared.schema[key])}"
        for key, word in _KEYWORDS.items()
        if key in declared.schema
    ]
    description = " ".join(str(declared.schema.get("description", "")).split())
    return f"- `{declared.name}` ({', '.join(facts)})" + (f": {description}" if description else "")


_KEYWORDS = {"enum": "one of", "default": "by default"}
"""The schema keywords that are rendered for an input, and their wording."""


def _render_json(value: Any) -> str:
    values = value if isinstance(value, list) else [value]
    return " or ".join(f"`{_json.dumps(each).decode()}`" for each in values)
