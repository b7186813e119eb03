"""Functions: inputs, plan and outputs; every adapter invokes them."""

from naftiko_run.consume import CallerBody, free_in_decode_pool, run_in_decode_pool
from naftiko_run.consume.formats import encoding_of, repaired_text, to_utf8
from naftiko_run.invoke.forward import Forwarder
from naftiko_run.invoke.function import LARGE_INPUT, Function
from naftiko_run.invoke.function_compiler import FunctionCompiler, InputCache
from naftiko_run.invoke.input_validation import (
    Coercion,
    InputValidator,
    compile_coercion,
    compile_text_coercion,
)
from naftiko_run.invoke.inputs import Input, input_schema
from naftiko_run.invoke.outcome import Outcome
from naftiko_run.invoke.prompt import (
    Argument,
    CompiledPrompt,
    CompiledQuestion,
    RenderedMessage,
    compile_content,
    compile_prompt,
    compile_questions,
)
from naftiko_run.invoke.safety import NotReadOnly, is_safe_to_call
from naftiko_run.invoke.schemas import compile_schema
from naftiko_run.invoke.scripting import ScriptCompiler, ScriptDefaults, ScriptRefused
from naftiko_run.invoke.steps import report_progress
from naftiko_run.invoke.violations import find_violations

__all__ = [
    "LARGE_INPUT",
    "Argument",
    "CallerBody",
    "Coercion",
    "CompiledPrompt",
    "CompiledQuestion",
    "Forwarder",
    "Function",
    "FunctionCompiler",
    "Input",
    "InputCache",
    "InputValidator",
    "NotReadOnly",
    "Outcome",
    "RenderedMessage",
    "ScriptCompiler",
    "ScriptDefaults",
    "ScriptRefused",
    "compile_coercion",
    "compile_content",
    "compile_prompt",
    "compile_questions",
    "compile_schema",
    "compile_text_coercion",
    "encoding_of",
    "find_violations",
    "free_in_decode_pool",
    "input_schema",
    "is_safe_to_call",
    "repaired_text",
    "report_progress",
    "run_in_decode_pool",
    "to_utf8",
]
