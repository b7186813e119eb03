"""Lint levels: what a document should be, beyond what it must be to serve."""
