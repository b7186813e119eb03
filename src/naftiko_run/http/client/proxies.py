"""Proxies from environment variables, interpreted as httpx does."""

from __future__ import annotations

from collections.abc import Callable
from ipaddress import ip_address
from urllib.parse import urlsplit
from urllib.request import getproxies

from naftiko_run.http.client.origin import Origin


def environment_proxies() -> Callable[[Origin], bool]:
    """Return a predicate for origins with a proxy, from ``HTTP_PROXY``, ``HTTPS_PROXY``, ``ALL_PROXY`` and ``NO_PROXY``.

    In doubtful cases it returns True: httpx, which sends such requests, then decides.
    """
    proxies = getproxies()
    exempt = [each.strip() for each in proxies.get("no", "").split(",")]
    if "*" in exempt or not any(proxies.get(each) for each in ("http", "https", "all")):
        return lambda _: False

    def is_proxied(origin: Origin) -> bool:
        scheme = "https" if origin.is_secure else "http"
        if not (proxies.get(scheme) or proxies.get("all")):
            return False
        return not any(_is_exempt(origin.host, each) for each in exempt if each)

    return is_proxied


def _is_exempt(host: str, exempt: str) -> bool:
    """Return whether a ``NO_PROXY`` entry certainly matches a host; entries with a scheme or port are left to httpx."""
    exempt = exempt.lower()
    if "://" in exempt:
        return False
    if _is_address(exempt) or exempt == "localhost":
        return host == exempt
    if urlsplit(f"//{exempt}").netloc != exempt or ":" in exempt:
        return False
    return host.endswith(exempt if exempt.startswith(".") else f".{exempt}") or host == exempt


def _is_address(text: str) -> bool:
    try:
        ip_address(text)
    except ValueError:
        return False
    return True
