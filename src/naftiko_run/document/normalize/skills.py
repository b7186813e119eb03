"""``skills`` of a skill adapter, as a list or (ikanos) as a named map, and where their tools come from."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

from naftiko_run.document.normalize.call_resolver import CallResolver
from naftiko_run.document.normalize.reader import Reader
from naftiko_run.document.normalize.tool_names import served_name

_NAME = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*\Z")
_ALLOWED_TOOL = re.compile(r"[^\s,(]+(?:\([^)]*\))?")
"""One of the allowed tools: ``Read``, or ``Bash(git add:*)``, in which spaces and commas do not separate."""
_MOST: Final = {"name": 64, "description": 1024, "compatibility": 500}
"""Maximum lengths of the Agent Skills format."""
_SHOWN = 20


@dataclass(frozen=True, slots=True)
class Siblings:
    """The tools and operations that the tools of skills can be derived from.

    Attributes:
        sources: The canonical ``from`` of each operation and tool of the document.
        called: The consumed operation that each calls, by place.
        calls: Resolves calls.
    """

    sources: list[dict[str, Any]]
    called: dict[Any, str]
    calls: CallResolver

    @classmethod
    def of(cls, exposes: Sequence[dict[str, Any]], calls: CallResolver) -> Siblings:
        """Collect the tools and operations of canonical adapters, including the unavailable ones."""
        sources: list[dict[str, Any]] = []
        called: dict[Any, str] = {}
        for adapter in exposes:
            for title, action, function in _functions(adapter):
                called[function["pointer"]] = function.get("call", "")
                source = {"mode": adapter["type"], "sourceNamespace": adapter["namespace"]}
                sources.append(source | {"action": action, "title": title, "unit": function["pointer"]})
        return cls(sources, called, calls)

    def named(self, namespace: str, action: str) -> dict[str, Any]:
        """Return the source that ``from`` refers to.

        Raises:
            ValueError: There is none; the message lists the known ones.
        """
        within = [each for each in self.sources if each["sourceNamespace"] == namespace]
        for each in within:
            if each["action"] in (action, served_name(action)):
                return each
        if within:
            known = [each["action"] for each in within]
            raise ValueError(f"`{namespace}` exposes no `{action}`; {_listed(action, known)}")
        known = list(dict.fromkeys(each["sourceNamespace"] for each in self.sources))
        raise ValueError(f"no rest or mcp adapter is named `{namespace}`; {_listed(namespace, known)}")

    def calling(self, tool: Reader, name: str) -> dict[str, Any]:
        """Return the source that makes the same ``call``: a tool before an operation, one with the same name first.

        Raises:
            ValueError: There is none.
        """
        call, reason = self.calls.find(tool)
        if reason:
            raise ValueError(reason)
        doing = [each for each in self.sources if self.called[each["unit"]] == call]
        if not doing:
            raise ValueError(f"a skill cannot call operations, and no mcp or rest adapter exposes `{call}`")
        return min(doing, key=lambda each: (each["mode"] != "mcp", each["action"] != name))


def _functions(adapter: dict[str, Any]) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """Yield the title, the name and the canonical form of each tool or operation of an adapter."""
    if adapter["type"] == "rest":
        for resource in adapter["resources"]:
            for function in resource.get("operations", ()):
                yield f"{function['method']} {resource['path']}", function["name"], function
    elif adapter["type"] == "mcp":
        for function in adapter["tools"]:
            yield function["name"], function["name"], function
    else:
        return
    for function in adapter["unavailable"]:
        if "action" in function:
            yield function["name"], function["action"], function


def _listed(name: str, known: Sequence[str]) -> str:
    """Return the known names, the most similar ones first."""
    close = difflib.get_close_matches(name, known, n=1)
    listed = [*close, *(each for each in known if each not in close)]
    more = f" and {len(listed) - _SHOWN} more" if len(listed) > _SHOWN else ""
    return f"{f'did you mean `{close[0]}`? ' if close else ''}known: {', '.join(listed[:_SHOWN]) or 'nothing'}{more}"


def normalize_skills(adapter: Reader, siblings: Siblings) -> list[dict[str, Any]]:
    """Return the adapter's skills, without duplicates."""
    skills: dict[str, dict[str, Any]] = {}
    for written in _written(adapter):
        name = written.text("name") or written.key
        if not name:
            written.report.warning("nameless-skill", "the skill has no `name`; it is not served", written.at)
        elif name in skills:
            written.report.warning(
                "duplicate-skill", f"another skill is named `{name}`; this one is not served", written.at
            )
        else:
            skills[name] = _skill(written, name, siblings)
    return list(skills.values())


