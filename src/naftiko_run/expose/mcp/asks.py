"""What a tool or a prompt asks its client for before it does anything: the user, the model, the folders.

Nothing has been called while there are questions open, so that asking again repeats nothing.
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
from naftiko_run.document.model import Ask
from naftiko_run.expressions import names_of
from naftiko_run.invoke import CompiledQuestion, compile_questions

_CAPABILITIES: Final = {"user": "elicitation", "model": "sampling", "roots": "roots"}
"""What a client must be able to do so that it can be asked for an answer."""

_SECONDS_TO_ANSWER: Final = 600

Question = types.ElicitRequest | types.CreateMessageRequest | types.ListRootsRequest
Response = (
    types.ElicitResult
    | types.CreateMessageResult
    | types.CreateMessageResultWithTools
    | types.ListRootsResult
)
Answers = dict[str, Any]


class Unanswered(Exception):
    """The client cannot, or would not, answer what must be answered."""


class Questionnaire:
    """The questions of one unit.

    Args:
        asks: What the document says, which loading has found to be in order.
    """

    def __init__(self, asks: Sequence[Ask]) -> None:
        self._asks = compile_questions(asks)

    def __bool__(self) -> bool:
        return bool(self._asks)

    @property
    def names(self) -> tuple[str, ...]:
        """The inputs that its questions read."""
        return names_of(each.text for each in self._asks)

    def is_asked(self, name: str) -> bool:
        """Whether an input is an answer, or a part of one, and so nothing that a caller gives."""
        return name.partition(".")[0] in {each.model.name for each in self._asks}

    async def inputs(
        self,
        context: ServerRequestContext,
        params: types.InputResponseRequestParams,
        given: Mapping[str, Any],
    ) -> dict[str, Any] | types.InputRequiredResult:
        """Give the inputs with the answers among them, or what the client must answer first.

        Args:
            context: The request's.
            params: Hold the answers, in the protocols that carry them there.
            given: The caller's own inputs.

        Raises:
            Unanswered: There will be no answer.
            MCPError: The client has not declared that it can answer.
        """
        own = {name: value for name, value in given.items() if not self.is_asked(name)}
        if not self._asks:
            return own
        is_modern = context.protocol_version in MODERN_PROTOCOL_VERSIONS
        asks = self._askable(context.session.client_capabilities, is_modern=is_modern)
        if is_modern:
            answers = _kept(params.request_state)
            responses = params.input_responses or {}
            for ask in _open(asks, answers):
                _take(answers, ask, responses.get(ask.model.name))
            if still := _open(asks, answers):
                scope = own | _spread(answers)
                return types.InputRequiredResult(
                    input_requests={ask.model.name: _question(ask, scope) for ask in still},
                    request_state=_json.dumps(answers).decode(),
                )
        else:
            answers = await _asked(context, asks, own)
        return own | _spread(answers)

    def _askable(
        self, capabilities: types.ClientCapabilities | None, *, is_modern: bool
    ) -> list[CompiledQuestion]:
        able: list[CompiledQuestion] = []
        unable: list[CompiledQuestion] = []
        for ask in self._asks:
            (able if getattr(capabilities, _capability(ask), None) is not None else unable).append(ask)
        needed = sorted({_capability(ask) for ask in unable if ask.model.required})
        if not needed:
            return able
        message = f"The client has not declared what this needs: {', '.join(needed)}"
        if not is_modern:
            raise Unanswered(message)
        data: dict[str, Any] = {"requiredCapabilities": {name: {} for name in needed}}
        raise MCPError(types.MISSING_REQUIRED_CLIENT_CAPABILITY, message, data)


def _capability(ask: CompiledQuestion) -> str:
    """Give what the client must be able to do."""
    return _CAPABILITIES[ask.model.of]


def _question(ask: CompiledQuestion, scope: Mapping[str, Any]) -> Question:
    """Give a question as a request of the protocol."""
    text = ask.text.evaluate(scope)
    if ask.model.of == "user":
        form = types.ElicitRequestFormParams(message=text, requested_schema=ask.model.answer)
        return types.ElicitRequest(params=form)
    if ask.model.of == "model":
        message = types.SamplingMessage(role="user", content=types.TextContent(text=text))
        sampling = types.CreateMessageRequestParams(messages=[message], max_tokens=ask.model.max_tokens)
        return types.CreateMessageRequest(params=sampling)
    return types.ListRootsRequest()


def _answer(ask: CompiledQuestion, response: Response | None) -> Any:
    """Give the answer in a response; None where there is none, or another than was asked for.

    Raises:
        Unanswered: The user declined.
    """
    match ask.model.of, response:
        case "user", types.ElicitResult(action="accept", content=content):
            return (content or {}) if ask.validator.is_valid(content or {}) else None
        case "user", types.ElicitResult():
            raise Unanswered(f"The user did not answer `{ask.model.name}`; nothing was done")
        case "model", types.CreateMessageResult(content=content):
            return content.text if isinstance(content, types.TextContent) else content.model_dump(mode="json")
        case "roots", types.ListRootsResult(roots=roots):
            return [each.model_dump(mode="json", exclude_none=True) for each in roots]
    return None


def _open(asks: Iterable[CompiledQuestion], answers: Answers) -> list[CompiledQuestion]:
    """Give the questions that are not answered, and wait for no other's answer."""
    asks = [each for each in asks if each.model.name not in answers]
    waiting = {each.model.name for each in asks}
    return [each for each in asks if not each.after & waiting]


def _take(answers: Answers, ask: CompiledQuestion, response: Response | None) -> None:
    """Keep an answer; one that need not be given and is not is None."""
    try:
        answer = _answer(ask, response)
    except Unanswered:
        if ask.model.required:
            raise
        answers[ask.model.name] = None
    else:
        if answer is not None:
            answers[ask.model.name] = answer


async def _asked(
    context: ServerRequestContext, asks: Sequence[CompiledQuestion], own: Mapping[str, Any]
) -> Answers:
    """Ask a client of the protocols in which a server sends requests."""
    answers: Answers = {}
    while still := _open(asks, answers):
        for ask in still:
            try:
                _take(answers, ask, await _sent(context, ask, {**own, **_spread(answers)}))
                fault = "it does not fit its schema"
            except MCPError as refusal:
                fault = str(refusal)
            if ask.model.name not in answers:
                if ask.model.required:
                    raise Unanswered(
                        f"There is no answer to `{ask.model.name}`, so nothing was done: {fault}"
                    )
                answers[ask.model.name] = None
    return answers


async def _sent(context: ServerRequestContext, ask: CompiledQuestion, scope: Mapping[str, Any]) -> Response:
    kinds: dict[str, type[Response]] = {
        "user": types.ElicitResult,
        "model": types.CreateMessageResult,
        "roots": types.ListRootsResult,
    }
    related = ServerMessageMetadata(related_request_id=context.request_id)
    return await context.session.send_request(
        _question(ask, scope), kinds[ask.model.of], _SECONDS_TO_ANSWER, metadata=related
    )


def _kept(state: str | None) -> Answers:
    """Give the answers of earlier rounds; the state has been unsealed, so that it is our own."""
    return {} if state is None else dict(_json.loads(state.encode()))


def _spread(answers: Answers) -> dict[str, Any]:
    """Give answers as inputs: ``name``, and ``name.field`` for each field."""
    inputs: dict[str, Any] = {}
    for name, answer in answers.items():
        if answer is None:
            continue
        inputs[name] = answer
        if isinstance(answer, dict):
            inputs |= {f"{name}.{field}": value for field, value in answer.items()}
    return inputs
