"""``consumes``: the HTTP APIs that a capability calls."""

from typing import Any, Literal

from naftiko_run.document.model.base import Authentication, Node, Parameter, node
from naftiko_run.spec.common import Method
from naftiko_run.spec.consumes import BodyType


@node
class ConsumedOutput(Node):
    """``consumes…outputParameters[]``: a named piece of the decoded response.

    Attributes:
        value: JSONPath.
    """

    name: str = ""
    type: str | None = None
    value: str = "$"


@node
class Body(Node):
    """The body of a consumed operation.

    Attributes:
        type: ``raw`` for a body that is only text: sent as JSON if it is JSON, else unchanged.
        data: Text or a structure; text in it is a template. None where the
            ``in: body`` parameters are the body.
        content_type: The Content-Type to send; empty for the default of the type.
    """

    type: BodyType
    data: Any = None
    content_type: str = ""


@node
class ConsumedOperation(Node):
    """``consumes…operations[]``: one HTTP operation of the upstream.

    Attributes:
        output_schema: A file, a selector or a heading, depending on the format.
        output_media_type: The media type of its responses; empty for that of the upstream.
        max_binary_size: In bytes; None where unset.
        max_response: Maximum size of a response in memory, in bytes; None where neither it nor its resource sets one.
        timeout: Timeout of a call in seconds; None where neither it nor its resource sets one.
    """

    name: str
    method: Method
    description: str = ""
    input_parameters: tuple[Parameter, ...] = ()
    output_raw_format: str = "json"
    output_schema: str = ""
    output_media_type: str = ""
    max_binary_size: int | None = None
    max_response: int | None = None
    timeout: float | None = None
    output_parameters: tuple[ConsumedOutput, ...] = ()
    body: Body | None = None


@node
class ConsumedResource(Node):
    """``consumes…resources[]``: a path and the operations on it."""

    path: str = ""
    input_parameters: tuple[Parameter, ...] = ()
    operations: tuple[ConsumedOperation, ...] = ()


@node
class Tunnel(Node):
    """``tunnel``: a network overlay that an API is reached through (ikanos line).

    Attributes:
        type: The kind of tunnel; empty where unset.
        fallback: What happens where the tunnel cannot be opened.
    """

    type: str = ""
    fallback: Literal["fail", "direct"] = "fail"


@node
class Consumes(Node):
    """``consumes[]``: an HTTP API that the capability calls.

    Attributes:
        base_uri: With variables as ``{{X}}``, without a trailing slash.
        tunnel: None where it is called directly.
        max_response: Maximum size of a response in memory, in bytes; None where unset.
        timeout: Timeout of a call in seconds; None where unset.
    """

    type: Literal["http"] = "http"
    namespace: str
    base_uri: str
    description: str = ""
    authentication: Authentication | None = None
    tunnel: Tunnel | None = None
    max_response: int | None = None
    timeout: float | None = None
    input_parameters: tuple[Parameter, ...] = ()
    resources: tuple[ConsumedResource, ...] = ()
