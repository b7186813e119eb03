"""What a document is, whatever its parts hold: its version, its info, its binds, and what is no capability."""

from __future__ import annotations

from pathlib import Path

import pytest

from document.findings import document, found_in, load_silently
from naftiko_run.diagnostics import Severity
from naftiko_run.document.load import load_document, load_text
from naftiko_run.errors import DocumentError

REST = "capability: {consumes: [], exposes: []}\n"


@pytest.mark.parametrize(
    "version",
    ["naftiko: 1.0.0-alpha2", "naftiko: 0.5", "naftiko: '0.5'", "ikanos: 1.0.0-alpha3", "ikanos: 1.0.0-beta5"],
)  # fmt: skip
def test_every_line_of_the_specification_is_known(version: str) -> None:
    assert load_silently(f"{version}\n{REST}").spec == version.replace(":", "").replace("'", "")


def test_an_older_version_is_read_with_a_warning() -> None:
    found = found_in(f"naftiko: 1.0.0-alpha1  # <-\n{REST}", "older-version")
    assert found.severity is Severity.WARNING
    assert "1.0.0-alpha2" in found.hint


def test_an_unknown_version_is_read_with_a_warning() -> None:
    found = found_in(f"naftiko: 7.0.0  # <-\n{REST}", "unknown-version")
    assert found.severity is Severity.WARNING
    assert "7.0.0" in found.message
    assert "1.0.0-alpha2" in found.hint


def test_a_missing_version_is_read_with_a_warning() -> None:
    assert found_in(REST, "missing-version").severity is Severity.WARNING


@pytest.mark.parametrize("typo", ["capabilty", "Capability", "capabilities"])
def test_a_slip_in_the_key_of_the_capability_is_guessed(typo: str) -> None:
    with pytest.raises(DocumentError) as refused:
        load_text(f"naftiko: 1.0.0-alpha2\n{typo}: {{consumes: []}}\n", "doc.yaml")
    (found,) = refused.value.diagnostics
    assert (found.code, found.line, found.hint) == (
        "no-capability",
        2,
        f"`{typo}`: did you mean `capability`?",
    )


@pytest.mark.parametrize(
    ("written", "version"),
    [
        ("1.10", "1.10"),
        ("2.0 # soon", "2.0"),
        ("1.0e1", "1.0e1"),
        ("'1.10'", "1.10"),
        ("3", "3"),
        ("v1", "v1"),
    ],
)
def test_the_version_of_a_capability_is_what_its_author_wrote(written: str, version: str) -> None:
    assert (
        load_silently(f"naftiko: 1.0.0-alpha2\ninfo:\n  version: {written}\n{REST}").info.version == version
    )


def test_a_version_that_is_shared_by_an_anchor_is_the_number() -> None:
    text = f"naftiko: 1.0.0-alpha2\nx-v: &v 1.50\ninfo: {{version: *v}}\n{REST}"
    assert load_silently(text).info.version == "1.5"


@pytest.mark.parametrize(
    ("text", "code", "words"),
    [
        ("", "not-a-mapping", "empty"),
        ("# nothing\n", "not-a-mapping", "empty"),
        ("- a\n- b\n", "not-a-mapping", "a list"),
        ("some words\n", "not-a-mapping", "text"),
        ("7\n", "not-a-mapping", "int"),
        ("{}\n", "no-capability", "no `capability`"),
        ("apis: []\nworkflow: x\n", "no-capability", "`apis`, `workflow`"),
        ("consumes:\n  - ref: shared/x.yaml\n", "no-capability", "defines nothing for others"),
        ("naftiko: 1.0.0-alpha2\ncapability:\nconsumes: []\n", "no-capability", "must be a mapping"),
        ("capability: []\n", "no-capability", "must be a mapping"),
    ],
)
def test_what_holds_no_capability_is_refused_in_one_message(text: str, code: str, words: str) -> None:
    with pytest.raises(DocumentError) as refused:
        load_text(text, "doc.yaml")
    (found,) = refused.value.diagnostics
    assert (found.code, found.severity) == (code, Severity.ERROR)
    assert words in found.message
    assert found.hint
    assert str(refused.value).startswith("doc.yaml:")


