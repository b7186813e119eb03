"""Render the Helm chart: ``deploy/kustomize/base``, and the manifests that the tests compare with; ``make manifests`` runs it."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).resolve().parents[1]
CHART: Final = ROOT / "deploy" / "helm" / "naftiko-run"
BASE: Final = ROOT / "deploy" / "kustomize" / "base" / "naftiko-run.yaml"
EXPECTED: Final = ROOT / "tests" / "deploy" / "expected"
"""The manifests of each file of values in ``tests/deploy/values``."""
KUBERNETES: Final = "1.34"
"""The version of Kubernetes for which the chart is rendered."""

_HEAD: Final = "# Rendered from deploy/helm/naftiko-run by `make manifests`; do not edit.\n"


def find_helm() -> str | None:
    """Return the path of Helm: that on the PATH, or that built by ``make build/bin/helm``; None without it."""
    return shutil.which("helm", path=f"{os.environ.get('PATH', '')}{os.pathsep}{ROOT / 'build' / 'bin'}")


def render(helm: str, *options: str) -> str:
    """Return the manifests of a release ``naftiko-run`` of the chart.

    Raises:
        subprocess.CalledProcessError: Helm refuses the values; ``stderr`` is its message.
    """
    command = [helm, "template", "naftiko-run", str(CHART), "--namespace", "default"]
    versions = ["--kube-version", f"{KUBERNETES}.0"]
    done = subprocess.run([*command, *versions, *options], capture_output=True, text=True, check=True)  # noqa: S603 - our own command
    return done.stdout


def render_base(manifests: str) -> str:
    """Return the manifests of the Kustomize base: those of the chart without Helm's labels and comments."""
    return _HEAD + re.sub(
        r"^(?: +app\.kubernetes\.io/managed-by: .*|# Source: .*)\n", "", manifests, flags=re.MULTILINE
    )


def main() -> int:
    """Write the manifests; return the exit code."""
    helm = find_helm()
    if helm is None:
        print("Helm is not installed: run `make build/bin/helm`, which needs Go", file=sys.stderr)
        return 1
    BASE.write_text(render_base(render(helm)), encoding="utf-8")
    EXPECTED.mkdir(exist_ok=True)
    for values in sorted((EXPECTED.parent / "values").glob("*.yaml")):
        (EXPECTED / values.name).write_text(render(helm, "--values", str(values)), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
