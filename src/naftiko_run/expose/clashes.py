"""Resolve route clashes between adapters that share a port: the first adapter serves the route."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from naftiko_run.expose.exposer import Adapter, Endpoint
from naftiko_run.expose.paths import Mounted
from naftiko_run.expressions import parse_path


@dataclass(frozen=True, slots=True)
class Clash:
    """An endpoint that is not served, because another adapter on its port serves the same requests.

    Attributes:
        what: The method and path of the endpoint.
        by: The adapter that serves these requests, with its document.
        left_out: The adapter whose endpoint is not served, with its document.
    """

    what: str
    by: str
    left_out: str

    @property
    def message(self) -> str:
        """The message for the operator."""
        return f"{self.what} of {self.left_out} is not served: {self.by} serves it on the same port"

    @property
    def hint(self) -> str:
        """How to serve both."""
        return (
            "--prefix-routes serves each adapter's routes below its namespace; "
            "or give one of them another port: --port NAMESPACE=PORT"
        )


def without_clashes(adapters: Sequence[Adapter]) -> tuple[list[Adapter], list[Clash]]:
    """Remove endpoints that an earlier adapter serves, and report each.

    Args:
        adapters: All adapters on one port, in the order of the command line.

    Returns:
        The adapters in the same order, and a clash for each endpoint removed.
    """
    owners: dict[object, Adapter] = {}
    clashes: list[Clash] = []
    kept: list[Adapter] = []
    for adapter in adapters:
        reasons: dict[str, str] = {}
        endpoints: list[Endpoint] = []
        for endpoint in adapter.endpoints:
            owner = adapter if endpoint.is_alias else owners.setdefault(endpoint.identity, adapter)
            if owner is adapter:
                endpoints.append(endpoint)
                continue
            what = endpoint.feature or f"{endpoint.method or 'ANY'} {endpoint.path.text}"
            clash = Clash(what, _describe(owner), _describe(adapter))
            clashes.append(clash)
            reasons[what] = f"{clash.by} serves it on the same port; {clash.hint}"
        if reasons:
            features = tuple(
                each if each.reason or each.name not in reasons else replace(each, reason=reasons[each.name])
                for each in adapter.features
            )
            adapter = replace(adapter, endpoints=tuple(endpoints), features=features)  # noqa: PLW2901 - replaces the original
        kept.append(adapter)
    return kept, clashes


def at_free_path(adapter: Adapter, others: Sequence[Adapter]) -> Adapter:
    """Return an adapter at a path that no other adapter on its port uses, with a number appended where necessary."""
    taken = {each.path for each in others}
    if not adapter.path or adapter.path not in taken:
        return adapter
    first, slash, rest = adapter.path.removeprefix("/").partition("/")
    number = 2
    while (path := f"/{first}-{number}{slash}{rest}") in taken:
        number += 1
    endpoints = tuple(
        each
        if each.is_alias
        else replace(each, path=parse_path(path + each.path.text.removeprefix(adapter.path)))
        for each in adapter.endpoints
    )
    note = "; ".join(filter(None, (adapter.note, f"{adapter.path} is used by another adapter")))
    return replace(adapter, path=path, endpoints=endpoints, note=note)


def prefixed(adapter: Adapter) -> Adapter:
    """Return an adapter whose routes are below its namespace; one with a path of its own is returned unchanged."""
    if adapter.path or not adapter.namespace:
        return adapter
    prefix = f"/{adapter.namespace.replace('/', '-')}"
    names = {each.name: _prefixed_name(each.name, prefix) for each in adapter.features}
    endpoints = tuple(
        replace(
            each,
            path=parse_path(prefix + each.path.text),
            app=Mounted(each.app, prefix),
            feature=names.get(each.feature, each.feature),
        )
        for each in adapter.endpoints
    )
    features = tuple(replace(each, name=names[each.name]) for each in adapter.features)
    return replace(adapter, endpoints=endpoints, features=features)


def _prefixed_name(name: str, prefix: str) -> str:
    method, space, path = name.partition(" ")
    return f"{method} {prefix}{path}" if space else name


def _describe(adapter: Adapter) -> str:
    name = f"`{adapter.namespace or adapter.type}`"
    return f"{name} of {adapter.capability.file or adapter.capability.label}" if adapter.capability else name
