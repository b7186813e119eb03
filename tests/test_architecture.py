"""The architecture: a package imports only packages below it."""

import ast
from pathlib import Path

import pytest

from naftiko_run import plugins
from naftiko_run.document.model import McpExposes, RestExposes, SkillExposes
from naftiko_run.expose import Combining, Exposer, find_exposer
from support.process import ROOT

SOURCE = ROOT / "src" / "naftiko_run"

PACKAGES = (
    "version",
    "secret",
    "header_values",
    "_json_incremental",
    "_json",
    "sizes",
    "urls",
    "locations",
    "folder",
    "plugins",
    "diagnostics",
    "errors",
    "telemetry",
    "http",
    "expressions",
    "spec",
    "document",
    "bindings",
    "consume",
    "invoke",
    "capability",
    "lint",
    "expose",
    "serve",
    "cli",
)
"""The packages and modules of the library, the lowest first."""

TOP = ("__init__", "__main__", "asgi")
"""The public API, ``python -m`` and the app that ASGI servers load: they may import everything, and nothing imports from them."""

FORBIDDEN = {
    "expose": {"consume", "bindings", "http"},
    "http": set(PACKAGES) - {"http", "errors", "header_values", "secret", "version"},
    "lint": {"bindings", "consume", "invoke", "expose", "telemetry", "serve"},
}
"""Lower packages that a package must not import anyway: adapters go through ``invoke``, and a document is checked
without serving it."""

MODULES = sorted(SOURCE.rglob("*.py"))


def package_of(module: Path) -> str:
    return module.relative_to(SOURCE).parts[0].removesuffix(".py")


def packages_imported(module: Path) -> set[str]:
    """Return the packages that a module imports, wherever in it; of the public API, the names."""
    names: list[str] = []
    for node in ast.walk(ast.parse(module.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            assert not node.level, f"{module}: relative imports hide which package is meant"
            names += [f"{node.module}.{alias.name}" for alias in node.names]
    paths = [name.split(".") for name in names]
    return {path[1] if len(path) > 1 else "__init__" for path in paths if path[0] == "naftiko_run"}


def test_every_package_has_its_place() -> None:
    assert {package_of(module) for module in MODULES} == {*PACKAGES, *TOP}


@pytest.mark.parametrize("package", PACKAGES)
def test_a_package_imports_only_packages_below_it(package: str) -> None:
    allowed = {*PACKAGES[: PACKAGES.index(package) + 1]} - FORBIDDEN.get(package, set())
    strays = {
        str(module.relative_to(ROOT)): sorted(above)
        for module in MODULES
        if package_of(module) == package and (above := packages_imported(module) - allowed)
    }
    assert not strays


ADAPTER_MODELS = {
    each.__name__: each.__name__.removesuffix("Exposes").lower()
    for each in (RestExposes, McpExposes, SkillExposes)
}
"""The models of the adapters' blocks, and the package of each under ``expose``."""


def test_only_the_package_of_an_adapter_type_checks_for_its_blocks() -> None:
    strays = []
    for module in MODULES:
        for node in ast.walk(ast.parse(module.read_text(encoding="utf-8"))):
            if (
                isinstance(node, ast.Call)
                and isinstance(node.func, ast.Name)
                and node.func.id == "isinstance"
            ):
                names = {each.id for each in ast.walk(node.args[1]) if isinstance(each, ast.Name)}
                own = module.relative_to(SOURCE).parts[:2]
                strays += [
                    f"{module.relative_to(ROOT)}:{node.lineno} {name}"
                    for name in sorted(names & {"Exposes", *ADAPTER_MODELS})
                    if own != ("expose", ADAPTER_MODELS.get(name))
                ]
    assert not strays


def test_adapter_types_outside_the_repository_have_what_the_built_in_ones_have() -> None:
    """The built-in adapters are found as plugins are, and have no methods besides those of the protocol."""
    for kind in plugins.installed(plugins.EXPOSERS):
        exposer = type(find_exposer(kind))
        offered = {name for name in dir(exposer) if not name.startswith("_")}
        assert Exposer in exposer.__mro__
        assert offered <= {*dir(Exposer), *dir(Combining), "default_port"}
