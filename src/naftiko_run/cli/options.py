"""Parse option values that typer has no type for."""

from __future__ import annotations

import math
import os
from collections.abc import Mapping, Sequence
from typing import Final
from urllib.parse import urlsplit

from naftiko_run.errors import ConfigurationError
from naftiko_run.secret import Secret
from naftiko_run.sizes import parse_size
from naftiko_run.telemetry import LEVELS

USAGE: Final = 2
"""Exit code of an invalid command line."""


_KEY_BYTES: Final = 32
_MAX_WORKERS: Final = 1024
_MAX_COUNT: Final = 1_000_000


class UsageFault(ConfigurationError):
    """The value of an option is invalid."""


def parse_size_option(text: str, option: str) -> int:
    """Parse a size such as ``10MiB``, ``500KB`` or ``1048576``, in bytes.

    Raises:
        UsageFault: It is invalid.
    """
    try:
        return parse_size(text)
    except ValueError as fault:
        raise UsageFault(f"{option}: {fault}", hint="write a size such as 10MiB or 500KB") from None


def parse_seconds(text: str, option: str, *, is_zero_allowed: bool = False) -> float:
    """Parse a time such as ``30`` or ``0.5``, in seconds.

    Raises:
        UsageFault: It is invalid.
    """
    try:
        seconds = float(text)
    except ValueError:
        seconds = -1
    if not (0 < seconds < math.inf or (is_zero_allowed and seconds == 0)):
        raise UsageFault(
            f"{option}: `{text}` is not a time", hint="write a number of seconds such as 30 or 0.5"
        )
    return seconds


def parse_ports(written: Sequence[str]) -> dict[str, int]:
    """Parse ``ADAPTER=PORT`` options.

    Raises:
        UsageFault: One is not of that form.
    """
    from naftiko_run.serve import parse_port  # imported lazily: clients of a server do not need it

    ports: dict[str, int] = {}
    for text in written:
        name, equals, port = text.partition("=")
        if not equals or not name:
            raise UsageFault(
                f"--port: `{text}` has no adapter",
                hint=f"write --port rest={text or '8081'}",
            )
        try:
            ports[name] = parse_port(port, f"--port {name}=…")
        except ConfigurationError as fault:
            raise UsageFault(fault.message, hint=fault.hint) from None
    return ports


def parse_control_port(text: str) -> int:
    """Parse the port of ``--control``.

    Raises:
        UsageFault: It is invalid.
    """
    from naftiko_run.serve import parse_port

    try:
        return parse_port(text, "--control")
    except ConfigurationError as fault:
        raise UsageFault(fault.message, hint=fault.hint) from None


def parse_base_uris(written: Sequence[str]) -> dict[str, str]:
    """Parse ``NAMESPACE=URL`` options.

    Raises:
        UsageFault: One is not of that form.
    """
    base_uris: dict[str, str] = {}
    for text in written:
        namespace, equals, url = text.partition("=")
        if not equals or not namespace or not _is_base_uri(url):
            raise UsageFault(
                f"--base-uri: `{text}` is not NAMESPACE=URL with an http or https URL",
                hint="write --base-uri my-api=http://127.0.0.1:9999/v1",
            )
        parts = urlsplit(url)
        if parts.query or parts.fragment:
            raise UsageFault(
                f"--base-uri: the URL of `{namespace}` has a {'query' if parts.query else 'fragment'}, which is not used",
                hint=f"write --base-uri {namespace}={url.partition('?')[0].partition('#')[0]}, and declare input parameters for a query",
            )
        base_uris[namespace] = url
    return base_uris


def _is_base_uri(url: str) -> bool:
    try:
        parts = urlsplit(url)
        is_address = bool(parts.hostname) and parts.port != 0
    except ValueError:  # invalid brackets or port
        return False
    return is_address and parts.scheme in ("http", "https")


def read_state_key(environment: Mapping[str, str]) -> Secret | None:
    """Read ``NAFTIKO_STATE_KEY``.

    Raises:
        ConfigurationError: It is too short.
    """
    key = environment.get("NAFTIKO_STATE_KEY", "")
    if key and len(key.encode()) < _KEY_BYTES:
        raise ConfigurationError(
            f"NAFTIKO_STATE_KEY is too short: it must have at least {_KEY_BYTES} bytes",
            hint="create one with: openssl rand -hex 32",
        )
    return Secret(key) if key else None


def parse_workers(text: str) -> int:
    """Parse ``--workers``: a number, or ``auto`` for one per core.

    Raises:
        UsageFault: It is neither.
    """
    if text == "auto":
        return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    if not _is_short_number(text) or not 1 <= int(text) <= _MAX_WORKERS:
        raise UsageFault(f"--workers: `{text}` is not a number from 1 to {_MAX_WORKERS}, and not `auto`")
    return int(text)


def parse_count(text: str, option: str) -> int:
    """Parse a number of 1 or more.

    Raises:
        UsageFault: It is invalid.
    """
    if not _is_short_number(text) or not 1 <= int(text) <= _MAX_COUNT:
        raise UsageFault(f"{option}: `{text}` is not a number from 1 to {_MAX_COUNT:,}")
    return int(text)


def _is_short_number(text: str) -> bool:
    return text.isdecimal() and len(text) <= 20  # Python does not read thousands of digits


def check_level(level: str) -> str:
    """Parse a log level.

    Raises:
        UsageFault: It is invalid.
    """
    if level.lower() not in LEVELS:
        raise UsageFault(
            f"--log-level: `{level}` is not a log level", hint=f"write one of {', '.join(LEVELS)}"
        )
    return level.lower()
