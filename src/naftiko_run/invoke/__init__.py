"""Functions: what every adapter invokes."""

from naftiko_run.invoke.compile import FunctionCompiler
from naftiko_run.invoke.forward import Forward
from naftiko_run.invoke.function import Function
from naftiko_run.invoke.inputs import Input, input_schema
from naftiko_run.invoke.outcome import Outcome
from naftiko_run.invoke.prompt import Argument, Prompt, compile_prompt
from naftiko_run.invoke.scripting import ScriptCompiler, ScriptDefaults, ScriptRefused
from naftiko_run.invoke.validation import coerce_text

__all__ = [
    "Argument",
    "Forward",
    "Function",
    "FunctionCompiler",
    "Input",
    "Outcome",
    "Prompt",
    "ScriptCompiler",
    "ScriptDefaults",
    "ScriptRefused",
    "coerce_text",
    "compile_prompt",
    "input_schema",
]
