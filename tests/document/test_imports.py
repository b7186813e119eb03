"""Imports: what other files define stands in the document as if it were written there."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from document.findings import operations, tools
from document.sharing import MAIN, REGISTRY, entry, importing, loaded, namespaces, put, silent, told, whole
from naftiko_run.document.load import load_text
from naftiko_run.document.model import McpExposes

TWO = f"naftiko: 1.0.0-alpha2\nconsumes:\n- {entry('one')}\n- {entry('two')}\n"


@pytest.mark.parametrize(
    ("line", "written"),
    [
        ("naftiko: 1.0.0-alpha2", "{location: ./shared/registry.yaml, import: registry}"),
        ("ikanos: 1.0.0-beta5", "{from: ./shared/registry.yaml, import: registry}"),
        ("ikanos: 1.0.0-beta5", "{from: 'file:///./shared/registry.yaml', import: registry}"),
        ("naftiko: 1.0.0-alpha2", "{namespace: registry, ref: shared/registry.yaml}"),
        ("naftiko: 1.0.0-alpha2", "{ref: shared/registry.yaml}"),
        ("naftiko: 1.0.0-alpha2", "{import: shared/registry.yaml}"),
        ("naftiko: 1.0.0-alpha2", "{import: registry, path: shared/registry.yaml}"),
    ],
)
def test_an_import_of_either_line_and_in_every_form(tmp_path: Path, line: str, written: str) -> None:
    found = silent(tmp_path, {MAIN: importing(written, line=line), "shared/registry.yaml": REGISTRY})
    assert operations(found)["list-ships"][0] == "https://registry.test/ships"
    assert tools(found.document) == ["registry-list-ships"]


@pytest.mark.parametrize(
    "written",
    [
        "import: shared.yaml",
        "imports: shared.yaml",
        "imports: [shared.yaml]",
        "imports: {location: ./shared.yaml}",
        "import: [{name: registry, location: shared.yaml}]",
        "import: {as: registry, path: shared.yaml}",
        "imports: {registry: shared.yaml}",
        "imports: {registry: {url: ./shared.yaml}}",
        "imports: [{namespace: registry, url: ./shared.yaml}]",
    ],
)
@pytest.mark.parametrize("at_root", [True, False], ids=["root", "capability"])
def test_an_import_beside_the_sections(tmp_path: Path, written: str, *, at_root: bool) -> None:
    exposes = "exposes: [{type: mcp, namespace: m, tools: [{name: t, call: registry.list-ships}]}]"
    body = f"{written}\ncapability:\n  {exposes}\n" if at_root else f"capability:\n  {exposes}\n  {written}\n"
    found = silent(tmp_path, {MAIN: f"naftiko: 1.0.0-alpha2\n{body}", "shared.yaml": REGISTRY})
    assert (namespaces(found), tools(found.document)) == (["registry"], ["t"])


def test_a_named_map_of_imports(tmp_path: Path) -> None:
    text = importing("x", calls="fleet.list-ships").replace(
        "  - x\n", "    fleet: {from: shared.yaml, import: registry}\n"
    )
    assert namespaces(silent(tmp_path, {MAIN: text, "shared.yaml": REGISTRY})) == ["fleet"]


def test_the_same_file_gives_several_entries_and_each_its_own_name(tmp_path: Path) -> None:
    text = importing(
        "{from: two.yaml, import: one}",
        "{from: two.yaml, import: two, as: other}",
        calls="one.get other.get",
    )
    assert namespaces(silent(tmp_path, {MAIN: text, "two.yaml": TWO})) == ["one", "other"]


def test_one_entry_under_two_names(tmp_path: Path) -> None:
    text = importing(
        "{from: two.yaml, import: one}",
        "{from: two.yaml, import: one, as: again}",
        calls="one.get again.get",
    )
    assert namespaces(silent(tmp_path, {MAIN: text, "two.yaml": TWO})) == ["one", "again"]


def test_an_entry_of_the_root_is_taken_before_one_of_the_capability(tmp_path: Path) -> None:
    shared = f"naftiko: 1.0.0-alpha2\nconsumes:\n- {entry('api', 'root')}\ncapability:\n  consumes:\n  - {entry('api')}\n  - {entry('more')}\n"
    text = importing(
        "{from: shared.yaml, import: api}", "{from: shared.yaml, import: more}", calls="api.root"
    )
    found = silent(tmp_path, {MAIN: text, "shared.yaml": shared})
    assert namespaces(found) == ["api", "more"]
    assert tools(found.document) == ["api-root"]


def test_a_whole_file_gives_all_that_it_consumes(tmp_path: Path) -> None:
    found = silent(tmp_path, {MAIN: importing("{ref: two.yaml}", calls="one.get two.get"), "two.yaml": TWO})
    assert namespaces(found) == ["one", "two"]


def test_the_only_entry_of_a_file_is_meant_whatever_its_name(tmp_path: Path) -> None:
    text = importing("{namespace: fms, ref: shared.yaml}", calls="fms.list-ships")
    assert namespaces(silent(tmp_path, {MAIN: text, "shared.yaml": REGISTRY})) == ["fms"]


def test_imports_keep_their_place_among_the_documents_own(tmp_path: Path) -> None:
    text = importing(
        entry("first"),
        "{from: shared.yaml, import: registry, description: Ships}",
        entry("last"),
        calls="first.get registry.list-ships last.get",
    )
    found = silent(tmp_path, {MAIN: text, "shared.yaml": REGISTRY})
    assert namespaces(found) == ["first", "registry", "last"]
    assert found.document.consumes[1].description == "Ships"


def test_an_import_of_an_import_is_followed(tmp_path: Path) -> None:
    files = {
        MAIN: importing("{from: a/fleet.yaml, import: fleet, as: mine}", calls="mine.list-ships"),
        "a/fleet.yaml": "ikanos: 1.0.0-beta5\nconsumes: [{from: ../b/registry.yaml, import: registry, as: fleet}]\n",
        "b/registry.yaml": REGISTRY,
    }
    assert namespaces(silent(tmp_path, files)) == ["mine"]


def test_two_files_may_import_different_things_from_one_another(tmp_path: Path) -> None:
    files = {
        MAIN: importing("{from: other.yaml, import: far}", entry("near"), calls="far.get near.get"),
        "other.yaml": f"naftiko: 1.0.0-alpha2\nconsumes:\n- {entry('far')}\n- {{location: main.yaml, import: near, as: back}}\n",
    }
    assert namespaces(silent(tmp_path, files)) == ["far", "near"]


def test_what_two_whole_files_share_is_taken_once(tmp_path: Path) -> None:
    files = {
        MAIN: importing("{ref: a.yaml}", "{ref: b.yaml}"),
        "a.yaml": "imports: registry.yaml\n",
        "b.yaml": "imports: [registry.yaml]\n",
        "registry.yaml": REGISTRY,
    }
    assert namespaces(silent(tmp_path, files)) == ["registry"]


def test_root_sections_beside_a_capability_are_the_capabilitys(tmp_path: Path) -> None:
    text = importing(entry("inner"), calls="inner.get outer.get") + f"consumes:\n- {entry('outer')}\n"
    found = silent(tmp_path, {MAIN: text})
    assert namespaces(found) == ["outer", "inner"]
    assert tools(found.document) == ["inner-get", "outer-get"]


def test_a_root_that_consumes_and_exposes_is_read_as_a_capability(tmp_path: Path) -> None:
    text = f"naftiko: 1.0.0-alpha2\nconsumes:\n- {entry('api')}\nexposes:\n- {{type: mcp, namespace: m, tools: [{{name: t, call: api.get}}]}}\n"
    found = loaded(tmp_path, {MAIN: text})
    assert told(found, "missing-capability", tmp_path) == [(MAIN, 4, 1)]
    assert tools(found.document) == ["t"]


def test_an_adapter_is_imported_and_speaks_of_itself_by_its_new_name(tmp_path: Path) -> None:
    shared = """\
        ikanos: 1.0.0-beta5
        exposes:
        - type: mcp
          namespace: fleet
          description: The fleet
          tools:
            get-ship: {call: registry.list-ships, with: {imo: fleet.imo, q: 'about {{ fleet.imo }}', town: Berlin}}
        """
    text = """\
        ikanos: 1.0.0-beta5
        capability:
          consumes: [{from: registry.yaml, import: registry}]
          exposes: [{from: adapters.yaml, import: fleet, as: harbour}]
        """
    found = silent(tmp_path, {MAIN: text, "adapters.yaml": shared, "registry.yaml": REGISTRY})
    (exposes,) = found.document.exposes
    assert (exposes.namespace, exposes.description) == ("harbour", "The fleet")
    assert isinstance(exposes, McpExposes)
    assert exposes.tools[0].with_ == {"imo": "harbour.imo", "q": "about {{ harbour.imo }}", "town": "Berlin"}


def test_an_aggregate_is_imported(tmp_path: Path) -> None:
    text = """\
        ikanos: 1.0.0-beta5
        capability:
          aggregates: [{from: fleet.yaml, import: fleet, as: ships}]
          exposes:
          - {type: mcp, namespace: m, tools: {count: {ref: ships.count}}}
        """
    shared = """\
        ikanos: 1.0.0-beta5
        aggregates:
        - {namespace: fleet, display: Fleet, flows: {count: {outputParameters: {n: {type: string, value: '5'}}}}}
        """
    merged = whole(tmp_path, {MAIN: text, "fleet.yaml": shared})
    assert [(each["namespace"], each["display"]) for each in merged.data["capability"]["aggregates"]] == [
        ("ships", "Fleet")
    ]
    assert tools(silent(tmp_path, {}).document) == ["count"]


def test_binds_are_imported_and_their_file_is_found_beside_them(tmp_path: Path) -> None:
    text = "binds: [{from: shared/binds.yaml, import: secrets}]\n" + importing(entry("api"), calls="api.get")
    shared = "ikanos: 1.0.0-beta5\nbinds: [{namespace: secrets, location: 'file:///./secrets.yaml', keys: {TOKEN: t}}]\n"
    files = {MAIN: text, "shared/binds.yaml": shared, "shared/secrets.yaml": "t: s\n"}
    (bind,) = whole(tmp_path, files).data["capability"]["binds"]
    assert bind["location"] == "file:///./shared/secrets.yaml"
    (canonical,) = loaded(tmp_path, files).document.binds
    assert (canonical.namespace, canonical.keys) == ("secrets", {"TOKEN": "t"})


def test_a_guest_brings_the_variables_that_its_own_file_binds(tmp_path: Path) -> None:
    text = "binds: [{namespace: env, keys: {MINE: MINE}}]\n" + importing("{from: s/api.yaml, import: api}")
    shared = (
        "naftiko: 1.0.0-alpha2\n"
        "binds:\n- {namespace: vault, location: ./s.yaml, keys: {TOKEN: t, NOBODY: n}}\n"
        "consumes:\n- {namespace: api, type: http, baseUri: 'https://a.test', "
        "authentication: {type: bearer, token: '{{TOKEN}}'}}\n"
    )
    binds = whole(tmp_path, {MAIN: text, "s/api.yaml": shared}).data["capability"]["binds"]
    assert [(each["namespace"], each["keys"]) for each in binds] == [
        ("vault", {"TOKEN": "t"}),
        ("env", {"MINE": "MINE"}),
    ]
    assert binds[0]["location"] == "s/s.yaml"


def test_files_that_an_imported_part_names_are_found_beside_it(tmp_path: Path) -> None:
    shared: dict[str, Any] = {
        "consumes": "{namespace: c, baseUri: 'https://c.test', authentication: {type: certificate, certPath: c.pem, keyPath: '{{KEY}}'}, resources: [{operations: [{outputRawFormat: avro, outputSchema: a.avsc}, {outputRawFormat: html, outputSchema: table.x}]}]}",
        "exposes": "{namespace: e, type: mcp, prompts: {p: {location: 'file:///./p%20q.md'}}, tools: [{with: {location: Paris}, steps: [{type: script, location: 'file:///opt/js'}]}]}",
        "aggregates": "{namespace: a, flows: {f: {steps: {s: {type: script, location: js}}}}}",
    }
    text = "ikanos: 1.0.0-beta5\ncapability:\n" + "".join(
        f"  {section}: [{{from: s/all.yaml, import: {section[0]}}}]\n" for section in shared
    )
    parts = "".join(f"{section}: [{written}]\n" for section, written in shared.items())
    capability = whole(tmp_path, {MAIN: text, "s/all.yaml": parts}).data["capability"]
    avro, html = capability["consumes"][0]["resources"][0]["operations"]
    adapter = capability["exposes"][0]
    assert avro["outputSchema"] == "s/a.avsc"
    authentication = capability["consumes"][0]["authentication"]
    assert (authentication["certPath"], authentication["keyPath"]) == ("s/c.pem", "{{KEY}}")
    assert html["outputSchema"] == "table.x"
    assert adapter["prompts"]["p"]["location"] == "file:///./s/p%20q.md"
    assert adapter["tools"][0]["steps"][0]["location"] == "file:///opt/js"
    assert adapter["tools"][0]["with"] == {"location": "Paris"}
    assert capability["aggregates"][0]["flows"]["f"]["steps"]["s"]["location"] == "s/js"


def test_text_without_a_file_imports_from_the_working_directory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(tmp_path, {"shared.yaml": REGISTRY})
    monkeypatch.chdir(tmp_path)
    assert namespaces(load_text(importing("{from: shared.yaml, import: registry}"))) == ["registry"]


def test_a_relative_path_is_tried_beside_the_document_and_then_in_the_working_directory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(tmp_path, {"here/shared.yaml": REGISTRY})
    monkeypatch.chdir(tmp_path / "here")
    found = silent(tmp_path / "there", {MAIN: importing("{from: shared.yaml, import: registry}")})
    assert namespaces(found) == ["registry"]


def test_a_document_that_imports_nothing_is_left_as_it_is(tmp_path: Path) -> None:
    files = {MAIN: importing(entry("api"), calls="api.get")}
    merged = whole(tmp_path, files)
    assert merged.data is merged.origins.source.data
