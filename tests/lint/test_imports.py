"""Imports, and files that others import from."""

import pytest

from lint.marks import assert_marked, findings


def test_an_import_that_names_no_file_is_told() -> None:
    text = """\
ikanos: 1.0.0-beta5
capability:
  consumes:
  - ▶import: registry
  - ▶{import: legacy, location: ./legacy.yml}
  - {import: fine, from: ./fine.yml}
  exposes:
  - {type: rest, namespace: rest}
  binds:
  - ▶{import: vault, as: v}
"""
    assert_marked("import-from-required", text)
    hints = [each.hint for each in findings(text) if each.code == "import-from-required"]
    assert hints[1] == "write `from` instead of `location`"


def test_the_naftiko_line_says_location() -> None:
    assert_marked(
        "import-from-required",
        """\
naftiko: 1.0.0-alpha2
capability:
  consumes:
  - {import: fine, location: ./fine.yml}
  - ▶{import: registry}
""",
    )


def test_an_import_that_names_no_namespace_is_told() -> None:
    assert_marked(
        "import-import-required",
        """\
ikanos: 1.0.0-beta5
capability:
  aggregates:
  - ▶from: ./fleet.yml
  - {from: ./crew.yml, import: crew}
""",
    )


def test_a_namespace_that_an_import_takes_twice_in_a_section_is_told() -> None:
    messages = assert_marked(
        "import-unique-alias",
        """\
ikanos: 1.0.0-beta5
capability:
  consumes:
  - {from: ./a.yml, import: registry}
  - {from: ./b.yml, import: other, as: ▶registry}
  - {from: ./c.yml, import: ▶own}
  - {type: http, namespace: own, baseUri: https://own.test}
  exposes:
  - {from: ./a.yml, import: registry}
""",
    )
    assert messages == [
        "`registry` is already under `consumes`, on line 4",
        "`own` is already under `consumes`, on line 7",
    ]


@pytest.mark.parametrize("file", [".", "./", "doc.yaml", "./doc.yaml"])
def test_an_import_from_the_document_itself_is_told(file: str) -> None:
    assert_marked(
        "import-from-not-self",
        f"""\
ikanos: 1.0.0-beta5
capability:
  consumes:
  - {{import: a, from: ▶{file}}}
  - {{import: b, from: ./other.yaml}}
""",
    )


def test_a_file_for_others_to_import_cannot_import() -> None:
    assert_marked(
        "standalone-no-imports",
        """\
ikanos: 1.0.0-beta5
consumes:
- ▶{from: ./a.yml, import: registry}
- {type: http, namespace: own, baseUri: https://own.test}
""",
    )
    assert_marked(
        "standalone-no-imports",
        "ikanos: 1.0.0-beta5\ncapability: {consumes: [{from: ./a.yml, import: registry}]}\n",
    )


def test_what_others_import_has_a_namespace() -> None:
    text = """\
ikanos: 1.0.0-beta5
exposes:
- %s{type: rest, port: 1}
- {type: mcp, namespace: mcp}
aggregates:
- %s{display: Fleet, flows: {}}
- {display: Crew, namespace: crew, flows: {}}
"""
    assert_marked("exposes-namespace-required", text % ("▶", ""))
    assert_marked("aggregates-namespace-required", text % ("", "▶"))


def test_what_stands_in_the_capability_has_a_namespace_too_but_for_its_control_adapter() -> None:
    text = """\
naftiko: 1.0.0-alpha2
capability:
  exposes: [{type: control, port: 1}, %s{type: mcp}]
  aggregates: [%s{label: Fleet, functions: []}]
"""
    assert_marked("exposes-namespace-required", text % ("▶", ""))
    assert_marked("aggregates-namespace-required", text % ("", "▶"))
