"""Invalid paths are rejected at load, with the position of the error and how to fix it."""

from __future__ import annotations

import re

import pytest

from naftiko_run.expressions import compile_path


@pytest.mark.parametrize(
    "path",
    [
        # structure
        *(
            "$a",
            "$.a[",
            "$.a]",
            "$[]",
            "$[0,]",
            "$[,0]",
            "$[0 2]",
            "$..",
            "$.a..",
            "$...a",
            "$.a?",
            "$[?",
        ),
        *("$.&", "$. a", "$.\na", "$.. a", "$[@.a]", "$[$.a]", "$[?]", "$[?@.a", "$[(@.length-1)]"),
        # names
        *(
            '$["\\x41"]',
            "$['\\\"']",
            '$["\\\'"]',
            '$["\\uD800"]',
            '$["\\uDC00"]',
            '$["\\u12"]',
            "$['a",
            "$['a'b']",
        ),
        *(f"$['{chr(code)}']" for code in range(32)),
        # numbers
        *("$[01]", "$[-0]", "$[1.0]", "$[+1]", "$[- 1]", "$[-01]", "$[1e1]"),
        *("$[9007199254740992]", "$[-9007199254740992]", f"$[{10**30}]", f"$[:{2**53}]", f"$[::-{2**53}]"),
        *(
            "$[1:2:3:4]",
            "$[1:2:a]",
            "$[01:]",
            "$[:-0]",
            "$[::1.0]",
            "$[?@==01]",
            "$[?@==+1]",
            "$[?@==.1]",
            "$[?@==1.]",
        ),
        *("$[?@==1e]", "$[?@==1e2.3]", "$[?@==1e999]"),
        # filters
        *(
            "$[?true]",
            "$[?'a']",
            "$[?1]",
            "$[?@.a && true]",
            "$[?@.a == True]",
            "$[?@.a == abc]",
            "$[?@.a == ]",
        ),
        *("$[?@.* == 1]", "$[?@[0:1] == 1]", "$[?@..a < 1]", "$[?@['a','b'] == 1]", "$[?$[0, 0] != 1]"),
        *(
            "$[?(@.a]",
            "$[?@.a)]",
            "$[?!]",
            "$[?@.a === 1]",
            "$[?@.a == 1 == 1]",
            "$[?!@.a == 1]",
            "$[?@.a == !@.b]",
            "$[?!1]",
        ),
        # functions
        *(
            "$[?length()]",
            "$[?length(@.a)]",
            "$[?length(@.*) == 1]",
            "$[?length(@.a, @.b) == 1]",
            "$[?count(1) == 1]",
        ),
        *(
            "$[?count(@.a)]",
            "$[?match(@.a)]",
            "$[?match(@.a, 'a') == true]",
            "$[?value(@.a)]",
            "$[?value(1) == 1]",
        ),
        *("$[?count (@.*) == 1]", "$[?foo(@.a)]", "$[?Length(@.a) == 1]", "$.foo()", "$[?@.a.foo() == 1]"),
        # Jayway's operators
        *(
            "$[?@.a in 'x']",
            "$[?@.a in [x]]",
            "$[?@.a in ]",
            "$[?in [1]]",
            "$[?@.a contains]",
            "$[?@.a =~ x]",
        ),
        *("$[?@.a =~ /(/]", "$[?@.a =~ /a/q]", "$[?@.a =~ '[']", "$[?(@.a in [1]) == true]"),
        # jsonpath-ng's
        *("$.a.`sub(/(/,x)`", "$.a.`nothing`"),
    ],
)
def test_what_is_no_path_is_refused_at_load(path: str) -> None:
    with pytest.raises(ValueError, match="is not a JSONPath"):
        compile_path(path)


@pytest.mark.parametrize(
    ("path", "message"),
    [
        ("$.list[?(@.n == abc)]", r"at character 17 \(quote text, and compare with `==`"),
        (
            "$.list[?!@.n == 'x']",
            r"only single values can be compared at character 9 \(negate the whole comparison",
        ),
        ("$.list[(@.length-1)]", r"at character 8 \(write `\[-1\]` for the last element\)"),
        ("$.a[?@.* == 1]", r"not comparable at character \d+ \(compare with one value"),
        ("$.a[?length(@.*) < 3]", r"at character 6 \(pass one value: `length\(@\.a\)`"),
        ("$.a[9007199254740992]", r"index out of range at character 5 \(numbers must be from"),
        (
            "$.a[?size(@) == 1]",
            r"at character 6 \(the functions are length, count, match, search and value\)",
        ),
        ("$.list.median()", r"unknown function `median\(\)` .*\(the functions are min\(\), max\(\)"),
        ("$.list[?@.id in [1, a]]", r"not a list of values at character 17 \(write text in quotes"),
        ("$.list[?@.first-name == 'x' && @.id in 3]", r"`in` requires a list at character 40"),
        ("$.list[?@.first-name == 'x' && @.* == 3]", r"not comparable at character 36"),
        ("$..", r"at character 4 \(write a name, `\*` or a bracket after `\.\.`\)"),
        ("list[", r"`\$\.list\[` is not a JSONPath: a bracket is not closed at character 8"),
    ],
)
def test_the_message_says_where_and_how_to_fix_it(path: str, message: str) -> None:
    with pytest.raises(ValueError, match=message) as refused:
        compile_path(path)
    assert not re.search("jayway|token|TOKEN|Token", str(refused.value).replace("selector token", ""))
