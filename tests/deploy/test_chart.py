"""The Helm chart, and the Kustomize base that is rendered from it."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

import httpx
import kubernetes_validate
import pytest
import yaml
from jsonschema import Draft7Validator
from scripts.manifests import BASE, CHART, EXPECTED, render, render_base
from scripts.release import set_deployed_version

from deploy.manifests import (
    HELM,
    RENDERED,
    Manifest,
    container,
    deployment,
    manifests,
    needs_helm,
    parse,
    values_of,
)
from naftiko_run.version import __version__
from support.ports import free_ports
from support.process import READY, launched
from support.upstream import PATIENCE

CUSTOM = {"ScaledObject", "ServiceMonitor"}
"""Resources of operators, for which Kubernetes has no schema."""
FULL, KEDA = EXPECTED / "full.yaml", EXPECTED / "keda.yaml"


def rendered(*settings: str) -> dict[str, Manifest]:
    assert HELM is not None
    return parse(render(HELM, *(part for each in settings for part in ("--set", each))))


def refused(*settings: str) -> str:
    with pytest.raises(subprocess.CalledProcessError) as caught:
        rendered(*settings)
    message: str = caught.value.stderr
    return message


def test_a_release_sets_the_version_of_naftiko_run_only() -> None:
    for file in (CHART / "Chart.yaml", *RENDERED):
        before = file.read_text(encoding="utf-8")
        after = set_deployed_version(before, "7.8.9")
        assert after.replace("7.8.9", __version__) == before
        assert "7.8.9" in after
        assert __version__ not in after
    assert "naftiko-run:1.2.3" in FULL.read_text(encoding="utf-8")


@needs_helm
def test_the_kustomize_base_is_current() -> None:
    assert HELM is not None
    assert BASE.read_text(encoding="utf-8") == render_base(render(HELM)), "run: make manifests"


@needs_helm
@pytest.mark.parametrize("expected", sorted(EXPECTED.glob("*.yaml")), ids=lambda path: path.stem)
def test_the_chart_renders_the_expected_manifests(expected: Path) -> None:
    assert HELM is not None
    assert expected.read_text(encoding="utf-8") == render(HELM, "--values", str(values_of(expected))), (
        "run: make manifests"
    )


@needs_helm
def test_helm_finds_no_mistake_in_the_chart() -> None:
    assert HELM is not None
    done = subprocess.run([HELM, "lint", "--strict", CHART], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout


@pytest.mark.skipif(shutil.which("kubectl") is None, reason="kubectl is not installed")
def test_kustomize_builds_the_base() -> None:
    command = ["kubectl", "kustomize", str(BASE.parent)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert parse(done.stdout) == manifests(BASE)


@pytest.mark.parametrize("version", ["1.29", "1.34"])
@pytest.mark.parametrize("file", RENDERED, ids=lambda path: path.stem)
def test_the_manifests_match_the_schemas_of_kubernetes(file: Path, version: str) -> None:
    if file == FULL and version == "1.29":
        pytest.skip("volumes of images need Kubernetes 1.31")
    for manifest in manifests(file).values():
        if manifest["kind"] not in CUSTOM:
            kubernetes_validate.validate(manifest, version, strict=True)


def test_the_schemas_are_strict() -> None:
    manifest = next(iter(manifests(BASE).values()))
    with pytest.raises(kubernetes_validate.ValidationError):
        kubernetes_validate.validate({**manifest, "unknown": 1}, "1.34", strict=True)


@pytest.mark.parametrize(
    "file", [CHART / "values.yaml", *map(values_of, sorted(EXPECTED.glob("*.yaml")))], ids=str
)
def test_the_schema_of_the_values_accepts_them(file: Path) -> None:
    schema = json.loads((CHART / "values.schema.json").read_text(encoding="utf-8"))
    Draft7Validator.check_schema(schema)
    assert [*Draft7Validator(schema).iter_errors(yaml.safe_load(file.read_text(encoding="utf-8")))] == []


def test_the_schema_describes_every_value() -> None:
    schema = json.loads((CHART / "values.schema.json").read_text(encoding="utf-8"))

    def check(values: dict[str, Any], described: dict[str, Any]) -> None:
        properties = described.get("properties", {})
        if described.get("additionalProperties") is False:
            assert values.keys() <= properties.keys()
        for key, value in values.items():
            if isinstance(value, dict) and key in properties:
                check(value, properties[key])

    values = yaml.safe_load((CHART / "values.yaml").read_text(encoding="utf-8"))
    check(values, schema)
    assert values.keys() == schema["properties"].keys() - {"global"}


@needs_helm
@pytest.mark.parametrize(
    ("setting", "words"),
    [
        ("autoscaling.type=vpa", "autoscaling"),
        ("probes.type=tcp", "probes"),
        ("replica=3", "replica"),
        ("ports[0].port=0", "port"),
        ("documents.inline.text=x", "documents"),
        ("serviceMonitor.enabled=true", "serviceMonitor needs control.tokenSecret.name"),
    ],
)
def test_a_wrong_value_is_refused_by_its_name(setting: str, words: str) -> None:
    assert words in refused(setting)


@needs_helm
def test_settings_that_need_the_control_adapter_are_refused_without_it() -> None:
    off = "control.enabled=false"
    assert "control.tokenSecret needs control.enabled" in refused(off, "control.tokenSecret.name=token")
    assert "probes.type control needs control.enabled" in refused(off, "probes.type=control")
    assert "--control" not in next(
        each["spec"]["template"]["spec"]["containers"][0]["args"]
        for name, each in rendered(off).items()
        if name.startswith("Deployment/")
    )


@pytest.mark.parametrize("file", RENDERED, ids=lambda path: path.stem)
def test_the_container_has_no_privileges_and_writes_nothing(file: Path) -> None:
    pod = deployment(file)["template"]["spec"]
    assert pod["securityContext"]["runAsNonRoot"] is True
    assert pod["securityContext"]["runAsUser"] == 10001
    assert pod["automountServiceAccountToken"] is False
    security = container(file)["securityContext"]
    assert security == {
        "allowPrivilegeEscalation": False,
        "readOnlyRootFilesystem": True,
        "capabilities": {"drop": ["ALL"]},
    }
    mounts = container(file)["volumeMounts"]
    assert all(each.get("readOnly") for each in mounts if each["name"] != "tmp")
    assert {each["name"] for each in mounts} == {each["name"] for each in pod["volumes"]}


@pytest.mark.parametrize("file", RENDERED, ids=lambda path: path.stem)
def test_the_pod_is_killed_only_after_the_drain(file: Path) -> None:
    arguments = container(file)["args"]
    drain = int(arguments[arguments.index("--drain") + 1])
    delay = int(arguments[arguments.index("--drain-delay") + 1])
    assert deployment(file)["template"]["spec"]["terminationGracePeriodSeconds"] == delay + drain + 5
    assert delay > 0


@pytest.mark.parametrize("file", RENDERED, ids=lambda path: path.stem)
def test_everything_selects_the_pods_and_their_ports(file: Path) -> None:
    spec = deployment(file)
    labels = spec["template"]["metadata"]["labels"]
    ports = {each["name"]: each["containerPort"] for each in container(file)["ports"]}
    selector = spec["selector"]["matchLabels"]
    assert selector.items() <= labels.items()
    for name, each in manifests(file).items():
        kind = name.partition("/")[0]
        if kind == "Service":
            assert each["spec"]["selector"] == selector
            assert {port["targetPort"]: port["port"] for port in each["spec"]["ports"]} == ports
        elif kind == "PodDisruptionBudget":
            assert each["spec"]["selector"]["matchLabels"] == selector
        elif kind == "NetworkPolicy":
            assert each["spec"]["podSelector"]["matchLabels"] == selector
            allowed = {port["port"] for rule in each["spec"]["ingress"] for port in rule["ports"]}
            assert allowed <= set(ports.values())
        elif kind in ("HorizontalPodAutoscaler", "ScaledObject"):
            assert f"Deployment/{each['spec']['scaleTargetRef']['name']}" in manifests(file)
            assert "replicas" not in spec


def test_the_control_port_is_closed_to_others_unless_they_are_named() -> None:
    (policy,) = (each for name, each in manifests(FULL).items() if name.startswith("NetworkPolicy/"))
    (rule,) = (
        each for each in policy["spec"]["ingress"] if {"port": 9095, "protocol": "TCP"} in each["ports"]
    )
    assert rule["from"]
    (policy,) = (each for name, each in manifests(BASE).items() if name.startswith("NetworkPolicy/"))
    assert all(port["port"] != 9095 for rule in policy["spec"]["ingress"] for port in rule["ports"])


def test_the_process_starts_with_the_arguments_of_the_pod_and_answers_its_probes(tmp_path: Path) -> None:
    mounted = {"control": FULL, "documents": FULL}
    texts = {
        name.rpartition("-")[2]: each["data"]
        for name, each in manifests(FULL).items()
        if name.startswith("ConfigMap/")
    }
    assert texts.keys() == mounted.keys()
    for folder, files in texts.items():
        (tmp_path / folder).mkdir()
        for name, text in files.items():
            (tmp_path / folder / name).write_text(text)
    folders = {"/documents/config-map-0": "documents", "/control/control.yaml": "control/control.yaml"}
    elsewhere = ("/documents/config-map-1", "/documents/image-0/documents", "https://example.com/stock.yaml")
    arguments = [
        str(tmp_path / folders[each]) if each in folders else each
        for each in container(FULL)["args"]
        if each not in elsewhere
    ]
    rest, control = free_ports(2)
    arguments[arguments.index("9095")] = str(control)
    environment = {"NAFTIKO_HOST": "127.0.0.1", "NAFTIKO_CONTROL_TOKEN": "a-secret-token"}
    with launched(*arguments, "--port", f"rest={rest}", environment=environment) as process:
        process.wait_for_line(READY)
        probes = [container(FULL)[f"{each}Probe"] for each in ("startup", "liveness")]
        probes += [container(BASE)["readinessProbe"]]
        for probe in probes:
            url = f"http://127.0.0.1:{rest}{probe['httpGet']['path']}"
            assert httpx.get(url, timeout=PATIENCE).status_code == 200
        metrics = f"http://127.0.0.1:{control}/metrics"
        assert httpx.get(metrics, timeout=PATIENCE).status_code == 401
        token = {"Authorization": "Bearer a-secret-token"}
        assert "naftiko_requests_total" in httpx.get(metrics, headers=token, timeout=PATIENCE).text


def test_the_versions_are_those_of_the_package() -> None:
    chart = yaml.safe_load((CHART / "Chart.yaml").read_text(encoding="utf-8"))
    assert (chart["version"], chart["appVersion"]) == (__version__, __version__)
