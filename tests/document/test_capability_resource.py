"""``kind: Capability``: its ``spec`` is a document, or names the ConfigMap that has it, and diagnostics show the file."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from textwrap import indent

import httpx
import pytest

from naftiko_run import load
from naftiko_run.diagnostics import Diagnostic
from naftiko_run.document import load_document
from naftiko_run.errors import DocumentError, SharedDocument
from naftiko_run.lint import lint
from support.process import COMMAND, READY, launched
from support.upstream import PATIENCE

DOCUMENT = """\
ikanos: "1.0.0-alpha4"
info: {label: Greeting, description: Greets}

capability:
  exposes:
  - type: rest
    namespace: greeting
    port: 99999  # <-
    resources:
    - path: /greeting
      operations:
      - {method: GET, name: greet, outputParameters: [{name: text, type: string, value: "é ✓"}]}
"""
HEAD = "apiVersion: naftiko.io/v1alpha3\nkind: Capability\nmetadata: {name: greeting, namespace: shop}\n"
INLINE = f"# ✓\n{HEAD}spec:\n{indent(DOCUMENT, '  ')}\nstatus: {{phase: Running}}\n"
REFERENCE = f"{HEAD}spec:\n  specRef:\n    configMap: greeting-spec\n"
MAP_HEAD = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: greeting-spec, namespace: shop}\ndata:\n"
CONFIG_MAP = (
    f"{MAP_HEAD}  capability.yaml: |\n    # first\n    ---\n{indent(DOCUMENT, '    ')}  other: text\n"
)
SERVICE = "apiVersion: v1\nkind: Service\nmetadata: {name: other}\n"


def written(folder: Path, **texts: str) -> Path:
    """Write files, and return the first."""
    paths = [folder / f"{name}.yaml" for name in texts]
    for path, text in zip(paths, texts.values(), strict=True):
        path.write_text(text, encoding="utf-8")
    return paths[0]


def bad_port(path: Path, text: str) -> None:
    """Assert that a document serves, and that the diagnostic of its port has the position in a file."""
    loaded = load_document(path)
    assert loaded.document.info.label == "Greeting"
    (found,) = (each for each in loaded.diagnostics if each.code == "bad-port")
    (number,) = (number for number, line in enumerate(text.splitlines(), 1) if line.endswith("# <-"))
    line = text.splitlines()[number - 1]
    assert (found.line, found.column) == (number, line.index("99999") + 1)
    assert next(each.excerpt for each in lint(path) if each.code == "bad-port") == line


def refused(path: Path) -> Diagnostic:
    with pytest.raises(DocumentError) as caught:
        load(path)
    (found,) = caught.value.diagnostics
    return found


def test_the_spec_is_the_document(tmp_path: Path) -> None:
    path = written(tmp_path, greeting=INLINE)
    bad_port(path, INLINE)
    assert load(path).file == str(path)


@pytest.mark.parametrize("separator", ["---\n", "---\n" + SERVICE + "---\n"])
@pytest.mark.parametrize("is_first", [True, False])
def test_a_config_map_in_the_same_file_has_the_document(
    tmp_path: Path, separator: str, *, is_first: bool
) -> None:
    text = separator.join([CONFIG_MAP, REFERENCE] if is_first else [REFERENCE, CONFIG_MAP])
    bad_port(written(tmp_path, all=text), text)


def test_a_config_map_in_another_file_of_the_folder_has_the_document(tmp_path: Path) -> None:
    path = written(tmp_path, reference=REFERENCE, broken="a: [", spec=CONFIG_MAP)
    bad_port(path, CONFIG_MAP)
    loaded = load_document(path)
    assert {each.file for each in loaded.diagnostics} == {str(tmp_path / "spec.yaml")}
    assert load(path).file == str(path)


def test_another_key_and_windows_line_ends(tmp_path: Path) -> None:
    reference = REFERENCE + "    key: greeting.yaml\n"
    text = CONFIG_MAP.replace("capability.yaml", "greeting.yaml")
    path = written(tmp_path, reference=reference.replace("\n", "\r\n"), spec="")
    (tmp_path / "spec.yaml").write_bytes(text.replace("\n", "\r\n").encode())
    bad_port(path, text)


def test_a_line_of_dashes_in_the_text_of_the_document_stays(tmp_path: Path) -> None:
    text = DOCUMENT.replace("description: Greets}", "description: |\n    a\n    ---\n    b").replace(
        "info: {label: Greeting,", "info:\n  label: Greeting\n "
    )
    for start in ("", "---\n"):
        config_map = f"{MAP_HEAD}  capability.yaml: |\n{indent(start + text, '    ')}"
        path = written(tmp_path, all=f"{REFERENCE}---\n{config_map}")
        assert load_document(path).document.info.description == "a\n---\nb\n"


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no named pipes in folders")
def test_other_files_of_the_folder_are_read_only_if_they_may_have_the_config_map(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "a-pipe.yaml")
    (tmp_path / "b-folder.yaml").mkdir()
    (tmp_path / "c-binary.yaml").write_bytes(b"\xff\xfe\x00")
    (tmp_path / "d-large.yaml").write_text(CONFIG_MAP + "#" * 5_000_000)
    assert "no ConfigMap" in refused(written(tmp_path, reference=REFERENCE)).message
    (tmp_path / "e-with-mark.yaml").write_bytes(b"\xef\xbb\xbf" + CONFIG_MAP.encode())
    bad_port(tmp_path / "reference.yaml", CONFIG_MAP)


def test_other_resources_are_nothing_to_serve(tmp_path: Path) -> None:
    path = written(tmp_path, spec=f"{CONFIG_MAP}---\n{SERVICE}")
    with pytest.raises(SharedDocument, match="ConfigMap and Service of Kubernetes"):
        load(path)


@pytest.mark.parametrize(
    ("text", "code", "line", "words"),
    [
        (REFERENCE, "no-config-map", 6, "no ConfigMap `greeting-spec`"),
        (f"{REFERENCE}---\n{CONFIG_MAP.replace('shop', 'elsewhere')}", "no-config-map", 6, "no ConfigMap"),
        (f"{REFERENCE}    key: b\n---\n{CONFIG_MAP}", "no-config-map", 6, "no `b`; it has `capability.yaml`, `other`"),
        (f"{REFERENCE}    key: other\n---\n{CONFIG_MAP}", "no-config-map", 28, "not written as a block of text"),
        (f"{HEAD}spec:\n  specRef: {{}}\n", "no-config-map", 5, "names no ConfigMap"),
        (f"{REFERENCE}---\n{MAP_HEAD}", "no-config-map", 6, "it has nothing"),
        (HEAD, "no-capability", 1, "no `spec`"),
        (f"{HEAD}spec: text\n", "no-capability", 4, "no `spec`"),
        (f"{INLINE}---\n{INLINE}", "several-documents", 22, "more than one Capability"),
        (f"{INLINE}---\na: [\n", "yaml-syntax", 22, "not YAML"),
        (INLINE.replace("ikanos:", "\tikanos:"), "yaml-syntax", 6, "not YAML"),
        (INLINE.replace("- type", "- <<: x\n      type"), "bad-merge", 11, "<<"),
        (f"{HEAD}spec: {'[' * 1500}\n", "too-deep", 4, "levels deep"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_reported_at_its_place(
    tmp_path: Path, text: str, code: str, line: int, words: str
) -> None:
    path = written(tmp_path, wrong=text)
    found = refused(path)
    assert (found.file, found.code, found.line) == (str(path), code, line)
    assert words in found.message


def test_a_document_of_another_kind_is_refused_as_before(tmp_path: Path) -> None:
    text = "apiVersion: naftiko.io/v1alpha1\nkind: WorkflowCapability\nspec: {}\n"
    assert refused(written(tmp_path, workflow=text)).code == "no-capability"
    own = f"apiVersion: example.com/v1\nkind: Anything\n{DOCUMENT}"
    assert load(written(tmp_path, own=own)).label == "Greeting"


def test_a_folder_of_resources_is_served_and_an_edit_of_the_config_map_reloads(tmp_path: Path) -> None:
    written(tmp_path, reference=REFERENCE, spec=CONFIG_MAP.replace("99999", "3000"), service=SERVICE)
    with launched(tmp_path, "--reload", "--control", "0", "--port", "rest=0") as process:
        process.wait_for_line(READY)
        url = f"{process.url('rest')}/greeting"
        assert httpx.get(url, timeout=PATIENCE).json() == {"text": "é ✓"}
        shown = httpx.get(f"{process.url('control')}/config", timeout=PATIENCE).text
        assert "Greeting" in shown
        written(tmp_path, spec="a: [")
        process.wait_for(lambda _: "not reloaded" in process.text, "a refusal")
        assert httpx.get(url, timeout=PATIENCE).json() == {"text": "é ✓"}
        written(tmp_path, spec=CONFIG_MAP.replace("99999", "3000").replace("é ✓", "changed"))
        process.wait_for(lambda _: "reloaded in " in process.text, "a reload")
        assert httpx.get(url, timeout=PATIENCE).json() == {"text": "changed"}


def test_validate_names_the_file_of_the_config_map(tmp_path: Path) -> None:
    path = written(tmp_path, reference=REFERENCE, spec=CONFIG_MAP)
    command = [str(COMMAND.with_name("naftiko")), "validate", str(path)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert f"{tmp_path / 'spec.yaml'}:15:15: warning[bad-port]" in done.stdout
