"""The strict level: whether a document conforms to the official schema of its specification."""

from naftiko_run.document.strict.check import SchemaViolation, check_strict

__all__ = ["SchemaViolation", "check_strict"]
