"""How much memory a document keeps once it is served."""

import gc
import tracemalloc
from contextlib import closing
from pathlib import Path
from typing import Final

from benchmarks.made_up import SIZES, document

from naftiko_run.capability import Capability, Settings, load
from naftiko_run.serve import Addressing, ServeSettings, Site
from naftiko_run.serve.site import build_sites

DOCUMENTS: Final = 12
ANYWHERE: Final = ServeSettings(Addressing(ports={"rest": 0, "mcp": 0}))


def served(folder: Path, numbers: range) -> tuple[list[Capability], tuple[Site, ...]]:
    """Load made-up documents, and make everything that answers for them; nothing listens any more."""
    for number in numbers:
        (folder / f"{number}.yaml").write_text(document(number), encoding="utf-8")
    settings = Settings(environment={"API_KEY": "made-up"})
    capabilities = [load(folder / f"{number}.yaml", settings) for number in numbers]
    sites = build_sites(capabilities, ANYWHERE)
    for site in sites:
        with closing(site.socket):
            assert site.adapters
    return capabilities, sites


def test_a_document_keeps_little_beside_its_plans(tmp_path: Path) -> None:
    assert DOCUMENTS % len(SIZES) == 0
    served(tmp_path, range(DOCUMENTS, DOCUMENTS + 1))  # what is made once for all
    gc.collect()
    tracemalloc.start()
    try:
        kept = served(tmp_path, range(DOCUMENTS))
        gc.collect()
        taken = tracemalloc.get_traced_memory()[0]
    finally:
        tracemalloc.stop()
    assert len(kept[0]) == DOCUMENTS
    assert taken / DOCUMENTS < 300_000
