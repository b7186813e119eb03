"""Imports that cannot be followed: what is told, where, and what still serves."""

from __future__ import annotations

from pathlib import Path

import pytest

from document.findings import tools
from document.sharing import MAIN, REGISTRY, entry, importing, loaded, namespaces, only, put, told
from naftiko_run.capability import Settings, compile_capability, load
from naftiko_run.diagnostics import Severity
from naftiko_run.document.load import load_document, load_text
from naftiko_run.errors import DocumentError

MISSING = "{from: ./gone/registry.yaml, import: registry}"


def test_a_missing_file_is_told_at_the_import_with_every_path_that_was_tried(tmp_path: Path) -> None:
    found = only(loaded(tmp_path, {MAIN: importing(MISSING)}), "import-not-found")
    assert (found.severity, found.line, found.column) == (Severity.ERROR, 4, 12)
    assert found.message == (
        "`registry` cannot be imported: there is no file `./gone/registry.yaml`; "
        f"tried {tmp_path}/gone/registry.yaml and {Path.cwd()}/gone/registry.yaml"
    )


def test_units_that_need_a_missing_import_are_left_out_and_the_rest_serves(tmp_path: Path) -> None:
    text = importing(MISSING, entry("api"), calls="registry.list-ships api.get")
    capability = load(put(tmp_path, {MAIN: text}), Settings(environment={}))
    assert [each.name for each in capability.functions.values()] == ["api-get"]
    (reason,) = capability.unavailable.values()
    assert reason == (
        "`registry` cannot be called: its import failed: there is no file `./gone/registry.yaml`"
    )
    assert (
        str(tmp_path) not in reason
    )  # callers are told, and a path of this machine is none of their business


def test_a_document_of_which_nothing_is_left_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DocumentError, match=r"main\.yaml:4:12: error\[import-not-found\]"):
        load(put(tmp_path, {MAIN: importing(MISSING)}), Settings(environment={}))


def test_a_function_of_an_aggregate_that_could_not_be_imported_says_so(tmp_path: Path) -> None:
    text = """\
        ikanos: 1.0.0-beta5
        capability:
          aggregates: [{from: gone.yaml, import: fleet}]
          exposes: [{type: mcp, namespace: m, tools: {count: {ref: fleet.count}}}]
        """
    (exposes,) = loaded(tmp_path, {MAIN: text}).document.exposes
    (count,) = exposes.unavailable
    assert "its import failed: there is no file `gone.yaml`" in count.reason


@pytest.mark.parametrize(
    ("written", "code", "words"),
    [
        ("{from: 'https://x.test/a.yaml', import: a}", "import-remote", "remote documents are not fetched"),
        ("{import: a, url: 'http://x.test/a.yaml'}", "import-remote", "`http://x.test/a.yaml` is not a file"),
        ("{from: 'vault://x/a.yaml', import: a}", "import-remote", "is not a file"),
        ("{import: a}", "import-from-required", "does not name a file"),
        ("{import: a, from: [b]}", "import-from-required", "does not name a file"),
        ("{import: a, from: /proc/self/environ}", "import-not-yaml", "is not a YAML file"),
        ("{import: a, from: .}", "import-not-yaml", "is not a YAML file"),
        ("{import: a, from: folder.yaml}", "import-not-found", "there is no file"),
        ('{import: a, from: "nul\\0.yaml"}', "import-not-found", "there is no file"),
        (f"{{import: a, from: {'x' * 5000}.yaml}}", "import-not-found", "there is no file"),
        ("{openapi: a, location: ../gone/api.yml}", "import-of-openapi", "`../gone/api.yml` is an OpenAPI"),
        ("{import: a, from: openapi.yaml}", "import-of-openapi", "`openapi.yaml` is an OpenAPI document"),
        ("{import: regisry, from: registry.yaml}", "import-unknown-namespace", "it has `registry`"),
        ("{import: a, from: text.yaml}", "import-unknown-namespace", "`text.yaml` has no `a`"),
        ("{import: a, from: two.yaml}", "import-unknown-namespace", "it has `one`, `two`"),
        ("{namespace: a, ref: two.yaml}", "import-unknown-namespace", "it has `one`, `two`"),
        ("{ref: text.yaml}", "import-empty", "`text.yaml` has no `consumes`"),
    ],
)
def test_an_import_that_cannot_be_followed_is_told(
    tmp_path: Path, written: str, code: str, words: str
) -> None:
    (tmp_path / "folder.yaml").mkdir()
    files = {
        MAIN: importing(written, entry("api"), calls="api.get"),
        "registry.yaml": REGISTRY,
        "text.yaml": "only words\n",
        "two.yaml": f"consumes:\n- {entry('one')}\n- {entry('two')}\n",
        "openapi.yaml": "openapi: 3.1.0\npaths: {}\n",
    }
    document = loaded(tmp_path, files)
    found = only(document, code)
    assert (found.severity, found.line) == (Severity.ERROR, 4)
    assert words in found.message
    assert found.hint
    assert tools(document.document) == ["api-get"]


