"""Where the values of ``{{env.X}}`` and ``{{X}}`` come from."""

from naftiko_run.bindings.bindings import BindingProvider, Bindings, Bound, MaskedBindings

__all__ = ["BindingProvider", "Bindings", "Bound", "MaskedBindings"]
