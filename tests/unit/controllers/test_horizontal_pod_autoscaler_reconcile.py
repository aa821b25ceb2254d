"""An autoscaler and its target on a real API server, in virtual time.

Custom resources stand in for the extension servers that metrics come from: they are read at the same paths.
"""

from __future__ import annotations

import pytest

from steersman.api.apiextensions.custom_resource_definition import CUSTOM_RESOURCE_DEFINITIONS
from steersman.api.apps.deployment import DEPLOYMENTS
from steersman.api.autoscaling.horizontal_pod_autoscaler import HORIZONTAL_POD_AUTOSCALERS
from steersman.api.core.event import EVENTS
from steersman.api.core.namespace import NAMESPACES
from steersman.api.core.pod import PODS
from steersman.api.core.service_account import SERVICE_ACCOUNTS
from steersman.api.meta.conditions import find_condition
from steersman.api.meta.times import format_time
from steersman.client.client import key_of
from steersman.client.request import Key, Ref
from steersman.controllers.horizontal_pod_autoscaler.controller import HorizontalPodAutoscalers

from .objects import deployment

pytestmark = pytest.mark.virtual_time

WEB, AUTO = Key("ns", "web"), Key("ns", "auto")
POD_METRICS = Ref("metrics.k8s.io", "v1beta1", "pods", namespaced=True)
QUEUE = Ref("external.metrics.k8s.io", "v1beta1", "queue", namespaced=True)
CPU = {"type": "Resource", "resource": {"name": "cpu", "target": {"type": "Utilization", "averageUtilization": 50}}}
EXTERNAL = {
    "type": "External",
    "external": {"metric": {"name": "queue"}, "target": {"type": "AverageValue", "averageValue": "5"}},
}


def definition(ref, kind):
    names = {"plural": ref.plural, "kind": kind, "singular": kind.lower(), "listKind": f"{kind}List"}
    schema = {"openAPIV3Schema": {"type": "object", "x-kubernetes-preserve-unknown-fields": True}}
    version = {"name": ref.version, "served": True, "storage": True, "schema": schema}
    annotations = {"api-approved.kubernetes.io": "https://example.com"}
    return {
        "metadata": {"name": f"{ref.plural}.{ref.group}", "annotations": annotations},
        "spec": {"group": ref.group, "names": names, "scope": "Namespaced", "versions": [version]},
    }


class Cluster:
    def __init__(self, bench):
        self.bench = bench
        self.client = bench.client

    async def create(self, replicas, *metrics, **spec):
        await self.client.create(NAMESPACES, {"metadata": {"name": "ns"}})
        await self.client.create(SERVICE_ACCOUNTS, {"metadata": {"name": "default", "namespace": "ns"}})
        await self.client.create(
            DEPLOYMENTS, deployment(replicas=replicas) | {"metadata": {"name": "web", "namespace": "ns"}}
        )
        await self.autoscale("auto", *metrics, **spec)
        await self.bench.start(HorizontalPodAutoscalers)

    async def autoscale(self, name, *metrics, **spec):
        target = {"apiVersion": "apps/v1", "kind": "Deployment", "name": "web"}
        fields = {"scaleTargetRef": target, "minReplicas": 1, "maxReplicas": 10, "metrics": list(metrics), **spec}
        metadata = {"name": name, "namespace": "ns"}
        await self.client.create(HORIZONTAL_POD_AUTOSCALERS, {"metadata": metadata, "spec": fields})

    async def run_pods(self, count, used):
        """So many ready pods, with metrics."""
        await self.client.create(CUSTOM_RESOURCE_DEFINITIONS, definition(POD_METRICS, "PodMetrics"))
        await self.bench.settle()
        for number in range(count):
            metadata = {"name": f"p{number}", "namespace": "ns", "labels": {"app": "web"}}
            containers = [{"name": "c", "image": "i", "resources": {"requests": {"cpu": "1"}}}]
            made = await self.client.create(PODS, {"metadata": metadata, "spec": {"containers": containers}})
            long_ago = "2020-01-01T00:00:00Z"
            ready = {"type": "Ready", "status": "True", "lastTransitionTime": long_ago}
            status = {"phase": "Running", "startTime": long_ago, "conditions": [ready]}
            await self.client.patch(PODS, key_of(made), {"status": status}, subresource="status")
            item = {
                "apiVersion": "metrics.k8s.io/v1beta1",
                "kind": "PodMetrics",
                "metadata": metadata,
                "timestamp": format_time(self.bench.clock.now()),
                "window": "30s",
                "containers": [{"name": "c", "usage": {"cpu": used}}],
            }
            await self.client.create(POD_METRICS, item)

    async def replicas(self):
        return (await self.client.get(DEPLOYMENTS, WEB))["spec"]["replicas"]

    async def status(self, key=AUTO):
        return (await self.client.get(HORIZONTAL_POD_AUTOSCALERS, key))["status"]

    async def events(self):
        events = (await self.client.list(EVENTS, namespace="ns"))["items"]
        return {(each["source"]["component"], each["reason"], each["message"]) for each in events}

    async def set_counts(self, count):
        """The Deployment's status, which nobody else keeps here."""
        status = {"replicas": count, "observedGeneration": 1}
        await self.client.patch(DEPLOYMENTS, WEB, {"status": status}, subresource="status")


