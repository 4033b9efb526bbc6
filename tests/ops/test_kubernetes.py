"""The manifests, as far as they can be checked without a cluster."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from typing import Any, cast

import pytest
import yaml
from celery.bin.base import CLIContext
from celery.bin.celery import celery

from config import metrics
from config.celery import QUEUES, app
from devtools.bootstrap import ROOT, VENV
from tests.ops.test_configuration import variables_in_the_table

FOLDER = ROOT / "k8s"
FILES = sorted(path for path in FOLDER.rglob("*.yaml") if path.name != "kustomization.yaml")


def documents() -> Iterator[dict[str, Any]]:
    for path in FILES:
        yield from yaml.safe_load_all(path.read_text())


def of_kind(kind: str) -> dict[str, dict[str, Any]]:
    return {one["metadata"]["name"]: one for one in documents() if one["kind"] == kind}


DEPLOYMENTS = of_kind("Deployment")
PODS = {
    name: one["spec"]["template"]["spec"] for name, one in {**DEPLOYMENTS, **of_kind("Job")}.items()
}
WORKERS = {name: one for name, one in DEPLOYMENTS.items() if name not in ("web", "celery-beat")}


def queue_of(deployment: dict[str, Any]) -> str:
    return str(deployment["spec"]["selector"]["matchLabels"]["queue"])


def container(name: str) -> dict[str, Any]:
    (found,) = PODS[name]["containers"]
    return cast("dict[str, Any]", found)


def test_they_fit_the_schemas_of_kubernetes() -> None:
    command = [str(VENV / "bin/kubernetes-validate"), "--strict", "--no-warn", *map(str, FILES)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_kustomize_takes_what_is_rolled_and_nothing_that_is_absent() -> None:
    listed = yaml.safe_load((FOLDER / "kustomization.yaml").read_text())["resources"]
    there = {str(path.relative_to(FOLDER)) for path in FILES}
    # The job comes before each roll, the adapter belongs to the cluster.
    assert there - set(listed) == {"jobs/migrate.yaml", "autoscaling/prometheus-adapter.yaml"}
    assert set(listed) <= there


def test_each_queue_has_its_workers() -> None:
    assert {queue_of(one) for one in WORKERS.values()} == set(QUEUES)
    for name, one in WORKERS.items():
        arguments = container(name)["args"]
        queue, node = (arguments[arguments.index(flag) + 1] for flag in ("-Q", "-n"))
        assert queue == queue_of(one)
        for probe in ("startupProbe", "livenessProbe"):
            command = container(name)[probe]["exec"]["command"]
            assert command[1:] == [
                "deploy/healthcheck.py", "worker", node.removesuffix("@%h"), queue,
            ]  # fmt: skip


@pytest.mark.parametrize("name", [*WORKERS, "celery-beat"])
def test_celery_understands_each_command(name: str) -> None:
    program, *arguments = container(name)["args"]
    assert (program, arguments[:2]) == ("celery", ["-A", "config"])
    command, options = celery.commands[arguments[2]], arguments[3:]
    # Parses, raises on an unknown option, and runs nothing.
    command.make_context(arguments[2], options, obj=CLIContext(cast(Any, app), True, None))


def test_each_queue_scales_from_10_to_100_by_what_waits_in_it() -> None:
    scalers = [
        one["spec"] for name, one in of_kind("HorizontalPodAutoscaler").items() if name != "web"
    ]
    bounds = {}
    for spec in scalers:
        target = DEPLOYMENTS[spec["scaleTargetRef"]["name"]]
        (metric,) = spec["metrics"]
        queue = metric["external"]["metric"]["selector"]["matchLabels"]["queue"]
        assert metric["external"]["metric"]["name"] == metrics.QUEUE_LENGTH.name
        assert metric["external"]["target"] == {"type": "AverageValue", "averageValue": "100"}
        assert queue == queue_of(target)
        bounds[queue] = (spec["minReplicas"], spec["maxReplicas"])
    assert bounds == {"normal": (10, 100), "low_priority": (10, 100), "high_priority": (2, 10)}


def test_an_autoscaler_is_the_only_one_who_says_how_many() -> None:
    scaled = {
        one["spec"]["scaleTargetRef"]["name"] for one in of_kind("HorizontalPodAutoscaler").values()
    }
    assert scaled == {"web", *WORKERS}
    for name in scaled:
        assert "replicas" not in DEPLOYMENTS[name]["spec"], name


def test_the_adapter_makes_the_metric_that_the_autoscalers_ask_for() -> None:
    config = yaml.safe_load(of_kind("ConfigMap")["prometheus-adapter"]["data"]["config.yaml"])
    (rule,) = config["externalRules"]
    name, labels = metrics.QUEUE_LENGTH.name, metrics.QUEUE_LENGTH.labels
    assert rule["seriesQuery"].startswith(f"{name}{{")
    assert rule["name"]["as"] == name
    assert labels == ("queue",)
    # Every web pod shows the same queue: a sum would count it once for each.
    assert rule["metricsQuery"].startswith("max(")
    assert rule["metricsQuery"].endswith("by (queue)")


def test_there_is_one_beat() -> None:
    spec = DEPLOYMENTS["celery-beat"]["spec"]
    assert (spec["replicas"], spec["strategy"]) == (1, {"type": "Recreate"})


def test_the_web_has_left_before_it_is_killed() -> None:
    drain_s = int(of_kind("ConfigMap")["atw"]["data"]["ATW_DRAIN_S"])
    assert PODS["web"]["terminationGracePeriodSeconds"] >= drain_s + 10
    ready = container("web")["readinessProbe"]
    noticed_s = ready["periodSeconds"] * ready["failureThreshold"] + 1
    assert noticed_s < drain_s * 0.3
    alive = container("web")["livenessProbe"]
    assert alive["periodSeconds"] * alive["failureThreshold"] > drain_s
    assert ready["httpGet"]["path"] == alive["httpGet"]["path"] == "/healthz"
    assert DEPLOYMENTS["web"]["spec"]["strategy"]["rollingUpdate"]["maxUnavailable"] == 0


@pytest.mark.parametrize("name", PODS)
def test_pods_hold_nothing_that_they_do_not_need(name: str) -> None:
    pod, one = PODS[name], container(name)
    assert pod["securityContext"]["runAsNonRoot"]
    assert pod["automountServiceAccountToken"] is False
    context = one["securityContext"]
    assert context["readOnlyRootFilesystem"]
    assert context["allowPrivilegeEscalation"] is False
    assert context["capabilities"] == {"drop": ["ALL"]}
    assert set(one["resources"]) == {"requests", "limits"}
    assert "memory" in one["resources"]["limits"]


def test_secrets_come_by_reference_only() -> None:
    assert not of_kind("Secret")
    settings = {name for one in of_kind("ConfigMap").values() for name in one["data"]}
    assert not [name for name in settings if "KEY" in name or "PASSWORD" in name or "URL" in name]
    for name in PODS:
        assert {"secretRef": {"name": "atw"}} in container(name)["envFrom"], name


def test_every_variable_exists() -> None:
    given = set(of_kind("ConfigMap")["atw"]["data"])
    given |= {one["name"] for name in PODS for one in container(name).get("env", [])}
    assert given - {"POD_IP"} <= variables_in_the_table()


def test_every_deployment_that_scales_has_a_budget() -> None:
    covered = [
        one["spec"]["selector"]["matchLabels"] for one in of_kind("PodDisruptionBudget").values()
    ]
    for name in ("web", *WORKERS):
        assert DEPLOYMENTS[name]["spec"]["selector"]["matchLabels"] in covered, name


def test_only_named_neighbours_reach_a_pod() -> None:
    policies = of_kind("NetworkPolicy")
    everybody = policies["nobody-unless-named"]["spec"]
    assert everybody == {"podSelector": {}, "policyTypes": ["Ingress", "Egress"]}
    labels = [one["spec"]["template"]["metadata"]["labels"] for one in DEPLOYMENTS.values()]
    assert all(one["atw"] == "true" for one in labels)


#: Connections beside the pool: the GPS door's lanes (roster, store, positions); beat's lock.
BESIDE_THE_POOL = {"web": 3, "celery-beat": 1}


def connections() -> int:
    """The most that all pods together may hold open, by the pools' own bounds."""
    most = {
        one["spec"]["scaleTargetRef"]["name"]: one["spec"]["maxReplicas"]
        for one in of_kind("HorizontalPodAutoscaler").values()
    }
    total = 0
    for name in PODS:
        env = {one["name"]: one.get("value") for one in container(name).get("env", [])}
        pool = int(env.get("ATW_DB_POOL") or of_kind("ConfigMap")["atw"]["data"]["ATW_DB_POOL"])
        update = DEPLOYMENTS.get(name, {}).get("spec", {}).get("strategy", {})
        surge = update.get("rollingUpdate", {}).get("maxSurge", 0)
        total += (most.get(name, 1) + surge) * (pool + BESIDE_THE_POOL.get(name, 0))
    return total


def test_the_documents_budget_of_connections_is_the_sum() -> None:
    for name in WORKERS:
        env = {one["name"]: one["value"] for one in container(name)["env"]}
        assert env["CELERY_WORKER_CONCURRENCY"] == "1"
    assert f"**{connections()} connections**" in (ROOT / "docs/SCALING.md").read_text()
