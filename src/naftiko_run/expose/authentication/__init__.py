"""Inbound authentication: schemes, one module each, looked up by ``type``, and the middleware that applies them."""

from naftiko_run.capability.access import Block
from naftiko_run.expose.authentication.guard import Challenge, Guard, Refused, credentials, is_same
from naftiko_run.expose.authentication.middleware import guarded

__all__ = ["Block", "Challenge", "Guard", "Refused", "credentials", "guarded", "is_same"]
