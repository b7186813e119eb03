"""Process-wide settings of the commands: garbage collection, signals, and deferred imports of the MCP SDK.

Only this module changes the process. A program that uses the library keeps its own settings.
"""

from __future__ import annotations

import gc
import os
import signal
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec, PathFinder
from importlib.util import find_spec
from types import ModuleType
from typing import Any, Final

_THRESHOLDS: Final = (2_000, 10, 4_000)
"""Collections stop every request and free little: most of what a request allocates is freed immediately. While a long
JSON text is parsed, collections of many objects would hold the interpreter lock for long; these take a few milliseconds."""
_RELOAD_SWITCH_INTERVAL: Final = 0.0005
"""How many seconds a thread that loads documents runs before the event loop can run."""
_TRIED_PER_REQUEST: Final = "sniffio"
"""The module that httpcore tries to import several times per request: without a record that it is missing, a call takes
50 % longer."""


def prepare() -> None:
    """Prepare the process of a command: collect garbage less often, and defer what the MCP SDK need not import."""
    gc.set_threshold(*_THRESHOLDS)
    sys.meta_path.insert(0, _SdkFinder())


def begin_loading() -> None:
    """Collect no garbage until ``finish_loading``, and exit at once on SIGINT and SIGTERM: nothing is served yet."""
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, _exit)
    gc.disable()
    if find_spec(_TRIED_PER_REQUEST) is None:
        # None is how Python records that there is no such module.
        sys.modules.setdefault(_TRIED_PER_REQUEST, None)  # type: ignore[arg-type]


def finish_loading() -> None:
    """Collect garbage from now on, except what was loaded: it stays as long as the process."""
    gc.freeze()
    gc.enable()


@contextmanager
def reloading() -> Iterator[None]:
    """Load in a thread while requests are handled: they wait at most for the shortened switch interval."""
    interval = sys.getswitchinterval()
    sys.setswitchinterval(_RELOAD_SWITCH_INTERVAL)
    try:
        yield
    finally:
        sys.setswitchinterval(interval)


def _exit(*_: object) -> None:
    os._exit(0)


class _SdkFinder(MetaPathFinder):
    """Finds the modules of the MCP SDK that import or build much more than a server needs.

    Half of the time and memory that importing the SDK takes goes into clients, a second web framework, and the models
    of two hundred messages, of which a client uses a handful.
    """

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """Return the spec of a deferred module; None for every other one."""
        defer = _DEFERRED.get(fullname)
        spec = PathFinder.find_spec(fullname, path, target) if defer else None
        if defer is not None and spec is not None and spec.loader is not None:
            spec.loader = defer(spec.loader)
        return spec


class _PackageLoader(Loader):
    """Runs the code of a package when one of its attributes is used, not when one of its modules is imported."""

    def __init__(self, loader: Loader) -> None:
        self._loader = loader

    def exec_module(self, module: ModuleType) -> None:
        """Have the first missing attribute run the package's code."""

        def load_attribute(name: str) -> Any:
            vars(module).pop("__getattr__", None)
            self._loader.exec_module(module)
            return getattr(module, name)

        vars(module)["__getattr__"] = load_attribute


class _ModelsLoader(Loader):
    """Runs a module whose pydantic models are built when they are first used."""

    def __init__(self, loader: Loader) -> None:
        self._loader = loader

    def exec_module(self, module: ModuleType) -> None:
        """Run the module; its models inherit the setting, and keep it."""
        from pydantic import BaseModel

        BaseModel.model_config["defer_build"] = True
        try:
            self._loader.exec_module(module)
        finally:
            del BaseModel.model_config["defer_build"]


_DEFERRED: Final[dict[str, Callable[[Loader], Loader]]] = {
    "mcp": _PackageLoader,
    "mcp.server": _PackageLoader,
    "mcp_types.methods": _ModelsLoader,
}
