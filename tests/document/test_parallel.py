"""Many documents are loaded in worker processes, with the same outcome as in this one."""

from __future__ import annotations

from pathlib import Path

from naftiko_run import Settings
from naftiko_run.capability import Capability, load_all
from naftiko_run.document import LoadedDocument
from naftiko_run.document.parallel import MIN_DOCUMENTS, load_documents
from naftiko_run.errors import DocumentError, SharedDocument
from support.documents import SHOP, small, written

SHARED = "naftiko: 1.0.0-alpha2\nconsumes:\n- {type: http, namespace: s, baseUri: 'https://s.example', resources: []}\n"
MERGED = small("merged").replace(
    "- {name: get, method: GET}", "- &a {name: get, method: GET}\n      - {<<: *a, name: more, method: FETCH}"
)


def texts() -> list[str]:
    some = [
        SHOP,
        SHOP.replace("call: shop.add-order}", "call: shop.add-ordre}"),
        "- a list",
        "a: [1",
        SHARED,
        MERGED,
    ]
    return some + [small(f"n{number}") for number in range(MIN_DOCUMENTS)]


def never(_: str) -> bool:
    return False


def described(loaded: LoadedDocument | DocumentError) -> object:
    if isinstance(loaded, DocumentError):
        return type(loaded), loaded.diagnostics
    places = [loaded.source.locate(each.pointer) for each in loaded.document.exposes]
    places += [
        loaded.source.locate((*each.pointer, "namespace"), key=True) for each in loaded.document.exposes
    ]
    return repr(loaded.document), loaded.diagnostics, loaded.fingerprints, loaded.source.text, places


def test_documents_positions_and_errors_are_those_of_one_process(tmp_path: Path) -> None:
    files = [written(tmp_path, text, f"{number}.yaml") for number, text in enumerate(texts())]
    alone = [described(each) for each in load_documents(files, never, 1)]
    shared = [described(each) for each in load_documents(files, never, 2)]
    assert shared == alone
    assert [type(each) for each in load_documents(files[4:5], never)] == [SharedDocument]


def test_capabilities_have_the_lines_of_their_errors(tmp_path: Path) -> None:
    files = [written(tmp_path, text, f"{number}.yaml") for number, text in enumerate(texts())]
    loaded = list(load_all(files, Settings(sandbox=True, environment={})))
    line = next(number for number, each in enumerate(texts()[1].splitlines(), 1) if "shop.add-ordre" in each)
    assert isinstance(loaded[1], Capability)
    assert line in [each.line for each in loaded[1].diagnostics if each.code == "unknown-operation"]
    assert sum(isinstance(each, Capability) for each in loaded) == MIN_DOCUMENTS + 3
