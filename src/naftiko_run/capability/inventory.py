"""What a capability offers and needs, as plain data: for ``naftiko list`` and whoever builds on it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from naftiko_run.capability import Capability
from naftiko_run.document.model import Exposes, McpExposes, RestExposes, SkillExposes
from naftiko_run.invoke import Argument, Function
from naftiko_run.urls import without_user


def inventory(capability: Capability) -> dict[str, Any]:
    """Describe a capability.

    Returns:
        JSON: ``file``, ``label``, ``spec``; ``consumes`` with each operation's
        method, URL and callers; ``exposes`` with the authentication that each
        adapter demands, or the reason why it is left out, each route's, tool's,
        resource's and prompt's calls, inputs (a JSON Schema), missing variables, and the reason
        where it cannot be called, and each skill's tools; ``missing``, the
        variables that are not set, how to set each, why a provider has no value
        for it, and what needs it.
    """
    document = capability.document
    return {
        "file": capability.file,
        "label": capability.label,
        "spec": document.spec,
        "consumes": _consumes(capability),
        "exposes": [
            {
                "type": exposes.type,
                "namespace": exposes.namespace,
                "port": exposes.port,
                **_access(exposes, capability),
                "units": [*_units(exposes, capability)],
            }
            for exposes in document.exposes
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


def _access(exposes: Exposes, capability: Capability) -> dict[str, str]:
    if exposes.pointer in capability.unavailable:
        return {"reason": capability.unavailable[exposes.pointer]}
    access = capability.access.get(exposes.pointer)
    return {"authentication": access.scheme} if access else {}


def _consumes(capability: Capability) -> list[dict[str, Any]]:
    called_by: dict[str, list[str]] = {}
    for exposes in capability.document.exposes:
        for name, function in _named(exposes, capability):
            if isinstance(function, Function):
                for operation in function.operations:
                    called_by.setdefault(operation.name, []).append(name)
    return [
        {
            "namespace": consumes.namespace,
            "baseUri": without_user(consumes.base_uri),
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


def _units(exposes: Exposes, capability: Capability) -> list[dict[str, Any]]:
    if isinstance(exposes, SkillExposes):
        return [*_skills(exposes, capability)]
    units: list[dict[str, Any]] = []
    for name, found in _named(exposes, capability):
        if isinstance(found, str):
            units.append({"name": name, "reason": found})
            continue
        unit: dict[str, Any] = {
            "name": name,
            "calls": [operation.name for operation in found.operations],
            "inputs": found.input_schema,
            "missing": [variable.name for variable in found.missing],
        }
        units.append({**unit, "reason": found.refusal} if found.refusal else unit)
    if isinstance(exposes, McpExposes):
        units += _texts(exposes, capability)
    elif isinstance(exposes, RestExposes):
        units += _forwards(exposes, capability)
    return units


def _forwards(exposes: RestExposes, capability: Capability) -> Iterator[dict[str, Any]]:
    """Give the resources that pass requests on; a forward to nothing is among what is left out."""
    for resource in exposes.resources:
        if resource.forward is None:
            continue
        name, pointer = f"ANY {resource.path}", resource.forward.pointer
        forward = capability.forwards.get(pointer)
        if forward is None:
            yield {"name": name, "reason": capability.unavailable[pointer]}
        else:
            target = forward.target
            missing = [variable.name for variable in target.plan.missing]
            unit = {"name": name, "calls": [target.name], "inputs": _schema(()), "missing": missing}
            yield {**unit, "reason": target.refusal} if target.refusal else unit


def _texts(exposes: McpExposes, capability: Capability) -> Iterator[dict[str, Any]]:
    """Give what is only read: resources that are files, and prompts."""
    nothing: dict[str, Any] = {"calls": [], "missing": []}
    for resource in exposes.resources:
        if resource.pointer in capability.folders:
            yield {"name": f"resource {resource.uri}", **nothing, "inputs": _schema(())}
    for model in exposes.prompts:
        prompt = capability.prompts.get(model.pointer)
        if prompt is None:
            yield {"name": f"prompt {model.name}", "reason": capability.unavailable[model.pointer]}
        else:
            yield {"name": f"prompt {model.name}", **nothing, "inputs": _schema(prompt.arguments)}


def _schema(arguments: Sequence[Argument]) -> dict[str, Any]:
    """Give the JSON Schema of a prompt's arguments, which are text."""
    text = {
        each.name: {"type": "string"} | ({"description": each.description} if each.description else {})
        for each in arguments
    }
    required = [each.name for each in arguments if each.required]
    return {"type": "object", "properties": text} | ({"required": required} if required else {})


def _skills(exposes: SkillExposes, capability: Capability) -> Iterator[dict[str, Any]]:
    """Give each skill with its tools, and after it those that are left out."""
    unavailable = capability.unavailable
    for skill in exposes.skills:
        if skill.pointer in unavailable:
            yield {"name": skill.name, "reason": unavailable[skill.pointer]}
        else:
            tools = [tool.name for tool in skill.tools if tool.pointer not in unavailable]
            yield {"name": skill.name, "tools": tools}
        for tool in skill.tools:
            if tool.pointer in unavailable:
                yield {"name": f"{skill.name}.{tool.name}", "reason": unavailable[tool.pointer]}


def _named(exposes: Exposes, capability: Capability) -> list[tuple[str, Function | str]]:
    """Give each unit's name for people, with its function, or the reason why it has none."""
    units = []
    if isinstance(exposes, RestExposes):
        units = [
            (f"{unit.method} {resource.path}", unit.pointer)
            for resource in exposes.resources
            for unit in resource.operations
        ]
    elif isinstance(exposes, McpExposes):
        units = [(tool.name, tool.pointer) for tool in exposes.tools]
        units += [
            (f"resource {resource.uri}", resource.pointer)
            for resource in exposes.resources
            if resource.pointer not in capability.folders
        ]
    found: list[tuple[str, Function | str]] = [
        (name, capability.functions.get(pointer) or capability.unavailable[pointer])
        for name, pointer in units
    ]
    return found + [(each.name, each.reason) for each in exposes.unavailable]
