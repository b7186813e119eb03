"""The files of a skill: listed, read, and downloaded as one; nothing beside its folder."""

from __future__ import annotations

import os
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path
from zipfile import ZipFile

import httpx
import pytest

from naftiko_run import Settings, load
from naftiko_run.errors import DocumentError
from support.server import Served, serving
from support.wire import problem, send_raw

PNG = bytes.fromhex("89504e470d0a1a0a00ff")
OWN = "---\nname: orders\ndescription: By hand\n---\n\nAs written.\n"

DOCUMENT = """
ikanos: 1.0.0-beta5
capability:
  exposes:
  - type: skill
    namespace: s
    skills:
      orders:
        description: Orders
        location: file:///./orders
        tools:
          refund: {description: Refunds, instruction: references/refund.md}
          escape: {description: Reads what it should not, instruction: ../secret}
          absent: {description: Reads what is not there, instruction: none.md}
      bare:
        description: A folder without SKILL.md
        location: ./bare
        tools:
          note: {description: Notes, instruction: a note.md}
      named:
        description: Names its SKILL.md
        location: orders/SKILL.md
      file:
        description: Its location is no folder
        location: orders/logo.png
"""


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    home = tmp_path_factory.mktemp("skill-files")
    files: dict[str, str | bytes] = {
        "secret": "the secret",
        "bare/a note.md": "note",
        "orders/SKILL.md": OWN,
        "orders/logo.png": PNG,
        "orders/references/refund.md": "Refund it.",
        "orders/references/deep/er.yaml": "a: 1",
        "orders/scripts/run.sh": "#!/bin/sh",
        "orders/.env": "the secret",
        "orders/.git/config": "the secret",
        "orders/references/.hidden": "the secret",
    }
    for name, content in files.items():
        path = home / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
    (home / "orders/scripts/run.sh").chmod(0o755)
    (home / "orders/link").symlink_to(home / "secret")
    (home / "orders/inside").symlink_to(home / "orders/logo.png")
    document = home / "document.yaml"
    document.write_text(DOCUMENT, encoding="utf-8")
    with serving(document, settings=Settings()) as served:
        yield served


@pytest.fixture(scope="module")
def client(served: Served) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=served.url("skill")) as client:
        yield client


ORDERS = {
    "SKILL.md": ("text/markdown", OWN.encode()),
    "inside": ("application/octet-stream", PNG),
    "logo.png": ("image/png", PNG),
    "references/deep/er.yaml": ("application/yaml", b"a: 1"),
    "references/refund.md": ("text/markdown", b"Refund it."),
    "scripts/run.sh": ("application/x-sh", b"#!/bin/sh"),
}


def test_files_are_listed(client: httpx.Client) -> None:
    assert client.get(f"{client.base_url}orders/contents").json() == {
        "name": "orders",
        "files": [
            {"path": name, "size": len(content), "type": kind} for name, (kind, content) in ORDERS.items()
        ],
    }


@pytest.mark.parametrize("name", ORDERS)
def test_files_are_read_with_their_type(client: httpx.Client, name: str) -> None:
    answer = client.get(f"{client.base_url}orders/contents/{name}")
    kind, content = ORDERS[name]
    assert answer.content == content
    assert answer.headers["content-type"].partition(";")[0] == kind
    assert answer.headers["x-content-type-options"] == "nosniff"


def test_a_download_has_every_file(client: httpx.Client) -> None:
    answer = client.get(f"{client.base_url}orders/download")
    assert answer.headers["content-type"] == "application/zip"
    assert answer.headers["content-disposition"] == 'attachment; filename="orders.zip"'
    with ZipFile(BytesIO(answer.content)) as archive:
        assert archive.testzip() is None
        assert {name: archive.read(name) for name in archive.namelist()} == {
            name: content for name, (_, content) in ORDERS.items()
        }
        modes = {entry.filename: entry.external_attr >> 16 for entry in archive.infolist()}
    assert (modes["scripts/run.sh"], modes["SKILL.md"]) == (0o755, 0o644)


def test_the_same_files_are_the_same_download(client: httpx.Client, served: Served) -> None:
    first = client.get(f"{client.base_url}orders/download")
    home = Path(served.capabilities[0].file).parent
    os.utime(home / "orders/logo.png", (1, 2_000_000_000))
    assert client.get(f"{client.base_url}orders/download").content == first.content


def test_a_folder_without_a_skill_file_gets_one(client: httpx.Client) -> None:
    listed = client.get(f"{client.base_url}bare/contents").json()["files"]
    assert [each["path"] for each in listed] == ["SKILL.md", "a note.md"]
    made = client.get(f"{client.base_url}bare/contents/SKILL.md").text
    assert made.startswith("---\nname: bare\ndescription: A folder without SKILL.md\n---\n")
    assert "Read [a note.md](<a note.md>) and follow its instructions." in made
    assert client.get(f"{client.base_url}bare/contents/a%20note.md").text == "note"
    with ZipFile(BytesIO(client.get(f"{client.base_url}bare/download").content)) as archive:
        assert archive.read("SKILL.md").decode() == made


def test_instructions_are_tools(client: httpx.Client) -> None:
    assert client.get(f"{client.base_url}orders").json()["tools"] == [
        {
            "name": "refund",
            "description": "Refunds",
            "type": "instruction",
            "instruction": "references/refund.md",
        }
    ]


