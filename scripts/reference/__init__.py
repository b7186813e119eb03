"""The generated pages of ``docs/reference``; ``make reference`` writes them, and a test fails when one is stale."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Final

from naftiko_run.spec.reference import reference_page
from scripts.reference.api import api_page
from scripts.reference.cli import cli_page
from scripts.reference.errors import errors_page
from scripts.reference.rules import rules_page
from scripts.reference.settings import settings_page

FOLDER: Final = Path(__file__).resolve().parents[2] / "docs" / "reference"

PAGES: Final[dict[str, Callable[[], str]]] = {
    "cli.md": cli_page,
    "errors.md": errors_page,
    "fields.md": reference_page,
    "python-api.md": api_page,
    "rules.md": rules_page,
    "settings.md": settings_page,
}
"""What renders each page, by its file's name."""
