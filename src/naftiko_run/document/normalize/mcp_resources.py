"""``resources`` and ``prompts`` of an MCP adapter, as lists or (ikanos) as named maps."""

from __future__ import annotations

from typing import Any

from naftiko_run.document.normalize.extensions import normalize_asks, normalize_content
from naftiko_run.document.normalize.functions import FunctionReader
from naftiko_run.document.normalize.reader import Reader
from naftiko_run.document.normalize.tool_names import served_name, take_name
from naftiko_run.spec.exposes import ROLE
from naftiko_run.spec.table import ARGUMENTS, LABEL, TEMPLATE

_ROLES = ROLE.values


def normalize_resources(
    adapter: Reader, function_reader: FunctionReader, unavailable: list[dict[str, Any]]
) -> list[dict[str, Any]]:
    """Return the adapter's resources; those that cannot work are added to ``unavailable``."""
    resources = []
    uris: set[str] = set()
    for written in adapter.members("resources"):
        uri = written.text("uri")
        name = written.text("name") or written.key or uri
        if not uri:
            _report_unavailable(written, f"resource {name or '?'}", "it has no `uri`", unavailable)
            continue
        if uri in uris:
            _report_unavailable(
                written, f"resource {name}", f"another resource has the URI `{uri}`", unavailable
            )
            continue
        try:
            resource = (
                _static(written, name) if "location" in written.data else function_reader.read(written, name)
            )
        except ValueError as fault:
            _report_unavailable(written, f"resource {name or '?'}", str(fault), unavailable)
            continue
        resource |= {
            "name": served_name(name, "resource"),
            "writtenName": "" if name == uri else name,
            "uri": uri,
            "mimeType": written.text("mimeType"),
            "binary": written.flag("binary") or False,
        }
        resources.append(resource)
        uris.add(uri)
    return resources


def normalize_prompts(adapter: Reader, unavailable: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return the adapter's prompts; those without a message are added to ``unavailable``."""
    prompts = []
    names: set[str] = set()
    taken: set[str] = set()
    for written in adapter.members("prompts"):
        name = written.text("name") or written.key
        messages = [message for each in written.members(*TEMPLATE) for message in _messages(each)]
        if not name or not (messages or written.text("location")):
            reason = "it has neither a `template` nor a `location`" if name else "it has no `name`"
            _report_unavailable(written, f"prompt {name or '?'}", reason, unavailable)
            continue
        if name in names:
            _report_unavailable(written, f"prompt {name}", "another prompt has this name", unavailable)
            continue
        names.add(name)
        try:
            asks = normalize_asks(written)
        except ValueError as fault:
            _report_unavailable(written, f"prompt {name}", str(fault), unavailable)
            continue
        prompts.append(
            {
                "pointer": written.at,
                "name": take_name(written, name, taken, "prompt"),
                "writtenName": name,
                "label": written.text(*LABEL),
                "description": written.text("description"),
                "arguments": _arguments(written),
                "template": messages,
                "location": written.text("location"),
                "asks": asks,
            }
        )
    return prompts


def _static(written: Reader, name: str) -> dict[str, Any]:
    return {
        "pointer": written.at,
        "name": name,
        "label": written.text(*LABEL),
        "description": written.text("description"),
        "location": written.text("location"),
    }


def _arguments(prompt: Reader) -> list[dict[str, Any]]:
    arguments = []
    for written in prompt.members(*ARGUMENTS):
        name = written.text("name") or written.key
        if name:
            required, values = written.flag("required"), written.data.get("enum")
            arguments.append(
                {
                    "pointer": written.at,
                    "name": name,
                    "label": written.text(*LABEL),
                    "description": written.text("description"),
                    "required": True if required is None else required,
                    "enum": [str(each) for each in values] if isinstance(values, list) else (),
                }
            )
    return arguments


def _messages(written: Reader) -> list[dict[str, Any]]:
    """Return the messages of an entry: one, or one for each part of its ``x-content``."""
    role = written.text("role").casefold() or "user"
    if role not in _ROLES:
        written.report.warning(
            "unknown-role",
            f"`{role}` is not a message role; it is read as `user`",
            (*written.at, "role"),
            hint=f"write one of {', '.join(_ROLES)}",
        )
        role = "user"
    content = written.data.get("content")
    text = content.get("text") if isinstance(content, dict) else content
    parts = [{"pointer": written.at, "text": text}] if isinstance(text, str) else []
    return [
        {"pointer": written.at, "role": role, "content": part}
        for part in (*parts, *normalize_content(written))
    ]


def _report_unavailable(written: Reader, name: str, reason: str, unavailable: list[dict[str, Any]]) -> None:
    kind, _, own = name.partition(" ")
    written.report.error("not-runnable", f"the {kind} `{own}` is not served: {reason}", written.at)
    unavailable.append({"pointer": written.at, "name": name, "reason": reason})
