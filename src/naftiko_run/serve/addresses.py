"""The address of each adapter: from the option, the environment, the document, or 127.0.0.1, in that order."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from naftiko_run.document.model import Exposes
from naftiko_run.errors import ConfigurationError

LOOPBACK: Final = "127.0.0.1"
_NON_NAME_CHARACTERS = re.compile(r"[^A-Z0-9]+")


@dataclass(frozen=True, slots=True)
class Addressing:
    """The addresses that the operator has configured.

    Attributes:
        host: The host of every adapter; empty for the environment's or the document's.
        ports: The ports, by an adapter's namespace or type.
        environment: The variables, of which ``NAFTIKO_HOST`` and ``NAFTIKO_PORT_…`` are read.
    """

    host: str = ""
    ports: Mapping[str, int] = field(default_factory=dict)
    environment: Mapping[str, str] = field(default_factory=dict, repr=False)

    def host_of(self, written: str) -> str:
        """Return the address that an adapter listens on.

        Args:
            written: The address in the document; empty for none.
        """
        return self.host or self.environment.get("NAFTIKO_HOST", "") or written or LOOPBACK

    def port_of(self, exposes: Exposes, usual: int) -> int:
        """Return the port that an adapter listens on; its namespace takes precedence over its type.

        Args:
            exposes: The adapter's block.
            usual: The default port of its type.

        Raises:
            ConfigurationError: An environment variable is not a valid port.
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
    return f"NAFTIKO_PORT_{_NON_NAME_CHARACTERS.sub('_', name.upper()).strip('_')}"


def parse_port(text: str, source: str) -> int:
    """Parse a port.

    Args:
        text: The port as text.
        source: The option or variable that it comes from, for the message.

    Raises:
        ConfigurationError: The text is not a valid port.
    """
    if text.isdecimal() and len(text) <= 20 and int(text) <= 65535:
        return int(text)
    raise ConfigurationError(
        f"{source}: `{text}` is not a port", hint="a port is a number from 1 to 65535, or 0 for any free one"
    )
