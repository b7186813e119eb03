"""How requests reach upstreams.

``HttpTransport`` carries all of them: it chooses, for each origin, between our own
HTTP/1.1 client (``http1`` and what it is made of) and httpx (``httpx_transport``).
"""

from naftiko_run.consume.transport.choice import HttpTransport
from naftiko_run.consume.transport.limits import DEFAULT_LIMITS, Limits
from naftiko_run.consume.transport.sharing import shared_connections

__all__ = ["DEFAULT_LIMITS", "HttpTransport", "Limits", "shared_connections"]
