"""Of the MCP SDK only what a server needs: its packages import clients and a second framework when they are imported."""

from __future__ import annotations

import sys
from importlib.util import find_spec, module_from_spec
from typing import Any


def put_off(package: str) -> None:
    """Run a package's own code when somebody asks for something of it, and not when a module inside it is imported.

    Half of the time and memory that the SDK takes goes into what its packages gather up for their users. Whoever
    uses that still finds it: the first attribute that is asked for runs the package's code.

    Args:
        package: Its name. Nothing happens where it was imported already.
    """
    if package in sys.modules:
        return
    spec = find_spec(package)
    assert spec is not None
    assert spec.loader is not None
    loader, module = spec.loader, module_from_spec(spec)

    def run(name: str) -> Any:
        vars(module).pop("__getattr__", None)
        loader.exec_module(module)
        return getattr(module, name)

    vars(module)["__getattr__"] = run
    sys.modules[package] = module
    parent, _, name = package.rpartition(".")
    if parent:
        setattr(sys.modules[parent], name, module)