def test_instructions_that_are_not_there_are_left_out(served: Served) -> None:
    left_out = [each.message for each in served.capabilities[0].diagnostics if each.code == "not-runnable"]
    assert left_out == [
        f"`orders.{tool}` is not served: its `instruction` `{file}` is not a file below the skill's `location`"
        for tool, file in (("escape", "../secret"), ("absent", "none.md"))
    ]


def test_a_location_may_name_the_skill_file(client: httpx.Client) -> None:
    assert client.get(f"{client.base_url}named/contents/SKILL.md").text == OWN


def test_a_location_that_is_no_folder_is_a_warning(client: httpx.Client, served: Served) -> None:
    (found,) = [each for each in served.capabilities[0].diagnostics if each.code == "missing-location"]
    assert found.line == 25
    assert "logo.png` is not a folder" in found.message
    assert len(client.get(f"{client.base_url}file/contents").json()["files"]) == 1


@pytest.mark.parametrize(
    "path",
    [
        "../../secret",
        "..%2f..%2fsecret",
        "%2e%2e/%2e%2e/secret",
        "references/../../secret",
        "references%2F..%2F..%2Fsecret",
        "..%5c..%5csecret",
        "./SKILL.md",
        "%2Fetc/passwd",
        "references//refund.md",
    ],
)
def test_paths_that_lead_out_are_refused(served: Served, path: str) -> None:
    told = problem(raw(served, f"/skills/orders/contents/{path}"), 400)
    assert told["type"].endswith(":unsafe-path")


@pytest.mark.parametrize(
    "path",
    [
        ".env",
        "%2eenv",
        ".git/config",
        "references/.hidden",
        "link",
        "none.md",
        "references",
        "references/deep",
        "SKILL.md%00.png",
        "C:%5cfile",
        "skill.md/x",
    ],
)
def test_what_is_hidden_or_not_there_is_not_found(served: Served, path: str) -> None:
    told = problem(raw(served, f"/skills/orders/contents/{path}"), 404)
    assert told["type"].endswith(":unknown-file")
    assert "secret" not in str(told)


def test_a_skill_without_files_has_only_its_skill_file(client: httpx.Client) -> None:
    problem(client.get(f"{client.base_url}file/contents/logo.png"), 404)


def raw(served: Served, path: str) -> httpx.Response:
    """Ask for a path as it is; clients put dots in order."""
    request = f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n"
    return send_raw(served.origin("skill"), request.encode())


@pytest.mark.parametrize(
    "path", ["", "/orders", "/orders/contents", "/orders/contents/SKILL.md", "/orders/download"]
)
def test_what_a_client_has_is_not_sent_again(client: httpx.Client, path: str) -> None:
    url = f"{str(client.base_url).rstrip('/')}{path}"
    tag = client.get(url).headers["etag"]
    for known in (tag, f"W/{tag}", f'"other", {tag}', "*"):
        again = client.get(url, headers={"If-None-Match": known})
        assert (again.status_code, again.content, again.headers["etag"]) == (304, b"", tag)
    assert client.get(url, headers={"If-None-Match": '"other"'}).status_code == 200


def test_a_changed_file_is_sent_at_once(tmp_path: Path) -> None:
    (tmp_path / "s").mkdir()
    file = tmp_path / "s" / "SKILL.md"
    file.write_text("one")
    document = tmp_path / "d.yaml"
    document.write_text(
        "capability: {exposes: [{type: skill, skills: [{name: s, description: d, location: ./s}]}]}"
    )
    with serving(document, settings=Settings()) as served:
        url = f"{served.url('skill')}/s/contents/SKILL.md"
        first = httpx.get(url)
        file.write_text("two")
        second = httpx.get(url, headers={"If-None-Match": first.headers["etag"]})
        assert (first.text, second.text) == ("one", "two")
        file.unlink()
        assert httpx.get(url).text.startswith("---\nname: s\n")


def test_files_that_are_too_large_are_a_problem(tmp_path: Path) -> None:
    (tmp_path / "s").mkdir()
    for number in range(6):
        with (tmp_path / "s" / f"large-{number}").open("wb") as file:
            file.truncate(9 * 1024 * 1024)
    with (tmp_path / "s" / "largest").open("wb") as file:
        file.truncate(11 * 1024 * 1024)
    document = tmp_path / "d.yaml"
    document.write_text(
        "capability: {exposes: [{type: skill, skills: [{name: s, description: d, location: ./s}]}]}"
    )
    with serving(document, settings=Settings()) as served:
        one = problem(httpx.get(f"{served.url('skill')}/s/contents/largest"), 500)
        assert one["detail"] == "This cannot be served: `largest` is larger than 10,485,760 bytes"
        every = problem(httpx.get(f"{served.url('skill')}/s/download"), 500)
        assert every["detail"] == "This cannot be served: the files are larger than 52,428,800 bytes together"
        assert len(httpx.get(f"{served.url('skill')}/s/contents").json()["files"]) == 8


def test_a_document_whose_only_skill_is_left_out_is_refused(tmp_path: Path) -> None:
    document = tmp_path / "d.yaml"
    document.write_text(
        "capability: {exposes: [{type: skill, skills: [{name: s, description: d, tools: [{name: t}]}]}]}"
    )
    with pytest.raises(DocumentError, match="neither `from` nor `instruction`"):
        load(document)
