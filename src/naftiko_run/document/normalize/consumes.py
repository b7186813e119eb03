"""``consumes``: the APIs that a capability calls, with their operations and request bodies."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final, get_args

from naftiko_run.diagnostics import Pointer
from naftiko_run.document.model import Method
from naftiko_run.document.normalize.authentication import (
    normalize_authentication,
    note_token_source,
    place_keys_in_path,
)
from naftiko_run.document.normalize.formats import normalize_raw_format, normalize_seconds, normalize_size
from naftiko_run.document.normalize.parameters import (
    normalize_consumed_outputs,
    normalize_inputs,
    note_styles,
    place_inputs,
    read_data,
    styled_inputs,
)
from naftiko_run.document.normalize.paths import (
    base_uri_fault,
    consumed_path,
    ends_with_slash,
    join,
    normalize_base_uri,
    operation_paths_replace,
    split_path,
)
from naftiko_run.document.normalize.reader import Reader
from naftiko_run.expressions import Variable, parse_path
from naftiko_run.spec.consumes import BODY
from naftiko_run.spec.table import CONSUMED_NAMESPACE, DESCRIPTION, OPERATION_NAME

_TYPES: Final = {**{each.casefold(): each for each in BODY.types}, **BODY.aliases}
"""Each type of a body, by every spelling in lower case."""

_TEXTS: Final = ("text", "xml", "sparql")
"""The types of bodies that are only text."""

_FAMILIES: Final = {"+json": "json", "+xml": "xml", "yaml": "yaml", "text/": "text"}
"""The type of a body by a part of an unlisted media type."""


def normalize_body(operation: Reader) -> dict[str, Any] | None:
    """Return the operation's body; None where it has none."""
    body = operation.data.get("body")
    at = (*operation.at, "body")
    if body is None:
        return None
    if isinstance(body, str):
        return {"pointer": at, "type": "raw", "data": read_data(body)}
    if not isinstance(body, dict):
        operation.report.warning("wrong-type", "`body` must be text or a mapping; it was ignored", at)
        return None
    if body and "data" not in body and "type" not in body:
        return {"pointer": at, "type": "json", "data": read_data(body)}
    written = Reader(body, at, operation.report)
    kind, content_type = _body_type(written)
    if body.get("data") is None:
        operation.report.warning(
            "body-without-data",
            "the body has no `data`; it is built from the caller's arguments",
            at,
            hint="write `data:` with the fields to send, or leave `body` out",
        )
    else:
        _note_unusual(written, kind)
    return {"pointer": at, "type": kind, "data": read_data(body.get("data")), "contentType": content_type}


def _body_type(body: Reader) -> tuple[str, str]:
    """Return the type of a body, and its Content-Type where the author wrote a more specific one."""
    written = body.text("type") or "json"
    media_type = written.casefold().partition(";")[0].strip()
    kind = _TYPES.get(media_type, "")
    if "/" not in media_type or media_type == "application/json" or media_type.startswith("multipart/"):
        content_type = ""
    else:
        content_type = written
        kind = kind or next((kind for mark, kind in _FAMILIES.items() if mark in media_type), "")
    if kind:
        return kind, content_type
    kind = "text" if content_type and isinstance(body.data.get("data"), str) else "json"
    body.report.warning(
        "unknown-body-type",
        f"`{written}` is not a body type; it is sent as {'JSON' if kind == 'json' else 'text'}",
        (*body.at, "type"),
        hint="write one of json, text, xml, yaml, sparql, formUrlEncoded, multipartForm, binary",
    )
    return kind, content_type


def _note_unusual(body: Reader, kind: str) -> None:
    """Warn of bodies that are not sent as written."""
    if kind == "yaml":
        message, key = "YAML bodies are not in the specification; the data is sent as YAML", "type"
    elif kind in _TEXTS and isinstance(body.data["data"], dict | list):
        message, key = (
            f"a body of type {kind} is text, and its `data` is a structure; it is sent as JSON text",
            "data",
        )
    elif kind == "binary" and isinstance(body.data["data"], dict) and len(body.data["data"]) == 1:
        message, key = "a binary body is a single value; the only member of `data` is sent", "data"
    elif kind == "binary" and "cbor" in body.text("type").casefold():
        message, key = (
            "CBOR is not supported; the data is sent unchanged, base64 decoded to bytes",
            "type",
        )
    else:
        return
    body.report.warning("unusual-body", message, (*body.at, key), hint="write a `json` body if possible")


METHODS = frozenset(get_args(Method))


