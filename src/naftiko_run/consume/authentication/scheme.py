"""The interface of outbound authentication schemes, and the settings that they are compiled from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

from naftiko_run import locations
from naftiko_run.http.messages import DEFAULT_SECONDS, OutgoingRequest, Send, UpstreamResponse


class Text(Protocol):
    """Render a template in an authentication block."""

    def __call__(self, template: str, *, may_be_empty: bool = False) -> str:
        """Return the rendered template.

        Args:
            template: The template as written in the document.
            may_be_empty: Whether a variable with an empty value counts as set.
        """
        ...


@dataclass(frozen=True, slots=True)
class AuthenticationBlock:
    """An ``authentication`` block of a consumed API.

    Attributes:
        type: The scheme, in lower case.
        namespace: The namespace whose operations it authenticates.
        base: The base URL of that namespace.
        settings: Its other fields, as written in the document.
        text: Renders templates in the settings.
        send: Sends requests of the scheme itself, such as for a token.
        folder: The folder that relative locations in it are resolved against.
        is_masked: Whether values are masks, because no real upstream is called; the scheme then reads no files and
            sends no requests of its own.
        timeout: The timeout, in seconds, for all requests of the scheme itself together.
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
        """Return a setting with its templates rendered; empty if the block does not have it."""
        written = str(self.settings.get(key) or "")
        return self.text(written, may_be_empty=may_be_empty) if written else ""

    def required(self, key: str) -> str:
        """Return a setting with its templates rendered.

        Raises:
            ValueError: The block does not have the setting.
        """
        if not self.settings.get(key):
            raise ValueError(f"{self.type} authentication needs a `{key}`")
        return self.value(key)

    def content(self, key: str) -> bytes:
        """Return the content of the file that a setting names, or the PEM text that is its value.

        Raises:
            ValueError: The file does not exist or cannot be read.
        """
        value = self.required(key)
        if "-----BEGIN " in value:
            return value.replace("\\n", "\n").encode()
        try:
            path = locations.find(value, self.folder) if value else None
            if path is not None:
                return path.read_bytes()
        except (OSError, ValueError):
            # The original message would show the value, which may be the credential itself.
            raise ValueError(f"the file that `{key}` names cannot be read") from None
        raise ValueError(
            f"`{key}` names a file that was not found beside the document or in the working directory"
        )


class AuthenticationScheme(Protocol):
    """An outbound authentication scheme: adds credentials to a request, and may resend it after a challenge."""

    async def authorize(self, request: OutgoingRequest, send: Send) -> UpstreamResponse:
        """Send a request with credentials, and return the response."""
        ...
