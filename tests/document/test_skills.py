"""``skills``: read from both spec lines and from the habits of published documents."""

import pytest

from document.findings import MARK, document, found_in, load_silently
from naftiko_run.diagnostics import Severity
from naftiko_run.document.load import load_text
from naftiko_run.document.model import Document, Skill, SkillExposes, SkillTool

SIBLINGS = """
- type: mcp
  namespace: api-mcp
  tools:
  - {name: list-things, call: api.list-things}
- type: rest
  namespace: api-rest
  resources:
  - {path: /things, operations: [{name: list-things, method: GET, call: api.list-things}, {name: add, method: POST, call: api.add-thing}]}
"""


def with_skills(skills: str, siblings: str = SIBLINGS) -> str:
    """Write a document whose skills stand before what they are derived from."""
    return document(exposes=f"- type: skill\n  namespace: s\n{skills}\n{siblings.strip()}")


def with_tool(tool: str, siblings: str = SIBLINGS) -> str:
    return with_skills(f"  skills:\n  - name: s\n    description: d\n    tools:\n    - {tool}", siblings)


def with_field(field: str) -> str:
    """Write a document with a skill that is whole but for one field, which may stand for another of its own."""
    fields = {"name": "name: s", "description": "description: d"} | {field.partition(":")[0]: field}
    return with_skills("  skills:\n  - " + "\n    ".join(fields.values()))


def skills_of(loaded: Document) -> tuple[Skill, ...]:
    (adapter,) = [each for each in loaded.exposes if isinstance(each, SkillExposes)]
    return adapter.skills


def only_skill(text: str) -> Skill:
    (skill,) = skills_of(load_text(text).document)
    return skill


def only_tool(text: str) -> SkillTool:
    (tool,) = only_skill(text).tools
    return tool


@pytest.mark.parametrize(
    "skills",
    [
        """\
  skills:
  - name: things
    description: All about things
    license: MIT
    compatibility: Needs a shelf
    metadata: {version: 1.0, author: me}
    allowed-tools: list-things Bash(git add:*) Read
    argument-hint: "[shelf]"
    user-invocable: false
    disable-model-invocation: true
    location: file:///opt/things
    tools:
    - {name: list, description: Lists, from: {sourceNamespace: api-mcp, action: list-things}}
    - {name: tidy, description: Tidies, instruction: tidy.md}""",
        """\
  skills:
    things:
      description: All about things
      license: MIT
      compatibility: Needs a shelf
      metadata: {version: "1.0", author: me}
      allowed-tools: "list-things, Bash(git add:*),Read"
      argument-hint: "[shelf]"
      user-invocable: "no"
      disable-model-invocation: "true"
      location: file:///opt/things
      tools:
        list: {description: Lists, from: {sourceNamespace: api-mcp, action: list-things}}
        tidy: {description: Tidies, instruction: tidy.md}""",
    ],
    ids=["list", "map"],
)
def test_a_whole_skill(skills: str) -> None:
    (skill,) = skills_of(load_silently(with_skills(skills)))
    assert (skill.name, skill.description, skill.license) == ("things", "All about things", "MIT")
    assert (skill.compatibility, skill.argument_hint) == ("Needs a shelf", "[shelf]")
    assert skill.metadata == {"version": "1.0", "author": "me"}
    assert skill.allowed_tools == ("list-things", "Bash(git add:*)", "Read")
    assert (skill.user_invocable, skill.disable_model_invocation) == (False, True)
    assert skill.location == "file:///opt/things"
    derived, instruction = skill.tools
    assert (derived.name, derived.description) == ("list", "Lists")
    assert derived.source is not None
    assert (derived.source.mode, derived.source.title) == ("mcp", "list-things")
    assert (instruction.name, instruction.source, instruction.instruction) == ("tidy", None, "tidy.md")