def normalize_consumes(
    capability: Reader, not_imported: Mapping[str, str], is_replaced: Callable[[str], bool]
) -> tuple[list[dict[str, Any]], dict[str, str]]:
    """Return the canonical ``consumes`` entries.

    Args:
        capability: The owner of the entries.
        not_imported: Namespaces that could not be imported, and why.
        is_replaced: Whether the base URI of a namespace is overridden.

    Returns:
        The entries that can be called, and the reason for each namespace that cannot be.
    """
    entries: dict[str, dict[str, Any]] = {}
    faults = dict(not_imported)
    for written in capability.members("consumes"):
        namespace = written.text(*CONSUMED_NAMESPACE) or written.key
        if not namespace:
            written.report.warning(
                "nameless-consumes", "this entry has no `namespace`, so it cannot be called", written.at
            )
            continue
        base_uri, fixed = normalize_base_uri(written)
        fault = base_uri_fault(base_uri)
        if fault and not is_replaced(namespace):
            faults[namespace] = f"{fault}; set one with --base-uri {namespace}=URL"
            continue
        _note_protocol(written, namespace)
        entry = _entry(written, namespace, base_uri, fixed)
        if namespace in entries:
            written.report.warning(
                "duplicate-namespace",
                f"`{namespace}` is consumed twice; the operations are merged, and the first of each name is used",
                written.at,
            )
            entries[namespace]["resources"] += entry["resources"]
            entries[namespace]["tunnel"] = entries[namespace]["tunnel"] or entry["tunnel"]
        else:
            entries[namespace] = entry
    for entry in entries.values():
        _make_names_unique(entry, capability)
    return list(entries.values()), faults


def _note_protocol(written: Reader, namespace: str) -> None:
    kind = written.text("type").casefold()
    if kind not in ("", "http", "https", "rest"):
        written.report.warning(
            "unknown-protocol",
            f"`{namespace}` has the unsupported type `{kind}`; it is called over HTTP",
            (*written.at, "type"),
            hint="write `type: http`",
        )


def _entry(written: Reader, namespace: str, base_uri: str, fixed: list[dict[str, Any]]) -> dict[str, Any]:
    authentication = normalize_authentication(written)
    note_token_source(authentication, written.report)
    base_uri = place_keys_in_path(authentication, base_uri)
    replace = operation_paths_replace(written)
    keeps_slash = ends_with_slash(written)
    inputs = styled_inputs(written)
    resources = []
    for resource in written.members("resources"):
        resources += _resources(resource, base_uri, replace=replace, keeps_slash=keeps_slash)
    return {
        "pointer": written.at,
        "type": "http",
        "namespace": namespace,
        "baseUri": base_uri,
        "description": written.text("description"),
        "authentication": authentication,
        "tunnel": normalize_tunnel(written, namespace),
        "maxResponse": normalize_size(written, "x-maxResponse"),
        "timeout": normalize_seconds(written, "x-timeout"),
        "inputParameters": inputs + fixed,
        "resources": resources,
    }


def _resources(resource: Reader, base_uri: str, *, replace: bool, keeps_slash: bool) -> list[dict[str, Any]]:
    """Return a resource for each distinct path that its operations have."""
    by_path: dict[str, dict[str, Any]] = {}
    shared = styled_inputs(resource)
    max_response = normalize_size(resource, "x-maxResponse")
    timeout = normalize_seconds(resource, "x-timeout")
    for written in resource.members("operations"):
        whole = consumed_path(base_uri, resource.text("path"), written.text("path"), replace=replace)
        path, fixed = split_path(whole, resource.at, resource.report)
        path = path or ("/" if keeps_slash else "")
        path, operation = _operation(written, path, resource.text("name") or whole, shared, fixed)
        if operation["maxResponse"] is None:
            operation["maxResponse"] = max_response
        if operation["timeout"] is None:
            operation["timeout"] = timeout
        target = by_path.setdefault(path, {"pointer": resource.at, "path": path, "operations": []})
        target["operations"].append(operation)
    return list(by_path.values())


def _operation(
    written: Reader, path: str, resource: str, shared: list[dict[str, Any]], fixed: list[dict[str, Any]]
) -> tuple[str, dict[str, Any]]:
    method = method_of(written)
    own = normalize_inputs(written)
    named = {parameter["name"] for parameter in own}
    inputs = [dict(parameter) for parameter in shared if parameter["name"] not in named] + own
    rename, unplaced = place_inputs(inputs, parse_path(path).variables, method, written)
    path = _rename_variables(path, rename)
    body = normalize_body(written)
    note_styles(written, inputs, body["type"] if body else "")
    name = written.text(*OPERATION_NAME) or written.key or f"{method.lower()}-{path.strip('/')}"
    for variable, parameter in rename.items():
        written.report.warning(
            "variable-spelling",
            f"the path has `{{{variable}}}` where `{name}` has the parameter `{parameter}`; "
            "they are treated as the same",
            _place_of(written, parameter),
            hint=f"write `{{{parameter}}}` in the path",
        )
    for parameter in unplaced:
        path = join(path or "/", f"{{{parameter}}}")
        written.report.warning(
            "path-without-placeholder",
            f"`{parameter}` of `{name}` is a path parameter, but the path does not contain it; "
            f"`{path}` is called, which may not be what the upstream expects",
            _place_of(written, parameter),
            hint=f"write `{{{parameter}}}` where it belongs in the resource's path",
        )
    return path, {
        "pointer": written.at,
        "name": name,
        "resource": resource,
        "method": method,
        "description": written.text(*DESCRIPTION),
        "inputParameters": [each for each in inputs if not _is_settled(each, fixed)] + fixed,
        "outputRawFormat": normalize_raw_format(written),
        "outputSchema": written.text("outputSchema"),
        "outputMediaType": written.text("outputMediaType").strip(),
        "maxBinarySize": normalize_size(written),
        "maxResponse": normalize_size(written, "x-maxResponse"),
        "timeout": normalize_seconds(written, "x-timeout"),
        "outputParameters": normalize_consumed_outputs(written),
        "body": body,
    }


