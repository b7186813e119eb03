"""The documentation: generated pages are current, links and anchors lead somewhere, and nothing is left out."""

from __future__ import annotations

import re
import subprocess
import unicodedata
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from urllib.parse import unquote

import pytest
import yaml
from markdown_it import MarkdownIt
from scripts import docs as site
from scripts.reference import FOLDER, PAGES

from support.process import COMMAND, ROOT

DOCS = ROOT / "docs"
TEXTS = [*sorted(ROOT.glob("*.md")), *sorted(DOCS.rglob("*.md"))]
SOURCES = sorted((ROOT / "src").rglob("*.py"))


def name_of(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


@pytest.mark.parametrize("name", PAGES)
def test_a_generated_page_is_current(name: str) -> None:
    written = FOLDER.joinpath(name).read_text(encoding="utf-8")
    assert written == PAGES[name](), "run: make reference"


@cache
def links_and_anchors(page: Path) -> tuple[tuple[str, ...], frozenset[str]]:
    """Return the targets of a page's links and images, and the anchors that both GitHub and MkDocs give it."""
    targets: list[str] = []
    anchors: set[str] = set()
    tokens = MarkdownIt("commonmark").enable("table").parse(page.read_text(encoding="utf-8"))
    for token, after in zip(tokens, [*tokens[1:], None], strict=True):
        if token.type == "heading_open" and after is not None:
            heading = "".join(each.content for each in after.children or ())
            if github_slug(heading) == mkdocs_slug(heading):
                anchors.add(mkdocs_slug(heading))
        for each in token.children or ():
            targets += [str(each.attrs[key]) for key in ("href", "src") if key in each.attrs]
            anchors.update(
                re.findall(r'<a id="([^"]+)">', each.content) if each.type == "html_inline" else ()
            )
        anchors.update(re.findall(r'<a id="([^"]+)">', token.content) if token.type == "html_block" else ())
    return tuple(targets), frozenset(anchors)


def github_slug(heading: str) -> str:
    return re.sub(r"[^\w\s-]", "", heading.lower()).replace(" ", "-")


def mkdocs_slug(heading: str) -> str:
    ascii_only = unicodedata.normalize("NFKD", heading).encode("ascii", "ignore").decode()
    return re.sub(r"[-\s]+", "-", re.sub(r"[^\w\s-]", "", ascii_only).strip().lower())


def dead_links(page: Path) -> Iterator[str]:
    for target in links_and_anchors(page)[0]:
        path, _, anchor = unquote(target).partition("#")
        if re.match(r"[a-z]+:", path):
            continue
        linked = (page.parent / path).resolve() if path else page
        inside = DOCS if page.is_relative_to(DOCS) else ROOT
        is_dead = not linked.is_file() or not linked.is_relative_to(inside)
        if is_dead or (anchor and anchor not in links_and_anchors(linked)[1]):
            yield target


@pytest.mark.parametrize("page", TEXTS, ids=name_of)
def test_every_link_and_anchor_of_a_page_leads_somewhere(page: Path) -> None:
    assert [*dead_links(page)] == []


def test_a_dead_link_and_a_dead_anchor_are_found(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text("# One thing\n\n[a](#one-thing) [b](#another) [c](none.md) [d](https://example.com)\n")
    assert [each for each in links_and_anchors(page)[0] if each.startswith("#")] == ["#one-thing", "#another"]
    assert links_and_anchors(page)[1] == {"one-thing"}


@pytest.mark.parametrize("page", [*TEXTS, *SOURCES, ROOT / "Makefile"], ids=name_of)
def test_every_page_that_is_named_in_a_text_exists(page: Path) -> None:
    named = set(re.findall(r"(?<![\w./-])docs/[\w./-]+\.md\b", page.read_text(encoding="utf-8")))
    assert {each for each in named if not (ROOT / each).is_file()} == set()


def navigation(entries: list[object]) -> Iterator[str]:
    for entry in entries:
        if isinstance(entry, str):
            yield entry
        elif isinstance(entry, dict):
            for nested in entry.values():
                yield from navigation(nested if isinstance(nested, list) else [nested])


def test_the_navigation_has_every_page() -> None:
    listed = [*navigation(yaml.safe_load((ROOT / "mkdocs.yml").read_text(encoding="utf-8"))["nav"])]
    assert sorted(listed) == sorted(path.relative_to(DOCS).as_posix() for path in DOCS.rglob("*.md"))


@pytest.mark.parametrize("page", sorted(DOCS.glob("explanation/decisions/[0-9]*.md")), ids=name_of)
def test_the_decisions_of_a_page_have_unique_ids_and_are_newest_first(page: Path) -> None:
    topic = int(page.name.partition("-")[0])
    text = page.read_text(encoding="utf-8")
    found = re.findall(
        r'^<a id="d(\d+)-(\d+)"></a>\*\*(\d+)\.(\d+) .*\*\* \((\d{4}-\d\d-\d\d)\)$', text, re.MULTILINE
    )
    assert len(found) == text.count("<a id=") > 0
    assert all((int(a), int(c)) == (topic, topic) and b == d for a, b, c, d, _ in found)
    assert [int(number) for _, number, *_ in found] == [*range(len(found), 0, -1)]
    dates = [date for *_, date in found]
    assert dates == sorted(dates, reverse=True)
    sections = re.findall(r"^## (.*)$", text, re.MULTILINE)
    assert sections == ["Context", "Decisions", "Consequences"]


def test_the_settings_page_has_every_option_and_variable() -> None:
    page = (FOLDER / "settings.md").read_text(encoding="utf-8")
    printed = subprocess.run([COMMAND, "--help"], capture_output=True, text=True, check=True).stdout
    options = set(re.findall(r"^\s+(?:-\w, )?(--[a-z-]+)", printed, re.MULTILINE)) - {"--help", "--version"}
    assert options
    assert {each for each in options if f"`{each}" not in page} == set()
    source = "".join(path.read_text(encoding="utf-8") for path in SOURCES)
    variables = set(re.findall(r"\bNAFTIKO_[A-Z_]*[A-Z]", source))
    assert variables
    assert {each for each in variables if f"`{each}" not in page} == set()


def test_the_architecture_page_has_every_package() -> None:
    page = (DOCS / "explanation" / "architecture.md").read_text(encoding="utf-8")
    packages = [path.parent.name for path in (ROOT / "src" / "naftiko_run").glob("*/__init__.py")]
    assert {each for each in packages if f"| `{each}/" not in page} == set()


def test_a_site_that_loads_something_from_elsewhere_is_found(tmp_path: Path) -> None:
    (tmp_path / "page.html").write_text(
        '<link rel="stylesheet" href="assets/own.css"><a href="https://example.com">a link loads nothing</a>'
        '<link href="https://fonts.example/font.css" rel="stylesheet"><script src=//cdn.example/a.js></script>'
    )
    (tmp_path / "own.css").write_text("@font-face { src: url('https://fonts.example/a.woff2') }")
    assert {url for _, url in site.external_resources(tmp_path)} == {
        "https://fonts.example/font.css",
        "//cdn.example/a.js",
        "https://fonts.example/a.woff2",
    }
