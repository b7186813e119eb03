"""URI templates of resources."""

from __future__ import annotations

import pytest

from naftiko_run.expressions import parse_uri_template


@pytest.mark.parametrize(
    ("template", "uri", "values"),
    [
        ("a://{x}", "a://1", {"x": "1"}),
        ("a://{{x}}", "a://1%2F2", {"x": "1/2"}),
        ("a://{x}", "a://1/2", None),
        ("a://{x}", "a://", None),
        ("a://{+x}", "a://1/2//3", {"x": "1/2//3"}),
        ("a://{+x}", "a://", None),
        ("a://{+x}/end", "a://1/end/end", {"x": "1/end"}),
        ("a://{+x}/{y}", "a://1/2/3", {"x": "1/2", "y": "3"}),
        ("a://{+x}/to/{+y}", "a://1/to/2/to/3", {"x": "1", "y": "2/to/3"}),
        ("a://{x}/{x}", "a://1/1", {"x": "1"}),
        ("a://{x}/{x}", "a://1/2", None),
        ("a://{ + x }", "a://1/2", {"x": "1/2"}),
        ("a://fixed", "a://fixed", {}),
    ],
)
def test_a_uri_gives_the_values_of_a_template(template: str, uri: str, values: dict[str, str] | None) -> None:
    assert parse_uri_template(template).match(uri) == values


def test_a_template_is_told_as_rfc_6570_writes_it() -> None:
    parsed = parse_uri_template("a://{{x}}/{+y}/{z}")
    assert (parsed.text, parsed.names) == ("a://{x}/{+y}/{z}", ("x", "y", "z"))


def test_no_uri_makes_a_template_try_every_way_to_divide_it() -> None:
    template = parse_uri_template("a://" + "/x/".join(f"{{+v{number}}}" for number in range(8)) + "/end")
    assert template.match("a://" + "/x/" * 20_000) is None
    assert template.match("a://" + "x" * 10_000_000) is None
