"""The table of the rules, and the page that it is told on."""

import re

from naftiko_run.lint import RULES
from naftiko_run.lint.rules_reference import rules_page
from support.process import ROOT


def test_the_page_of_the_documentation_tells_of_every_rule_as_it_is() -> None:
    written = (ROOT / "docs" / "rules.md").read_text(encoding="utf-8")
    assert written == rules_page(), "python -m naftiko_run.lint.rules_reference > docs/rules.md"


def test_every_rule_has_an_id_of_its_own_and_says_what_it_asks_for() -> None:
    ids = [rule.id for rule in RULES]
    assert len(set(ids)) == len(ids)
    for rule in RULES:
        assert re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)+", rule.id)
        assert rule.description.endswith(".")
        assert rule.fix[0].islower()
        assert not rule.fix.endswith(".")
