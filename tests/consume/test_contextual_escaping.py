"""A value cannot leave its context in an XML, SPARQL or GraphQL body."""

from __future__ import annotations

import json
import re
from typing import Any
from urllib.parse import unquote
from xml.dom import minidom

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from consume.recording import sent, tool
from consume.test_escaping import body_of, writing
from naftiko_run.errors import InvalidInput
from naftiko_run.invoke import Function

HOSTILE = [
    *(
        "]]>",
        "]]",
        "]",
        ">",
        "]>",
        "-->",
        "--",
        "-",
        "->",
        "?>",
        "?",
        "<!--",
        "<![CDATA[",
        "&amp;",
        "\r\n",
        "\x00",
        "\ufffe",
    ),
    *(
        '"',
        "'",
        '"""',
        "'''",
        '\\"',
        "\\",
        "\\\\",
        "\\u0022",
        "\\u005C",
        "\\U00000022",
        "#",
        "\n",
        "\t",
        "\b",
    ),
    *(
        "> }",
        "<x>",
        "a b",
        "{",
        "}",
        "true",
        "5",
        "-1.5e3",
        "x-y",
        "Q42",
        "en-GB",
        "é",
        "\x7f",
        "^",
        "|",
        "`",
    ),
]
texts = st.lists(
    st.sampled_from(HOSTILE) | st.text(st.characters(exclude_categories=["Cs"]), max_size=3), max_size=4
).map("".join)

XML = """<?xml version="1.0"?><?p {{x}}?><r a="{{x}}" b='{{x}}'><!--{{x}}--><t>{{x}}</t><c><![CDATA[{{x}}]]></c>\
<d><![CDATA[a]]{{x}} ]{{x}}{{x}}>]]></d></r>"""
XML_FUNCTIONS = [
    writing({"type": "xml", "data": XML}),
    writing(XML),
    writing({"type": "xml", "data": XML.replace("{{x}}", "{{#list}}{{.}}{{/list}}")}),
]


def legal(text: str) -> str:
    return re.sub("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]", "\ufffd", text)


@pytest.mark.parametrize("function", XML_FUNCTIONS)
@given(value=texts)
def test_a_value_stays_in_its_place_in_xml(function: Function, value: str) -> None:
    document = minidom.parseString(body_of(function, x=value, list=[value]))  # noqa: S318 - of our own making
    instruction, root = document.childNodes
    assert isinstance(instruction, minidom.ProcessingInstruction)
    assert isinstance(root, minidom.Element)
    assert dict(root.attributes.items()) == {"a": legal(value), "b": legal(value)}
    comment, text, section, between = root.childNodes
    assert isinstance(comment, minidom.Comment)
    assert comment.data.replace(" ", "") == re.sub("\r\n?", "\n", legal(value)).replace(" ", "")
    assert content(text) == legal(value)
    assert content(section) == legal(value)
    assert content(between) == f"a]]{legal(value)} ]{legal(value)}{legal(value)}>"


def content(node: Any) -> str:
    assert all(isinstance(each, minidom.Text) for each in node.childNodes)
    return "".join(each.data for each in node.childNodes)


@pytest.mark.parametrize("value", ["a b='c'", "a/><b", "1a", "", "a>"])
def test_only_a_name_is_allowed_in_the_markup_of_xml(value: str) -> None:
    function = writing({"type": "xml", "data": "<{{x}}>1</{{x}}>"})
    assert body_of(function, x="ns:item-1") == b"<ns:item-1>1</ns:item-1>"
    with pytest.raises(InvalidInput) as refused:
        sent(function, {"x": value})
    assert [each.pointer for each in refused.value.violations] == ["/x"]


SPARQL = """PREFIX x: <http://h/{{x}}/>
SELECT ?s { ?s <{{x}}> "a {{x}}", '{{x}}', \"\"\"{{x}}\"\"\", '''a{{x}}'''@en . # {{x}}
 FILTER(?n < 5 && ?m > 6) }"""
SPARQL_FUNCTION = writing({"type": "sparql", "data": SPARQL})


