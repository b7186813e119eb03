"""Calls with very many arguments: unknown ones are dropped early, and the event loop copies none."""

from __future__ import annotations

import asyncio
import threading
from dataclasses import replace
from typing import Any, cast

from consume.recording import Recorder, json_of, over, tool
from naftiko_run.expose.mcp.arguments import Arguments
from naftiko_run.expose.mcp.elicitation import Elicitation
from naftiko_run.invoke.call import CallPlan

MANY = {f"k{number}": number for number in range(50_000)}


def test_most_unknown_arguments_are_dropped_before_validation() -> None:
    function = tool({"inputParameters": [{"in": "query", "name": "q"}]})
    parsed = asyncio.run(Arguments(function).parse({**MANY, "q": "x"}))
    assert parsed.inputs["q"] == "x"
    assert len(parsed.inputs) == 21
    assert parsed.notes[0] == "Unknown argument `k0` was ignored. Known arguments: `q`."
    assert parsed.notes[-1] == "49980 more unknown arguments were ignored."


def test_arguments_are_not_copied_for_a_tool_without_questions() -> None:
    nothing = cast("Any", None)
    assert asyncio.run(Elicitation(()).inputs(nothing, nothing, MANY)) is MANY


def test_many_arguments_become_a_body_in_a_thread() -> None:
    threads = set()

    class Names(frozenset[str]):
        def __contains__(self, name: object) -> bool:
            threads.add(threading.get_ident())
            return super().__contains__(name)

    recorder = Recorder()
    function = over(tool({"method": "POST"}), recorder)
    plan = function._plan
    assert isinstance(plan, CallPlan)
    assert plan.known is not None
    watched = replace(function, _plan=replace(plan, known=Names(plan.known)))
    asyncio.run(watched.invoke(MANY))
    assert json_of(recorder.requests[0]) == MANY
    assert threads
    assert threading.get_ident() not in threads