def test_a_name_that_is_taken_is_told_and_the_first_stays(tmp_path: Path) -> None:
    text = importing(
        "{from: registry.yaml, import: registry}",
        "{from: other.yaml, import: other, as: registry}",
        "{from: registry.yaml, import: registry, as: own}",
        entry("own"),
        calls="registry.list-ships own.get",
    )
    other = f"consumes:\n- {entry('other')}\n"
    document = loaded(tmp_path, {MAIN: text, "registry.yaml": REGISTRY, "other.yaml": other})
    assert told(document, "import-unique-alias", tmp_path) == [(MAIN, 5, 43), (MAIN, 6, 49)]
    messages = [each.message for each in document.diagnostics]
    assert messages[0].endswith(f"another entry has this name: see {tmp_path}/registry.yaml:3:3")
    assert tools(document.document) == ["registry-list-ships", "own-get"]


def test_a_control_adapter_takes_no_other_name(tmp_path: Path) -> None:
    text = importing(entry("api"), calls="api.get") + "  - {from: c.yaml, import: control, as: mine}\n"
    shared = "ikanos: 1.0.0-beta5\nexposes: [{type: control, namespace: control, port: 9}]\n"
    assert (
        "cannot be renamed"
        in only(loaded(tmp_path, {MAIN: text, "c.yaml": shared}), "import-of-control").message
    )
    text = text.replace(", as: mine", "")
    assert [each.type for each in loaded(tmp_path, {MAIN: text}).document.exposes] == ["mcp", "control"]


CIRCLES = [
    {MAIN: "{from: main.yaml, import: registry}"},
    {MAIN: "{from: a.yaml, import: registry}", "a.yaml": "{from: main.yaml, import: registry}"},
    {
        MAIN: "{from: a.yaml, import: registry}",
        "a.yaml": "{from: b.yaml, import: x, as: registry}",
        "b.yaml": "{from: main.yaml, import: registry, as: x}",
    },
]


@pytest.mark.parametrize("files", CIRCLES, ids=[len(files) for files in CIRCLES])
def test_files_that_import_in_a_circle_are_told_once_with_the_chain(
    tmp_path: Path, files: dict[str, str]
) -> None:
    texts = {name: f"ikanos: 1.0.0-beta5\nconsumes: [{written}]\n" for name, written in files.items()}
    document = loaded(tmp_path, texts | {MAIN: importing(files[MAIN])})
    chain = " → ".join(str(tmp_path / name) for name in (*files, MAIN))
    (found, left_out) = document.diagnostics
    assert found.message == f"`registry` cannot be imported: the imports are circular: {chain}"
    assert (found.code, found.file, found.line) == ("import-circular", str(tmp_path / MAIN), 4)
    assert left_out.code == "unknown-operation"
    assert str(tmp_path) not in left_out.message  # what callers are told, too


def test_whole_files_that_import_one_another_are_told_and_give_what_they_define(tmp_path: Path) -> None:
    files = {
        MAIN: importing("{ref: a.yaml}", entry("api"), calls="api.get one.get"),
        "a.yaml": f"imports: [main.yaml]\nconsumes:\n- {entry('one')}\n",
    }
    document = loaded(tmp_path, files)
    chain = " → ".join(str(tmp_path / name) for name in (MAIN, "a.yaml", MAIN))
    assert chain in only(document, "import-circular").message
    assert tools(document.document) == ["api-get", "one-get"]


def test_an_import_that_fails_in_another_file_is_told_there_and_here(tmp_path: Path) -> None:
    files = {
        MAIN: importing("{from: a.yaml, import: registry}"),
        "a.yaml": "ikanos: 1.0.0-beta5\nconsumes:\n- from: gone.yaml\n  import: registry\n",
    }
    document = loaded(tmp_path, files)
    assert told(document, "import-not-found", tmp_path) == [("a.yaml", 3, 9)]
    assert told(document, "import-not-passed-on", tmp_path) == [(MAIN, 4, 12)]


def test_a_chain_of_imports_has_an_end(tmp_path: Path) -> None:
    files = {
        f"{number}.yaml": f"consumes: [{{from: {number + 1}.yaml, import: registry}}]\n"
        for number in range(99)
    }
    document = loaded(tmp_path, {MAIN: importing("{from: 0.yaml, import: registry}"), **files})
    assert "more than 32 imports" in only(document, "import-too-far").message


