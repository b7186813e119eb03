"""JSON, XML, YAML, delimited and plain text, as data."""

from __future__ import annotations

import codecs
from typing import Any

import pytest

from consume.formats import decode
from naftiko_run import _json
from naftiko_run.expressions import MISSING, compile_path

XSI = "xmlns:xsi='http://www.w3.org/2001/XMLSchema-instance'"


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("<fleet><vessel>A</vessel><vessel>B</vessel></fleet>", {"vessel": ["A", "B"]}),
        ("<fleet><vessel>A</vessel></fleet>", {"vessel": "A"}),
        ("<fleet><vessel id='1'>A</vessel></fleet>", {"vessel": {"id": "1", "": "A"}}),
        ("<fleet n='2'><port><name>X</name></port></fleet>", {"n": "2", "port": {"name": "X"}}),
        ("<fleet>\n  <vessel/>\n  <note></note>\n</fleet>", {"vessel": "", "note": ""}),
        ("<fleet><a><b/><b/></a><a><b>1</b></a></fleet>", {"a": [{"b": ["", ""]}, {"b": "1"}]}),
        ("<f:fleet xmlns:f='urn:f' f:n='2'><f:port>X</f:port></f:fleet>", {"n": "2", "port": "X"}),
        (f"<fleet {XSI}><port xsi:nil='true'/></fleet>", {"port": None}),
        ("<fleet><a>x &lt;&#233; <![CDATA[<b>]]></a></fleet>", {"a": "x <é <b>"}),
        (
            "<fleet><!-- c --><?pi x?><a>some <b>bold</b> text</a></fleet>",
            {"a": {"b": "bold", "": "some  text"}},
        ),
        ("<fleet>text</fleet>", "text"),
        ("<fleet/>", ""),
        ("<!DOCTYPE fleet><fleet><a>1</a></fleet>", {"a": "1"}),
    ],
)
def test_xml(text: str, value: Any) -> None:
    assert decode("xml", text) == value


@pytest.mark.parametrize(
    ("text", "path", "value"),
    [
        ("<fleet><port>X</port></fleet>", "$.fleet.port", "X"),
        ("<fleet><port>X</port></fleet>", "$.port", "X"),
        ("<fleet><port>X</port></fleet>", "$['fleet']['port']", "X"),
        ("<fleet><port>X</port></fleet>", "$.fleet", {"port": "X"}),
        ("<fleet><port>X</port></fleet>", "$.harbour.port", MISSING),
        ("<fleet><port>X</port></fleet>", "$.port.fleet", MISSING),
        ("<fleet><port>X</port></fleet>", "$.fleet.fleet.port", MISSING),
        ("<fleet><port>X</port><port>Y</port></fleet>", "$.fleet.port[*]", ["X", "Y"]),
        ("<fleet><port n='1'>X</port><port n='2'/></fleet>", "$.fleet.port[?@.n == '2'].n", ["2"]),
        ("<fleet><ship id='1'/><ship id='2'/></fleet>", "$.fleet..id", ["1", "2"]),
        ("<f:fleet xmlns:f='urn:f' n='2'>text</f:fleet>", "$.fleet.n", "2"),
        ("<fleet>hi</fleet>", "$", "hi"),
        ("<fleet>hi</fleet>", "$.fleet", "hi"),
        ("<fleet>hi</fleet>", "$['fleet']", "hi"),
        ("<f:fleet xmlns:f='urn:f'>hi</f:fleet>", "fleet", "hi"),
        ("<fleet>hi</fleet>", "$.fleet.length()", 2),
        ("<fleet/>", "$.fleet", ""),
        ("<fleet>hi</fleet>", "$.port", MISSING),
        ("<fleet>hi</fleet>", "$.fleet.fleet", MISSING),
        # a member of that name comes first
        ("<item><item><id>1</id></item></item>", "$.item.id", "1"),
        ("<item><item>1</item><item>2</item></item>", "$.item[1]", "2"),
    ],
)
def test_a_path_into_xml_may_begin_with_the_root(text: str, path: str, value: Any) -> None:
    decoded = decode("xml", text)
    assert compile_path(path)(decoded) == value
    assert _json.loads(_json.dumps(decoded)) == decoded


