"""Where each adapter listens: option, then environment, then document, then 127.0.0.1."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from naftiko_run.document.model import Exposes
from naftiko_run.errors import ConfigurationError

LOOPBACK: Final = "127.0.0.1"
_OTHER_THAN_NAME = re.compile(r"[^A-Z0-9]+")


@dataclass(frozen=True, slots=True)
class Addressing:
    """What an operator says of addresses.

    Attributes:
        host: For every adapter; empty to let the others decide.
        ports: By an adapter's namespace or type.
        environment: Holds ``NAFTIKO_HOST`` and ``NAFTIKO_PORT_…``.
    """

    host: str = ""
    ports: Mapping[str, int] = field(default_factory=dict)
    environment: Mapping[str, str] = field(default_factory=dict, repr=False)

    def host_of(self, written: str) -> str:
        """Return the address that an adapter listens on.

        Args:
            written: What the document says; empty where it says none.
        """
        return self.host or self.environment.get("NAFTIKO_HOST", "") or written or LOOPBACK

    def port_of(self, exposes: Exposes, usual: int) -> int:
        """Return the port that an adapter listens on; its namespace speaks before its type.

        Args:
            exposes: The adapter's block.
            usual: The port of its type, where nobody says anything.

        Raises:
            ConfigurationError: A variable does not hold a port.
        """
        names = [name for name in (exposes.namespace, exposes.type) if name]
        for name in names:
            if name in self.ports:
                return self.ports[name]
        for name in names:
            variable = port_variable(name)
            if written := self.environment.get(variable):
                return parse_port(written, variable)
        return usual if exposes.port is None else exposes.port


def port_variable(name: str) -> str:
    """Return the environment variable that sets the port of a namespace or type."""
    return f"NAFTIKO_PORT_{_OTHER_THAN_NAME.sub('_', name.upper()).strip('_')}"


def parse_port(text: str, source: str) -> int:
    """Read a port.

    Args:
        text: What was written.
        source: Where it was written, for the message.

    Raises:
        ConfigurationError: It is not a port.
    """
    if text.isdecimal() and len(text) <= 20 and int(text) <= 65535:
        return int(text)
    raise ConfigurationError(
        f"{source}: `{text}` is not a port", hint="a port is a number from 1 to 65535, or 0 for any free one"
    )