def test_what_a_skill_does_not_say() -> None:
    (skill,) = skills_of(load_silently(with_field("name: s")))
    assert (skill.user_invocable, skill.disable_model_invocation) == (True, False)
    assert (skill.allowed_tools, skill.metadata, skill.tools, skill.location) == ((), {}, (), "")


def test_allowed_tools_may_be_a_list() -> None:
    skill = only_skill(with_field("allowed-tools: [Bash(a b), Read]"))
    assert skill.allowed_tools == ("Bash(a b)", "Read")


@pytest.mark.parametrize(
    ("namespace", "action", "title"),
    [("api-mcp", "list-things", "list-things"), ("api-rest", "add", "POST /things")],
)
def test_tools_are_derived_from_siblings(namespace: str, action: str, title: str) -> None:
    tool = only_tool(with_tool(f"{{name: t, from: {{sourceNamespace: {namespace}, action: {action}}}}}"))
    assert tool.source is not None
    assert (tool.source.source_namespace, tool.source.action, tool.source.title) == (namespace, action, title)


def test_a_tool_without_a_name_has_that_of_its_source() -> None:
    assert only_tool(with_tool("from: {sourceNamespace: api-rest, action: add}")).name == "add"


@pytest.mark.parametrize(
    ("origin", "reason"),
    [
        (
            "{sourceNamespace: api-rest, action: addd}",
            "`api-rest` exposes no `addd`; did you mean `add`? known: add, list-things",
        ),
        (
            "{sourceNamespace: api-rest, action: other}",
            "`api-rest` exposes no `other`; known: list-things, add",
        ),
        (
            "{sourceNamespace: elsewhere, action: add}",
            "no rest or mcp adapter is named `elsewhere`; known: api-mcp, api-rest",
        ),
        (
            "{action: add}",
            "no rest or mcp adapter is named ``; known: api-mcp, api-rest",
        ),
    ],
)
def test_a_source_that_does_not_exist_is_an_error_that_lists_those_that_do(origin: str, reason: str) -> None:
    text = with_tool(f"name: t\n      from: {origin}  {MARK}")
    finding = found_in(text, "unknown-source")
    assert finding.severity is Severity.ERROR
    assert finding.message == f"`s.t` is not served: {reason}"
    assert only_tool(text).reason == reason


def test_a_list_of_sources_is_short() -> None:
    tools = "\n".join(f"  - {{name: tool-{number}, call: api.list-things}}" for number in range(25))
    siblings = f"- type: mcp\n  namespace: many\n  tools:\n{tools}"
    text = with_tool("{name: t, from: {sourceNamespace: many, action: x}}", siblings)
    assert found_in(text, "unknown-source").message.endswith("tool-18, tool-19 and 5 more")


def test_a_tool_from_nowhere_is_left_out() -> None:
    text = with_tool(f"name: t {MARK}")
    assert found_in(text, "unknown-source").message.endswith("it has neither `from` nor `instruction`")


def test_of_two_origins_the_source_is_followed() -> None:
    text = with_tool(
        f"name: t\n      from: {{sourceNamespace: api-mcp, action: list-things}}\n      instruction: x.md {MARK}"
    )
    assert found_in(text, "two-origins").severity is Severity.WARNING
    tool = only_tool(text)
    assert tool.source is not None
    assert not tool.instruction


@pytest.mark.parametrize(
    ("call", "namespace"), [("api.list-things", "api-mcp"), ("api.add-thing", "api-rest")]
)
def test_a_call_in_a_skill_means_the_sibling_that_makes_it(call: str, namespace: str) -> None:
    text = with_tool(f"name: t\n      call: {call}  {MARK}")
    assert "is read as" in found_in(text, "call-in-skill").message
    tool = only_tool(text)
    assert tool.source is not None
    assert tool.source.source_namespace == namespace