@pytest.mark.parametrize(
    ("text", "code", "line"),
    [
        ("consumes: [\n", "yaml-syntax", 2),
        ("consumes: []\nconsumes: []\n", "duplicate-key", 2),
        ("a: 1\n---\nb: 2\n", "several-documents", 2),
        (f"# {'x' * (4 * 1024 * 1024)}\n", "document-too-large", 0),
        (
            "a: &a [x, x, x, x, x, x, x, x, x, x]\n"
            + "".join(
                f"{chr(98 + each)}: &{chr(98 + each)} [{', '.join([f'*{chr(97 + each)}'] * 10)}]\n"
                for each in range(6)
            ),
            "too-many-values",
            6,
        ),
    ],
)
def test_an_imported_file_keeps_the_rules_of_documents(
    tmp_path: Path, text: str, code: str, line: int
) -> None:
    files = {
        MAIN: importing(
            "{from: bad.yaml, import: registry}", "{from: bad.yaml, import: b}", entry("api"), calls="api.get"
        ),
        "bad.yaml": text,
    }
    document = loaded(tmp_path, files)
    assert [each[:2] for each in told(document, code, tmp_path)] == [("bad.yaml", line)]
    assert [each[:2] for each in told(document, "import-not-readable", tmp_path)] == [(MAIN, 4), (MAIN, 5)]
    assert namespaces(document) == ["api"]


def test_imports_that_multiply_are_refused(tmp_path: Path) -> None:
    many = "[" + ", ".join(["x"] * 50_000) + "]"
    files = {
        MAIN: importing(
            *(f"{{from: big.yaml, import: big, as: b{number}}}" for number in range(12)), calls="b0.get"
        ),
        "big.yaml": f"consumes:\n- namespace: big\n  baseUri: https://big.test\n  tags: {many}\n",
    }
    document = loaded(tmp_path, files)
    assert len(namespaces(document)) == 9
    assert len(told(document, "import-too-much", tmp_path)) == 3


def test_whole_files_that_multiply_are_taken_once(tmp_path: Path) -> None:
    files = {
        f"{number}.yaml": f"imports: [{number + 1}.yaml, {number + 1}.yaml, {number + 1}.yaml]\n"
        for number in range(25)
    }
    document = loaded(tmp_path, {MAIN: importing("{ref: 0.yaml}"), **files, "25.yaml": REGISTRY})
    assert namespaces(document) == ["registry"]


def test_what_is_wrong_in_an_imported_file_is_told_of_that_file(tmp_path: Path) -> None:
    shared = """\
        naftiko: 1.0.0-alpha2
        consumes:
        - namespace: registry
          type: http
          baseUri: https://registry.test
          resources:
          - path: /ships
            operations:
            - name: list-ships
              method: FETCH
        """
    main = importing(
        entry("api"), "{location: s/registry.yaml, import: registry, as: mine}", calls="mine.list-ships"
    )
    document = loaded(tmp_path, {MAIN: main, "s/registry.yaml": shared})
    found = only(document, "unknown-method")
    assert told(document, "unknown-method", tmp_path) == [("s/registry.yaml", 10, 15)]
    assert found.pointer == "/consumes/0/resources/0/operations/0/method"


def test_what_compiling_finds_in_an_imported_adapter_is_told_of_its_file(tmp_path: Path) -> None:
    shared = "exposes:\n- type: mcp\n  namespace: m\n  tools:\n  - {name: t, call: api.gone}\n  - {name: u, call: api.get, with: {typo: x}}\n"
    main = f"naftiko: 1.0.0-alpha2\ncapability:\n  consumes:\n  - {entry('api')}\n  exposes:\n  - {{from: gone.yaml, import: x}}\n  - {{from: m.yaml, import: m}}\n  - {{type: rest, port: never}}\n"
    loaded_document = load_document(put(tmp_path, {MAIN: main, "m.yaml": shared}))
    found = compile_capability(loaded_document, Settings(environment={})).diagnostics
    places = {each.code: (Path(each.file).name, each.line, each.pointer) for each in found}
    assert places["unknown-operation"] == ("m.yaml", 5, "/exposes/0/tools/0/call")
    assert places["bad-port"] == (MAIN, 8, "/capability/exposes/2/port")


def test_a_shared_file_that_defines_nothing_is_refused(tmp_path: Path) -> None:
    for section in ("consumes", "aggregates", "exposes", "binds"):
        with pytest.raises(DocumentError) as refused:
            load_text(f"ikanos: 1.0.0-beta5\n{section}: []\n", str(tmp_path / "shared.yaml"))
        (found,) = refused.value.diagnostics
        assert f"its `{section}` defines nothing for others to import" in found.message
