"""What a capability offers and needs, as plain data: for ``naftiko list`` and for programs."""

from __future__ import annotations

from typing import Any

from naftiko_run.capability.adapter_type import Feature, find_adapter_type
from naftiko_run.capability.capability import Capability
from naftiko_run.document.model import Exposes
from naftiko_run.urls import strip_credentials


def inventory(capability: Capability) -> dict[str, Any]:
    """Describe a capability.

    Returns:
        JSON: ``file``, ``label``, ``spec``; ``consumes`` with each operation's
        method, path and callers; ``exposes`` with the authentication that each
        adapter requires, or the reason why it is not served, and as ``units`` each
        route's, tool's, resource's and prompt's calls, inputs (a JSON Schema),
        missing variables, what it serves where it calls nothing, and the reason
        where it cannot be called, and each skill's tools; ``missing``, the variables that are not set, how to set
        each, why a provider has no value for it, and what needs it.
    """
    document = capability.document
    features = [(exposes, _features(exposes, capability)) for exposes in document.exposes]
    called_by: dict[str, list[str]] = {}
    for _, offered in features:
        for feature in offered:
            for operation in feature.calls:
                called_by.setdefault(operation, []).append(feature.title)
    return {
        "file": capability.file,
        "label": capability.label,
        "spec": document.spec,
        "consumes": _consumes(capability, called_by),
        "exposes": [
            {
                "type": exposes.type,
                "namespace": exposes.namespace,
                "port": exposes.port,
                **_access(exposes, capability),
                "units": [_as_data(feature) for feature in offered],
            }
            for exposes, offered in features
        ],
        "missing": [
            {
                "variable": variable.name,
                "remedy": variable.remedy,
                "reason": variable.reason,
                "neededBy": needed_by,
            }
            for variable, needed_by in capability.missing().items()
        ],
    }


def _features(exposes: Exposes, capability: Capability) -> list[Feature]:
    adapter_type = find_adapter_type(exposes.type)
    return [] if adapter_type is None else [*adapter_type.describe(exposes, capability)]


def _access(exposes: Exposes, capability: Capability) -> dict[str, str]:
    if exposes.pointer in capability.unavailable:
        return {"reason": capability.unavailable[exposes.pointer]}
    access = capability.access.get(exposes.pointer)
    return {"authentication": access.scheme} if access else {}


def _consumes(capability: Capability, called_by: dict[str, list[str]]) -> list[dict[str, Any]]:
    return [
        {
            "namespace": consumes.namespace,
            "baseUri": strip_credentials(consumes.base_uri),
            "operations": [
                {
                    "name": operation.name,
                    "method": operation.method,
                    "path": resource.path,
                    "calledBy": called_by.get(f"{consumes.namespace}.{operation.name}", []),
                }
                for resource in consumes.resources
                for operation in resource.operations
            ],
        }
        for consumes in capability.document.consumes
    ]


def _as_data(feature: Feature) -> dict[str, Any]:
    if feature.reason:
        return {"name": feature.title, "reason": feature.reason}
    if feature.tools is not None:
        return {"name": feature.title, "tools": [*feature.tools]}
    data: dict[str, Any] = {
        "name": feature.title,
        "calls": [*feature.calls],
        "inputs": feature.inputs or {"type": "object", "properties": {}},
        "missing": [*feature.missing],
    }
    if feature.content:
        data["content"] = feature.content
    return {**data, "reason": feature.refusal} if feature.refusal else data
