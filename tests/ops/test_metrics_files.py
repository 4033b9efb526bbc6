"""Dashboard and alerts ask for metrics that exist, in PromQL that can be read."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import promql_parser
import pytest
import yaml

from config import metrics
from devtools.bootstrap import ROOT

MONITORING = ROOT / "deploy/monitoring"
#: Prometheus's own.
OF_PROMETHEUS = {"up"}


def selected(query: str) -> list[tuple[str, set[str]]]:
    """Each metric of a query with the labels that it is filtered by."""
    found: list[tuple[str, set[str]]] = []

    def note(node: Any) -> bool:
        if isinstance(node, promql_parser.VectorSelector):
            found.append((str(node.name), {one.name for one in node.matchers.matchers}))
        return True

    promql_parser.walk(promql_parser.parse(query.replace("$__rate_interval", "5m")), note)
    return found


def rules() -> Iterator[dict[str, Any]]:
    for group in yaml.safe_load((MONITORING / "alerts.yml").read_text())["groups"]:
        yield from group["rules"]


def panels() -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads((MONITORING / "grafana/dashboard.json").read_text())[
        "panels"
    ]
    return found


def queries() -> Iterator[str]:
    yield from (rule["expr"] for rule in rules())
    yield from (target["expr"] for panel in panels() for target in panel["targets"])


def labels_of() -> dict[str, set[str]]:
    """{series: its labels} of all that /metrics may hold."""
    found = {one.name: set(one.labels) for one in metrics.ASKED}
    for metric in metrics.KEPT:
        for name in metrics.series_of(metric):
            more = {"le"} if name.endswith("_bucket") else set()
            found[name] = set(metric._labelnames) | more
    return found


@pytest.mark.parametrize("query", sorted(set(queries())))
def test_every_query_can_be_read_and_asks_for_what_exists(query: str) -> None:
    known = labels_of()
    found = selected(query)
    assert found
    for name, labels in found:
        assert name in known.keys() | OF_PROMETHEUS, name
        assert labels <= known.get(name, {"job"}), name


def test_every_metric_is_shown() -> None:
    shown = {name for query in queries() for name, _ in selected(query)}
    histograms = {name.removesuffix("_bucket") for name in shown if name.endswith("_bucket")}
    unseen = {
        name for name in metrics.series() if name not in shown
        and name.removesuffix("_sum").removesuffix("_count") not in histograms
    }  # fmt: skip
    assert unseen == set()


def test_every_alert_says_how_bad_it_is_and_stands_in_the_guide() -> None:
    guide = (ROOT / "docs/MONITORING.md").read_text()
    names = [rule["alert"] for rule in rules()]
    assert len(set(names)) == len(names)
    for rule in rules():
        assert rule["labels"]["severity"] in {"page", "warn"}
        assert rule["annotations"]["summary"]
        assert f"**{rule['alert']}**" in guide, rule["alert"]


def test_the_scrape_configuration_reads_the_rules_beside_it() -> None:
    told = yaml.safe_load((MONITORING / "prometheus.yml").read_text())
    assert all((MONITORING / name).is_file() for name in told["rule_files"])


def test_no_two_panels_overlap() -> None:
    places = [tuple(panel["gridPos"][side] for side in "xy") for panel in panels()]
    assert len(set(places)) == len(places)