def test_of_several_siblings_that_make_a_call_the_namesake_is_meant() -> None:
    siblings = "- type: mcp\n  namespace: m\n  tools: [{name: a, call: api.add-thing}, {name: b, call: api.add-thing}]"
    tool = only_tool(with_tool("{name: b, call: api.add-thing}", siblings))
    assert tool.source is not None
    assert tool.source.action == "b"


@pytest.mark.parametrize(
    ("call", "reason"),
    [
        ("api.add-thing", "no mcp or rest adapter exposes `api.add-thing`"),
        ("api.nothing", "`api` has no operation `nothing`"),
    ],
)
def test_a_call_that_no_sibling_makes_is_an_error(call: str, reason: str) -> None:
    siblings = "- type: mcp\n  namespace: m\n  tools: [{name: a, call: api.list-things}]"
    assert (
        reason in found_in(with_tool(f"{{name: b, call: {call}}} {MARK}", siblings), "unknown-source").message
    )


def test_a_call_on_a_skill_is_its_one_tool() -> None:
    skill = only_skill(with_field("call: api.list-things"))
    assert [(tool.name, bool(tool.source)) for tool in skill.tools] == [("s", True)]


def test_tools_on_the_adapter_are_one_skill() -> None:
    text = with_skills(
        f"  description: All of it\n  tools: {MARK}\n  - {{name: t, from: {{sourceNamespace: api-mcp, action: list-things}}}}"
    )
    assert found_in(text, "misplaced-tools").severity is Severity.WARNING
    skill = only_skill(text)
    assert (skill.name, skill.description, len(skill.tools)) == ("s", "All of it", 1)


@pytest.mark.parametrize(
    ("field", "fault"),
    [
        ("name: Big", "must be lower-case letters"),
        ("name: a--b", "must be lower-case letters"),
        ("name: -a", "must be lower-case letters"),
        ("name: a_b", "must be lower-case letters"),
        (f"name: {'a' * 65}", "is 65 characters long; 64 are allowed"),
        (f"description: {'a' * 1025}", "is 1,025 characters long; 1,024 are allowed"),
        ("description: ' '", "is missing"),
        (f"compatibility: {'a' * 501}", "is 501 characters long; 500 are allowed"),
    ],
)
def test_what_breaks_the_agent_skills_format_is_a_warning(field: str, fault: str) -> None:
    text = with_field(f"{field} {MARK}")
    finding = found_in(text, "agent-skills")
    assert finding.severity is Severity.WARNING
    assert fault in finding.message


@pytest.mark.parametrize(
    "field", [f"name: {'a' * 64}", "name: a1-b2", f"description: {'a' * 1024}", f"compatibility: {'a' * 500}"]
)
def test_what_keeps_to_the_agent_skills_format_is_silent(field: str) -> None:
    load_silently(with_field(field))


@pytest.mark.parametrize(
    ("skills", "code"),
    [
        (
            f"  skills:\n  - {{name: s, description: d}}\n  - {{name: s, description: e}} {MARK}",
            "duplicate-skill",
        ),
        (f"  skills:\n  - {{name: s, description: d}}\n  - {{description: e}} {MARK}", "nameless-skill"),
    ],
)
def test_a_skill_needs_a_name_of_its_own(skills: str, code: str) -> None:
    text = with_skills(skills)
    assert found_in(text, code).severity is Severity.WARNING
    assert only_skill(text).description == "d"


@pytest.mark.parametrize(
    ("tool", "code"),
    [("{name: t, instruction: b}", "duplicate-tool"), ("{instruction: b}", "nameless-tool")],
)
def test_a_tool_of_a_skill_needs_a_name_of_its_own(tool: str, code: str) -> None:
    text = with_tool(f"{{name: t, instruction: a}}\n    - {tool} {MARK}")
    assert found_in(text, code).severity is Severity.WARNING
    assert only_tool(text).instruction == "a"


def test_an_adapter_without_skills_is_told() -> None:
    assert found_in(document(exposes=f"- type: skill {MARK}\n  skills: []"), "empty-adapter")
