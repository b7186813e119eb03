"""The values of ``{{env.X}}`` and ``{{X}}``: the environment, and providers of secrets."""

from naftiko_run.bindings.bindings import (
    Bindings,
    BindingSource,
    Bound,
    MaskedBindings,
    read_environment,
    read_sources,
)
from naftiko_run.bindings.provider import BindingProvider, ProviderSettings, Reading

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
