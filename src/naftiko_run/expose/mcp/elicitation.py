"""Requests to the client before a tool or prompt runs: elicitation from the user, sampling from the model, and roots.

Nothing has been called while a request is open, so that repeating the call repeats no side effect.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

import mcp_types as types
from mcp.server.context import ServerRequestContext
from mcp.shared.exceptions import MCPError
from mcp.shared.message import ServerMessageMetadata
from mcp_types.version import MODERN_PROTOCOL_VERSIONS

from naftiko_run import _json
from naftiko_run._json_incremental import is_large
from naftiko_run.document.model import Ask
from naftiko_run.expressions import names_of
from naftiko_run.invoke import CompiledQuestion, compile_questions, run_in_decode_pool

_CAPABILITIES: Final = {"user": "elicitation", "model": "sampling", "roots": "roots"}
"""The client capability that a request needs, by the kind of its addressee."""

_ANSWER_TIMEOUT: Final = 600

ClientRequest = types.ElicitRequest | types.CreateMessageRequest | types.ListRootsRequest
ClientResponse = (
    types.ElicitResult
    | types.CreateMessageResult
    | types.CreateMessageResultWithTools
    | types.ListRootsResult
)
Answers = dict[str, Any]


class ElicitationError(Exception):
    """The client cannot answer a required question, or its user has declined to."""


class Elicitation:
    """The questions of one tool or prompt.

    Args:
        asks: The questions as the document declares them, already validated.
    """

    def __init__(self, asks: Sequence[Ask]) -> None:
        self._asks = compile_questions(asks)
        self._answers = frozenset(each.model.name for each in self._asks)

    def __bool__(self) -> bool:
        return bool(self._asks)

    @property
    def names(self) -> tuple[str, ...]:
        """The names of the inputs that its questions use."""
        return names_of(each.text for each in self._asks)

    def is_answer(self, name: str) -> bool:
        """Return whether an input is an answer or a field of one, and so not an argument of the caller."""
        return name.partition(".")[0] in self._answers

    async def inputs(
        self,
        context: ServerRequestContext,
        params: types.InputResponseRequestParams,
        arguments: Mapping[str, Any],
    ) -> Mapping[str, Any] | types.InputRequiredResult:
        """Return the inputs including the answers, or the requests that the client must answer first.

        Args:
            context: The context of the request.
            params: Its parameters, which carry the answers in the protocol versions without server requests.
            arguments: The arguments of the caller.

        Raises:
            ElicitationError: A required question has no answer.
            MCPError: The client has not declared a required capability.
        """
        if not self._asks:
            return arguments

        def without_answers() -> dict[str, Any]:
            return {name: value for name, value in arguments.items() if not self.is_answer(name)}

        own = await run_in_decode_pool(without_answers) if is_large(arguments) else without_answers()
        is_modern = context.protocol_version in MODERN_PROTOCOL_VERSIONS
        asks = self._supported(context.session.client_capabilities, is_modern=is_modern)
        if is_modern:
            answers = _parse_state(params.request_state)
            responses = params.input_responses or {}
            for ask in _ready(asks, answers):
                _store(answers, ask, responses.get(ask.model.name))
            if ready := _ready(asks, answers):
                inputs = own | _as_inputs(answers)
                return types.InputRequiredResult(
                    input_requests={ask.model.name: _request(ask, inputs) for ask in ready},
                    request_state=_json.dumps(answers).decode(),
                )
        else:
            answers = await _ask_all(context, asks, own)
        return own | _as_inputs(answers)

    def _supported(
        self, capabilities: types.ClientCapabilities | None, *, is_modern: bool
    ) -> list[CompiledQuestion]:
        supported: list[CompiledQuestion] = []
        unsupported: list[CompiledQuestion] = []
        for ask in self._asks:
            has_capability = getattr(capabilities, _capability(ask), None) is not None
            (supported if has_capability else unsupported).append(ask)
        missing = sorted({_capability(ask) for ask in unsupported if ask.model.required})
        if not missing:
            return supported
        message = f"The client has not declared a required capability: {', '.join(missing)}"
        if not is_modern:
            raise ElicitationError(message)
        data: dict[str, Any] = {"requiredCapabilities": {name: {} for name in missing}}
        raise MCPError(types.MISSING_REQUIRED_CLIENT_CAPABILITY, message, data)


def _capability(ask: CompiledQuestion) -> str:
    """Return the client capability that a question needs."""
    return _CAPABILITIES[ask.model.of]


def _request(ask: CompiledQuestion, inputs: Mapping[str, Any]) -> ClientRequest:
    """Return a question as a request of the protocol."""
    text = ask.text.evaluate(inputs)
    if ask.model.of == "user":
        form = types.ElicitRequestFormParams(message=text, requested_schema=ask.model.answer)
        return types.ElicitRequest(params=form)
    if ask.model.of == "model":
        message = types.SamplingMessage(role="user", content=types.TextContent(text=text))
        sampling = types.CreateMessageRequestParams(messages=[message], max_tokens=ask.model.max_tokens)
        return types.CreateMessageRequest(params=sampling)
    return types.ListRootsRequest()


def _answer(ask: CompiledQuestion, response: ClientResponse | None) -> Any:
    """Return the answer in a response; None if there is none, or if it does not fit the question.

    Raises:
        ElicitationError: The user declined.
    """
    match ask.model.of, response:
        case "user", types.ElicitResult(action="accept", content=content):
            return (content or {}) if ask.validator.is_valid(content or {}) else None
        case "user", types.ElicitResult():
            raise ElicitationError(f"The user did not answer `{ask.model.name}`; nothing was done")
        case "model", types.CreateMessageResult(content=content):
            return content.text if isinstance(content, types.TextContent) else content.model_dump(mode="json")
        case "roots", types.ListRootsResult(roots=roots):
            return [each.model_dump(mode="json", exclude_none=True) for each in roots]
    return None


def _ready(asks: Iterable[CompiledQuestion], answers: Answers) -> list[CompiledQuestion]:
    """Return the unanswered questions that depend on no other unanswered one."""
    unanswered = [each for each in asks if each.model.name not in answers]
    names = {each.model.name for each in unanswered}
    return [each for each in unanswered if not each.after & names]


def _store(answers: Answers, ask: CompiledQuestion, response: ClientResponse | None) -> None:
    """Store the answer in a response, if it has one; an optional question that was declined has the answer None."""
    try:
        answer = _answer(ask, response)
    except ElicitationError:
        if ask.model.required:
            raise
        answers[ask.model.name] = None
    else:
        if answer is not None:
            answers[ask.model.name] = answer


async def _ask_all(
    context: ServerRequestContext, asks: Sequence[CompiledQuestion], own: Mapping[str, Any]
) -> Answers:
    """Ask a client of the protocol versions in which the server sends requests."""
    answers: Answers = {}
    while ready := _ready(asks, answers):
        for ask in ready:
            try:
                _store(answers, ask, await _send(context, ask, {**own, **_as_inputs(answers)}))
                reason = "the answer does not match its schema"
            except MCPError as error:
                reason = str(error)
            if ask.model.name not in answers:
                if ask.model.required:
                    raise ElicitationError(f"No answer to `{ask.model.name}`, so nothing was done: {reason}")
                answers[ask.model.name] = None
    return answers


async def _send(
    context: ServerRequestContext, ask: CompiledQuestion, inputs: Mapping[str, Any]
) -> ClientResponse:
    result_types: dict[str, type[ClientResponse]] = {
        "user": types.ElicitResult,
        "model": types.CreateMessageResult,
        "roots": types.ListRootsResult,
    }
    related = ServerMessageMetadata(related_request_id=context.request_id)
    return await context.session.send_request(
        _request(ask, inputs), result_types[ask.model.of], _ANSWER_TIMEOUT, metadata=related
    )


def _parse_state(state: str | None) -> Answers:
    """Return the answers of earlier rounds; the SDK has verified that the state is our own."""
    return {} if state is None else dict(_json.loads(state.encode()))


def _as_inputs(answers: Answers) -> dict[str, Any]:
    """Return answers as inputs: ``name``, and ``name.field`` for each field of an object."""
    inputs: dict[str, Any] = {}
    for name, answer in answers.items():
        if answer is None:
            continue
        inputs[name] = answer
        if isinstance(answer, dict):
            inputs |= {f"{name}.{field}": value for field, value in answer.items()}
    return inputs
