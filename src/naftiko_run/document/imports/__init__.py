"""Imports: entries of one document's sections that other files define."""
