"""The control adapter."""

from lint.marks import assert_marked


def test_a_second_control_adapter_and_a_shared_port_are_errors() -> None:
    messages = assert_marked(
        "control-port-singleton-and-unique",
        """\
naftiko: 1.0.0-alpha2
capability:
  exposes:
  - {type: control, port: ▶8080}
  - {type: rest, namespace: rest, port: 8080}
  - ▶{type: control, port: 9999}
""",
    )
    assert messages == [
        "the control adapter has the port 8080, which the rest adapter on line 5 has too",
        "there is a control adapter already, on line 4",
    ]


def test_one_control_adapter_on_a_port_of_its_own_is_fine() -> None:
    assert_marked(
        "control-port-singleton-and-unique",
        """\
ikanos: 1.0.0-beta5
capability:
  exposes:
  - {type: control, port: 9999}
  - {type: rest, namespace: rest, port: 8080}
  - {type: mcp, namespace: mcp, port: 8080}
  - {type: mcp, namespace: none}
""",
    )


def test_a_control_adapter_that_others_can_reach_is_told() -> None:
    assert_marked(
        "control-address-localhost-warning",
        """\
ikanos: 1.0.0-beta5
capability:
  exposes:
  - {type: control, port: 1, address: ▶0.0.0.0, authentication: {type: bearer, token: '{{TOKEN}}'}}
  - {type: control, port: 2, address: localhost}
  - {type: control, port: 3, address: 127.0.0.1}
  - {type: control, port: 4, address: '::1'}
  - {type: control, port: 5}
  - {type: control, port: 6, address: '{{ADDRESS}}'}
  - {type: rest, namespace: r, address: 0.0.0.0}
""",
    )
