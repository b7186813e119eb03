"""Logs. Values of bindings are never logged."""

from naftiko_run.telemetry.logs import LEVELS, configure_logs

__all__ = ["LEVELS", "configure_logs"]