@pytest.mark.parametrize(
    ("info", "label"),
    [
        ("{label: A}", "A"),
        ("{display: A}", "A"),
        ("{title: A}", "A"),
        ("{name: A}", "A"),
        ("{label: A, title: B}", "A"),
        ("{label: 2024-01-01}", "2024-01-01"),
        ("{label: no}", "no"),
        ("{}", ""),
    ],
)
def test_the_label_in_its_many_names(info: str, label: str) -> None:
    assert load_silently(f"naftiko: 1.0.0-alpha2\ninfo: {info}\n{REST}").info.label == label


def test_info_that_is_no_mapping_is_left_out_with_a_warning() -> None:
    found = found_in(f"naftiko: 1.0.0-alpha2\ninfo: words  # <-\n{REST}", "wrong-type")
    assert found.severity is Severity.WARNING


@pytest.mark.parametrize(
    ("binds", "namespace", "keys"),
    [
        ("[{namespace: env, keys: {A: KEY_A}}]", "env", {"A": "KEY_A"}),
        ("[{keys: {A: KEY_A}}]", "env", {"A": "KEY_A"}),
        ("[{namespace: vault, keys: [A, B]}]", "vault", {"A": "A", "B": "B"}),
        ("[{keys: {A: }}]", "env", {"A": "A"}),
        ("{vault: {keys: {A: KEY_A}}}", "vault", {"A": "KEY_A"}),
        ("[{keys: {on: no}}]", "env", {"on": "no"}),
    ],
)
@pytest.mark.parametrize("at_root", [True, False], ids=["root", "capability"])
def test_binds_in_every_form(binds: str, namespace: str, keys: dict[str, str], *, at_root: bool) -> None:
    written = (
        f"binds: {binds}\n{REST}"
        if at_root
        else f"capability: {{consumes: [], exposes: [], binds: {binds}}}\n"
    )
    (bind,) = load_silently(f"naftiko: 1.0.0-alpha2\n{written}").binds
    assert (bind.namespace, bind.keys) == (namespace, keys)


@pytest.mark.parametrize("section", ["consumes", "exposes"])
@pytest.mark.parametrize("written", ["text", "5", "[text]", "[[]]", "[5]"])
def test_a_section_of_the_wrong_shape_is_left_out_with_a_warning(section: str, written: str) -> None:
    text = f"naftiko: 1.0.0-alpha2\ncapability:\n  {section}: {written}  # <-\n"
    assert found_in(text, "wrong-type").severity is Severity.WARNING


def test_a_file_is_named_in_what_is_found(tmp_path: Path) -> None:
    path = tmp_path / "doc.yaml"
    path.write_text(document(), encoding="utf-8")
    loaded = load_document(path)
    assert loaded.name == str(path)
    assert not loaded.diagnostics
    path.write_text("a: [", encoding="utf-8")
    with pytest.raises(DocumentError, match=r"doc\.yaml:2:1: error\[yaml-syntax\]"):
        load_document(path)


def test_a_root_that_serves_by_itself_is_no_shared_file() -> None:
    text = (
        "naftiko: 1.0.0-alpha2\n"
        "consumes: [{namespace: api, baseUri: 'https://h', resources: [{path: /a, operations: [{name: get, method: GET}]}]}]\n"
        "exposes: [{type: mcp, namespace: m, tools: [{name: t, call: api.get}]}]\n"
    )
    loaded = load_text(text, "doc.yaml")
    assert [each.type for each in loaded.document.exposes] == ["mcp"]
    assert "shared-document" not in [each.code for each in loaded.diagnostics]