@pytest.mark.parametrize(
    "text",
    [
        "<!DOCTYPE a [<!ENTITY x 'xxxx'>]><a>&x;</a>",
        "<!DOCTYPE a [<!ENTITY x 'x'><!ENTITY y '&x;&x;'>]><a/>",
        "<!DOCTYPE a [<!ENTITY x SYSTEM 'file:///etc/hostname'>]><a>&x;</a>",
        "<!DOCTYPE a [<!ENTITY % x SYSTEM 'http://127.0.0.1/x.dtd'> %x;]><a/>",
        "<!DOCTYPE a SYSTEM 'http://127.0.0.1/x.dtd'><a>&x;</a>",
    ],
)
def test_xml_with_custom_entities_is_rejected(text: str) -> None:
    with pytest.raises(ValueError, match="custom entities"):
        decode("xml", text)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("<a><b></a>", "mismatched tag at line 1, column 9"),
        ("not xml", "syntax error at line 1, column 1"),
        ("<a/><b/>", "junk after document element"),
        ("<x:a/>", "unbound prefix"),
        ("<a>" * 100_000, "more than 200 levels deep"),
        ("<?xml version='1.0' encoding='klingon'?><a/>", "declared encoding"),
    ],
)
def test_xml_that_is_malformed(text: str, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        decode("xml", text)


@pytest.mark.parametrize(
    ("content", "media_type"),
    [
        ("<a>é</a>".encode(), ""),
        ("<?xml version='1.0' encoding='iso-8859-1'?><a>é</a>".encode("latin-1"), "text/xml"),
        ("<?xml version='1.0' encoding='utf-8'?><a>é</a>".encode("latin-1"), "text/xml; charset=latin-1"),
        ("<?xml version='1.0' encoding='utf-16'?><a>é</a>".encode("utf-16"), "application/xml"),
        (codecs.BOM_UTF8 + "<a>é</a>".encode(), "text/xml; charset=latin-1"),
    ],
)
def test_the_encodings_of_xml(content: bytes, media_type: str) -> None:
    assert decode("xml", content, media_type) == "é"


@pytest.mark.parametrize(
    ("name", "text", "value"),
    [
        ("csv", "id,name\r\n1,Ann\r\n2,Bo\r\n", [{"id": "1", "name": "Ann"}, {"id": "2", "name": "Bo"}]),
        ("csv", 'id,name\n1,"a, ""b""\nc"', [{"id": "1", "name": 'a, "b"\nc'}]),
        ("csv", " id , name \n 1 ,\n", [{"id": " 1 ", "name": ""}]),
        ("csv", "id,name\n1\n\n2,Bo,,\n", [{"id": "1", "name": ""}, {"id": "2", "name": "Bo"}]),
        ("csv", "n,n,n-2\n1,2,3", [{"n": "1", "n-2": "2", "n-2-2": "3"}]),
        ("csv", "id,name\n", []),
        ("tsv", "id\tname\n1\tA, B", [{"id": "1", "name": "A, B"}]),
        ("psv", "id|name\n1|A, B", [{"id": "1", "name": "A, B"}]),
    ],
)
def test_delimited_text(name: str, text: str, value: Any) -> None:
    assert decode(name, text) == value


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("a,b\n1,2,3\n", "line 2 has 3 values; the header has 2"),
        ('a,b\n1,"2\n', "line 2: unexpected end of data"),
        ('a,b\n1,"2"3\n', "line 2: ',' expected after"),
    ],
)
def test_delimited_text_that_is_malformed(text: str, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        decode("csv", text)


@pytest.mark.parametrize("name", ["csv", "yaml", "markdown", "text", "json"])
def test_the_encodings_of_text(name: str) -> None:
    text = {"csv": "é\né", "yaml": "é: é", "markdown": "# é", "text": "é", "json": '{"é": "é"}'}[name]
    expected = decode(name, text)
    assert "é" in str(expected)
    assert decode(name, text.encode("latin-1"), "text/x; charset=ISO-8859-1") == expected
    assert decode(name, text.encode("cp1252"), 'text/x; a=b; Charset="windows-1252"') == expected
    for mark, encoding in [
        (codecs.BOM_UTF8, "utf-8"),
        (codecs.BOM_UTF16_LE, "utf-16-le"),
        (codecs.BOM_UTF16_BE, "utf-16-be"),
        (codecs.BOM_UTF32_LE, "utf-32-le"),
    ]:
        assert decode(name, mark + text.encode(encoding), "text/x") == expected


@pytest.mark.parametrize("charset", ["klingon", "base64", "rot13"])
def test_an_unknown_charset(charset: str) -> None:
    with pytest.raises(ValueError, match=f"unknown charset `{charset}`"):
        decode("csv", "a", f"text/csv; charset={charset}")


@pytest.mark.parametrize("name", ["csv", "tsv", "psv", "yaml", "markdown", "text", "xml"])
def test_bytes_that_are_not_in_their_encoding(name: str) -> None:
    with pytest.raises(ValueError, match="byte 3 is not utf-8 text"):
        decode(name, b"<a>\xe9</a>")


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("a: [1, 2.5, true, null, x]", {"a": [1, 2.5, True, None, "x"]}),
        ("on: no\n2026-01-02: 2026-01-02\n", {"on": "no", "2026-01-02": "2026-01-02"}),
        ("a: &x {b: 1}\nc: *x\nd: {<<: *x}\n", {"a": {"b": 1}, "c": {"b": 1}, "d": {"b": 1}}),
        ("--- !ruby/object:X\na: !!python/name:os.system x\n", {"a": "x"}),
        ("- 1\n- 2\n", [1, 2]),
    ],
)
def test_yaml(text: str, value: Any) -> None:
    assert decode("yaml", text) == value


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("a: [1", "yaml syntax at line"),
        ("a: 1\nsecret: 2\nsecret: 3\n", "duplicate key at line 3, column 1$"),
        ("a: *secret", "unknown anchor at line 1, column 4$"),
        ("a: 1\n---\nb: 2\n", "several documents at line 2"),
        (
            "a0: &a0 [x, x]\n" + "".join(f"a{n}: &a{n} [*a{n - 1}, *a{n - 1}]\n" for n in range(1, 40)),
            "too many values",
        ),
    ],
)
def test_yaml_that_is_rejected(text: str, words: str) -> None:
    with pytest.raises(ValueError, match=words) as refused:
        decode("yaml", text)
    assert "secret" not in str(refused.value)


def test_plain_text() -> None:
    assert decode("text", "up 1\n") == "up 1\n"
