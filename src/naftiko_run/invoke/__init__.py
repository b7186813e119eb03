"""Functions: what every adapter invokes."""

from naftiko_run.consume import CallerBody, run_in_decode_pool
from naftiko_run.consume.formats import repaired_text
from naftiko_run.invoke.content import compile_content
from naftiko_run.invoke.forward import Forward
from naftiko_run.invoke.function import Function
from naftiko_run.invoke.function_compiler import FunctionCompiler, Shared
from naftiko_run.invoke.input_validation import Coerce, InputValidator, coercion_of
from naftiko_run.invoke.inputs import Input, input_schema
from naftiko_run.invoke.outcome import Outcome
from naftiko_run.invoke.progress import watched
from naftiko_run.invoke.prompt import Argument, Message, Prompt, compile_prompt
from naftiko_run.invoke.questions import Ask, compile_asks
from naftiko_run.invoke.safety import Withheld, is_safe_to_call
from naftiko_run.invoke.schemas import compile_schema
from naftiko_run.invoke.scripting import ScriptCompiler, ScriptDefaults, ScriptRefused
from naftiko_run.invoke.violations import pointer_of, violations_of

__all__ = [
    "Argument",
    "Ask",
    "CallerBody",
    "Coerce",
    "Forward",
    "Function",
    "FunctionCompiler",
    "Input",
    "InputValidator",
    "Message",
    "Outcome",
    "Prompt",
    "ScriptCompiler",
    "ScriptDefaults",
    "ScriptRefused",
    "Shared",
    "Withheld",
    "coercion_of",
    "compile_asks",
    "compile_content",
    "compile_prompt",
    "compile_schema",
    "input_schema",
    "is_safe_to_call",
    "pointer_of",
    "repaired_text",
    "run_in_decode_pool",
    "violations_of",
    "watched",
]
