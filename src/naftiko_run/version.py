"""The version of the installed package."""

from __future__ import annotations

from typing import Final

__version__: Final = "0.1.0"
USER_AGENT: Final = f"naftiko-run/{__version__}"
