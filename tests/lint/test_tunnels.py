"""Tunnels to consumed APIs."""

from lint.marks import assert_marked

TUNNELS = """\
ikanos: 1.0.0-beta5
binds: [{namespace: vault, keys: {IDENTITY: id}}]
capability:
  consumes:
  - namespace: a
    baseUri: https://api.fleet.com/v1
    %stunnel: {type: ziti, service: a, identity: %s'{{vault.STRAY}}', fallback: %sdirect}
  - namespace: b
    baseUri: http://fleet.ziti
    tunnel: {type: ziti, service: b, identity: '{{vault.IDENTITY}}', fallback: fail}
  - namespace: c
    baseUri: http://localhost:8080
    tunnel: {type: ziti, service: c, identity: '{{IDENTITY}}', fallback: direct}
  - namespace: d
    baseUri: http://10.0.0.1
    tunnel: {type: ziti, service: d, identity: '{{IDENTITY}}'}
  - {namespace: e, baseUri: https://api.fleet.com}
"""


def test_what_an_identity_reads_is_declared() -> None:
    assert_marked("tunnel-identity-must-bind", TUNNELS % ("", "▶", ""))


def test_a_fallback_over_the_open_network_is_told() -> None:
    assert_marked("tunnel-fallback-direct-warns", TUNNELS % ("", "", "▶"))


def test_a_tunnel_to_a_public_name_is_told() -> None:
    assert_marked("tunnel-with-public-baseuri-warns", TUNNELS % ("▶", "", ""))
