"""Inbound authentication: schemes, one module each, looked up by ``type``, and the middleware that applies them."""

from naftiko_run.capability.access import GuardSettings
from naftiko_run.expose.authentication.guard import Challenge, Guard, Refused, credentials, is_same
from naftiko_run.expose.authentication.middleware import guarded

__all__ = ["Challenge", "Guard", "GuardSettings", "Refused", "credentials", "guarded", "is_same"]
