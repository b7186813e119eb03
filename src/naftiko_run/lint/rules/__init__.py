"""Every rule of the level ``recommended``, by subject."""

from __future__ import annotations

from typing import Final

from naftiko_run.lint.rule import Rule
from naftiko_run.lint.rules import (
    aggregates,
    bindings,
    consumes,
    control,
    descriptions,
    exposes,
    imports,
    keys,
    names,
    paths,
    scripts,
    security,
    tunnels,
)

RULES: Final[tuple[Rule, ...]] = (
    *names.RULES,
    *keys.RULES,
    *consumes.RULES,
    *paths.RULES,
    *exposes.RULES,
    *bindings.RULES,
    *security.RULES,
    *descriptions.RULES,
    *aggregates.RULES,
    *scripts.RULES,
    *control.RULES,
    *imports.RULES,
    *tunnels.RULES,
)
"""The table of the rules, which the linter, SARIF output and the documentation use."""

__all__ = ["RULES"]
