"""The control adapter (specification: ``exposes`` of type ``control``): shows and changes the running process."""

from naftiko_run.expose.control.exposer import ControlExposer

__all__ = ["ControlExposer"]
