"""Keys that nothing reads."""

import pytest

from lint.marks import assert_marked, findings
from lint.mistakes import IKANOS, NAFTIKO


@pytest.mark.parametrize("document", [NAFTIKO, IKANOS], ids=["naftiko", "ikanos"])
def test_keys_that_nothing_reads_are_told_at_the_key(document: str) -> None:
    assert_marked("unknown-key", document)


def test_what_is_close_to_a_key_is_suggested() -> None:
    hints = {each.message: each.hint for each in findings(NAFTIKO) if each.code == "unknown-key"}
    assert hints["`loaction` is not a key of a bind"] == "did you mean `location`?"
    assert hints["`readonly` is not a key of `hints`"] == "did you mean `readOnly`?"
    assert hints["`parameters` is not a key of a consumed operation"] == "did you mean `inputParameters`?"
    assert hints["`workflow` is not a key of `capability`"] == (
        "remove it, or rename it to `x-workflow` if it is your own"
    )


def test_what_is_no_document_of_ours_is_not_searched_for_slips() -> None:
    found = findings("name: something\npersona: else\n")
    assert [each.code for each in found] == ["no-capability"]


def test_a_key_of_a_skill_adapter_without_type_is_found() -> None:
    text = """\
naftiko: 1.0.0-alpha2
info: {label: Shop}
capability:
  consumes: []
  exposes:
  - namespace: shop-skills
    port: 3011
    skils-folder: ./skills
    skills:
    - {name: orders, description: Orders, locaton: 'file:///./orders'}
"""
    found = [(each.line, each.message) for each in findings(text) if each.code == "unknown-key"]
    assert found == [
        (8, "`skils-folder` is not a key of a skill adapter"),
        (10, "`locaton` is not a key of a skill"),
    ]
