"""Templates, paths and JSONPath: parsed once, evaluated many times. Pure functions, no I/O."""

from naftiko_run.expressions.expression import (
    MISSING,
    Expression,
    Resolve,
    Scope,
    as_text,
    constant,
    exactly,
    names_of,
    sequence,
    structure,
    variable,
)
from naftiko_run.expressions.integers import Integers, LostDigits, integers_of
from naftiko_run.expressions.jsonpath import Accessor, compile_path, first_name, identity, is_root, is_same
from naftiko_run.expressions.path import (
    ANY_VALUE,
    PathTemplate,
    UnsafePathValue,
    Variable,
    encode,
    encode_name,
    fill,
    parse_path,
    same_name,
)
from naftiko_run.expressions.route import (
    Route,
    Selector,
    parse_route,
    split_query_template,
    split_url_path,
)
from naftiko_run.expressions.segments import path_fault
from naftiko_run.expressions.template import Escape, compile_text, compile_value, names_in

__all__ = [
    "ANY_VALUE",
    "MISSING",
    "Accessor",
    "Escape",
    "Expression",
    "Integers",
    "LostDigits",
    "PathTemplate",
    "Resolve",
    "Route",
    "Scope",
    "Selector",
    "UnsafePathValue",
    "Variable",
    "as_text",
    "compile_path",
    "compile_text",
    "compile_value",
    "constant",
    "encode",
    "encode_name",
    "exactly",
    "fill",
    "first_name",
    "identity",
    "integers_of",
    "is_root",
    "is_same",
    "names_in",
    "names_of",
    "parse_path",
    "parse_route",
    "path_fault",
    "same_name",
    "sequence",
    "split_query_template",
    "split_url_path",
    "structure",
    "variable",
]
