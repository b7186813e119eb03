"""One consumed operation to one HTTP exchange."""

from naftiko_run.consume.authentication import AuthenticationBlock
from naftiko_run.consume.authentication.scheme import Authentication
from naftiko_run.consume.bodies import CallerBody
from naftiko_run.consume.formats import Format, FormatSettings
from naftiko_run.consume.forwarding import Forwarding
from naftiko_run.consume.graphql_text import compile_graphql_text, is_graphql
from naftiko_run.consume.masking import revealed_in
from naftiko_run.consume.operation import ConsumedOperation, run_in_decode_pool
from naftiko_run.consume.operations import ConsumedOperations, NotCallable
from naftiko_run.consume.sandbox import SandboxAddresses, SandboxTransport
from naftiko_run.consume.surroundings import Surroundings
from naftiko_run.http.client import DEFAULT_LIMITS, HttpTransport, Limits, http_transport, shared_connections
from naftiko_run.http.messages import (
    DEFAULT_MAX_RESPONSE,
    DEFAULT_SECONDS,
    OutgoingRequest,
    Send,
    StreamedResponse,
    Transport,
    UpstreamResponse,
)

__all__ = [
    "DEFAULT_LIMITS",
    "DEFAULT_MAX_RESPONSE",
    "DEFAULT_SECONDS",
    "Authentication",
    "AuthenticationBlock",
    "CallerBody",
    "ConsumedOperation",
    "ConsumedOperations",
    "Format",
    "FormatSettings",
    "Forwarding",
    "HttpTransport",
    "Limits",
    "NotCallable",
    "OutgoingRequest",
    "SandboxAddresses",
    "SandboxTransport",
    "Send",
    "StreamedResponse",
    "Surroundings",
    "Transport",
    "UpstreamResponse",
    "compile_graphql_text",
    "http_transport",
    "is_graphql",
    "revealed_in",
    "run_in_decode_pool",
    "shared_connections",
]
