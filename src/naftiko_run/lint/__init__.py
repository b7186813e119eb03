"""Lint documents: whether they can be served, the recommended rules, and the official schema."""

from naftiko_run.lint.linter import Level, lint, with_excerpts
from naftiko_run.lint.rule import Rule
from naftiko_run.lint.rules import RULES

__all__ = ["RULES", "Level", "Rule", "lint", "with_excerpts"]
