"""Test that the dashboard and the alerts use every exported metric and no other (W7)."""

import json
import re
from typing import Any

import pytest
from prometheus_client.parser import text_string_to_metric_families

from tests.support.clusters import Cluster
from tests.support.deployment_files import DEPLOY, load_yaml
from tests.support.http import http
from tests.support.room_client import RoomClient

#: An object decoded from JSON or YAML: a panel, an alert, or the labels of a sample.
JsonObject = dict[str, Any]
DASHBOARD: JsonObject = json.loads((DEPLOY / "grafana/alcove.json").read_text())
PANELS: list[JsonObject] = [panel for panel in DASHBOARD["panels"] if panel["type"] != "row"]
ALERTS: list[JsonObject] = [rule for group in load_yaml(DEPLOY / "alerts.yml")["groups"] for rule in group["rules"]]
SHOWN_EXPRESSIONS = [target["expr"] for panel in PANELS for target in panel["targets"]]


def metric_names(expression: str) -> set[str]:
    """Return the names of Alcove's metrics in an expression, without the suffixes of histograms."""
    names = re.findall(r"\b(?:alcove|process)_\w+", expression)
    return {re.sub(r"^(alcove_(?:commit|consumer_delay)_\w+?)_(bucket|sum|count)$", r"\1", name) for name in names}


def test_metric_names_are_found_in_expressions() -> None:
    assert metric_names(
        'rate(alcove_commit_seconds_sum{job="alcove"}[5m]) / alcove_lag_entries_sum + alcove_commit_seconds_count'
    ) == {"alcove_commit_seconds", "alcove_lag_entries_sum"}


async def exported_metrics(cluster: Cluster) -> dict[str, list[JsonObject]]:
    """Return the metrics that a process exports, with the labels of their samples."""
    async with http(cluster.processes[0]) as client:
        text = (await client.get("/metrics")).text
    return {
        family.name + ("_total" if family.type == "counter" else ""): [sample.labels for sample in family.samples]
        for family in text_string_to_metric_families(text)
    }


async def test_w7_dashboard_shows_every_metric_and_no_other(cluster: Cluster) -> None:
    assert set(await exported_metrics(cluster)) == {
        name for expression in SHOWN_EXPRESSIONS for name in metric_names(expression)
    }


async def test_w7_guide_describes_each_metric(cluster: Cluster) -> None:
    guide = (DEPLOY.parent / "docs/operating.md").read_text()
    described = re.findall(r"^\| `(alcove_\w+)` \|", guide, re.MULTILINE)

    assert sorted(name for name in await exported_metrics(cluster) if name.startswith("alcove_")) == sorted(described)


async def test_w7_every_alert_uses_existing_metrics(cluster: Cluster) -> None:
    existing = {*(await exported_metrics(cluster)), "up"}

    for rule in ALERTS:
        used = metric_names(rule["expr"]) | set(re.findall(r"\bup\b", rule["expr"]))
        assert used, rule["alert"]
        assert used <= existing, rule["alert"]


async def test_w7_label_values_in_expressions_exist(cluster: Cluster) -> None:
    labels = await exported_metrics(cluster)
    codes = {sample["code"] for sample in labels["alcove_refusals_total"]}
    (refused,) = [rule["expr"] for rule in ALERTS if rule["alert"] == "AlcoveSendsRefused"]
    used_codes = re.search(r'code=~"([^"]+)"', refused)

    assert used_codes is not None
    assert set(used_codes[1].split("|")) <= codes
    grouped = {
        label for expr in SHOWN_EXPRESSIONS for by in re.findall(r"by \(([^)]+)\)", expr) for label in by.split(", ")
    }
    used_labels = {label for samples in labels.values() for sample in samples for label in sample}
    # No process here has a webhook, whose name would be the label `consumer`.
    assert grouped - {"instance", "consumer"} <= used_labels


async def test_a6_no_label_names_a_member_or_an_item(cluster: Cluster, item: str) -> None:
    async with await RoomClient.join(cluster.processes[0], item, name="Ada Lovelace") as ada:
        await ada.send_messages("hello")
        labels = await exported_metrics(cluster)

    used_labels = {label for samples in labels.values() for sample in samples for label in sample}
    assert used_labels == {"code", "le", "limit", "outcome", "reason", "state", "version"}


async def test_w7_counters_are_exported_as_zero_before_the_first_event(cluster: Cluster) -> None:
    labels = await exported_metrics(cluster)

    assert {sample["outcome"] for sample in labels["alcove_sends_total"]} == {"stored", "duplicate", "refused"}
    assert {"unavailable", "overloaded", "at_capacity"} < {sample["code"] for sample in labels["alcove_refusals_total"]}


async def test_w7_metrics_include_the_limits_and_the_state_of_the_process(cluster: Cluster) -> None:
    async with http(cluster.processes[0]) as client:
        lines = (await client.get("/metrics")).text.splitlines()

    for line in ("connections_limit 20000.0", "sends_waiting_limit 10000.0", "storage_up 1.0", "draining 0.0"):
        assert f"alcove_{line}" in lines
    assert any(re.fullmatch(r'alcove_build_info\{version="\d[\w.]*"\} 1.0', line) for line in lines)


@pytest.mark.parametrize("rule", ALERTS, ids=lambda rule: rule["alert"])
def test_every_alert_has_a_severity_and_a_description(rule: JsonObject) -> None:
    assert {*rule, "for"} == {"alert", "expr", "for", "labels", "annotations"}
    assert rule["labels"]["severity"] in {"page", "ticket"}
    assert len(rule["annotations"]["description"]) > 60
    assert rule["annotations"]["summary"]


@pytest.mark.parametrize("panel", PANELS, ids=lambda panel: panel["title"])
def test_every_panel_uses_the_selected_source_and_processes(panel: JsonObject) -> None:
    assert panel["datasource"]["uid"] == "${datasource}"
    assert panel["description"]
    for target in panel["targets"]:
        selectors = re.findall(r"\{[^}]*\}", target["expr"])
        assert selectors
        assert all('job="alcove", instance=~"$process"' in selector for selector in selectors)


def test_panels_do_not_overlap() -> None:
    occupied = [
        (column, row)
        for panel in DASHBOARD["panels"]
        for column in range(panel["gridPos"]["x"], panel["gridPos"]["x"] + panel["gridPos"]["w"])
        for row in range(panel["gridPos"]["y"], panel["gridPos"]["y"] + panel["gridPos"]["h"])
    ]

    assert len(occupied) == len(set(occupied))
    assert all(column < 24 for column, _ in occupied)


def test_dashboard_has_variables_for_the_source_and_the_processes() -> None:
    assert [variable["name"] for variable in DASHBOARD["templating"]["list"]] == ["datasource", "process"]


async def test_w7_prometheus_scrapes_metrics_without_a_credential(cluster: Cluster) -> None:
    async with http(cluster.processes[0], token=None) as client:
        response = await client.get("/metrics")

    assert response.status_code == 200
    assert response.headers["content-type"].startswith("text/plain; version=")
