"""Base URIs and consumed paths."""

from lint.marks import assert_marked


def test_a_base_uri_that_ends_with_a_slash_is_told_at_the_root_and_below_the_capability() -> None:
    assert_marked(
        "consumes-baseuri-no-trailing-slash",
        """\
ikanos: 1.0.0-beta5
consumes:
- type: http
  namespace: shared
  baseUri: ▶https://api.test/v1/
capability:
  consumes:
  - {namespace: own, baseUri: ▶'https://own.test/'}
  - {namespace: other, baseUri: 'https://other.test/v1'}
  - {namespace: bound, baseUri: '{{HOST}}'}
""",
    )


def test_a_base_uri_at_a_name_for_examples_is_told() -> None:
    messages = assert_marked(
        "baseuri-not-example",
        """\
naftiko: 1.0.0-alpha2
capability:
  consumes:
  - {namespace: a, baseUri: ▶https://api.example.com/v1}
  - {namespace: b, baseUri: ▶'http://user@Weather.EXAMPLE:8080'}
  - {namespace: c, baseUri: https://example.com.real.test}
  - {namespace: d, baseUri: 'https://{{HOST}}.example.com'}
  - {namespace: e, baseUri: https://api.test/example.com}
""",
    )
    assert messages[0] == "`api.example.com` is reserved for examples: there is no API at this name"


def test_a_query_in_a_consumed_path_is_told_at_the_path() -> None:
    messages = assert_marked(
        "consumed-resource-no-query-in-path",
        """\
ikanos: 1.0.0-beta5
capability:
  consumes:
  - namespace: api
    baseUri: https://api.test
    resources:
      ships:
        path: ▶/ships?active=true
        operations:
          list: {method: GET}
      crew:
        path: /crew
        operations:
          list: {method: GET, path: ▶'/all?x=1#y'}
          get: {method: GET, path: '/{id}'}
""",
    )
    assert messages == ["the path has a query, `?active=true`", "the path has a query, `?x=1`"]
