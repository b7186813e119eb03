"""What is wrong with a document: whether it serves, what is recommended, what the schema demands."""

from naftiko_run.lint.linter import Level, lint, with_excerpts
from naftiko_run.lint.rule import Rule
from naftiko_run.lint.rules import RULES

__all__ = ["RULES", "Level", "Rule", "lint", "with_excerpts"]
