"""JSONPath, compiled once: RFC 9535, and beside it the dialect of published documents and Jayway's extensions.

Plain paths (names, indexes, wildcards, ``length``) become a short list of
steps in ``plain``. Richer ones are parsed by jsonpath-rfc9535 and compiled to
closures in ``queries``, after ``jayway`` has translated what the RFC does not
have; the operators that only jsonpath-ng has go to it in ``older``.
"""

from naftiko_run.expressions.jsonpath.comparison import identity, is_same
from naftiko_run.expressions.jsonpath.compiler import compile_members, compile_path
from naftiko_run.expressions.jsonpath.simple import Accessor, NamedText, first_name, is_root, path_of

__all__ = [
    "Accessor",
    "NamedText",
    "compile_members",
    "compile_path",
    "first_name",
    "identity",
    "is_root",
    "is_same",
    "path_of",
]
