"""Script steps."""

from lint.marks import assert_marked, findings

STEPS = """\
  exposes:
  - type: mcp
    tools:
    - name: a
      steps:
      - {name: whole, type: script, location: 'file:///x', language: python, file: a.py}
      - {name: call, type: call, call: a.b}
      - %s{name: bare, type: script, file: a.py}
  aggregates:
  - namespace: n
    functions:
    - {name: f, steps: [%s{name: half, type: script, location: 'file:///x', file: a.js}]}
"""


def test_a_script_step_without_location_or_language_is_told() -> None:
    text = "naftiko: 1.0.0-alpha2\ncapability:\n" + STEPS % ("▶▶", "▶")
    messages = assert_marked("script-defaults-required", text)
    assert messages[0] == (
        "the script step `bare` has no `location`, and no control adapter sets `defaultLocation`"
    )


def test_defaults_of_the_control_adapter_are_enough() -> None:
    scripting = "management: {scripting: {defaultLocation: 'file:///x', defaultLanguage: python}}"
    text = "naftiko: 1.0.0-alpha2\ncapability:\n" + STEPS % ("", "")
    assert_marked(
        "script-defaults-required",
        text.replace("  exposes:\n", f"  exposes:\n  - {{type: control, port: 1, {scripting}}}\n"),
    )


def test_a_default_for_one_of_the_two_leaves_the_other() -> None:
    text = """\
ikanos: 1.0.0-beta5
capability:
  exposes:
  - type: control
    port: 9999
    management: {scripting: {defaultLocation: 'file:///scripts'}}
  - type: rest
    resources:
      a: {path: /a, operations: {get: {method: GET, steps: {▶run: {type: script, file: run.js}}}}}
"""
    assert_marked("script-defaults-required", text)
    (hint,) = [each.hint for each in findings(text) if each.code == "script-defaults-required"]
    assert hint.startswith("add `language` to the step")
