"""Whether the server in this container answers: what ``HEALTHCHECK`` runs.

Asks the ports that ``NAFTIKO_HEALTH_PORTS`` names, one after the other, and
exits 0 at the first answer below 500: one process serves them all. An answer is
asked for, since the kernel takes connections for a process that hangs; OPTIONS
is asked, since no OPTIONS request is passed on to an upstream.
"""

from __future__ import annotations

import http.client
import os
import sys


def answers(port: int) -> bool:
    """Say whether something on a port of this machine answers over HTTP."""
    connection = http.client.HTTPConnection("localhost", port, timeout=2)
    try:
        connection.request("OPTIONS", "/")
        return connection.getresponse().status < 500
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


if __name__ == "__main__":
    ports = os.environ.get("NAFTIKO_HEALTH_PORTS", "8080 9090").split()
    sys.exit(0 if any(answers(int(port)) for port in ports) else 1)
