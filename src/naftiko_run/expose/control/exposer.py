"""The control adapter type: parses, describes and exposes ``control`` blocks."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

from naftiko_run.capability import BlockCompiler, BlockParser, Capability, Feature
from naftiko_run.document.model import Exposes
from naftiko_run.expose.control.block import ControlExposes, parse_block
from naftiko_run.expose.exposer import Adapter, Exposer, ExposeSettings
from naftiko_run.spec.control import CONTROL_PORT


class ControlExposer(Exposer):
    """Exposes the running process: its health, metrics, traces, logs and settings."""

    default_port: ClassVar[int] = CONTROL_PORT
    feature_kind: ClassVar[str] = "route"
    manages_process: ClassVar[bool] = True

    def parse(self, exposes: Exposes, parser: BlockParser) -> ControlExposes:
        """Return the block with the routes that it serves; see ``AdapterType.parse``."""
        return parse_block(exposes, parser.report)

    def compile(self, exposes: Exposes, compiler: BlockCompiler) -> None:
        """Compile nothing: a document with only a control adapter has nothing to serve; see ``AdapterType.compile``."""

    def describe(self, exposes: Exposes, capability: Capability) -> Iterator[Feature]:  # noqa: ARG002 - the block is enough
        """Describe the routes; see ``AdapterType.describe``."""
        from naftiko_run.expose.control.route_table import routes_of

        assert isinstance(exposes, ControlExposes)
        for method, path, purpose in routes_of(exposes):
            yield Feature(f"{method} {path}", content=purpose)

    def expose(self, exposes: Exposes, capability: Capability, settings: ExposeSettings) -> Adapter:
        """Return the adapter of a ``control`` block; see ``Exposer.expose``."""
        from naftiko_run.expose.control.adapter import build_adapter

        assert isinstance(exposes, ControlExposes)
        return build_adapter(exposes, capability, settings)
