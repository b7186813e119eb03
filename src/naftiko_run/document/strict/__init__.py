"""The strict level: whether a document conforms to its specification, to the letter."""

from naftiko_run.document.strict.check import check_strict
from naftiko_run.document.strict.explain import SchemaViolation

__all__ = ["SchemaViolation", "check_strict"]
