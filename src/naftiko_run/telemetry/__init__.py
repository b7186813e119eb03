"""Logs. Nothing that came from a binding is ever handed to them."""

from naftiko_run.telemetry.logs import LEVELS, configure_logs

__all__ = ["LEVELS", "configure_logs"]