@pytest.fixture
def cluster(bench):
    return Cluster(bench)


def reason(status, kind):
    return find_condition({"status": status}, kind)["reason"]


async def test_a_busy_target_grows(cluster):
    await cluster.create(2, CPU)
    status = await cluster.status()
    assert reason(status, "ScalingActive") == "FailedGetResourceMetric"
    assert status["currentMetrics"] == [{"type": ""}]
    assert status["desiredReplicas"] == 0
    await cluster.run_pods(2, "1")
    await cluster.bench.settle(16)
    assert await cluster.replicas() == 4
    status = await cluster.status()
    assert {name: status[name] for name in ("currentReplicas", "desiredReplicas", "observedGeneration")} == {
        "currentReplicas": 2,
        "desiredReplicas": 4,
        "observedGeneration": 1,
    }
    assert status["currentMetrics"][0]["resource"]["current"] == {"averageUtilization": 100, "averageValue": "1"}
    assert [reason(status, kind) for kind in ("AbleToScale", "ScalingActive", "ScalingLimited", "ScaledToZero")] == [
        "SucceededRescale",
        "ValidMetricFound",
        "DesiredWithinRange",
        "NotScaledToZero",
    ]
    told = "New size: 4; reason: cpu resource utilization (percentage of request) above target"
    assert ("horizontal-pod-autoscaler", "SuccessfulRescale", told) in await cluster.events()


async def test_bounds_hold_without_metrics_and_a_change_of_them_is_seen_at_once(cluster):
    await cluster.create(5, CPU, maxReplicas=3)
    assert await cluster.replicas() == 3
    await cluster.client.patch(HORIZONTAL_POD_AUTOSCALERS, AUTO, {"spec": {"minReplicas": 4, "maxReplicas": 6}})
    await cluster.bench.settle()
    assert await cluster.replicas() == 4
    status = await cluster.status()
    assert (status["desiredReplicas"], status["observedGeneration"], status["currentMetrics"]) == (4, 2, None)


async def test_a_target_that_was_switched_off_stays_off(cluster):
    await cluster.create(0, CPU)
    status = await cluster.status()
    assert reason(status, "ScalingActive") == "ScalingDisabled"
    assert (await cluster.replicas(), status["desiredReplicas"]) == (0, 0)


async def test_what_it_switched_off_itself_it_switches_on(cluster):
    await cluster.create(1, EXTERNAL, minReplicas=0, behavior={"scaleDown": {"stabilizationWindowSeconds": 0}})
    await cluster.set_counts(1)
    await cluster.client.create(CUSTOM_RESOURCE_DEFINITIONS, definition(QUEUE, "Length"))
    await cluster.bench.settle()
    item = {"apiVersion": "external.metrics.k8s.io/v1beta1", "kind": "Length", "timestamp": "2026-01-01T00:00:00Z"}
    made = await cluster.client.create(QUEUE, item | {"metadata": {"name": "q", "namespace": "ns"}, "value": "0"})
    await cluster.bench.settle(16)
    assert await cluster.replicas() == 0
    assert reason(await cluster.status(), "ScaledToZero") == "ScaledToZero"
    await cluster.set_counts(0)
    await cluster.client.update(QUEUE, made | {"value": "12"})
    await cluster.bench.settle(16)
    assert await cluster.replicas() == 3


async def test_targets_that_are_not_there(cluster):
    await cluster.create(1, CPU, scaleTargetRef={"apiVersion": "nosuch.io/v1", "kind": "Thing", "name": "web"})
    message = 'no matches for kind "Thing" in group "nosuch.io"'
    assert ("horizontal-pod-autoscaler", "FailedGetScale", message) in await cluster.events()
    status = await cluster.status()
    assert (status["desiredReplicas"], status["currentMetrics"], "observedGeneration" in status) == (0, None, False)
    assert find_condition({"status": status}, "AbleToScale")["message"].endswith(message)


async def test_two_for_the_same_pods_do_nothing(cluster):
    await cluster.create(2, CPU)
    await cluster.run_pods(2, "1")
    await cluster.autoscale("other", CPU)
    await cluster.bench.settle(31)
    status = await cluster.status()
    assert reason(status, "ScalingActive") == "AmbiguousSelector"
    message = "pods by selector app=web are controlled by more than one HPA (e.g. [ns/auto ns/other])"
    assert ("horizontal-pod-autoscaler", "AmbiguousSelector", message) in await cluster.events()
    await cluster.client.delete(HORIZONTAL_POD_AUTOSCALERS, Key("ns", "other"))
    await cluster.bench.settle(16)
    assert reason(await cluster.status(), "ScalingActive") == "ValidMetricFound"
