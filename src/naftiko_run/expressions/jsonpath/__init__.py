"""JSONPath, compiled once: RFC 9535, the dialect of published documents, and Jayway's extensions.

Simple paths (names, indexes, wildcards, ``length``) become a short list of
steps in ``simple``. Other paths are parsed by jsonpath-rfc9535 and compiled to
closures in ``rfc9535``, after ``jayway`` has translated extensions of the RFC;
``compiler`` passes operators that only jsonpath-ng supports to that library.
"""

from naftiko_run.expressions.jsonpath.comparison import equality_key, is_same
from naftiko_run.expressions.jsonpath.compiler import compile_members, compile_path
from naftiko_run.expressions.jsonpath.simple import Accessor, NamedText, build_path, is_root, split_first_name

__all__ = [
    "Accessor",
    "NamedText",
    "build_path",
    "compile_members",
    "compile_path",
    "equality_key",
    "is_root",
    "is_same",
    "split_first_name",
]
