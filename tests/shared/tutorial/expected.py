"""What the tutorial promises: its contracts' examples, shaped by hand as each step's document says."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

NORTHERN_STAR = {
    "imo": "IMO-9321483",
    "name": "Northern Star",
    "type": "cargo",
    "flag": "NO",
    "status": "active",
}
PACIFIC_DAWN = {
    "imo": "IMO-9456781",
    "name": "Pacific Dawn",
    "type": "tanker",
    "flag": "SG",
    "status": "maintenance",
}
NORTHERN_STAR_SPECS = {"yearBuilt": 2015, "tonnage": 42000, "length": 229}
PACIFIC_DAWN_SPECS = {"yearBuilt": 2018, "tonnage": 55000, "length": 274}
NORTHERN_STAR_CREW = [
    {"fullName": "Erik Lindström", "role": "captain"},
    {"fullName": "Aiko Tanaka", "role": "cook"},
]
PACIFIC_DAWN_CREW = [
    {"fullName": "Maria Santos", "role": "first_officer"},
    {"fullName": "Hans Mueller", "role": "engineer"},
]
OLD_FAITHFUL = {
    "vesselCode": "LEGACY-4012",
    "name": "Old Faithful",
    "type": "cargo",
    "flag": "GB",
    "status": "active",
}
IRON_MAIDEN = {
    "vesselCode": "LEGACY-2087",
    "name": "Iron Maiden",
    "type": "bulk_carrier",
    "flag": "PA",
    "status": "laid_up",
}
PLAN = {
    "shipImo": "IMO-9321483",
    "departurePort": "Oslo",
    "arrivalPort": 'Singapore "East", pier {4}',
    "departureDate": "2026-04-10T08:00:00Z",
    "arrivalDate": "2026-05-02T14:00:00Z",
    "crewIds": ["CREW-001", "CREW-003"],
}
PLAN_WITH_CARGO = {**PLAN, "cargoIds": ["CARGO-2024-0451"]}
VOYAGE = {
    "voyageId": "VOY-2026-042",
    "shipImo": "IMO-9321483",
    "route": {"from": "Oslo", "to": 'Singapore "East", pier {4}'},
    "dates": {"departure": "2026-04-10T08:00:00Z", "arrival": "2026-05-02T14:00:00Z"},
    "crewIds": ["CREW-001", "CREW-003"],
    "cargoIds": ["CARGO-2024-0451"],
    "status": "planned",
}
VOYAGE_CARGO = [
    {"type": "container", "description": "Electronics components", "weight": 12.5, "hazardous": False}
]
MANIFEST = {
    "voyageId": "VOY-2026-042",
    "status": "planned",
    "route": {"from": "Oslo", "to": "Singapore"},
    "ship": {"name": "Northern Star", "type": "cargo", "flag": "NO"},
    "crew": NORTHERN_STAR_CREW,
    "cargo": VOYAGE_CARGO,
}
FLAT_MANIFEST = {
    "voyageId": "VOY-2026-042",
    "status": "planned",
    "departurePort": "Oslo",
    "arrivalPort": "Singapore",
    "shipName": "Northern Star",
    "shipType": "cargo",
    "shipFlag": "NO",
    "crew": NORTHERN_STAR_CREW,
    "cargo": VOYAGE_CARGO,
}


@dataclass(frozen=True, slots=True)
class ToolCall:
    """A call of a tool, and the structured content that it gives."""

    tool: str
    arguments: dict[str, Any]
    gives: Any


@dataclass(frozen=True, slots=True)
class RouteCall:
    """A request of a route, and the JSON that it answers."""

    target: str
    gives: Any
    body: dict[str, Any] | None = None
    status: int = 200

    @property
    def method(self) -> str:
        """POST for what has a body."""
        return "GET" if self.body is None else "POST"


@dataclass(frozen=True, slots=True)
class Step:
    """What a step of the tutorial must give.

    Attributes:
        document: Its file.
        inputs: The tools, and the inputs of each: those that end with ``?`` may be left out.
        tools: Calls of every tool.
        routes: Requests of every route.
        skills: The names of each skill's tools.
        is_open: Whether nobody shows a credential: neither callers of the tools, nor the tools to the registry.
    """

    document: str
    inputs: dict[str, set[str]]
    tools: tuple[ToolCall, ...]
    routes: tuple[RouteCall, ...] = ()
    skills: dict[str, tuple[str, ...]] = field(default_factory=dict)
    is_open: bool = False


LIST_SHIPS = (
    ToolCall("list-ships", {}, [NORTHERN_STAR, PACIFIC_DAWN]),
    ToolCall("list-ships", {"status": "active"}, [NORTHERN_STAR]),
    ToolCall("list-ships", {"status": "maintenance"}, [PACIFIC_DAWN]),
)
GET_SHIP_SUMMARY = (
    ToolCall("get-ship", {"imo": "IMO-9321483"}, NORTHERN_STAR),
    ToolCall("get-ship", {"imo": "IMO-9456781"}, PACIFIC_DAWN),
)
GET_SHIP = (
    ToolCall("get-ship", {"imo": "IMO-9321483"}, {**NORTHERN_STAR, "specs": NORTHERN_STAR_SPECS}),
    ToolCall("get-ship", {"imo": "IMO-9456781"}, {**PACIFIC_DAWN, "specs": PACIFIC_DAWN_SPECS}),
)
LIST_LEGACY_VESSELS = (
    ToolCall("list-legacy-vessels", {}, [OLD_FAITHFUL, IRON_MAIDEN]),
    ToolCall("list-legacy-vessels", {"status": "active"}, [OLD_FAITHFUL]),
    ToolCall("list-legacy-vessels", {"status": "laid_up"}, [IRON_MAIDEN]),
)
CREATE_VOYAGE = (
    ToolCall("create-voyage", PLAN, VOYAGE),
    ToolCall("create-voyage", PLAN_WITH_CARGO, VOYAGE),
)
GET_SHIP_WITH_CREW = (
    ToolCall(
        "get-ship-with-crew",
        {"imo": "IMO-9321483"},
        {**NORTHERN_STAR, **NORTHERN_STAR_SPECS, "crew": NORTHERN_STAR_CREW},
    ),
    ToolCall(
        "get-ship-with-crew",
        {"imo": "IMO-9456781"},
        {**PACIFIC_DAWN, **PACIFIC_DAWN_SPECS, "crew": PACIFIC_DAWN_CREW},
    ),
)
GET_VOYAGE_MANIFEST = (ToolCall("get-voyage-manifest", {"voyageId": "VOY-2026-042"}, MANIFEST),)

SHIPS_INPUTS = {"list-ships": {"status?"}, "get-ship": {"imo"}}
LEGACY_INPUTS = {**SHIPS_INPUTS, "list-legacy-vessels": {"status?"}}
VOYAGE_INPUTS = {
    **LEGACY_INPUTS,
    "create-voyage": {
        "shipImo",
        "departurePort",
        "arrivalPort",
        "departureDate",
        "arrivalDate",
        "crewIds",
        "cargoIds?",
    },
}
CREW_INPUTS = {**VOYAGE_INPUTS, "get-ship-with-crew": {"imo"}}
MANIFEST_INPUTS = {**CREW_INPUTS, "get-voyage-manifest": {"voyageId"}}

SOURCES = (*LIST_SHIPS, *GET_SHIP, *LIST_LEGACY_VESSELS)
FLEET = (*SOURCES, *CREATE_VOYAGE, *GET_SHIP_WITH_CREW)

SHIP_ROUTES = (
    RouteCall("/ships", [NORTHERN_STAR, PACIFIC_DAWN]),
    RouteCall("/ships?status=active", [NORTHERN_STAR]),
    RouteCall("/ships/IMO-9321483", {**NORTHERN_STAR, "specs": NORTHERN_STAR_SPECS}),
    RouteCall("/ships/IMO-9456781", {**PACIFIC_DAWN, "specs": PACIFIC_DAWN_SPECS}),
    RouteCall("/ships/IMO-9456781/crew", {**PACIFIC_DAWN, **PACIFIC_DAWN_SPECS, "crew": PACIFIC_DAWN_CREW}),
    RouteCall("/voyages", VOYAGE, PLAN, 201),
    RouteCall("/voyages", VOYAGE, PLAN_WITH_CARGO, 201),
)
LEGACY_ROUTES = (
    RouteCall("/legacy/vessels", [OLD_FAITHFUL, IRON_MAIDEN]),
    RouteCall("/legacy/vessels?status=active", [OLD_FAITHFUL]),
)
MANIFEST_ROUTES = (RouteCall("/voyages/VOY-2026-042/manifest", FLAT_MANIFEST),)

SKILL_DESCRIPTIONS = {
    "fleet-ops": "Fleet management — list, search, and inspect ships across all registries",
    "voyage-ops": "Voyage planning — create and manage voyages",
}
SKILL_TOOL_DESCRIPTIONS = {
    "list-ships": "List ships in the shipyard, optionally filtered by status",
    "get-ship": "Retrieve a ship's details by IMO number",
    "list-legacy-vessels": "List vessels from the legacy Dockyard",
    "get-ship-with-crew": "Get ship details with resolved crew names",
    "create-voyage": "Plan a new voyage with ship, crew, route, and dates",
    "get-voyage-manifest": "Assemble a complete voyage manifest with ship, crew, and cargo",
}
SKILLS = {
    "fleet-ops": ("list-ships", "get-ship", "list-legacy-vessels", "get-ship-with-crew"),
    "voyage-ops": ("create-voyage",),
}

STEPS = {
    1: Step(
        "step-1-shipyard-mock.yml",
        {"get-ship": {"imo_number"}},
        (
            ToolCall("get-ship", {"imo_number": "IMO-9321483"}, NORTHERN_STAR),
            ToolCall("get-ship", {"imo_number": "IMO-1"}, {**NORTHERN_STAR, "imo": "IMO-1"}),
        ),
        is_open=True,
    ),
    2: Step(
        "step-2-shipyard-wiring.yml",
        SHIPS_INPUTS,
        (*LIST_SHIPS, *GET_SHIP_SUMMARY),
        is_open=True,
    ),
    3: Step("step-3-shipyard-auth.yml", SHIPS_INPUTS, (*LIST_SHIPS, *GET_SHIP_SUMMARY)),
    4: Step("step-4-shipyard-output-shaping.yml", SHIPS_INPUTS, (*LIST_SHIPS, *GET_SHIP)),
    5: Step("step-5-shipyard-multi-source.yml", LEGACY_INPUTS, SOURCES),
    6: Step("step-6-shipyard-write-operations.yml", VOYAGE_INPUTS, (*SOURCES, *CREATE_VOYAGE)),
    7: Step(
        "step-7-shipyard-orchestrated-lookup.yml",
        CREW_INPUTS,
        FLEET,
        # Its legacy route maps `$.`, the root of the dockyard's XML; step 10 says `$.vessel`.
        (*SHIP_ROUTES, *LEGACY_ROUTES),
        SKILLS,
    ),
    8: Step("step-8-shipyard-skill-groups.yml", CREW_INPUTS, FLEET, skills=SKILLS),
    9: Step("step-9-shipyard-aggregates.yml", CREW_INPUTS, FLEET, skills=SKILLS),
    10: Step("step-10-shipyard-rest-adapter.yml", CREW_INPUTS, FLEET, (*SHIP_ROUTES, *LEGACY_ROUTES), SKILLS),
    11: Step(
        "step-11-shipyard-fleet-manifest.yml",
        MANIFEST_INPUTS,
        (*FLEET, *GET_VOYAGE_MANIFEST),
        (*SHIP_ROUTES, *LEGACY_ROUTES, *MANIFEST_ROUTES),
        {**SKILLS, "voyage-ops": ("create-voyage", "get-voyage-manifest")},
    ),
}
