"""Build the HTTP catalogue of a ``skill`` block."""

from __future__ import annotations

from starlette.routing import request_response

from naftiko_run.capability import Capability, Feature
from naftiko_run.document.model import SkillExposes
from naftiko_run.expose.exposer import Adapter, Endpoint
from naftiko_run.expose.skill.bundle import Bundle
from naftiko_run.expose.skill.catalogue import Catalogue
from naftiko_run.expose.skill.markdown import skill_file
from naftiko_run.expose.skill.offer import Offer, offer_of
from naftiko_run.expressions import parse_path


def build_adapter(exposes: SkillExposes, capability: Capability, features: tuple[Feature, ...]) -> Adapter:
    """Return the adapter of a ``skill`` block.

    Args:
        exposes: The block.
        capability: The capability that it belongs to.
        features: The features of the adapter.
    """
    unavailable = capability.unavailable
    offers = [
        offer_of(skill, exposes, capability) for skill in exposes.skills if skill.pointer not in unavailable
    ]
    catalogue = Catalogue(
        {offer.skill.name: (offer, _bundle(offer, capability)) for offer in offers},
        {each.name: unavailable[each.pointer] for each in exposes.skills if each.pointer in unavailable},
    )
    namespace = exposes.namespace or "capability"
    own = f"/{namespace}/skills"
    endpoints = (
        *_endpoints(own, catalogue, namespace),
        *_endpoints("/skills", catalogue, namespace, is_alias=True),
    )
    return Adapter("skill", exposes.namespace, capability, own, endpoints, features)


def _bundle(offer: Offer, capability: Capability) -> Bundle:
    return Bundle(skill_file(offer).encode(), capability.folders.get(offer.skill.pointer))


def _endpoints(
    root: str, catalogue: Catalogue, namespace: str, *, is_alias: bool = False
) -> tuple[Endpoint, ...]:
    endpoints = {
        root: catalogue.index,
        f"{root}/{{name}}": catalogue.skill,
        f"{root}/{{name}}/download": catalogue.download,
        f"{root}/{{name}}/contents": catalogue.contents,
        f"{root}/{{name}}/contents/{{path}}": catalogue.file,
    }
    return tuple(
        Endpoint(
            parse_path(path),
            request_response(endpoint),
            "GET",
            is_prefix=path.endswith("{path}"),
            is_alias=is_alias,
            operation=f"{namespace}.{endpoint.__name__}",
        )
        for path, endpoint in endpoints.items()
    )
