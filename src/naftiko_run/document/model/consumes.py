"""``consumes``: the HTTP APIs that a capability calls."""

from typing import Any, Literal

from naftiko_run.document.model.base import Authentication, Node, Parameter, node
from naftiko_run.spec.consumes import BodyType
from naftiko_run.spec.values import Method


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
        type: ``raw`` for a body that is only text: JSON where it reads as JSON, else sent as it is.
        data: Text or a structure; text inside is a template. None where the
            ``in: body`` parameters make the body.
        content_type: The Content-Type to send; empty for the usual one of the type.
    """

    type: BodyType
    data: Any = None
    content_type: str = ""


@node
class ConsumedOperation(Node):
    """``consumes…operations[]``: one HTTP operation of the upstream.

    Attributes:
        output_schema: A file, a selector or a heading, as the format has it.
        output_media_type: What its answers are said to be; empty for what the upstream says.
        max_binary_size: In bytes; None where the document says nothing.
        max_response: How many bytes of its answers are kept in memory; None where neither it nor its resource says.
        timeout: How many seconds a call may take; None where neither it nor its resource says.
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
    """``tunnel``: what the calls of an API go through (ikanos line).

    Attributes:
        type: The kind of tunnel; empty where the document does not say it.
        fallback: What happens where the tunnel cannot be opened.
    """

    type: str = ""
    fallback: Literal["fail", "direct"] = "fail"


@node
class Consumes(Node):
    """``consumes[]``: an HTTP API that the capability calls.

    Attributes:
        base_uri: Its variables are written ``{{X}}``; no trailing slash.
        tunnel: None where it is called directly.
        max_response: How many bytes of an answer are kept in memory; None where the document says nothing.
        timeout: How many seconds a call may take; None where the document says nothing.
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
