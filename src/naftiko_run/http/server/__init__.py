"""The HTTP/1.1 server protocol: parses requests for an ASGI app, and writes its responses.

uvicorn's server accepts the connections and drains them. Each one uses a ``ClientConnection`` instead of uvicorn's own
protocol, which takes twice as long for a request.
"""

from naftiko_run.http.server.connection import IDLE_SECONDS, ClientConnection
from naftiko_run.http.server.state import State

__all__ = ["IDLE_SECONDS", "ClientConnection", "State"]
