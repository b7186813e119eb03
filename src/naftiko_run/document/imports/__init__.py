"""Imports: entries of a document's sections that other files define."""
