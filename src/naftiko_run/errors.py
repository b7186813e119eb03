"""The exception tree. Every error says what is wrong and how to fix it.

NaftikoError
 ├─ DocumentError            a capability document that cannot be served; carries diagnostics
 │   └─ SharedDocument       a file that only defines parts or values for other documents
 ├─ LocationUnreadable       a location of `binds` that its provider cannot read; its variables are missing
 ├─ ConfigurationError       options or variables that contradict each other
 │   ├─ PortUnavailable      a port that another process holds
 │   └─ RouteClash           two documents serve the same route on one port
 └─ InvocationError          a failed call; adapters map each subclass to their protocol
     ├─ Unsupported          the call needs a feature that is not implemented
     ├─ InvalidInput         the caller's input does not match the function's schema
     ├─ StepFailed           the upstream of a step returned an error; the flow stopped there
     ├─ MissingBinding       a credential or address that the call needs is not set
     ├─ UpstreamUnreachable  connection or TLS failure, or a truncated response
     ├─ UpstreamTimeout      the timeout expired
     ├─ NoConnection         every connection to the upstream is in use
     ├─ ClientTooSlow        the client read or sent a stream too slowly, and its connection was needed
     ├─ UndecodableResponse  the upstream's response is not in its declared format
     ├─ ResponseTooLarge     the upstream's response is larger than its operation allows
     └─ ScriptFailed         a script step failed or exceeded a limit
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from naftiko_run.diagnostics import Diagnostic


class NaftikoError(Exception):
    """Base class of the errors that this package raises.

    Args:
        message: What is wrong, for the person who can fix it.
        hint: How to fix it; empty if the message already says so.
    """

    def __init__(self, message: str, *, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint


class DocumentError(NaftikoError):
    """A document that cannot be served.

    Args:
        diagnostics: All diagnostics, errors first; never empty.
    """

    def __init__(self, diagnostics: Sequence[Diagnostic]) -> None:
        self.diagnostics = tuple(diagnostics)
        first = next((d for d in self.diagnostics if d.is_error), self.diagnostics[0])
        super().__init__(str(first), hint=first.hint)


class SharedDocument(DocumentError):
    """A valid file with nothing to serve, because it only defines parts or values for other documents."""


class LocationUnreadable(NaftikoError):
    """A location of ``binds`` that its provider cannot reach or read; never contains a value."""


class ConfigurationError(NaftikoError):
    """Options or variables that contradict each other or the document.

    Attributes:
        others: Further errors that were found at the same time.
    """

    others: tuple[ConfigurationError, ...] = ()


class PortUnavailable(ConfigurationError):
    """A port that the server cannot listen on."""


class RouteClash(ConfigurationError):
    """Two adapters serve the same method and path on one port."""


class InvocationError(NaftikoError):
    """A failed call of a function, independent of any protocol.

    Attributes:
        step: The step that failed; empty if the function has no steps.
    """

    step: str = ""

    def in_step(self, step: str) -> None:
        """Record the step that failed."""
        self.step = step
        self.message = f"the step `{step}` failed: {self.message}"
        self.args = (self.message,)


@dataclass(frozen=True, slots=True)
class Violation:
    """One mismatch between a caller's input and the function's schema.

    Attributes:
        pointer: JSON pointer into the input map, such as ``/body/userId``.
        message: What was expected, and what was received.
    """

    pointer: str
    message: str


class InvalidInput(InvocationError):
    """The caller's input does not match the function's schema; nothing was sent upstream.

    Args:
        violations: The violations; if there are many, the first ones, and a last one that says so.
    """

    def __init__(self, violations: Sequence[Violation]) -> None:
        self.violations = tuple(violations)
        super().__init__("; ".join(f"{v.pointer or '/'}: {v.message}" for v in self.violations))


@dataclass(frozen=True, slots=True, order=True)
class BoundVariable:
    """A variable that an operator sets.

    Attributes:
        name: The environment variable; for a value from a provider, the variable of the document.
        key: The key under which the provider stores it; empty for the environment.
        location: The location that the provider reads, as the document writes it; empty for the environment.
        reason: Why the value is missing, for the operator; empty if there is nothing to explain.
    """

    name: str
    key: str = ""
    location: str = ""
    reason: str = ""

    @property
    def shown(self) -> str:
        """Where its value is, for messages."""
        return f"`{self.key}` in {self.location}" if self.location else f"the variable {self.name}"

    @property
    def remedy(self) -> str:
        """How the operator sets it."""
        if not self.location:
            return f"set {self.name} in the server's environment"
        return f"set `{self.key}` in {self.location}"


class MissingBinding(InvocationError):
    """A binding has no value; nothing was sent upstream.

    Args:
        variables: The variables without a value, sorted.
        operation: The consumed operation that needs them, ``namespace.name``.
    """

    def __init__(self, variables: Sequence[BoundVariable], operation: str) -> None:
        self.names = tuple(variable.name for variable in variables)
        listed = ", ".join(self.names)
        super().__init__(
            f"{operation} needs {listed}, which {'is' if len(self.names) == 1 else 'are'} not set",
            hint=f"{_remedies(variables)} and restart the server",
        )


def _remedies(variables: Sequence[BoundVariable]) -> str:
    names = [variable.name for variable in variables if not variable.location]
    remedies = [BoundVariable(", ".join(names)).remedy] if names else []
    return ", ".join([*remedies, *(variable.remedy for variable in variables if variable.location)])


class StepFailed(InvocationError):
    """The upstream of a step returned an error; the flow stopped there.

    Args:
        step: The name of the step.
        operation: The operation that it called, ``namespace.name``.
        message: What happened.
        status: The HTTP status of the response; 502 if no request could be sent.
        body: The response body as JSON or text; None if it is empty.
        retry_after: The ``Retry-After`` header of the response; empty if absent.
        location: The ``Location`` header of the response, absolute; empty if absent.
    """

    def __init__(
        self,
        step: str,
        operation: str,
        message: str,
        *,
        status: int = 502,
        body: Any = None,
        retry_after: str = "",
        location: str = "",
    ) -> None:
        super().__init__(f"{message}; Location: {location}" if location else message)
        self.in_step(step)
        self.operation = operation
        self.status = status
        self.body = body
        self.retry_after = retry_after
        self.location = location


class Unsupported(InvocationError):
    """The call needs a feature that this version does not implement; nothing was sent upstream."""


class UpstreamUnreachable(InvocationError):
    """The upstream could not be reached, or closed the connection early."""


class UpstreamTimeout(InvocationError):
    """The upstream did not respond within the timeout."""


class NoConnection(InvocationError):
    """No connection to the upstream is available: all are in use, or the process cannot open another.

    Args:
        message: What is wrong.
        hint: How to fix it.
        retry_after: Seconds to wait before the next attempt.
    """

    def __init__(self, message: str, *, hint: str = "", retry_after: int = 1) -> None:
        super().__init__(message, hint=hint)
        self.retry_after = retry_after


class ClientTooSlow(InvocationError):
    """The client sent or read a stream too slowly, and another request needed its connection."""


class UndecodableResponse(InvocationError):
    """The upstream's response is not in the format that its operation declares."""


class ResponseTooLarge(InvocationError):
    """The upstream's response is larger than its operation allows (specification: ``maxBinarySize``)."""


class ScriptFailed(InvocationError):
    """A script step failed or exceeded a limit; the message names the step and the line."""


class ResponseAborted(Exception):
    """A response that has started cannot be completed; the server closes the connection. Only servers handle it."""
