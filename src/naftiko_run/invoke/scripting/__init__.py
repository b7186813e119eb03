"""Script steps: JavaScript and Python in sandboxes, compiled at load, run off the event loop.

A script gets `context` and gives `result`, both JSON. It reaches no file, no network, no process, no
environment and no object of ours; it runs in another process, under limits of time, statements and memory.
"""

from naftiko_run.invoke.scripting.defaults import ScriptDefaults
from naftiko_run.invoke.scripting.program import ScriptRefused
from naftiko_run.invoke.scripting.script import Script, ScriptCompiler

__all__ = ["Script", "ScriptCompiler", "ScriptDefaults", "ScriptRefused"]
