"""A value cannot change the syntax around it, in any part of a request or any language of a body."""

from __future__ import annotations

import json
import re
from email import message_from_bytes
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit
from xml.etree import ElementTree as ET

import pytest
import yaml
from hypothesis import assume, given
from hypothesis import strategies as st

from consume.recording import header_of, sent, tool
from expressions.values import json_values
from naftiko_run.errors import InvalidInput
from naftiko_run.expressions import as_text
from naftiko_run.invoke import Function

texts = st.text(min_size=1) | st.sampled_from(
    [
        "a: b",
        "- x",
        "'",
        '"',
        '\\"',
        "a\n# b",
        "}\n",
        "|",
        "&a",
        "*a",
        "!!int 1",
        "1",
        "true",
        "null",
        "~",
        "]]>",
        "<",
        "&lt;",
        "--",
        "\t",
        "\x85",
        "a\u2028b",
        "\r\n",
    ]
)


def writing(body: Any, *parameters: dict[str, Any]) -> Function:
    return tool({"method": "POST", "body": body, "inputParameters": list(parameters)})


QUOTED_YAML = writing({"type": "yaml", "data": "a: \"k={{x}}\"\nb: 'k={{x}}'\nc: k={{x}}\nd: |-\n  {{x}}\n"})
WHOLE_YAML = writing({"type": "yaml", "data": "a: {{x}}\nb: [{{x}}, 1]\nc: {d: {{x}}}\ne:\n- {{x}}\n"})
LISTED_YAML = writing({"type": "yaml", "data": "items:\n{{#list}}\n- name: {{.}}\n{{/list}}\nend: 1\n"})
XML = writing({"type": "xml", "data": '<a b="{{x}}">{{x}}</a>'})
RAW_XML = writing('<a b="{{x}}">{{x}}</a>')
JSON_TEXT = writing({"type": "json", "data": '{"a": "k={{x}}", "b": {{x}}, "c": ["{{x}}"]}'})
JSON_DATA = writing({"type": "json", "data": {"a": "k={{x}}", "b": "{{x}}"}})
FORM_TEXT = writing({"type": "form", "data": "a={{x}}&b=1"})
FORM_DATA = writing({"type": "form", "data": {"a": "{{x}}", "b": "1"}})
PARTS = writing({"type": "multipart", "data": [{"name": "a", "value": "{{x}}"}, {"name": "b", "value": "1"}]})
NAMED_PARTS = writing(
    {
        "type": "multipart",
        "data": [{"name": "n{{x}}", "filename": "f{{x}}", "value": "v"}, {"name": "b", "value": "1"}],
    }
)
PLACES = tool(
    {
        "inputParameters": [
            {"name": "q", "in": "query"},
            {"name": "H", "in": "header"},
            {"name": "c", "in": "cookie"},
            {"name": "list", "in": "query", "explode": False},
            {"name": "piped", "in": "query", "collectionFormat": "pipes"},
            {"name": "deep", "in": "query", "style": "deepObject"},
        ]
    },
    path="/a/{p}/b",
)


def body_of(function: Function, **inputs: Any) -> bytes:
    body = sent(function, inputs).body
    assert body is not None
    return body


@given(texts)
def test_a_text_stays_inside_its_yaml_scalar(value: str) -> None:
    read = yaml.safe_load(body_of(QUOTED_YAML, x=value))
    assert read == {"a": f"k={value}", "b": f"k={value}", "c": f"k={value}", "d": value}


@given(json_values | texts)
def test_a_value_of_its_own_keeps_its_type_in_yaml(value: Any) -> None:
    read = yaml.safe_load(body_of(WHOLE_YAML, x=value))
    if value is None:
        assert read["e"] in ([], [None])
    elif not isinstance(value, float | dict | list):
        assert read == {"a": value, "b": [value, 1], "c": {"d": value}, "e": [value]}


@given(st.lists(texts, max_size=3))
def test_values_in_sections_stay_inside_their_yaml_scalars(values: list[str]) -> None:
    read = yaml.safe_load(body_of(LISTED_YAML, list=values))
    assert read == {"items": [{"name": value} for value in values] or None, "end": 1}


