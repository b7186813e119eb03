"""The tables of HTML pages, and the parts of Markdown documents."""

from __future__ import annotations

from typing import Any

import pytest

from consume.formats import decode

PAGE = """<!doctype html><html><head><title>é</title><style>td {}</style></head><body>
<table id=ships class="results big">
  <thead><tr><th>Name</th><th> IMO
    number </th></tr></thead>
  <tbody>
    <tr><td>Ann<br>Lee</td><td><b>9</b>1</td></tr>
    <tr><th>Total</th><td>2</td></tr>
    <tr><td>Bo<script>x()</script></td></tr>
  </tbody>
</table>
<div><p>text</p><table><tr><th>Port<tr><td>Rotterdam<tr><td>Antwerp<td>more</table></div>
<table><tr><td>no header</td></tr></table>
</body></html>"""

SHIPS = [{"Name": "Ann Lee", "IMO number": "91"}, {"Name": "Bo", "IMO number": ""}]
PORTS = [{"Port": "Rotterdam"}, {"Port": "Antwerp"}]


@pytest.mark.parametrize(
    ("selector", "tables"),
    [
        ("", [SHIPS, PORTS]),
        ("table.results", [SHIPS]),
        ("div", [PORTS]),
        ("body, div, table", [SHIPS, PORTS]),
        ("#none", []),
    ],
)
def test_the_tables_of_a_page(selector: str, tables: Any) -> None:
    assert decode("html", PAGE, schema=selector) == {"tables": tables}


def test_a_table_in_a_table_is_its_own() -> None:
    inner = "<table><tr><th>In</th></tr><tr><td>1</td></tr></table>"
    page = f"<table><tr><th>Out</th></tr><tr><td>{inner}</td></tr></table>"
    assert decode("html", page) == {"tables": [[{"Out": "In 1"}], [{"In": "1"}]]}


@pytest.mark.parametrize(
    ("content", "media_type"),
    [
        (b"{}", "text/html"),
        ("{}".encode("latin-1"), "text/html; charset=iso-8859-1"),
        ('<meta charset="iso-8859-1">{}'.encode("latin-1"), "text/html"),
        (b'<meta charset="klingon">{}', "text/html"),
    ],
)
def test_the_encodings_of_a_page(content: bytes, media_type: str) -> None:
    encoding = "latin-1" if "8859" in f"{content!r}{media_type}" else "utf-8"
    page = content.replace(b"{}", "<table><tr><th>é<tr><td>ü</table>".encode(encoding))
    assert decode("html", page, media_type) == {"tables": [[{"é": "ü"}]]}


def test_content_that_is_not_html_has_no_tables() -> None:
    assert decode("html", b"\xff\x00 nothing") == {"tables": []}


TEXT = """\
---
title: Report
numbers: [1, 2]
---
Before any heading.

# Results of *May*
First `code`
and [a link](https://x.example).

| Name | Tons |
| ---- | ---: |
| Ann  | **5** |
| Bo \\| Co |

- one
- two
  - three

Results by port
---------------
```py
print(1)
```
> quoted

### Notes
"""

SECTIONS = [
    {"heading": "Results of May", "level": 1, "content": "First code and a link.\none\ntwo\nthree"},
    {"heading": "Results by port", "level": 2, "content": "print(1)\nquoted"},
    {"heading": "Notes", "level": 3, "content": ""},
]


@pytest.mark.parametrize(
    ("prefix", "sections"),
    [
        ("", SECTIONS),
        ("Results", SECTIONS[:2]),
        ("## Results", SECTIONS[1:2]),
        ("##", SECTIONS[1:2]),
        ("# None", []),
    ],
)
def test_markdown(prefix: str, sections: Any) -> None:
    assert decode("markdown", TEXT, schema=prefix) == {
        "frontMatter": {"title": "Report", "numbers": [1, 2]},
        "tables": [[{"Name": "Ann", "Tons": "5"}, {"Name": "Bo | Co", "Tons": ""}]],
        "sections": sections,
    }


@pytest.mark.parametrize("text", ["plain", "---\n- a\n---\n", "---\nopen: 1\n", "a\n---\nb: 1\n---\n"])
def test_markdown_without_front_matter(text: str) -> None:
    assert decode("markdown", text)["frontMatter"] == {}


def test_markdown_with_windows_lines() -> None:
    assert decode("markdown", TEXT.replace("\n", "\r\n")) == decode("markdown", TEXT)


def test_front_matter_that_is_malformed() -> None:
    with pytest.raises(ValueError, match="yaml syntax at line 2"):
        decode("markdown", "---\na: [\n---\n# x")
