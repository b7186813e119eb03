"""Failures as JSON-RPC errors, for the methods whose results have no ``isError``."""

from __future__ import annotations

import mcp_types as types
from mcp.shared.exceptions import MCPError

from naftiko_run.errors import InvalidInput
from naftiko_run.expose.mcp.results import JsonObject, failure_result, problem_result
from naftiko_run.expose.problems import problem_of
from naftiko_run.invoke import Outcome


def mcp_error(fault: Exception, what: str) -> MCPError:
    """Return the error of what was refused, or failed on the way.

    Args:
        fault: Why.
        what: What the client asked for, such as "prompt `greet`".
    """
    problem = problem_of(fault)
    code = types.INVALID_PARAMS if isinstance(fault, InvalidInput) else types.INTERNAL_ERROR
    return MCPError(
        code, _text(problem_result(problem, f"The arguments do not fit the {what}:")), problem.document()
    )


def upstream_error(outcome: Outcome) -> MCPError:
    """Give the error of a call that an upstream did not do."""
    result = failure_result(outcome)
    return MCPError(types.INTERNAL_ERROR, _text(result), result.get("structuredContent"))


def _text(result: JsonObject) -> str:
    (content,) = result["content"]
    text: str = content["text"]
    return text
