"""Where the values of ``{{env.X}}`` and ``{{X}}`` come from."""

from naftiko_run.bindings.bindings import Bindings, Bound, MaskedBindings

__all__ = ["Bindings", "Bound", "MaskedBindings"]
