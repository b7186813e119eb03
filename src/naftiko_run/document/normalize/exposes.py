"""``exposes``: the adapters, their routes and their tools."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any, Final

from naftiko_run.document.normalize.authentication import normalize_inbound
from naftiko_run.document.normalize.call_resolver import says_nothing
from naftiko_run.document.normalize.consumes import method_of
from naftiko_run.document.normalize.extensions import normalize_asks, normalize_content
from naftiko_run.document.normalize.formats import normalize_size
from naftiko_run.document.normalize.functions import FunctionReader
from naftiko_run.document.normalize.mcp_resources import normalize_prompts, normalize_resources
from naftiko_run.document.normalize.parameters import styled_inputs
from naftiko_run.document.normalize.paths import (
    join,
    lone_fragments,
    read_route,
    route_identity,
    written_route,
)
from naftiko_run.document.normalize.reader import Reader
from naftiko_run.document.normalize.skills import Siblings, normalize_skills
from naftiko_run.document.normalize.tool_names import take_name
from naftiko_run.expressions import Selector, parse_path
from naftiko_run.spec.exposes import EXPOSES
from naftiko_run.spec.table import TABLE

_MAX_SHOWN: Final = 20
"""Maximum length of a value in a message."""


def normalize_exposes(capability: Reader, function_reader: FunctionReader) -> list[dict[str, Any]]:
    """Return the canonical ``exposes`` entries; functions that cannot work are under ``unavailable``."""
    written = [
        (each, entry) for each in capability.members("exposes") if (entry := _entry(each, function_reader))
    ]
    siblings = Siblings.of([entry for _, entry in written], function_reader.calls)
    return [entry | _skills(each, siblings) if entry["type"] == "skill" else entry for each, entry in written]


def _entry(written: Reader, function_reader: FunctionReader) -> dict[str, Any] | None:
    kind = written.text("type").casefold()
    if not kind:
        kind = next((kind for key, kind in EXPOSES.type_by_key.items() if key in written.data), "")
        written.report.warning(
            "missing-type",
            f"the adapter has no `type`; `{kind}` is used"
            if kind
            else "the adapter has no `type`; it is not served",
            written.at,
            hint="write `type: rest` or `type: mcp`",
        )
    if kind in EXPOSES.aliases:
        alias, kind = kind, EXPOSES.aliases[kind]
        written.report.warning(
            "adapter-spelling",
            f"`type: {alias}` is read as `{kind}`",
            (*written.at, "type"),
            hint=f"write `type: {kind}`",
        )
    if not kind:
        return None
    entry = {
        "pointer": written.at,
        "type": kind,
        "namespace": written.text("namespace") or written.key,
        "address": written.text("address"),
        "port": _port(written, kind),
        "description": written.text("description"),
        "authentication": normalize_inbound(written),
        "maxBinarySize": normalize_size(written),
    }
    if kind == "rest":
        return entry | _not_empty(_rest(written, function_reader), written, "resources")
    if kind == "mcp":
        return entry | _not_empty(_mcp(written, function_reader), written, "tools", "resources", "prompts")
    if kind == "skill":
        return entry
    return entry | {"transport": _transport(written), "settings": written.data}


def _transport(written: Reader) -> str:
    return "stdio" if written.text("transport").casefold() == "stdio" else "http"


def _skills(written: Reader, siblings: Siblings) -> dict[str, Any]:
    return _not_empty({"skills": normalize_skills(written, siblings), "unavailable": ()}, written, "skills")


def _not_empty(adapter: dict[str, Any], written: Reader, *keys: str) -> dict[str, Any]:
    """Return an adapter, and warn where it is empty without an earlier warning."""
    if not any(adapter[key] for key in keys) and not adapter["unavailable"]:
        written.report.warning(
            "empty-adapter",
            f"the adapter has no `{keys[0]}`; it serves nothing",
            written.at,
            alters_service=True,
        )
    return adapter


def _shown(value: Any) -> str:
    """Return a value for a message, truncated where it is long."""
    if isinstance(value, dict | list):
        return "a mapping" if isinstance(value, dict) else "a list"
    text = str(value)
    return f"`{text}`" if len(text) <= _MAX_SHOWN else f"`{text[:_MAX_SHOWN]}…`"


def _port(written: Reader, kind: str) -> int | None:
    port = written.data.get("port")
    if isinstance(port, str) and port.isdecimal() and len(port) <= _MAX_SHOWN:
        port = int(port)
    if port is None or (isinstance(port, int) and not isinstance(port, bool) and 0 <= port <= 65535):
        return port
    written.report.warning(
        "bad-port",
        f"{_shown(port)} is not a port; using {_default_port(kind)}",
        (*written.at, "port"),
        hint="write a number from 1 to 65535",
        alters_service=True,
    )
    return None


def _default_port(kind: str) -> str:
    adapter = TABLE.objects.get(EXPOSES.object_of(kind))
    fields = {field.name: field for field in adapter.fields} if adapter is not None else {}
    default = fields["port"].default.strip("`") if "port" in fields else ""
    return f"default port {default}" if default else "the default port"


def _rest(written: Reader, function_reader: FunctionReader) -> dict[str, Any]:
    resources: list[dict[str, Any]] = []
    unavailable: list[dict[str, Any]] = []
    seen: dict[tuple[str, str, frozenset[Selector]], str] = {}
    lone = lone_fragments(written)
    for resource in written.members("resources"):
        for operation in resource.members("operations"):
            path = read_route(resource, operation, lone)
            method = method_of(operation)
            name = f"{method} {path}"
            identity = route_identity(name)
            as_written = f"{method} {written_route(resource, operation)}"
            if identity in seen:
                reason = f"it matches the same requests as `{seen[identity]}`, which handles them"
                operation.report.warning(
                    "duplicate-route",
                    f"`{as_written}` is not served: {reason}",
                    operation.at,
                    hint="change its path, or add a query such as `?action=x`",
                    alters_service=True,
                )
                action = operation.text("name") or operation.key or name
                unavailable.append(
                    {"pointer": operation.at, "name": as_written, "reason": reason, "action": action}
                )
                continue
            own_name = operation.text("name") or operation.key or name
            read = partial(function_reader.read, operation, own_name, method, path)
            function = read_function(operation, function_reader, name, unavailable, read)
            if function is None:
                continue
            seen[identity] = as_written
            function["method"] = method
            resources.append(
                {
                    "pointer": resource.at,
                    "path": path,
                    "description": resource.text("description"),
                    "inputParameters": styled_inputs(resource),
                    "operations": [function],
                }
            )
        forward = resource.mapping("forward")
        if forward is not None:
            resources += _forward(resource, forward, function_reader, unavailable)
    return {
        "inputParameters": styled_inputs(written),
        "resources": resources,
        "unavailable": unavailable,
    }


def _forward(
    resource: Reader, forward: Reader, function_reader: FunctionReader, unavailable: list[dict[str, Any]]
) -> list[dict[str, Any]]:
    """Return the forwarding resource, which is added to those of the operations on the same path."""
    path = join("/", resource.text("path"))
    variables = [part for part in parse_path(path).parts if not isinstance(part, str)]
    namespace = forward.text("targetNamespace")
    reason = function_reader.calls.namespace_fault(namespace)
    if not reason and "path" in [each.name for each in variables] and not path.endswith("}"):
        reason = "`{path}` matches the rest of the path, so it must be the last segment"
    if reason:
        _report_unavailable(forward, f"ANY {path}", f"it forwards, and {reason}", "", unavailable)
        return []
    trusted = forward.data.get("trustedHeaders")
    headers = tuple(str(each).lower() for each in trusted) if isinstance(trusted, list) else ()
    canonical = {"pointer": forward.at, "targetNamespace": namespace, "trustedHeaders": headers}
    inputs = styled_inputs(resource)
    return [{"pointer": resource.at, "path": path, "inputParameters": inputs, "forward": canonical}]


def _mcp(written: Reader, function_reader: FunctionReader) -> dict[str, Any]:
    tools: list[dict[str, Any]] = []
    unavailable: list[dict[str, Any]] = []
    names: set[str] = set()
    for tool in written.members("tools"):
        name = tool.text("name") or tool.key or tool.text("ref").rpartition(".")[2]
        if not name:
            tool.report.warning("nameless-tool", "the tool has no `name`; it is not served", tool.at)
            continue
        function = read_function(
            tool, function_reader, name, unavailable, partial(function_reader.read, tool, name)
        )
        if function is not None:
            function["name"] = take_name(tool, name, names)
            function["writtenName"] = name
            function["maxResult"] = normalize_size(tool, "x-maxResult")
            meta = tool.mapping("x-meta")
            function["meta"] = meta.data if meta else {}
            function["hints"] = _hints(tool, function_reader.target(tool).get("semantics"))
            try:
                function |= {"content": normalize_content(tool), "asks": normalize_asks(tool)}
            except ValueError as fault:
                _report_unavailable(tool, name, str(fault), "", unavailable)
                continue
            tools.append(function)
    return {
        "transport": _transport(written),
        "tools": tools,
        "resources": normalize_resources(written, function_reader, unavailable),
        "prompts": normalize_prompts(written, unavailable),
        **_cache_hints(written),
        "unavailable": unavailable,
    }


def _cache_hints(written: Reader) -> dict[str, Any]:
    """Return how long clients can cache results, and whether they can share them."""
    ttl, scope = written.data.get("ttlMs"), written.text("cacheScope").casefold()
    is_time = isinstance(ttl, int) and not isinstance(ttl, bool) and ttl >= 0
    if not is_time and ttl is not None:
        written.report.warning(
            "wrong-type",
            "`ttlMs` must be a number of milliseconds; it was ignored",
            (*written.at, "ttlMs"),
        )
    if scope not in ("", "public", "private"):
        written.report.warning(
            "unknown-cache-scope",
            f"`{scope}` is not a cache scope; it is read as `private`",
            (*written.at, "cacheScope"),
            hint="write `public` or `private`",
        )
    return {"ttlMs": ttl if is_time else 0, "cacheScope": scope if scope == "public" else "private"}


def _hints(tool: Reader, semantics: dict[str, Any] | None) -> dict[str, Any] | None:
    """Return a tool's hints: its own, then those implied by the semantics of its function."""
    hints = tool.mapping("hints")
    if hints is None and semantics is None:
        return None
    implied: dict[str, bool | None] = {}
    if semantics:
        is_safe = semantics["safe"]
        implied = {
            "readOnly": is_safe,
            "destructive": False if is_safe else None,
            "idempotent": semantics["idempotent"],
        }
    flags = dict.fromkeys(("readOnly", "destructive", "idempotent", "openWorld")) | implied
    if hints is not None:
        flags |= {key: flag for key in flags if (flag := hints.flag(key)) is not None}
    return {"pointer": hints.at if hints else tool.at, **flags}


