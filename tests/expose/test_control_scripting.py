"""The script settings of a running process: shown, and changed all or nothing."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import httpx
import pytest

from expose.control_documents import SCRIPTS, write_document
from naftiko_run import Settings
from support.server import Served, serving

NOTHING = Settings(environment={})


def put(served: Served, **changes: Any) -> httpx.Response:
    return httpx.put(f"{served.origin('control')}/scripting", json=changes)


def shown(served: Served) -> dict[str, Any]:
    found: dict[str, Any] = httpx.get(f"{served.origin('control')}/scripting").json()
    return found


def test_settings_and_statistics_are_shown(tmp_path: Path) -> None:
    with serving(write_document(tmp_path, SCRIPTS), settings=NOTHING) as served:
        before = shown(served)
        assert httpx.get(f"{served.origin('rest')}/js").json() == 1
        after = shown(served)["stats"]
    assert before == {
        "enabled": True,
        "defaultLocation": "file:///./scripts",
        "timeout": 30000,
        "statementLimit": 100000,
        "stats": {"totalExecutions": 0, "totalErrors": 0, "averageDurationMs": 0.0},
    }
    assert (after["totalExecutions"], after["totalErrors"]) == (1, 0)
    assert after["averageDurationMs"] > 0
    assert after["lastExecutionAt"].endswith("Z")


def test_a_failed_run_is_counted(tmp_path: Path) -> None:
    document = write_document(tmp_path, SCRIPTS)
    (tmp_path / "scripts" / "main.js").write_text("throw new Error('no')")
    with serving(document, settings=NOTHING) as served:
        assert httpx.get(f"{served.origin('rest')}/js").status_code == 500
        stats = shown(served)["stats"]
    assert (stats["totalExecutions"], stats["totalErrors"]) == (1, 1)


def test_disabled_scripts_fail_until_they_are_enabled_again(tmp_path: Path) -> None:
    with serving(write_document(tmp_path, SCRIPTS), settings=NOTHING) as served:
        assert put(served, enabled=False).json()["enabled"] is False
        refused = httpx.get(f"{served.origin('rest')}/js")
        assert (refused.status_code, "scripts are disabled" in refused.text) == (500, True)
        assert put(served, enabled=True).json()["enabled"] is True
        assert httpx.get(f"{served.origin('rest')}/js").json() == 1


def test_a_language_that_is_no_longer_allowed_fails(tmp_path: Path) -> None:
    with serving(write_document(tmp_path, SCRIPTS), settings=NOTHING) as served:
        assert put(served, allowedLanguages=["python"]).json()["allowedLanguages"] == ["python"]
        refused = httpx.get(f"{served.origin('rest')}/js")
        assert httpx.get(f"{served.origin('rest')}/py").json() == 2
        assert put(served, allowedLanguages=[]).status_code == 200
        assert httpx.get(f"{served.origin('rest')}/js").json() == 1
    assert refused.status_code == 500
    assert "`javascript` is not one of `allowedLanguages`" in refused.text


def test_another_location_is_used_at_once(tmp_path: Path) -> None:
    document = write_document(tmp_path, SCRIPTS)
    other = tmp_path / "other"
    other.mkdir()
    (other / "main.js").write_text("result = 10")
    (other / "main.py").write_text("result = 20")
    with serving(document, settings=NOTHING) as served:
        assert put(served, defaultLocation="file:///./other").status_code == 200
        assert httpx.get(f"{served.origin('rest')}/js").json() == 10
        assert httpx.get(f"{served.origin('rest')}/py").json() == 20


def test_limits_apply_to_the_next_run(tmp_path: Path) -> None:
    document = write_document(tmp_path, SCRIPTS)
    (tmp_path / "scripts" / "main.js").write_text("let n = 0; while (n < 500) { n = n + 1 } result = n")
    with serving(document, settings=NOTHING) as served:
        assert httpx.get(f"{served.origin('rest')}/js").json() == 500
        assert put(served, statementLimit=50).status_code == 200
        assert "statement limit (50)" in httpx.get(f"{served.origin('rest')}/js").text


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({}, "nothing to change"),
        ({"speed": 1}, "`speed` is not a script setting"),
        ({"enabled": "yes"}, "`enabled`"),
        ({"timeout": 0}, "`timeout`"),
        ({"timeout": True}, "`timeout`"),
        ({"statementLimit": 1.5}, "`statementLimit`"),
        ({"allowedLanguages": "python"}, "`allowedLanguages`"),
        ({"allowedLanguages": ["ruby"]}, "`ruby` is not a script language"),
        ({"defaultLanguage": "groovy"}, "`groovy` is not a script language"),
        ({"defaultLocation": "/etc"}, "file:///"),
        ({"defaultLocation": "file:///./nowhere"}, "no folder"),
        ({"defaultLocation": None}, "`defaultLocation`"),
        ({"timeout": 5, "enabled": False, "statementLimit": -1}, "`statementLimit`"),
    ],
)
def test_a_change_that_fails_changes_nothing(tmp_path: Path, changes: dict[str, Any], told: str) -> None:
    with serving(write_document(tmp_path, SCRIPTS), settings=NOTHING) as served:
        before = shown(served)
        response = put(served, **changes)
        assert shown(served) == before
        assert httpx.get(f"{served.origin('rest')}/js").json() == 1
    assert response.status_code == 400
    assert told in response.json()["error"]


def test_a_location_without_one_of_the_scripts_changes_nothing(tmp_path: Path) -> None:
    document = write_document(tmp_path, SCRIPTS)
    half = tmp_path / "half"
    half.mkdir()
    (half / "main.js").write_text("result = 10")
    with serving(document, settings=NOTHING) as served:
        response = put(served, defaultLocation="file:///./half", timeout=7)
        assert httpx.get(f"{served.origin('rest')}/js").json() == 1
        assert shown(served)["timeout"] == 30000
    assert (response.status_code, "no script `main.py`" in response.text) == (400, True)


def test_a_body_that_is_not_an_object_is_rejected(tmp_path: Path) -> None:
    with serving(write_document(tmp_path, SCRIPTS), settings=NOTHING) as served:
        url = f"{served.origin('control')}/scripting"
        assert httpx.put(url, content="[]").json() == {"error": "The body is not a JSON object"}
        assert "not JSON" in httpx.put(url, content="{").json()["error"]
