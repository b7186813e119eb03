"""The commands ``naftiko-run`` and ``naftiko``."""

from naftiko_run.cli.app import main, run

__all__ = ["main", "run"]