def _written(adapter: Reader) -> Iterator[Reader]:
    """Yield the skills as written; tools of the adapter itself are one skill."""
    if "skills" in adapter.data or "tools" not in adapter.data:
        yield from adapter.members("skills")
        return
    adapter.report.warning(
        "misplaced-tools",
        "the tools belong to the adapter itself; they are read as one skill",
        (*adapter.at, "tools"),
        hint="put them under `skills`, in an entry with `name` and `description`",
    )
    name = adapter.text("namespace") or adapter.key or "skill"
    kept = {key: value for key, value in adapter.data.items() if key in ("description", "tools")}
    yield Reader({"name": name, **kept}, adapter.at, adapter.report)


def _skill(written: Reader, name: str, siblings: Siblings) -> dict[str, Any]:
    metadata = written.mapping("metadata")
    invocable = written.flag("user-invocable")
    skill = {
        "pointer": written.at,
        "name": name,
        "description": written.text("description"),
        "license": written.text("license"),
        "compatibility": written.text("compatibility"),
        "metadata": {key: metadata.text(key) for key in metadata.data} if metadata else {},
        "allowedTools": _allowed_tools(written),
        "argumentHint": written.text("argument-hint"),
        "userInvocable": True if invocable is None else invocable,
        "disableModelInvocation": written.flag("disable-model-invocation") or False,
        "location": written.text("location"),
        "tools": _tools(written, name, siblings),
    }
    _check(written, skill)
    return skill


def _check(written: Reader, skill: dict[str, Any]) -> None:
    """Warn where a skill violates the Agent Skills format: clients may reject it."""
    broken = [
        (key, f"is {len(skill[key]):,} characters long; {most:,} are allowed")
        for key, most in _MOST.items()
        if len(skill[key]) > most
    ]
    if not _NAME.match(skill["name"]):
        broken.append(("name", "must be lower-case letters and digits, with single hyphens between them"))
    if not skill["description"].strip():
        broken.append(("description", "is missing; agents select skills by it"))
    for key, fault in broken:
        written.report.warning(
            "agent-skills",
            f"the `{key}` of the skill `{skill['name']}` {fault}",
            (*written.at, key) if key in written.data else written.at,
            hint="see https://agentskills.io/specification",
        )


def _allowed_tools(written: Reader) -> tuple[str, ...]:
    """Return the allowed tools: separated by spaces as in the specification, by commas, or a list."""
    value = written.data.get("allowed-tools")
    if isinstance(value, list):
        return tuple(str(each) for each in value)
    return tuple(_ALLOWED_TOOL.findall(written.text("allowed-tools")))


def _tools(skill: Reader, skill_name: str, siblings: Siblings) -> list[dict[str, Any]]:
    tools: dict[str, dict[str, Any]] = {}
    is_one_tool = "tools" not in skill.data and "call" in skill.data
    for written in [skill] if is_one_tool else skill.members("tools"):
        source = written.mapping("from")
        name = written.text("name") or written.key or (source.text("action") if source else "")
        if not name or name in tools:
            code = "duplicate-tool" if name else "nameless-tool"
            reason = f"another tool of the skill is named `{name}`" if name else "the tool has no `name`"
            written.report.warning(code, f"{reason}; this one is not served", written.at)
            continue
        tool = {"pointer": written.at, "name": name, "description": written.text("description")}
        try:
            tools[name] = tool | _origin(written, source, name, siblings)
        except ValueError as fault:
            at = (*written.at, "from") if source else written.at
            written.report.error("unknown-source", f"`{skill_name}.{name}` is not served: {fault}", at)
            tools[name] = tool | {"reason": str(fault)}
    return list(tools.values())


def _origin(tool: Reader, source: Reader | None, name: str, siblings: Siblings) -> dict[str, Any]:
    """Return the origin of a tool.

    Raises:
        ValueError: It has none.
    """
    if source is not None:
        if "instruction" in tool.data:
            tool.report.warning(
                "two-origins",
                f"the tool `{name}` has both `from` and `instruction`; `from` is followed",
                (*tool.at, "instruction"),
                hint="keep one of the two",
            )
        found = siblings.named(source.text("sourceNamespace"), source.text("action"))
        return {"from": found | {"pointer": source.at}}
    if instruction := tool.text("instruction"):
        return {"instruction": instruction}
    if "call" in tool.data:
        found = siblings.calling(tool, name)
        tool.report.warning(
            "call-in-skill",
            f"a skill calls nothing by itself; `{name}` is read as `{found['sourceNamespace']}.{found['action']}`",
            (*tool.at, "call"),
            hint=f"write `from: {{sourceNamespace: {found['sourceNamespace']}, action: {found['action']}}}`",
        )
        return {"from": found | {"pointer": tool.at}}
    raise ValueError("it has neither `from` nor `instruction`")