def sparql_tokens(text: str) -> list[tuple[str, str]]:
    """Tokenize a query by the grammar of SPARQL 1.1; strings are decoded, white space and comments dropped."""
    tokens: list[tuple[str, str]] = []
    at = 0
    while at < len(text):
        start = at
        if text[at] == "#":
            while at < len(text) and text[at] not in "\r\n":
                at += 1
        elif found := re.compile(r'<[^\x00-\x20<>"{}|^`\\]*>').match(text, at):
            tokens.append(("iri", found[0][1:-1]))
            at = found.end()
        elif text[at] in "\"'":
            quote = text[at] * 3 if text.startswith(text[at] * 3, at) else text[at]
            at += len(quote)
            value = ""
            while not text.startswith(quote, at):
                assert at < len(text), "a string is not closed"
                if text[at] == "\\":
                    escape = re.compile(r"\\(?:u([0-9A-F]{4})|U([0-9A-F]{8})|([tbnrf\\\"']))").match(text, at)
                    assert escape, text[at:]
                    code = escape[1] or escape[2]
                    value += chr(int(code, 16)) if code else json.loads(f'"{escape[0]}"'.replace("\\'", "'"))
                    at = escape.end()
                else:
                    assert len(quote) == 3 or text[at] not in "\r\n"
                    value += text[at]
                    at += 1
            at += len(quote)
            tokens.append(("string", value))
        elif found := re.compile(r"\s+").match(text, at):
            at = found.end()
        else:
            found = re.compile(r"[?$@:\w.-]+|&&|.", re.DOTALL).match(text, at)
            assert found
            tokens.append(("other", found[0]))
            at = found.end()
        assert at > start
    return tokens


def codepoints_decoded(text: str) -> str:
    """Replace codepoint escapes before parsing, as SPARQL 1.1 (19.2) can be interpreted."""
    return re.sub(
        r"\\u([0-9A-Fa-f]{4})|\\U([0-9A-Fa-f]{8})", lambda found: chr(int(found[1] or found[2], 16)), text
    )


@given(texts)
@example("\\u0022 . ?a ?b ?c")
def test_a_value_stays_in_its_place_in_sparql(value: str) -> None:
    plain = sparql_tokens(SPARQL.replace("{{x}}", ""))
    body = body_of(SPARQL_FUNCTION, x=value).decode()
    tokens = sparql_tokens(body)
    assert [kind for kind, _ in tokens] == [kind for kind, _ in plain]
    strings = [text for kind, text in tokens if kind == "string"]
    assert strings == [f"a {value}", value, value, f"a{value}"]
    iris = [unquote(text) for kind, text in tokens if kind == "iri"]
    assert iris == [unquote(f"http://h/{value}/"), unquote(value)]
    assert sparql_tokens(codepoints_decoded(body)) == tokens


BARE = {
    "ASK { ?s ?p {{x}} }": r"true|false|[+-]?\d*\.?\d+([eE][+-]?\d+)?",
    "ASK { wd:{{x}} ?p 1 }": r"[\w.-]+",
    "ASK { ?{{x}} ?p 1 }": r"\w+",
    'ASK { ?s ?p "a"@{{x}} }': "[a-zA-Z]+(-[a-zA-Z0-9]+)*",
}
BARE_FUNCTIONS = {text: writing({"type": "sparql", "data": text}) for text in BARE}


@given(texts)
def test_only_a_single_token_is_allowed_outside_quotes_in_sparql(value: str) -> None:
    for text, pattern in BARE.items():
        try:
            body = body_of(BARE_FUNCTIONS[text], x=value).decode()
        except InvalidInput:
            continue
        assert body == text.replace("{{x}}", value)
        assert re.fullmatch(pattern, value)


@pytest.mark.parametrize(
    ("text", "value", "written"),
    [
        ("ASK { wd:{{x}} ?p 1 }", "Q42", "ASK { wd:Q42 ?p 1 }"),
        ("ASK { :a{{x}} ?p 1 }", "b.c-d", "ASK { :ab.c-d ?p 1 }"),
        ("ASK { ?{{x}} ?p 1 }", "name", "ASK { ?name ?p 1 }"),
        ('ASK { ?s ?p "a"@{{x}} }', "en-GB", 'ASK { ?s ?p "a"@en-GB }'),
        ("ASK {} LIMIT {{x}}", 5, "ASK {} LIMIT 5"),
        ("ASK { ?s ?p {{x}} }", True, "ASK { ?s ?p true }"),
        ("FILTER(?a<{{x}} && ?b>1)", 5, "FILTER(?a<5 && ?b>1)"),
        ("{{x}}", 'ASK { ?s ?p "a" }', 'ASK { ?s ?p "a" }'),
        ('VALUES ?v { {{#x}}"{{.}}" {{/x}}}', ['a"', "b"], 'VALUES ?v { "a\\"" "b" }'),
    ],
)
def test_allowed_values_in_sparql(text: str, value: Any, written: str) -> None:
    assert body_of(writing({"type": "sparql", "data": text}), x=value).decode() == written


