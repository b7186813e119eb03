"""``tunnel`` of a consumed API (ikanos line)."""

from __future__ import annotations

from typing import Any

from naftiko_run.document.normalize.reader import Reader


def normalise_tunnel(consumes: Reader, namespace: str) -> dict[str, Any] | None:
    """Give the tunnel of a consumed API; None where it has none.

    One that cannot be read is a tunnel all the same: nothing may go past it.
    """
    if consumes.data.get("tunnel") is None:
        return None
    at = (*consumes.at, "tunnel")
    tunnel = consumes.mapping("tunnel")
    if tunnel is None:
        return {"pointer": at}
    is_direct = tunnel.text("fallback").casefold() == "direct"
    if is_direct:
        tunnel.report.warning(
            "tunnel-not-opened",
            f"tunnels are not supported yet: `{namespace}` is called directly, as the `fallback` says",
            at,
            hint="write `fallback: fail` to have no call go past the tunnel",
            alters_service=True,
        )
    return {"pointer": at, "type": tunnel.text("type"), "fallback": "direct" if is_direct else "fail"}
