"""Call a consumed operation: one HTTP request to an upstream and its response."""

from naftiko_run.consume.authentication import AuthenticationBlock
from naftiko_run.consume.authentication.scheme import AuthenticationScheme
from naftiko_run.consume.body_plan import CallerBody
from naftiko_run.consume.decode_pool import free_in_decode_pool, run_in_decode_pool
from naftiko_run.consume.formats import Format, FormatSettings
from naftiko_run.consume.forwarding import Forwarding
from naftiko_run.consume.graphql_template import compile_graphql_template, is_graphql
from naftiko_run.consume.masking import revealed_in
from naftiko_run.consume.operation import UpstreamOperation
from naftiko_run.consume.operation_registry import NotCallable, OperationRegistry
from naftiko_run.consume.sandbox import SandboxAddresses, SandboxTransport
from naftiko_run.consume.upstream import ConsumeContext
from naftiko_run.http.client import (
    DEFAULT_LIMITS,
    HttpTransport,
    Limits,
    connection_counts,
    http_transport,
    shared_connections,
)
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
    "AuthenticationBlock",
    "AuthenticationScheme",
    "CallerBody",
    "ConsumeContext",
    "Format",
    "FormatSettings",
    "Forwarding",
    "HttpTransport",
    "Limits",
    "NotCallable",
    "OperationRegistry",
    "OutgoingRequest",
    "SandboxAddresses",
    "SandboxTransport",
    "Send",
    "StreamedResponse",
    "Transport",
    "UpstreamOperation",
    "UpstreamResponse",
    "compile_graphql_template",
    "connection_counts",
    "free_in_decode_pool",
    "http_transport",
    "is_graphql",
    "revealed_in",
    "run_in_decode_pool",
    "shared_connections",
]
