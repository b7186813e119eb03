"""The HTTP client for upstreams.

``HttpTransport`` sends all requests. For each origin it chooses between our own HTTP/1.1 client
(``origin_transport``) and httpx (``httpx_transport``).
"""

from naftiko_run.http.client.limiter import DEFAULT_LIMITS, Limits
from naftiko_run.http.client.registry import connection_counts, shared_connections
from naftiko_run.http.client.transport import HttpTransport, http_transport

__all__ = [
    "DEFAULT_LIMITS",
    "HttpTransport",
    "Limits",
    "connection_counts",
    "http_transport",
    "shared_connections",
]