def read_function(
    function: Reader,
    function_reader: FunctionReader,
    title: str,
    unavailable: list[dict[str, Any]],
    read: Callable[[], dict[str, Any]],
) -> dict[str, Any] | None:
    """Return a function in canonical form; None where it cannot work, which is reported.

    Args:
        function: The function as written.
        function_reader: Reads functions.
        title: Its name in messages.
        unavailable: Receives the reason why it cannot work.
        read: Reads it; raises ``ValueError`` where it cannot work.
    """
    try:
        return read()
    except ValueError as fault:
        if says_nothing(function):
            message = f"`{title}` is not served: {fault}"
            function.report.warning(
                "not-runnable", message, function.at, "add `call: namespace.operation`", alters_service=True
            )
            unavailable.append({"pointer": function.at, "name": title, "reason": str(fault)})
        else:
            hint = function_reader.calls.hint(function) if function.data.get("call") else ""
            _report_unavailable(function, title, str(fault), hint, unavailable)
        return None


def _report_unavailable(
    function: Reader, name: str, reason: str, hint: str, unavailable: list[dict[str, Any]]
) -> None:
    code = "unknown-operation" if "call" in function.data else "not-runnable"
    at = (*function.at, "call") if "call" in function.data else function.at
    function.report.error(code, f"`{name}` is not served: {reason}", at, hint)
    action = function.text("name") or function.key or name
    unavailable.append({"pointer": function.at, "name": name, "reason": reason, "action": action})
