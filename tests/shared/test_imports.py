"""The tutorial's shared files, in both lines."""

from pathlib import Path

import pytest

from naftiko_run import Settings, load
from shared.documents import SHARED, TUTORIAL

CONSUMED = {
    "registry": {"list-ships", "get-ship"},
    "legacy": {"list-vessels"},
}
STEPS = [
    path
    for path in TUTORIAL
    if path.parent.name != "shared" and "import: registry" in path.read_text(encoding="utf-8")
]


def test_fourteen_documents_import() -> None:
    assert len(STEPS) == 14


@pytest.mark.parametrize("path", STEPS, ids=lambda path: str(path.relative_to(SHARED)))
def test_the_imports_of_the_tutorial_are_found(path: Path) -> None:
    capability = load(path, Settings(environment={}))
    assert not [each for each in capability.diagnostics if each.code.startswith("import-")]
    for consumes in capability.document.consumes:
        operations = {each.name for resource in consumes.resources for each in resource.operations}
        assert CONSUMED[consumes.namespace] <= operations
    assert {each.namespace for each in capability.document.consumes} == set(CONSUMED)