def test_yaml_drops_what_is_missing_and_keeps_documents_and_aliases() -> None:
    text = "# c\nbase: &b {k: '{{x}}'}\nuse: *b\ngone: {{y}}\n---\nsecond: {{x}}\n"
    body = body_of(writing({"type": "yaml", "data": text}), x="a: b")
    assert [*yaml.safe_load_all(body)] == [{"base": {"k": "a: b"}, "use": {"k": "a: b"}}, {"second": "a: b"}]


@pytest.mark.parametrize(
    "function",
    [
        writing({"type": "text/x-yaml", "data": "a: {{x}}"}),
        writing(
            {"type": "text", "data": "a: {{x}}"},
            {"name": "content-type", "in": "header", "value": "text/yaml"},
        ),
        writing("a: {{x}}", {"name": "Content-Type", "in": "header", "value": "application/yaml"}),
    ],
)
def test_text_of_a_yaml_media_type_is_yaml(function: Function) -> None:
    request = sent(function, {"x": "1\nevil: 2"})
    assert "yaml" in str(header_of(request, "content-type"))
    assert yaml.safe_load(request.body or b"") == {"a": "1\nevil: 2"}


def test_yaml_without_templates_is_sent_as_it_is_written() -> None:
    text = "a:   1 # one\nb: [ ]\n"
    assert body_of(writing({"type": "yaml", "data": text})) == text.encode()


@pytest.mark.parametrize("function", [XML, RAW_XML])
@given(value=texts)
def test_a_text_stays_inside_its_xml(function: Function, value: str) -> None:
    assume(not re.search(r"[\x00-\x1f\ud800-\udfff\ufffe\uffff]", value))
    root = ET.fromstring(body_of(function, x=value))  # noqa: S314 - of our own making
    assert (root.tag, root.text, root.attrib, [*root]) == ("a", value, {"b": value}, [])


@given(texts)
def test_a_text_stays_inside_its_json(value: str) -> None:
    assert json.loads(body_of(JSON_TEXT, x=value)) == {"a": f"k={value}", "b": value, "c": [value]}
    assert json.loads(body_of(JSON_DATA, x=value)) == {"a": f"k={value}", "b": value}


@given(texts)
def test_a_text_stays_inside_its_form_field(value: str) -> None:
    for function in (FORM_TEXT, FORM_DATA):
        assert parse_qsl(body_of(function, x=value).decode(), keep_blank_values=True) == [
            ("a", value),
            ("b", "1"),
        ]


@given(texts)
def test_a_text_stays_inside_its_part(value: str) -> None:
    for function, names in ((PARTS, ["a", "b"]), (NAMED_PARTS, None)):
        request = sent(function, {"x": value})
        head = f"Content-Type: {header_of(request, 'content-type')}\r\n\r\n".encode()
        parts = message_from_bytes(head + (request.body or b"")).get_payload()
        assert isinstance(parts, list)
        assert len(parts) == 2
        if names:
            assert [
                part.get_param("name", header="content-disposition")
                for part in parts
                if not isinstance(part, str)
            ] == names


@given(
    st.text(min_size=1),
    st.lists(texts, min_size=2, max_size=4),
    st.dictionaries(texts, texts, min_size=1, max_size=3),
)
def test_a_value_stays_in_its_place_of_a_request(
    text: str, elements: list[str], members: dict[str, str]
) -> None:
    inputs = {
        "p": text,
        "q": text,
        "H": text,
        "c": text,
        "list": elements,
        "piped": elements,
        "deep": members,
    }
    try:
        request = sent(PLACES, inputs)
    except InvalidInput:
        return
    url = urlsplit(request.url)
    assert [unquote(each) for each in url.path.split("/")] == ["", "v1", "a", text, "b"]
    pairs = [pair.partition("=")[::2] for pair in url.query.split("&")]
    assert unquote(pairs[0][1]) == text
    assert [unquote(each) for each in pairs[1][1].split(",")] == elements
    assert [(unquote(name), unquote(value)) for name, value in pairs[3:]] == [
        (f"deep[{name}]", value) for name, value in members.items()
    ]
    assert header_of(request, "H") == as_text(text).strip()
    # Spaces at the end of a header value are not part of it (RFC 9110, 5.5).
    assert header_of(request, "cookie") == f"c={text}".rstrip(" ")
    assert not any(re.search(r"[\r\n\x00]", value) for _, value in request.headers)
