"""The strict level: whether a document conforms to the official schema of its specification."""

from naftiko_run.document.strict.check import check_strict
from naftiko_run.document.strict.explain import SchemaViolation

__all__ = ["SchemaViolation", "check_strict"]
