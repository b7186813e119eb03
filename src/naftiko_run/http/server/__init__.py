"""HTTP/1.1 with clients: bytes of a connection to ASGI requests, and their answers to bytes.

uvicorn's server accepts the connections, ends them when it drains, and holds one ``ClientConnection`` for each in
place of its own protocol, which takes twice as long for a request.
"""

from naftiko_run.http.server.connection import IDLE_SECONDS, ClientConnection
from naftiko_run.http.server.state import State

__all__ = ["IDLE_SECONDS", "ClientConnection", "State"]
