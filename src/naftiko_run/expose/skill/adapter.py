"""A ``skill`` block to a catalogue over HTTP."""

from __future__ import annotations

from typing import ClassVar

from starlette.routing import request_response

from naftiko_run.capability import Capability
from naftiko_run.document.model import Exposes, SkillExposes
from naftiko_run.expose.exposer import Adapter, Endpoint, ExposeSettings, Unit
from naftiko_run.expose.skill.bundle import Bundle
from naftiko_run.expose.skill.catalogue import Catalogue
from naftiko_run.expose.skill.markdown import skill_file
from naftiko_run.expose.skill.offer import Offer, offer_of
from naftiko_run.expressions import parse_path


class SkillExposer:
    """Exposes skills: metadata, files, and where each tool is called. It executes nothing."""

    default_port: ClassVar[int] = 3011

    def expose(self, exposes: Exposes, capability: Capability, settings: ExposeSettings) -> Adapter:  # noqa: ARG002 - takes no bodies
        """Make the adapter of a ``skill`` block; see ``Exposer.expose``."""
        assert isinstance(exposes, SkillExposes)
        unavailable = capability.unavailable
        offers = [
            offer_of(skill, exposes, capability)
            for skill in exposes.skills
            if skill.pointer not in unavailable
        ]
        catalogue = Catalogue(
            {offer.skill.name: (offer, _bundle(offer, capability)) for offer in offers},
            {each.name: unavailable[each.pointer] for each in exposes.skills if each.pointer in unavailable},
        )
        own = f"/{exposes.namespace or 'capability'}/skills"
        endpoints = (*_endpoints(own, catalogue), *_endpoints("/skills", catalogue, is_alias=True))
        return Adapter(
            "skill", exposes.namespace, capability, own, endpoints, _units(exposes, capability, offers)
        )


def _bundle(offer: Offer, capability: Capability) -> Bundle:
    return Bundle(skill_file(offer).encode(), capability.folders.get(offer.skill.pointer))


def _endpoints(root: str, catalogue: Catalogue, *, is_alias: bool = False) -> tuple[Endpoint, ...]:
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
        )
        for path, endpoint in endpoints.items()
    )


def _units(exposes: SkillExposes, capability: Capability, offers: list[Offer]) -> tuple[Unit, ...]:
    """Give the skills for the start-up output, then what is left out: tools, and skills."""
    served = [
        Unit(offer.skill.name, ", ".join(tool.model.name for tool in offer.tools) or "its files")
        for offer in offers
    ]
    named = [
        (name, pointer)
        for skill in exposes.skills
        for name, pointer in (
            *((f"{skill.name}.{tool.name}", tool.pointer) for tool in skill.tools),
            (skill.name, skill.pointer),
        )
    ]
    left_out = {pointer: name for name, pointer in named if pointer in capability.unavailable}
    return (
        *served,
        *(Unit(name, reason=capability.unavailable[pointer]) for pointer, name in left_out.items()),
    )
