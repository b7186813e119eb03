"""The REST adapter (specification: ``exposes`` of type ``rest``)."""

from naftiko_run.expose.rest.exposer import RestExposer

__all__ = ["RestExposer"]
