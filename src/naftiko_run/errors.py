"""The exception tree. Every error of ours says what is wrong and how to mend it.

NaftikoError
 ├─ DocumentError            a capability document that cannot be served; carries diagnostics
 │   └─ SharedDocument       a file that only defines parts or values for other documents
 ├─ LocationUnreadable       a location of `binds` that its provider cannot read: its variables are missing
 ├─ ConfigurationError       options or variables that contradict each other
 │   ├─ PortUnavailable      a port that another process holds
 │   └─ RouteClash           two documents ask for the same route on one port
 └─ InvocationError          one call that failed; adapters turn each into their protocol
     ├─ Unsupported          the call needs something that is not built yet
     ├─ InvalidInput         the caller's input breaks the function's contract
     ├─ StepFailed           a step's upstream did not do what was asked; the flow ended there
     ├─ MissingBinding       a credential or address that the call needs is not set
     ├─ UpstreamUnreachable  no connection, TLS failure, or a broken response
     ├─ UpstreamTimeout      the time limit passed
     ├─ NoConnection         no connection to the upstream could be used: all are busy
     ├─ ClientTooSlow        the client of a stream was too slow, and its connection was needed
     ├─ UndecodableResponse  the upstream's answer is not in its declared format
     ├─ ResponseTooLarge     the upstream's answer is larger than its operation allows
     └─ ScriptFailed         a script step failed, or met a limit
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from naftiko_run.diagnostics import Diagnostic


class NaftikoError(Exception):
    """The root of every error that this package raises on purpose.

    Args:
        message: What is wrong, in words for the person who must act.
        hint: How to mend it; empty where the message already says so.
    """

    def __init__(self, message: str, *, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint


class DocumentError(NaftikoError):
    """A document that cannot be served.

    Args:
        diagnostics: Everything found, errors first; never empty.
    """

    def __init__(self, diagnostics: Sequence[Diagnostic]) -> None:
        self.diagnostics = tuple(diagnostics)
        first = next((d for d in self.diagnostics if d.is_error), self.diagnostics[0])
        super().__init__(str(first), hint=first.hint)


class SharedDocument(DocumentError):
    """A file with nothing to serve, and nothing wrong with that: other documents use what it defines."""


class LocationUnreadable(NaftikoError):
    """A location of ``binds`` that its provider cannot reach or read; never holds a value."""


class ConfigurationError(NaftikoError):
    """Options or variables that contradict each other or the document."""


class PortUnavailable(ConfigurationError):
    """A port that cannot be listened on."""


class RouteClash(ConfigurationError):
    """Two adapters ask for the same method and path on one port."""


class InvocationError(NaftikoError):
    """One call of a function that failed, below any protocol.

    Attributes:
        step: The step in which it failed; empty where the function has none.
    """

    step: str = ""

    def in_step(self, step: str) -> None:
        """Note the step in which it failed."""
        self.step = step
        self.message = f"the step `{step}` failed: {self.message}"
        self.args = (self.message,)


@dataclass(frozen=True, slots=True)
class Violation:
    """One way in which a caller's input breaks the contract.

    Attributes:
        pointer: JSON pointer into the input map, such as ``/body/userId``.
        message: What was expected and what came.
    """

    pointer: str
    message: str


class InvalidInput(InvocationError):
    """The caller's input breaks the function's contract; nothing was sent upstream.

    Args:
        violations: All of them, in the order of the inputs.
    """

    def __init__(self, violations: Sequence[Violation]) -> None:
        self.violations = tuple(violations)
        super().__init__("; ".join(f"{v.pointer or '/'}: {v.message}" for v in self.violations))


@dataclass(frozen=True, slots=True, order=True)
class BoundVariable:
    """A variable that an operator sets.

    Attributes:
        name: The environment variable; where a provider gives the value, the variable of the document.
        key: The key that the provider knows it by; empty for the environment.
        location: Where the provider looks, as the document writes it; empty for the environment.
        reason: Why there is none, should it be missing, in words for the operator; empty where that needs no words.
    """

    name: str
    key: str = ""
    location: str = ""
    reason: str = ""

    @property
    def shown(self) -> str:
        """Where its value is, for people."""
        return f"`{self.key}` in {self.location}" if self.location else f"the variable {self.name}"

    @property
    def remedy(self) -> str:
        """What the operator must do to give it a value."""
        if not self.location:
            return f"set {self.name} in the server's environment"
        return f"set `{self.key}` in {self.location}"


class MissingBinding(InvocationError):
    """A value that a binding should give is not there; nothing was sent upstream.

    Args:
        variables: What has no value, sorted.
        operation: The consumed operation that needs them, ``namespace.name``.
    """

    def __init__(self, variables: Sequence[BoundVariable], operation: str) -> None:
        self.names = tuple(variable.name for variable in variables)
        listed = ", ".join(self.names)
        super().__init__(
            f"{operation} needs {listed}, which {'is' if len(self.names) == 1 else 'are'} not set",
            hint=f"{_remedies(variables)} and start it again",
        )


def _remedies(variables: Sequence[BoundVariable]) -> str:
    names = [variable.name for variable in variables if not variable.location]
    remedies = [BoundVariable(", ".join(names)).remedy] if names else []
    return ", ".join([*remedies, *(variable.remedy for variable in variables if variable.location)])


class StepFailed(InvocationError):
    """A step's upstream did not do what was asked; the flow ended there.

    Args:
        step: Its name.
        operation: What it called, ``namespace.name``.
        message: What happened.
        status: The upstream's HTTP status; 502 where the step could not even be sent.
        body: The upstream's answer: JSON, or text; None for none.
        retry_after: The upstream's ``Retry-After``; empty for none.
        location: The upstream's ``Location``, absolute; empty for none.
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
    """The call needs something that this version cannot do; nothing was sent upstream."""


class UpstreamUnreachable(InvocationError):
    """The upstream could not be reached, or broke off."""


class UpstreamTimeout(InvocationError):
    """The upstream did not answer within the time limit."""


class NoConnection(InvocationError):
    """No connection to the upstream could be used: all that are allowed are busy, or the process can open no more.

    Args:
        message: What is wrong.
        hint: How to fix it.
        retry_after: Seconds after which another attempt makes sense.
    """

    def __init__(self, message: str, *, hint: str = "", retry_after: int = 1) -> None:
        super().__init__(message, hint=hint)
        self.retry_after = retry_after


class ClientTooSlow(InvocationError):
    """The client sent or received a stream too slowly, and another request needed its connection."""


class UndecodableResponse(InvocationError):
    """The upstream's answer is not in the format that its operation declares."""


class ResponseTooLarge(InvocationError):
    """The upstream's answer is larger than its operation allows (specification: ``maxBinarySize``)."""


class ScriptFailed(InvocationError):
    """A script step failed, or met a limit; the message names the step, and the line that failed."""


class ResponseAborted(Exception):
    """A response that has begun cannot be completed; the server closes the connection. Only servers handle it."""
