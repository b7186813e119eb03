"""Elicitation across replicas: any replica with the same key can continue a round of another."""

from __future__ import annotations

from contextlib import ExitStack
from pathlib import Path

import pytest

from support.greeting import DOCUMENT, greeted
from support.process import READY, launched, run


@pytest.mark.parametrize("second", ["k" * 32, "o" * 32], ids=["same-key", "other-key"])
def test_a_replica_with_the_same_key_continues_a_round_of_another(tmp_path: Path, second: str) -> None:
    (tmp_path / "m.yaml").write_text(DOCUMENT)
    with ExitStack() as stack:
        urls = []
        for key in ("k" * 32, second):
            environment = {"NAFTIKO_STATE_KEY": key}
            command = launched(tmp_path / "m.yaml", "--port", "mcp=0", environment=environment)
            replica = stack.enter_context(command)
            replica.wait_for_line(READY)
            urls.append(replica.url("mcp"))
        state = greeted(urls[0])["result"]["requestState"]
        answers = {"person": {"action": "accept", "content": {"name": "Ann"}}}
        answer = greeted(urls[1], inputResponses=answers, requestState=state)
    if second.startswith("k"):
        assert answer["result"]["content"] == [{"type": "text", "text": "Hello Ann"}]
    else:
        assert answer["error"]["data"] == {"reason": "invalid_request_state"}


def test_a_short_key_is_rejected_without_being_shown(tmp_path: Path) -> None:
    (tmp_path / "m.yaml").write_text(DOCUMENT)
    ended = run(tmp_path / "m.yaml", environment={"NAFTIKO_STATE_KEY": "hunter2"})
    assert ended.returncode == 1
    assert "NAFTIKO_STATE_KEY is too short: it must have at least 32 bytes" in ended.stderr
    assert "hunter2" not in ended.stderr