def _is_settled(parameter: dict[str, Any], fixed: list[dict[str, Any]]) -> bool:
    """Whether the query in the path already sets an input."""
    return any(
        parameter["name"] == each["name"] and parameter["in"] == each["in"] and "{{" not in each["value"]
        for each in fixed
    )


def method_of(written: Reader) -> str:
    """Return an operation's method in capitals; GET where it is missing or unknown."""
    method = written.text("method").upper()
    if method in METHODS:
        return method
    written.report.warning(
        "unknown-method" if method else "missing-method",
        f"`{method}` is not a method; GET is used"
        if method
        else "the operation has no `method`; GET is used",
        (*written.at, "method"),
        hint=f"write one of {', '.join(get_args(Method))}",
    )
    return "GET"


def _rename_variables(path: str, rename: dict[str, str]) -> str:
    if not rename:
        return path
    return "".join(
        f"{{{rename.get(part.name, part.name)}}}" if isinstance(part, Variable) else part
        for part in parse_path(path).parts
    )


def _place_of(written: Reader, parameter: str) -> Pointer:
    for member in written.members("inputParameters"):
        if member.text("name") == parameter or member.key == parameter:
            return member.at
    return written.at


def _make_names_unique(entry: dict[str, Any], capability: Reader) -> None:
    """Rename operations that share a name; of those that send the same request, keep the first.

    A call of the shared name is resolved by the caller's method or path: see ``decide``.
    """
    requests: dict[str, dict[object, str]] = {}
    defined: dict[str, list[Pointer]] = {}
    for resource in entry["resources"]:
        kept = []
        for operation in resource["operations"]:
            name = operation["name"]
            title = f"{operation['method']} {resource['path'] or '/'}"
            request = (title, *((each["name"], each["value"]) for each in _fixed_values(operation)))
            known = requests.setdefault(name, {})
            defined.setdefault(name, []).append(operation["pointer"])
            if request in known:
                continue
            if known:
                number = f" {len(known) + 1}" if title in known.values() else ""
                operation |= {"spelled": name, "name": f"{name} ({title}){number}"}
            known[request] = title
            kept.append(operation)
        resource["operations"] = kept
    for name, places in defined.items():
        if len(places) > 1:
            _report_duplicates(f"{entry['namespace']}.{name}", places, [*requests[name].values()], capability)


def _fixed_values(operation: dict[str, Any]) -> list[dict[str, Any]]:
    values = [each for each in operation["inputParameters"] if isinstance(each["value"], str)]
    return [each for each in values if each["in"] in ("query", "header")]


def _report_duplicates(
    name: str, places: Sequence[Pointer], requests: Sequence[str], capability: Reader
) -> None:
    times = "twice" if len(places) == 2 else f"{len(places)} times"
    if len(requests) == 1:
        what = f"as `{requests[0]}`; the first one is called"
    else:
        told = ", ".join(f"`{each}`" for each in requests)
        what = f"as {told}; a call of it is followed where the caller's method or path says which is meant"
    capability.report.warning(
        "duplicate-operation",
        f"operation `{name}` is defined {times}, {what}",
        places[1],
        hint="give each operation a name of its own",
        alters_service=True,
    )


def normalize_tunnel(consumes: Reader, namespace: str) -> dict[str, Any] | None:
    """Return the tunnel of a consumed API; None where it has none.

    An unreadable tunnel still counts: no call may bypass it.
    """
    if consumes.data.get("tunnel") is None:
        return None
    at = (*consumes.at, "tunnel")
    tunnel = consumes.mapping("tunnel")
    if tunnel is None:
        return {"pointer": at}
    is_direct = tunnel.text("fallback").casefold() == "direct"
    if is_direct:
        tunnel.report.warning(
            "tunnel-not-opened",
            f"tunnels are not supported yet: `{namespace}` is called directly, as its `fallback` allows",
            at,
            hint="write `fallback: fail` to prevent calls that bypass the tunnel",
            alters_service=True,
        )
    return {"pointer": at, "type": tunnel.text("type"), "fallback": "direct" if is_direct else "fail"}
