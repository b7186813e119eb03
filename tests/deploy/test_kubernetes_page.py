"""The page on Kubernetes: its commands and files work."""

from __future__ import annotations

import re
import shlex
import shutil
import subprocess
from pathlib import Path

import pytest
import yaml
from scripts.manifests import BASE, KUBERNETES

from deploy.manifests import HELM, manifests, needs_helm, parse
from naftiko_run import load
from support.process import ROOT

PAGE = (ROOT / "docs" / "how-to" / "kubernetes.md").read_text(encoding="utf-8")
HELM_COMMANDS = re.findall(r"^\$ helm (.*)$", PAGE, re.MULTILINE)
FILES = re.findall(r"^```yaml\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)


@needs_helm
@pytest.mark.parametrize("command", HELM_COMMANDS)
def test_helm_accepts_the_values_of_a_command(command: str) -> None:
    assert HELM is not None
    _, *arguments = shlex.split(command.replace(" --reuse-values", ""))
    versions = ["--kube-version", f"{KUBERNETES}.0"]
    if "keda" in command:  # the command before it has set these
        arguments += ["--set", "control.tokenSecret.name=naftiko-control"]
    done = subprocess.run(
        [HELM, "template", *arguments, *versions], cwd=ROOT, capture_output=True, text=True, check=True
    )
    kinds = {name.partition("/")[0] for name in parse(done.stdout)}
    assert ("ServiceMonitor" in kinds) == ("serviceMonitor" in command)
    assert ("ScaledObject" in kinds) == ("keda" in command)


def test_the_page_has_the_commands_that_it_describes() -> None:
    assert [command.partition(" ")[0] for command in HELM_COMMANDS] == ["install", "upgrade", "upgrade"]
    assert len(FILES) == 2


@pytest.mark.skipif(shutil.which("kubectl") is None, reason="kubectl is not installed")
def test_the_kustomization_gives_the_pods_the_documents_and_the_credentials(tmp_path: Path) -> None:
    shutil.copytree(ROOT / "capabilities", tmp_path / "capabilities")
    shutil.copytree(BASE.parent, tmp_path / "deploy" / "kustomize" / "base")
    (tmp_path / "kustomization.yaml").write_text(FILES[0])
    command = ["kubectl", "kustomize", str(tmp_path)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    built = parse(done.stdout)
    (name,) = built.keys() - manifests(BASE).keys()
    assert built[name]["data"].keys() == {"pipelines-track.yaml"}
    pod = built["Deployment/naftiko-run"]["spec"]["template"]["spec"]
    assert f"ConfigMap/{pod['volumes'][1]['configMap']['name']}" == name
    assert pod["containers"][0]["envFrom"] == [{"secretRef": {"name": "customer-io"}}]
    assert pod["containers"][0]["image"].startswith("registry.example/naftiko-run:")


def test_the_capability_serves(tmp_path: Path) -> None:
    assert yaml.safe_load(FILES[1])["kind"] == "Capability"
    path = tmp_path / "greeting.yaml"
    path.write_text(FILES[1])
    capability = load(path)
    assert capability.diagnostics == ()
    assert [*capability.functions]
