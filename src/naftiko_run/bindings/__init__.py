"""The values of ``{{env.X}}`` and ``{{X}}``: the environment, and providers of secrets."""

from naftiko_run.bindings.bindings import Bindings, Bound, MaskedBindings, read_environment
from naftiko_run.bindings.provider import BindingProvider, ProviderSettings, Reading
from naftiko_run.bindings.sources import BindingSource, read_sources

__all__ = [
    "BindingProvider",
    "BindingSource",
    "Bindings",
    "Bound",
    "MaskedBindings",
    "ProviderSettings",
    "Reading",
    "read_environment",
    "read_sources",
]
