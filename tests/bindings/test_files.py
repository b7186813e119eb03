"""``file:`` locations: JSON, YAML, lines of KEY=value, and folders with a file for each key."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.strategies import DrawFn

from bindings.reading import missing, read
from naftiko_run.bindings.files import read_values

YAML = """\
# secrets
api-key: s3cr3t
number: 0123
ratio: 1.10
day: 2026-11-23
flag: yes
real: true
nothing:
tilde: ~
quoted: 'null'
a.b: flat
a: {b: nested, c: {d: deep}}
list: [1]
"""


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("api-key", "s3cr3t"),
        ("number", "0123"),
        ("ratio", "1.10"),
        ("day", "2026-11-23"),
        ("flag", "yes"),
        ("real", "true"),
        ("quoted", "null"),
        ("a.b", "flat"),
        ("a.c.d", "deep"),
    ],
)
def test_yaml_values_are_the_text_that_was_typed(tmp_path: Path, key: str, value: str) -> None:
    (tmp_path / "secrets.yaml").write_text(YAML)
    assert read("file:///./secrets.yaml", tmp_path, {}, key) == {key: value}


@pytest.mark.parametrize("key", ["nothing", "tilde", "list", "a", "a.x", "a.b.c", "other", "api-key.x"])
def test_what_is_no_value_is_missing(tmp_path: Path, key: str) -> None:
    (tmp_path / "secrets.yml").write_text(YAML)
    variable = missing("secrets.yml", tmp_path, {}, key)
    assert variable.reason == f"{tmp_path}/secrets.yml has no value under that key"
    assert variable.remedy == f"set `{key}` in secrets.yml"


def test_json(tmp_path: Path) -> None:
    text = '{"api-key": "s", "n": 1.10, "big": 12345678901234567890, "no": null, "t": true, "o": {"in": "x"}}'
    (tmp_path / "secrets.json").write_text(text)
    assert read("file:secrets.json", tmp_path, {}, "api-key", "n", "big", "no", "t", "o", "o.in") == {
        "api-key": "s",
        "n": "1.10",
        "big": "12345678901234567890",
        "t": "true",
        "o.in": "x",
    }


@pytest.mark.parametrize("name", [".env", ".env.local", "prod.env", "app.properties", "secrets"])
def test_lines(tmp_path: Path, name: str) -> None:
    lines = "# comment\n\nexport TOKEN='a b'\ndb.password = p$${TOKEN}w # why\nEMPTY=\nQUOTED=\"x\\ny\"\n"
    (tmp_path / name).write_text(lines)
    assert read(name, tmp_path, {}, "TOKEN", "db.password", "EMPTY", "QUOTED", "NONE") == {
        "TOKEN": "a b",
        "db.password": "p$${TOKEN}w",
        "EMPTY": "",
        "QUOTED": "x\ny",
    }


@pytest.mark.parametrize("text", ['{"key": "v"}', "key: v", "# words\nkey=v"])
def test_a_name_that_says_nothing_leaves_it_to_the_content(tmp_path: Path, text: str) -> None:
    (tmp_path / "secrets").write_text(text)
    assert read("secrets", tmp_path, {}, "key") == {"key": "v"}


def test_beside_the_document_comes_before_the_working_directory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    here, folder = tmp_path / "here", tmp_path / "documents"
    for each in (here, folder):
        each.mkdir()
        (each / "both.yaml").write_text(f"key: {each.name}")
    (here / "one.yaml").write_text("key: here")
    monkeypatch.chdir(here)
    assert read("file:///./both.yaml", folder, {}, "key") == {"key": "documents"}
    assert read("file:///./one.yaml", folder, {}, "key") == {"key": "here"}
    assert read(f"file://{here}/both.yaml", folder, {}, "key") == {"key": "here"}
    assert missing("file:///./none.yaml", folder).reason == (
        f"there is neither {folder}/none.yaml nor {here}/none.yaml"
    )
    assert missing("file:///none/at/all.yaml", folder).reason == "there is no /none/at/all.yaml"


def mounted(folder: Path, values: dict[str, bytes]) -> Path:
    """Mount values as Kubernetes does: each key a link to a file of a folder that is swapped whole."""
    folder.mkdir()
    version = folder / "..2026_11_23"
    version.mkdir()
    (folder / "..data").symlink_to(version.name)
    for key, value in values.items():
        (version / key).write_bytes(value)
        (folder / key).symlink_to(f"..data/{key}")
    return folder


@pytest.mark.parametrize("form", ["file://{}/", "file://{}", "{}", "file:///./secrets/"])
def test_a_folder_has_a_file_for_each_key(tmp_path: Path, form: str) -> None:
    values = {"api-key": b"s3cr3t\n", "tls.crt": b"-----\nx\n-----\r\n", "plain": b" of no use "}
    folder = mounted(tmp_path / "secrets", values)
    assert read(form.format(folder), tmp_path, {}, *values, "other") == {
        "api-key": "s3cr3t",
        "tls.crt": "-----\nx\n-----",
        "plain": "of no use",
    }


def test_a_key_cannot_leave_its_folder(tmp_path: Path) -> None:
    folder = mounted(tmp_path / "secrets", {"in": b"in"})
    (tmp_path / "out").write_text("out")
    keys = ("../out", f"{tmp_path}/out", "..", ".", "", "a\0b", "in")
    assert read(f"file://{folder}", tmp_path, {}, *keys) == {"in": "in"}


@pytest.mark.parametrize(
    ("name", "content", "reason"),
    [
        ("x.yaml", b"key: v\nother: 'hunter2\n", "is not valid YAML (line 3)"),
        ("x.yaml", b"key: !!python/object:os.system hunter2", "is not valid YAML (line 1)"),
        (
            "x.yaml",
            b"hunter2",
            "contains no keys; where each file of a folder is one value, use the folder as the location",
        ),
        ("x.json", b'{"key":\n hunter2}', "is not valid JSON (line 2)"),
        ("x.yaml", b"key: " + b"[" * 550 + b"hunter2" + b"]" * 550, "is nested too deeply"),
        (
            "x.json",
            b'{"key":' + b"[" * 200_000 + b'"hunter2"' + b"]" * 200_000 + b"}",
            "is nested too deeply",
        ),
        (
            "x.json",
            b'["hunter2"]',
            "contains no keys; where each file of a folder is one value, use the folder as the location",
        ),
        ("x.yaml", b"key: \xff", "is not text in UTF-8"),
        ("x.yaml", b"# " + b"x" * 1024 * 1024, "is larger than 1,048,576 bytes"),
    ],
)
def test_a_file_that_cannot_be_read_says_why_and_shows_nothing(
    tmp_path: Path, name: str, content: bytes, reason: str
) -> None:
    (tmp_path / name).write_bytes(content)
    assert missing(name, tmp_path).reason == f"{tmp_path}/{name} {reason}"


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux has a file that nobody can read")
def test_a_file_that_cannot_be_opened_says_so(tmp_path: Path) -> None:
    (tmp_path / "x.yaml").symlink_to("/proc/self/mem")
    assert missing("x.yaml", tmp_path).reason == f"{tmp_path}/x.yaml cannot be read: Input/output error"


TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)


@st.composite
def json_secrets(draw: DrawFn) -> dict[str, str]:
    return draw(st.dictionaries(TEXTS.filter(lambda key: "." not in key), TEXTS, min_size=1, max_size=4))


@given(json_secrets())
def test_any_text_in_json_comes_back(
    tmp_path_factory: pytest.TempPathFactory, secrets: dict[str, str]
) -> None:
    folder = tmp_path_factory.mktemp("any")
    (folder / "secrets.json").write_text(json.dumps(secrets))
    assert read_values(folder / "secrets.json", list(secrets)) == secrets
