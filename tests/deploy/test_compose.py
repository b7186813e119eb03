"""``deploy/compose.yaml``: what Prometheus scrapes is served, and the dashboard shows only metrics that exist."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import httpx
import pytest
import yaml
from prometheus_client.parser import text_string_to_metric_families

from support.documents import PIPELINES
from support.ports import free_ports
from support.process import FREE_PORTS, READY, ROOT, launched
from support.upstream import PATIENCE

DEPLOY = ROOT / "deploy"
DASHBOARD = json.loads((DEPLOY / "grafana" / "naftiko-run.json").read_text(encoding="utf-8"))
COMPOSE = yaml.safe_load((DEPLOY / "compose.yaml").read_text(encoding="utf-8"))
TOKEN = "a-secret-token"
OF_PROMETHEUS = {"job", "instance"}
"""The labels that Prometheus adds."""

SELECTOR = re.compile(r"\b((?:naftiko|process)_\w+)(\{[^}]*\})?")
GROUPING = re.compile(r"\bby \(([^)]*)\)")


@pytest.fixture(scope="module")
def samples() -> dict[str, set[str]]:
    """The labels of each sample that the composed naftiko-run serves after a request, by its name."""
    (control,) = free_ports(1)
    command = COMPOSE["services"]["naftiko-run"]["command"]
    files = {"/app/capabilities": PIPELINES, "/control/control.yaml": DEPLOY / "compose" / "control.yaml"}
    arguments = [str(files.get(each, each)).replace("9095", str(control)) for each in command]
    with launched(*arguments, *FREE_PORTS, environment={"NAFTIKO_CONTROL_TOKEN": TOKEN}) as process:
        process.wait_for_line(READY)
        body = {"userId": "42", "event": "signed_up"}
        answer = httpx.post(f"{process.url('rest')}/v1/track", json=body, timeout=PATIENCE)
        assert answer.status_code == 200
        url = f"http://127.0.0.1:{control}/metrics"
        text = httpx.get(url, headers={"Authorization": f"Bearer {TOKEN}"}, timeout=PATIENCE).text
    found: dict[str, set[str]] = {}
    for family in text_string_to_metric_families(text):
        suffixes = {"counter": ["_total"], "histogram": ["_bucket", "_sum", "_count"], "info": ["_info"]}
        for suffix in suffixes.get(family.type, [""]):
            found.setdefault(
                f"{family.name.removesuffix('_info') if suffix == '_info' else family.name}{suffix}", set()
            )
        for sample in family.samples:
            found.setdefault(sample.name, set()).update(sample.labels)
    return found


def panels() -> list[dict[str, Any]]:
    return [each for each in DASHBOARD["panels"] if each["type"] != "row"]


def expressions() -> list[str]:
    shown = [target["expr"] for panel in panels() for target in panel["targets"]]
    return shown + [each["definition"] for each in DASHBOARD["templating"]["list"] if "definition" in each]


def test_the_dashboard_uses_only_metrics_and_labels_that_are_served(samples: dict[str, set[str]]) -> None:
    used: set[str] = set()
    for expression in expressions():
        selectors = SELECTOR.findall(expression)
        assert selectors, expression
        for name, matchers in selectors:
            used.add(name)
            assert name in samples, name
            known = samples[name] | OF_PROMETHEUS
            labels = set(re.findall(r"(\w+)=", matchers))
            for group in GROUPING.findall(expression):
                labels |= {each.strip() for each in group.split(",")}
            if samples[name]:  # nothing has the type of a step, an error or a connection yet
                assert labels <= known, (expression, labels - known)
    own = {name for name in samples if name.startswith("naftiko_")}
    families = {re.sub(r"_(bucket|sum|count)$", "", name) for name in own}
    assert families == {
        re.sub(r"_(bucket|sum|count)$", "", name) for name in used if name.startswith("naftiko_")
    }


def test_each_panel_has_a_place_and_says_what_it_shows() -> None:
    assert len({each["id"] for each in DASHBOARD["panels"]}) == len(DASHBOARD["panels"])
    cells: set[tuple[int, int]] = set()
    for panel in DASHBOARD["panels"]:
        at = panel["gridPos"]
        taken = {(at["x"] + x, at["y"] + y) for x in range(at["w"]) for y in range(at["h"])}
        assert not cells & taken, panel["title"]
        assert at["x"] + at["w"] <= 24
        cells |= taken
    assert all(panel["description"].endswith(("?", ".")) for panel in panels())


def test_every_file_that_is_mounted_exists() -> None:
    for name, service in COMPOSE["services"].items():
        for volume in service.get("volumes", ()):
            source = volume.partition(":")[0]
            if source.startswith("."):
                assert (DEPLOY / source).exists(), f"{name}: {source}"
            else:
                assert source in COMPOSE["volumes"]


def test_prometheus_scrapes_the_control_port_with_the_token() -> None:
    scraped = yaml.safe_load((DEPLOY / "compose" / "prometheus.yaml").read_text(encoding="utf-8"))
    (job,) = scraped["scrape_configs"]
    command = COMPOSE["services"]["naftiko-run"]["command"]
    assert job["static_configs"] == [{"targets": [f"naftiko-run:{command[command.index('--control') + 1]}"]}]
    secret = Path(job["authorization"]["credentials_file"]).name
    assert secret in COMPOSE["services"]["prometheus"]["secrets"]
    assert COMPOSE["secrets"][secret] == {"environment": "NAFTIKO_CONTROL_TOKEN"}


def test_grafana_finds_its_dashboard_and_prometheus() -> None:
    folder = DEPLOY / "grafana" / "provisioning"
    (provider,) = yaml.safe_load((folder / "dashboards" / "naftiko-run.yaml").read_text())["providers"]
    grafana = COMPOSE["services"]["grafana"]
    home = grafana["environment"]["GF_DASHBOARDS_DEFAULT_HOME_DASHBOARD_PATH"]
    assert Path(home).parent == Path(provider["options"]["path"])
    assert f"./grafana/naftiko-run.json:{home}:ro" in grafana["volumes"]
    (source,) = yaml.safe_load((folder / "datasources" / "prometheus.yaml").read_text())["datasources"]
    chosen = next(each for each in DASHBOARD["templating"]["list"] if each["type"] == "datasource")
    assert chosen["current"]["value"] == source["uid"]
    assert source["url"] == "http://prometheus:9090"
