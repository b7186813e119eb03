"""Script steps: isolated JavaScript and Python, compiled at load, run outside the event loop.

A script reads `context` and assigns `result`, both JSON. It has no access to files, the network, processes, the
environment or objects of the server; it runs in another process, with limits on time, statements and memory.
"""

from naftiko_run.invoke.scripting.program import ScriptRefused
from naftiko_run.invoke.scripting.script import Script, ScriptCompiler, ScriptDefaults

__all__ = ["Script", "ScriptCompiler", "ScriptDefaults", "ScriptRefused"]
