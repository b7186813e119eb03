"""Capabilities as an ASGI app.

An ASGI server loads ``app``, which serves the documents named in the environment variable ``NAFTIKO_DOCUMENTS``::

    NAFTIKO_DOCUMENTS=weather.yaml uvicorn naftiko_run.asgi:app

It holds files, or folders of them, separated like those of ``PATH``. Any number of server processes may run it.

In Python, ``naftiko_run.asgi("weather.yaml")`` returns such an app. Importing this module binds it to the name of
that function in the package, so the module can be called as the function can.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from pathlib import Path
from types import ModuleType
from typing import Final, NoReturn

from naftiko_run.capability import Capability, load
from naftiko_run.cli.documents import documents_at
from naftiko_run.cli.options import read_state_key
from naftiko_run.errors import ConfigurationError, SharedDocument
from naftiko_run.serve import ServeSettings
from naftiko_run.serve.application import Application, asgi

VARIABLE: Final = "NAFTIKO_DOCUMENTS"


class _CallableModule(ModuleType):
    __call__ = staticmethod(asgi)


sys.modules[__name__].__class__ = _CallableModule


def _load(paths: Sequence[Path]) -> list[Capability]:
    """Load documents; those that only define parts for others are skipped.

    Raises:
        DocumentError: One cannot be run.
    """
    capabilities: list[Capability] = []
    shared: list[SharedDocument] = []
    for path in dict.fromkeys(each for named in paths for each in documents_at(named)):
        try:
            capabilities.append(load(path))
        except SharedDocument as fault:
            shared.append(fault)
    if not capabilities:
        raise shared[0]
    return capabilities


if _paths := [Path(each) for each in os.environ.get(VARIABLE, "").split(os.pathsep) if each]:
    # Sessions would tie a client to one of the processes that run the app.
    app: Application = asgi(
        *_load(_paths), serving=ServeSettings(state_key=read_state_key(os.environ), workers=2)
    )


def __getattr__(name: str) -> NoReturn:
    """Raise the error that explains why there is no ``app``."""
    if name == "app":
        raise ConfigurationError(
            f"{VARIABLE} is not set", hint=f"set it to documents or folders, separated by `{os.pathsep}`"
        )
    raise AttributeError(f"module `{__name__}` has no attribute `{name}`")
