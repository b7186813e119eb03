"""Capabilities: documents whose every function is compiled."""

from naftiko_run.capability.capability import Capability
from naftiko_run.capability.loading import compile_capability, load
from naftiko_run.capability.settings import HttpClient, Settings

__all__ = ["Capability", "HttpClient", "Settings", "compile_capability", "load"]
