"""Selection of the adapter that is served on stdin and stdout."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from naftiko_run.capability import Capability
from naftiko_run.document.model import Exposes
from naftiko_run.errors import ConfigurationError
from naftiko_run.expose import Adapter, Combining, find_exposer
from naftiko_run.serve.mount import ServeSettings

_MAX_NAMES: Final = 5
"""How many adapters are named in a message."""


@dataclass(frozen=True, slots=True)
class StdioCandidate:
    """An adapter that can be served on stdin and stdout.

    Attributes:
        exposes: The adapter's block in the document.
        capability: The adapter's capability.
        block: The block to serve: ``exposes``, or a block of another type with the same operations.
    """

    exposes: Exposes
    capability: Capability
    block: Exposes

    @property
    def is_native(self) -> bool:
        """Whether the adapter's own protocol is served."""
        return self.block is self.exposes


def stdio_adapter(capabilities: Sequence[Capability], settings: ServeSettings) -> Adapter | None:
    """Return the adapter that is served on stdin and stdout.

    It is the adapter with ``transport: stdio``; ``settings.adapter`` selects one of several. With
    ``settings.stdio`` it is the only adapter with a native stdio protocol, such as MCP, or else the only one whose
    operations can be served as MCP tools; ``settings.lazy_tools`` combines several of one type. Authentication
    does not apply: the user who started the process has access.

    Returns:
        The adapter; None if no adapter is to be served on stdio.

    Raises:
        ConfigurationError: The choice is ambiguous; ``settings.stdio`` is set and no adapter fits; or an adapter has
            ``transport: stdio`` and its type does not support it.
    """
    candidates = _candidates(capabilities)
    if settings.stdio:
        if settings.lazy_tools and not settings.adapter and len(preferred := _preferred(candidates)) > 1:
            combined = _combined(preferred, settings)
            if combined is not None:
                return combined
        return _adapter(_chosen(candidates, settings.adapter), settings)
    configured = [each for each in candidates if each.exposes.is_stdio]
    named = _named(configured, settings.adapter, "adapter with `transport: stdio`")
    if len(named) > 1:
        raise ConfigurationError(
            f"several adapters have `transport: stdio`, and there is one stdin: {_listed(named)}",
            hint=_choice_hint(named),
        )
    return _adapter(named[0], settings) if named else None


def stdio_candidates(capability: Capability, kind: str) -> list[StdioCandidate]:
    """Return the adapters of a capability that can be served on stdin and stdout as a type, such as ``mcp``.

    If there are adapters of the type itself, adapters of other types are not included.
    """
    return _preferred([each for each in _candidates([capability]) if each.block.type == kind])


def is_unambiguous(candidate: StdioCandidate) -> bool:
    """Return whether ``--stdio`` serves a candidate without ``--adapter``, if its document is the only one."""
    return [each.exposes for each in _preferred(_candidates([candidate.capability]))] == [candidate.exposes]


def _candidates(capabilities: Sequence[Capability]) -> list[StdioCandidate]:
    found: list[StdioCandidate] = []
    for capability in capabilities:
        for exposes in capability.document.exposes:
            exposer = find_exposer(exposes.type)
            if exposer is None or exposes.pointer in capability.unavailable:
                continue
            block = exposer.for_stdio(exposes, capability)
            if block is not None:
                found.append(StdioCandidate(exposes, capability, block))
            elif exposes.is_stdio:
                raise ConfigurationError(
                    f"`{exposes.name}` has `transport: stdio`, but {exposes.type} adapters have no stdio transport"
                )
    return found


def _preferred(candidates: Sequence[StdioCandidate]) -> list[StdioCandidate]:
    return [each for each in candidates if each.is_native] or [*candidates]


def _chosen(candidates: Sequence[StdioCandidate], name: str) -> StdioCandidate:
    """Return the adapter for ``--stdio``: the one with this name, or the only candidate."""
    preferred = _preferred(_named(candidates, name, "MCP or REST adapter"))
    if not preferred:
        raise ConfigurationError("--stdio: there is no MCP adapter, and no REST adapter to serve as tools")
    if len(preferred) > 1:
        raise ConfigurationError(
            f"--stdio: there are several adapters: {_listed(preferred)}", hint=_choice_hint(preferred)
        )
    return preferred[0]


def _named(candidates: Sequence[StdioCandidate], name: str, kind: str) -> Sequence[StdioCandidate]:
    """Return the adapters with this name; all of them if it is empty.

    Raises:
        ConfigurationError: There are none.
    """
    named = [each for each in candidates if each.exposes.name == name] if name else candidates
    if name and not named:
        raise ConfigurationError(
            f"--adapter names `{name}`, but no {kind} has that namespace",
            hint=f"there are: {_listed(candidates)}" if candidates else "",
        )
    return named


def _choice_hint(candidates: Sequence[StdioCandidate]) -> str:
    """Return a hint to select one of several adapters: by name, or by document if the names are equal."""
    names = [each.exposes.name for each in candidates]
    unique = next((name for name in names if names.count(name) == 1), "")
    if unique:
        return f"serve one of them: --adapter {unique}"
    return f"they have one namespace: serve one document alone, such as {candidates[0].capability.file}"


def _listed(candidates: Sequence[StdioCandidate]) -> str:
    names = [f"`{each.exposes.name}` of {each.capability.file}" for each in candidates[:_MAX_NAMES]]
    more = f" and {len(candidates) - _MAX_NAMES} more" if len(candidates) > _MAX_NAMES else ""
    return ", ".join(names) + more


def _adapter(candidate: StdioCandidate, settings: ServeSettings) -> Adapter:
    exposer = find_exposer(candidate.block.type)
    assert exposer is not None
    return exposer.expose(candidate.block, candidate.capability, settings.of_adapters)


def _combined(candidates: Sequence[StdioCandidate], settings: ServeSettings) -> Adapter | None:
    """Return an adapter that combines the candidates; None if their types differ or cannot be combined."""
    exposer = find_exposer(candidates[0].block.type)
    is_one_type = len({each.block.type for each in candidates}) == 1
    if not is_one_type or not isinstance(exposer, Combining):
        return None
    return exposer.combine([(each.block, each.capability) for each in candidates], settings.of_adapters)
