"""The table of the rules."""

import re

from naftiko_run.lint import RULES


def test_every_rule_has_an_id_of_its_own_and_says_what_it_asks_for() -> None:
    ids = [rule.id for rule in RULES]
    assert len(set(ids)) == len(ids)
    for rule in RULES:
        assert re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)+", rule.id)
        assert rule.description.endswith(".")
        assert rule.fix[0].islower()
        assert not rule.fix.endswith(".")
