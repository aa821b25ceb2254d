"""The official client with a whole cluster: what it asks for is brought about, told by watches, measured and evicted."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import kubernetes
import pytest
from kubernetes.client import AppsV1Api, CoreV1Api, CustomObjectsApi, PolicyV1Api

from steersman.testing.server import ServerProcess

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

WAIT_S = 30
WEB: Any = {
    "metadata": {"name": "web"},
    "spec": {
        "replicas": 2,
        "selector": {"matchLabels": {"app": "web"}},
        "template": {
            "metadata": {"labels": {"app": "web"}},
            "spec": {"containers": [{"name": "c", "image": "nginx:1"}]},
        },
    },
}


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[kubernetes.client.ApiClient]:
    """The administrator of a cluster with two simulated nodes."""
    folder = tmp_path_factory.mktemp("cluster")
    nodes = ("--hollow-nodes", "2")
    with (
        ServerProcess(data_dir=folder / "data", store="memory", command="server", arguments=nodes) as server,
        kubernetes.config.new_client_from_config(str(server.kubeconfig)) as client,
    ):
        yield client


def until(listed: Callable[..., Any], holds: Callable[[Any], bool], **arguments: Any) -> Any:
    """The object of the first event for which something holds."""
    watch = kubernetes.watch.Watch()
    for event in watch.stream(listed, timeout_seconds=WAIT_S, **arguments):
        if holds(event["object"]):
            watch.stop()
            return event["object"]
    raise AssertionError("no such event")


def test_deployments_run_are_scaled_and_heal(cluster: kubernetes.client.ApiClient) -> None:
    core, apps = CoreV1Api(cluster), AppsV1Api(cluster)
    core.create_namespace({"metadata": {"name": "shop"}})
    apps.create_namespaced_deployment("shop", WEB)

    def has(ready: int) -> Callable[[Any], bool]:
        return lambda deployment: (deployment.status.ready_replicas, deployment.status.replicas) == (ready, ready)

    until(apps.list_namespaced_deployment, has(2), namespace="shop")
    pods = core.list_namespaced_pod("shop").items
    assert {pod.spec.node_name for pod in pods} == {"hollow-0001", "hollow-0002"}
    apps.patch_namespaced_deployment_scale("web", "shop", {"spec": {"replicas": 3}})
    until(apps.list_namespaced_deployment, has(3), namespace="shop")

    names = {pod.metadata.name for pod in core.list_namespaced_pod("shop").items}
    evicted = names.pop()
    core.create_namespaced_pod_eviction(evicted, "shop", {"metadata": {"name": evicted}})
    names.add(evicted)
    until(
        core.list_namespaced_pod,
        lambda pod: pod.metadata.name not in names and pod.status.phase == "Running",
        namespace="shop",
        label_selector="app=web",
    )


def test_what_pods_use_is_measured(cluster: kubernetes.client.ApiClient) -> None:
    def available(service: Any) -> bool:
        return any(each.type == "Available" and each.status == "True" for each in service.status.conditions or ())

    registered = kubernetes.client.ApiregistrationV1Api(cluster)
    until(registered.list_api_service, available, field_selector="metadata.name=v1beta1.metrics.k8s.io")
    measured = CustomObjectsApi(cluster).list_cluster_custom_object("metrics.k8s.io", "v1beta1", "nodes")["items"]
    assert [node["metadata"]["name"] for node in measured] == ["hollow-0001", "hollow-0002"]
    assert set(measured[0]["usage"]) == {"cpu", "memory"}


def test_budgets_say_how_many_may_be_disrupted(cluster: kubernetes.client.ApiClient) -> None:
    core, apps, policy = CoreV1Api(cluster), AppsV1Api(cluster), PolicyV1Api(cluster)
    core.create_namespace({"metadata": {"name": "guarded"}})
    apps.create_namespaced_deployment("guarded", WEB)
    budget = {"minAvailable": 2, "selector": WEB["spec"]["selector"]}
    policy.create_namespaced_pod_disruption_budget("guarded", {"metadata": {"name": "web"}, "spec": budget})

    def counted(found: Any) -> bool:
        return found.status is not None and found.status.current_healthy == 2

    found = until(policy.list_namespaced_pod_disruption_budget, counted, namespace="guarded")
    assert found.status.disruptions_allowed == 0
    name = core.list_namespaced_pod("guarded").items[0].metadata.name
    with pytest.raises(kubernetes.client.ApiException) as refused:
        core.create_namespaced_pod_eviction(name, "guarded", {"metadata": {"name": name}})
    assert refused.value.status == 429
