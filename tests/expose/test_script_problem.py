"""A script that fails is the document's fault, and is told with step and line."""

from __future__ import annotations

from naftiko_run.errors import ScriptFailed
from naftiko_run.expose.problems import problem_of


def test_a_failed_script_is_a_problem_of_its_own_kind() -> None:
    problem = problem_of(ScriptFailed("script step `shape`: `a.js`, line 3: Error: x", hint="mend it"))
    assert problem.document() == {
        "type": "urn:naftiko:problem:script-failed",
        "title": "Internal Server Error",
        "status": 500,
        "detail": "script step `shape`: `a.js`, line 3: Error: x",
        "hint": "mend it",
    }
