"""The interface of outbound authentication schemes, and the settings that they are compiled from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

from naftiko_run import locations
from naftiko_run.http.messages import DEFAULT_SECONDS, OutgoingRequest, Send, UpstreamResponse


class Text(Protocol):
    """Gives the value of a template in an authentication block."""

    def __call__(self, template: str, *, may_be_empty: bool = False) -> str:
        """Give the value.

        Args:
            template: As the author wrote it.
            may_be_empty: Whether a variable that is set to nothing counts as set.
        """
        ...


@dataclass(frozen=True, slots=True)
class AuthenticationBlock:
    """An ``authentication`` block of a consumed API.

    Attributes:
        type: Its scheme, in lower case.
        namespace: The namespace whose operations it is for.
        base: The base URL of that namespace.
        settings: What else it says, as written.
        text: Gives the value of each template in it.
        send: Sends what the scheme itself has to ask, such as for a token.
        folder: Where relative locations in it begin.
        is_masked: Whether values are masks, because nothing real is called: the
            scheme then opens no file and sends nothing but the request.
        timeout: How many seconds what the scheme itself has to ask may take, all of it together.
    """

    type: str
    namespace: str
    base: str = field(repr=False)
    settings: Mapping[str, Any] = field(repr=False)
    text: Text = field(repr=False)
    send: Send = field(repr=False)
    folder: Path
    is_masked: bool
    timeout: float = DEFAULT_SECONDS

    def value(self, key: str, *, may_be_empty: bool = False) -> str:
        """Give a setting, its templates filled in; empty where the block does not have it."""
        written = str(self.settings.get(key) or "")
        return self.text(written, may_be_empty=may_be_empty) if written else ""

    def required(self, key: str) -> str:
        """Give a setting, its templates filled in.

        Raises:
            ValueError: The block does not have it.
        """
        if not self.settings.get(key):
            raise ValueError(f"{self.type} authentication needs a `{key}`")
        return self.value(key)

    def content(self, key: str) -> bytes:
        """Give what is in the file that a setting names, or the PEM text that it holds itself.

        Raises:
            ValueError: There is no such file, or it cannot be read.
        """
        value = self.required(key)
        if "-----BEGIN " in value:
            return value.replace("\\n", "\n").encode()
        try:
            path = locations.find(value, self.folder) if value else None
            if path is not None:
                return path.read_bytes()
        except (OSError, ValueError):
            # Their own words would show the value, which may be the credential itself.
            raise ValueError(f"the file that `{key}` names cannot be read") from None
        raise ValueError(f"`{key}` names no file, neither beside the document nor in the working directory")


class AuthenticationScheme(Protocol):
    """An outbound authentication scheme: adds to a request, may answer a challenge and send again."""

    async def authorize(self, request: OutgoingRequest, send: Send) -> UpstreamResponse:
        """Send a request with what the scheme demands."""
        ...
