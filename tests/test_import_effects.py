"""Importing the library changes nothing in the process that imports it."""

from __future__ import annotations

import subprocess
import sys

import pytest

from support.process import ROOT

MODULES = sorted(
    ".".join(module.relative_to(ROOT / "src").with_suffix("").parts).removesuffix(".__init__")
    for module in (ROOT / "src" / "naftiko_run").rglob("*.py")
    if module.stem != "__main__" and not module.stem.endswith("_worker")  # started as programs
)
PROBE = """
import gc, signal, sys, threading
import pydantic, fastavro.read, uvicorn, httpx, yaml
def state():
    return {
        "signal handlers": [signal.getsignal(each) for each in signal.valid_signals()],
        "garbage collection": (gc.isenabled(), gc.get_threshold(), gc.get_freeze_count()),
        "pydantic": dict(pydantic.BaseModel.model_config),
        "a deferred mcp package": "__getattr__" in vars(sys.modules.get("mcp", sys)),
        "import finders": list(sys.meta_path),
        "missing modules": [name for name, module in sys.modules.items() if module is None],
        "avro": dict(fastavro.read.LOGICAL_READERS),
        "threads": threading.active_count(),
        "recursion limit": sys.getrecursionlimit(),
    }
before = state()
from importlib import import_module
for name in sys.argv[1:]:
    import_module(name)
after = state()
changed = {key: (before[key], after[key]) for key in before if before[key] != after[key]}
assert not changed, changed
"""


@pytest.mark.parametrize("modules", [["naftiko_run"], MODULES], ids=["public", "every"])
def test_importing_changes_no_setting_of_the_process(modules: list[str]) -> None:
    probed = subprocess.run(
        [sys.executable, "-c", PROBE, *modules], capture_output=True, text=True, check=False
    )
    assert (probed.returncode, probed.stderr) == (0, "")
