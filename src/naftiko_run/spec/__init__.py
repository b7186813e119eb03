"""The specification as data: every object and field once.

The editor schema, the strict check, unknown-key hints, alias spellings and the
field reference of the documentation are derived from the table.
"""
