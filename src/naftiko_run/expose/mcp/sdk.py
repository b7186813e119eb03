"""Of the MCP SDK only what a server needs: its packages import clients and a second framework when they are imported."""

from __future__ import annotations

import sys
from importlib import import_module
from importlib.util import find_spec, module_from_spec
from typing import Any

from pydantic import BaseModel


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


def import_models() -> None:
    """Import the models of what is on the wire, each to be built when it is first used.

    There are two hundred of them for each era of the protocol, of which a client brings a handful into use.
    """
    import_module("mcp_types")  # its own unions use all that it has
    BaseModel.model_config["defer_build"] = True  # what is defined now inherits it, and keeps it
    try:
        import_module("mcp_types.methods")
    finally:
        del BaseModel.model_config["defer_build"]
