"""Mocks: functions that call nothing, whose outputs bring their own values."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from naftiko_run.consume import CallerBody
from naftiko_run.invoke.outcome import Outcome
from naftiko_run.invoke.outputs import Shape


@dataclass(frozen=True, slots=True)
class MockPlan:
    """The plan of a function without a call and without steps.

    Attributes:
        shape: Makes the answer of the inputs; None where there is nothing to answer.
    """

    shape: Shape | None

    async def run(
        self,
        values: dict[str, Any],
        raw_body: CallerBody | None,  # noqa: ARG002 - a plan's form
        stream_threshold: int | None,  # noqa: ARG002 - a plan's form
    ) -> Outcome:
        """Give the answer; see ``Function.invoke``."""
        return Outcome(204, b"") if self.shape is None else Outcome.of_value(self.shape({}, values))