GRAPHQL = 'query Q { a(b: "{{x}}", c: "k {{x}}", d: """{{x}}""") { e } # {{x}}\n f(g: """h {{x}} i""") }'
ARGUMENT = tool(
    {"method": "POST", "inputParameters": [{"name": "query", "in": "body", "value": GRAPHQL}]},
)
CALLED_WITH = tool(
    {"method": "POST", "inputParameters": [{"name": "query", "in": "body", "required": True}]},
    {
        "with": {"query": GRAPHQL.replace("{{x}}", "{{tools.x}}")},
        "inputParameters": [{"name": "x", "type": "string"}],
    },
)
GRAPHQL_FUNCTIONS = [
    CALLED_WITH,
    writing({"type": "json", "data": {"query": GRAPHQL, "variables": {}}}),
    writing({"type": "json", "data": json.dumps({"query": GRAPHQL})}),
    ARGUMENT,
]


def graphql_tokens(text: str) -> list[tuple[str, str]]:
    """Tokenize a document by the grammar of GraphQL; strings are decoded, block strings except for their edges."""
    tokens: list[tuple[str, str]] = []
    at = 0
    while at < len(text):
        if text.startswith('"""', at):
            at += 3
            value = ""
            while not text.startswith('"""', at):
                assert at < len(text), "a block string is not closed"
                step = 4 if text.startswith('\\"""', at) else 1
                value += '"""' if step == 4 else text[at]
                at += step
            at += 3
            tokens.append(("block", value))
        elif text[at] == '"':
            found = re.compile(r'"(?:[^"\\\r\n]|\\["\\/bfnrt]|\\u[0-9A-Fa-f]{4})*"').match(text, at)
            assert found, text[at:]
            tokens.append(("string", json.loads(found[0], strict=False)))
            at = found.end()
        elif found := re.compile(r"#[^\r\n]*|[\s,]+").match(text, at):
            at = found.end()
        else:
            found = re.compile(r"\w+|.", re.DOTALL).match(text, at)
            assert found
            tokens.append(("other", found[0]))
            at = found.end()
    return tokens


@pytest.mark.parametrize("function", GRAPHQL_FUNCTIONS)
@given(value=texts)
def test_a_value_stays_in_its_place_in_graphql(function: Function, value: str) -> None:
    query = json.loads(body_of(function, x=value))["query"]
    tokens = graphql_tokens(query)
    plain = graphql_tokens(GRAPHQL.replace("{{x}}", ""))
    assert [each for each in tokens if each[0] == "other"] == [each for each in plain if each[0] == "other"]
    assert [text for kind, text in tokens if kind == "string"] == [value, f"k {value}"]
    first, second = (text for kind, text in tokens if kind == "block")
    assert first in (value, f"{value}\n")
    assert second == f"h {value} i"


@pytest.mark.parametrize(
    ("text", "value", "written"),
    [
        ("{ a(b: {{x}}) }", 5, "{ a(b: 5) }"),
        ("{ a(b: {{x}}) }", "-1.5", "{ a(b: -1.5) }"),
        ("{ a(b: {{x}}) }", "OPEN", "{ a(b: OPEN) }"),
        ("{ a(b: {{x}}) }", ['c"', 1], '{ a(b: ["c\\"", 1]) }'),
        ("{ a(b: {{x}}) }", {"c": "d", "e": [True]}, '{ a(b: {c: "d", e: [true]}) }'),
        ("{ a(b: {{x}}) }", "c) { d", '{ a(b: "c) { d") }'),
        ("{ a(b: {{x}}) }", "a-b", '{ a(b: "a-b") }'),
        ("{ {{x}} }", "a b", None),
        ("{ a_{{x}} }", "b { c }", None),
        ("{ a(b: {{x}}) }", {"c: 1, d": 2}, None),
        ('{ a(b: """{{x}}{{x}}""") }', '"', None),
        ("{{x}}", '{ a(b: "c") }', '{ a(b: "c") }'),
        ('SELECT "{{x}}"', '"', 'SELECT """'),
    ],
)
def test_allowed_values_in_graphql(text: str, value: Any, written: str | None) -> None:
    function = writing({"type": "json", "data": {"query": text}})
    if written is None:
        with pytest.raises(InvalidInput):
            sent(function, {"x": value})
    else:
        assert json.loads(body_of(function, x=value))["query"] == written
