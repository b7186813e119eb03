"""The shared documents."""

import os
from pathlib import Path

ROOT = Path(__file__).parents[2]
SHARED = Path(os.environ.get("NAFTIKO_SHARED") or ROOT.parent / "shared")
CORPUS = sorted((SHARED / "corpus").rglob("*.yaml"))
TUTORIAL = sorted([*(SHARED / "tutorial").rglob("*.yml"), *(SHARED / "tutorial").rglob("*.yaml")])
EVERY = [*CORPUS, *TUTORIAL]
