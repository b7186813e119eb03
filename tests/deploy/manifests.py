"""The manifests of the chart, as Kubernetes would receive them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml
from scripts.manifests import BASE, EXPECTED, find_helm

HELM = find_helm()
needs_helm = pytest.mark.skipif(HELM is None, reason="Helm is not installed: run `make build/bin/helm`")

RENDERED = [BASE, *sorted(EXPECTED.glob("*.yaml"))]
"""The files with rendered manifests."""

Manifest = dict[str, Any]


def values_of(expected: Path) -> Path:
    """Return the file of values of expected manifests."""
    return EXPECTED.parent / "values" / expected.name


def manifests(file: Path) -> dict[str, Manifest]:
    """Return the manifests of a file, by kind and name."""
    return parse(file.read_text(encoding="utf-8"))


def parse(text: str) -> dict[str, Manifest]:
    """Return manifests, by kind and name."""
    found = [each for each in yaml.safe_load_all(text) if each]
    by_name = {f"{each['kind']}/{each['metadata']['name']}": each for each in found}
    assert len(by_name) == len(found)
    return by_name


def deployment(file: Path) -> Manifest:
    """Return the specification of the deployment of a file."""
    (found,) = (each for name, each in manifests(file).items() if name.startswith("Deployment/"))
    spec: Manifest = found["spec"]
    return spec


def container(file: Path) -> Manifest:
    """Return the only container of a deployment."""
    (found,) = deployment(file)["template"]["spec"]["containers"]
    assert isinstance(found, dict)
    return found
