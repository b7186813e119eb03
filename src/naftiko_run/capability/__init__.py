"""Capabilities: documents with every function compiled."""

from naftiko_run.capability.adapter_type import (
    AdapterType,
    BlockParser,
    Feature,
    describe_function,
    describe_unavailable,
)
from naftiko_run.capability.capability import Capability
from naftiko_run.capability.compile import BlockCompiler, Compiled
from naftiko_run.capability.inventory import inventory
from naftiko_run.capability.loading import HttpClient, Settings, compile_capability, load, load_all
from naftiko_run.capability.selection import Selection

__all__ = [
    "AdapterType",
    "BlockCompiler",
    "BlockParser",
    "Capability",
    "Compiled",
    "Feature",
    "HttpClient",
    "Selection",
    "Settings",
    "compile_capability",
    "describe_function",
    "describe_unavailable",
    "inventory",
    "load",
    "load_all",
]
