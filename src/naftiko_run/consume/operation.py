"""Consumed operations: compiled from the document, called with arguments."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, Final, Literal, TypeVar

from naftiko_run._json import LARGE_TEXT, InvalidUnicode
from naftiko_run._json_incremental import is_large
from naftiko_run.consume.authentication.scheme import Authentication
from naftiko_run.consume.bodies import CallerBody
from naftiko_run.consume.deadline import authorize_in_time
from naftiko_run.consume.formats import Format, JsonFormat, MarkdownFormat
from naftiko_run.consume.masking import Mask, UrlSecrets
from naftiko_run.consume.plan import RequestPlan
from naftiko_run.diagnostics import Pointer
from naftiko_run.document.model import ConsumedOperation as OperationModel
from naftiko_run.document.model import Parameter
from naftiko_run.errors import UndecodableResponse
from naftiko_run.expressions import encode_name
from naftiko_run.http.messages import OutgoingRequest, Transport, UpstreamResponse
from naftiko_run.urls import resolve_reference

_log = logging.getLogger(__name__)

DEFAULT_MAX_BINARY_SIZE: Final = 10 * 1024 * 1024

MAX_INLINE: Final = 8 * 1024
"""Longer answers are read in a thread: all other requests would wait for them. Below it, switching costs more."""
_AT_ONCE: Final[Mapping[type, int]] = {
    JsonFormat: LARGE_TEXT,  # read fifty times faster than others
    MarkdownFormat: 512,  # whose parser fills a short table up with tens of thousands of cells
}

_PLAIN_JSON: Final = frozenset(
    ("application/json", "application/json; charset=utf-8", "application/json;charset=utf-8")
)
_OPENING: Final = frozenset((b"{", b"["))
"""How objects and lists begin, where no byte order mark or white space comes before."""

_threads = ThreadPoolExecutor(2, "answers")
"""Few: they and the event loop take turns, and one answer that takes long should not hold up the next."""

_Made = TypeVar("_Made")


@dataclass(frozen=True, slots=True)
class ConsumedOperation:
    """One operation of an upstream, ready to be called.

    Attributes:
        name: ``namespace.name``.
        address: Its URL for people: what bindings add to the path is left as the document writes it.
        model: What the document says of it.
        parameters: Its input parameters, the namespace's and the resource's included.
        sources: The parameters whose fixed values are each nothing but one argument, by that argument.
        reads: The arguments that its request reads, in order.
        plan: Makes the request.
        refusal: Why it cannot be called, though all else about it is known; empty where it can.
        refused_at: The place in the document of what ``refusal`` speaks of.
        authentication: None for none.
        answers: The format of its answers.
        unmapped: What becomes of answers where no output is mapped; see ``Format``.
        max_response: How many bytes of its answers are kept in memory.
        timeout: How many seconds a call may take.
        media_type: What its answers are said to be; empty for what the upstream says.
        transport: Carries the request.
        mask: Masks what is secret in its URL in answers; None where nothing is.
    """

    name: str
    address: str
    model: OperationModel
    parameters: tuple[Parameter, ...]
    sources: Mapping[str, Parameter]
    reads: tuple[str, ...]
    plan: RequestPlan
    refusal: str
    refused_at: Pointer
    authentication: Authentication | None
    answers: Format
    unmapped: Literal["text", "data", "bytes"]
    max_response: int
    timeout: float
    media_type: str
    transport: Transport
    mask: Mask | None = None

    @property
    def gives_bytes(self) -> bool:
        """Whether its answers are bytes, which are passed on and never read."""
        return self.unmapped == "bytes"

    def exchange(
        self,
        arguments: Mapping[str, Any],
        raw_body: CallerBody | None = None,
        max_binary_size: int | None = None,
        stream_threshold: int | None = None,
    ) -> Awaitable[UpstreamResponse]:
        """Call the operation once.

        Args:
            arguments: Values by consumed parameter name.
            raw_body: The HTTP caller's body; None where the caller has none to send.
            max_binary_size: The adapter's, for an operation that gives bytes and has none of its own.
            stream_threshold: See ``OutgoingRequest.stream_threshold``.

        Raises:
            InvalidInput: An argument cannot go where it should.
            MissingBinding: A credential or address is not set.
            UpstreamUnreachable: No connection, TLS failure, or a broken response.
            UpstreamTimeout: The time limit passed.
            NoConnection: None became free in time, or none can be opened.
            ResponseTooLarge: The answer is larger than is taken.
        """
        max_answer = None
        if self.unmapped == "bytes":
            sizes = (self.model.max_binary_size, max_binary_size)
            usual = min(DEFAULT_MAX_BINARY_SIZE, self.max_response)
            max_answer = next((size for size in sizes if size is not None), usual)
        fill = partial(
            self.plan.fill,
            arguments,
            raw_body,
            timeout=self.timeout,
            max_answer=max_answer,
            stream_threshold=stream_threshold,
            max_kept=self.max_response,
        )
        if self.plan.body is not None and is_large(arguments):
            return self._exchanged_aside(fill)
        return self._exchanged(fill())

    async def _exchanged_aside(self, fill: Callable[[], OutgoingRequest]) -> UpstreamResponse:
        """Make a large request beside the event loop, and send it."""
        return await self._exchanged(await run_in_decode_pool(fill))

    def _exchanged(self, request: OutgoingRequest) -> Awaitable[UpstreamResponse]:
        if self.mask is not None:
            return self._masked(self.mask, request)
        return self.transport.send(request) if self.authentication is None else self._sent(request)

    def _sent(self, request: OutgoingRequest) -> Awaitable[UpstreamResponse]:
        if self.authentication is None:
            return self.transport.send(request)
        return authorize_in_time(self.authentication, request, self.transport.send)

    def masking(self, arguments: Mapping[str, Sequence[str]]) -> ConsumedOperation:
        """Return the operation with a mask for what callers are not shown of its arguments.

        Args:
            arguments: The values of bindings in them, by name; they are masked where they travel in the URL.
        """
        plan, secrets = self.plan, UrlSecrets()
        before = plan.path.prefixes_by_variable()
        places = [(before[name], value) for name, value in plan.variables.items()]
        places += [(f"{encode_name(name)}=", value) for name, value, _ in plan.query]
        for text, expression in places:
            for name in expression.names:
                secrets.add_all(text, arguments.get(name, ()))
        if not secrets:
            return self
        mask = Mask(secrets) if self.mask is None else self.mask.extended(secrets)
        return replace(self, mask=mask)

    def location(self, response: UpstreamResponse) -> str:
        """Return the absolute Location of a response, without credentials; empty where it has none."""
        written = response.header("location")
        if not written:
            return ""
        location = resolve_reference(written, response.url)
        return location if self.mask is None else self.mask.text(location)

    async def _masked(self, mask: Mask, request: OutgoingRequest) -> UpstreamResponse:
        return await mask.response(await self._sent(request), is_binary=self.unmapped == "bytes")

    async def read(self, response: UpstreamResponse, make: Callable[[Any], _Made]) -> _Made:
        """Decode an answer that has content, and make something of its data; in a thread where it is long.

        Raises:
            UndecodableResponse: It is malformed; the message says how, and shows nothing of it.
        """
        try:
            if not self.should_offload(response):
                return make(self.decode(response))
            return await run_in_decode_pool(lambda: make(self.decode(response)))
        except RecursionError:
            raise UndecodableResponse(f"{self.name} gave an answer that is nested too deeply") from None

    def is_plain_json(self, content: bytes, media_type: str) -> bool:
        """Whether an answer needs nothing of its format: a short text of JSON, in UTF-8 as far as anything says."""
        return (
            media_type in _PLAIN_JSON
            and content[:1] in _OPENING
            and len(content) <= LARGE_TEXT
            and type(self.answers) is JsonFormat
        )

    def should_offload(self, response: UpstreamResponse) -> bool:
        """Whether an answer is too long to be decoded while all other requests wait."""
        return len(response.body) > _AT_ONCE.get(type(self.answers), MAX_INLINE)

    def decode(self, response: UpstreamResponse) -> Any:
        """Give the data of an answer that has content.

        Raises:
            UndecodableResponse: It is malformed; the message says how, and shows nothing of it.
        """
        media_type = response.header("content-type")
        try:
            try:
                return self.answers.decode(response.body, media_type)
            except InvalidUnicode as fault:
                _log.warning("%s: the answer holds text that is not Unicode; U+FFFD replaces it", self.name)
                essence = media_type.partition(";")[0]
                return self.answers.decode(fault.repaired, f"{essence}; charset=utf-8")
        except ValueError as fault:
            told = media_type.partition(";")[0].strip() or "none"
            raise UndecodableResponse(
                f"{self.name} gave an answer that is not {self.model.output_raw_format.upper()} "
                f"(its Content-Type: {told}): {fault}"
            ) from None


async def run_in_decode_pool(work: Callable[[], _Made]) -> _Made:
    """Do what takes long beside the event loop, in one of the few threads for long answers."""
    return await asyncio.get_running_loop().run_in_executor(_threads, work)
