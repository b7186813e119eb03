"""Script steps in a flow: their context and their output."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from invoke.flows import CONSUMES, answering, call
from naftiko_run import Settings, load
from naftiko_run.errors import DocumentError, ScriptFailed
from support.upstream import Upstream

SCRIPTS = {
    "names.js": "result = { names: context['list-crew'].map(shout), imo: context.imo, extra: context.extra };",
    "lib/shout.js": "function shout(member) { return member.name.toUpperCase() + suffix(); }",
    "lib/suffix.js": "function suffix() { return '!'; }",
    "count.py": "result = {'count': len(context['names']['names']), 'imo': context['imo']}",
    "fail.js": "null.x;",
    "nothing.py": "x = 1",
}


def flow(tmp_path: Path, upstream: Upstream, steps: str, mappings: str = "[]", scripting: Any = None) -> Any:
    """Load a document whose tool ``m.t`` has scripts."""
    for name, text in SCRIPTS.items():
        file = tmp_path / "scripts" / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
    control = {"type": "control", "port": 9400, "management": {"scripting": scripting or {}}}
    tool = {
        "name": "t",
        "inputParameters": [{"name": "imo", "type": "string", "required": False}],
        "steps": yaml.safe_load(steps),
        "mappings": yaml.safe_load(mappings),
    }
    document = {
        "naftiko": "1.0.0-alpha2",
        "capability": {
            "consumes": [{**yaml.safe_load(CONSUMES), "baseUri": upstream.url}],
            "exposes": [{"type": "mcp", "namespace": "m", "tools": [tool]}, control],
        },
    }
    path = tmp_path / "flow.yaml"
    path.write_text(yaml.safe_dump(document, sort_keys=False))
    return load(path, Settings(environment={}))


NAMES = """
- {type: call, name: list-crew, call: fleet.list-crew}
- {type: script, name: names, language: javascript, location: "file:///./scripts", file: names.js, dependencies: [lib/suffix.js, lib/shout.js], with: {extra: "{{imo}}?"}}
"""


def test_a_script_sees_inputs_steps_and_with(tmp_path: Path, upstream: Upstream) -> None:
    capability = flow(tmp_path, answering(upstream), NAMES, "[{targetName: got, value: $.names}]")
    assert call(capability, {"imo": "I-1"}).value == {
        "got": {"names": ["ANN!", "BO!", "CY!"], "imo": "I-1", "extra": "I-1?"}
    }


def test_what_a_script_gives_is_a_steps_output(tmp_path: Path, upstream: Upstream) -> None:
    steps = NAMES + '- {type: script, name: count, file: count.py, language: python, location: "./scripts"}'
    mappings = "[{targetName: n, value: $.count.count}, {targetName: first, value: '{{names.names}}'}]"
    answer = call(flow(tmp_path, answering(upstream), steps, mappings), {"imo": "I-1"}).value
    assert answer == {"n": 3, "first": ["ANN!", "BO!", "CY!"]}


def test_the_control_adapter_says_what_steps_leave_out(tmp_path: Path, upstream: Upstream) -> None:
    defaults = {"defaultLocation": "file:///./scripts", "defaultLanguage": "python"}
    capability = flow(
        tmp_path, upstream, "[{type: script, name: nothing, file: nothing.py}]", scripting=defaults
    )
    assert call(capability).status == 204


def test_a_script_that_fails_is_told_with_its_step(tmp_path: Path, upstream: Upstream) -> None:
    steps = "[{type: script, name: broken, language: javascript, location: ./scripts, file: fail.js}]"
    with pytest.raises(ScriptFailed, match=r"script step `broken`: `fail\.js") as failed:
        call(flow(tmp_path, upstream, steps))
    assert failed.value.step == "broken"


@pytest.mark.parametrize(
    ("step", "reason"),
    [
        ("{language: groovy, location: ./scripts, file: x.groovy}", "is written in Groovy, which is not supported (rewrite it in JavaScript or Python"),
        ("{language: javascript, location: ./scripts, file: ../secret.js}", "../secret.js"),
        ("{language: javascript, location: ./scripts, file: none.js}", "none.js"),
        ("{location: ./scripts, file: names.js}", "has no `language`"),
        ("{language: python, location: ./scripts, file: count.py}", "`allowedLanguages` only has javascript"),
    ],
)  # fmt: skip
def test_a_script_that_cannot_work_is_refused_at_load(
    tmp_path: Path, upstream: Upstream, step: str, reason: str
) -> None:
    steps = [{"type": "script", "name": "s", **yaml.safe_load(step)}]
    with pytest.raises(DocumentError) as refused:
        flow(tmp_path, upstream, yaml.safe_dump(steps), scripting={"allowedLanguages": ["javascript"]})
    assert reason in str(refused.value.diagnostics)
