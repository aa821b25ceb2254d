"""The official `kubernetes` package, unmodified: typed API, dynamic client, watch, leader election, an informer's loop."""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING, Any, Self

import kubernetes
import pytest
from kubernetes import client, dynamic, utils, watch
from kubernetes.client import ApiException

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def core(api_client: client.ApiClient) -> client.CoreV1Api:
    return client.CoreV1Api(api_client)


def config_map(name: str, **data: str) -> client.V1ConfigMap:
    return client.V1ConfigMap(metadata=client.V1ObjectMeta(name=name, labels={"made": "here"}), data=data)


def pod(name: str) -> dict[str, Any]:
    return {"metadata": {"name": name}, "spec": {"containers": [{"name": "c", "image": "c:1"}]}}


def test_typed_objects_go_in_and_come_out(core: client.CoreV1Api, namespace: str) -> None:
    created = core.create_namespaced_config_map(namespace, config_map("a", x="1"))
    assert created.metadata.uid
    created.data["y"] = "2"
    replaced = core.replace_namespaced_config_map("a", namespace, created)
    assert replaced.metadata.resource_version != created.metadata.resource_version
    patched = core.patch_namespaced_config_map("a", namespace, {"data": {"x": None}})
    assert patched.data == {"y": "2"}
    assert [item.metadata.name for item in core.list_namespaced_config_map(namespace, label_selector="made").items] == [
        "a"
    ]
    core.delete_namespaced_config_map("a", namespace)
    with pytest.raises(ApiException) as error:
        core.read_namespaced_config_map("a", namespace)
    assert error.value.status == 404


def test_a_stale_write_conflicts(core: client.CoreV1Api, namespace: str) -> None:
    stale = core.create_namespaced_config_map(namespace, config_map("a", x="1"))
    core.patch_namespaced_config_map("a", namespace, {"data": {"x": "2"}})
    stale.data = {"x": "3"}
    with pytest.raises(ApiException) as error:
        core.replace_namespaced_config_map("a", namespace, stale)
    assert error.value.status == 409
    assert error.value.reason == "Conflict"


def test_lists_come_in_pages(core: client.CoreV1Api, namespace: str) -> None:
    for number in range(7):
        core.create_namespaced_config_map(namespace, config_map(f"m-{number}"))
    names: list[str] = []
    token = None
    pages = 0
    while True:
        page = core.list_namespaced_config_map(namespace, limit=3, _continue=token)
        names += [item.metadata.name for item in page.items]
        pages += 1
        token = page.metadata._continue
        if not token:
            break
    assert (pages, names) == (3, [f"m-{number}" for number in range(7)])


def test_workloads_scale_and_carry_status(api_client: client.ApiClient, namespace: str) -> None:
    apps = client.AppsV1Api(api_client)
    labels = {"app": "web"}
    template = {"metadata": {"labels": labels}, "spec": pod("x")["spec"]}
    spec = {"replicas": 2, "selector": {"matchLabels": labels}, "template": template}
    apps.create_namespaced_deployment(namespace, {"metadata": {"name": "web"}, "spec": spec})
    scale = apps.read_namespaced_deployment_scale("web", namespace)
    assert (scale.spec.replicas, scale.status.selector) == (2, "app=web")
    scale.spec.replicas = 4
    apps.replace_namespaced_deployment_scale("web", namespace, scale)
    apps.patch_namespaced_deployment_status("web", namespace, {"status": {"replicas": 4, "readyReplicas": 1}})
    web = apps.read_namespaced_deployment("web", namespace)
    assert (web.spec.replicas, web.status.ready_replicas, web.metadata.generation) == (4, 1, 2)
    assert web.spec.template.spec.containers[0].image_pull_policy == "IfNotPresent"


def test_a_watch_resumes_where_it_stopped(core: client.CoreV1Api, namespace: str) -> None:
    core.create_namespaced_config_map(namespace, config_map("before"))
    version = core.list_namespaced_config_map(namespace).metadata.resource_version
    core.create_namespaced_config_map(namespace, config_map("a"))
    core.patch_namespaced_config_map("a", namespace, {"data": {"x": "1"}})
    core.delete_namespaced_config_map("a", namespace)
    events = watch.Watch().stream(
        core.list_namespaced_config_map, namespace, resource_version=version, timeout_seconds=1
    )
    seen = [(event["type"], event["object"].metadata.name) for event in events]
    assert seen == [("ADDED", "a"), ("MODIFIED", "a"), ("DELETED", "a")]


def test_a_live_watch_sees_what_another_thread_writes(core: client.CoreV1Api, namespace: str) -> None:
    watcher = watch.Watch()

    def write() -> None:
        time.sleep(0.3)
        for number in range(20):
            core.create_namespaced_config_map(namespace, config_map(f"m-{number}"))

    thread = threading.Thread(target=write)
    thread.start()
    seen = []
    for event in watcher.stream(core.list_namespaced_config_map, namespace, timeout_seconds=20):
        seen.append(event["object"].metadata.name)
        if len(seen) == 20:
            watcher.stop()
    thread.join()
    assert seen == [f"m-{number}" for number in range(20)]


class Informer:
    """The loop that every controller is built on: list, then watch from there, keep a store, start over on 410."""

    def __init__(self, core: client.CoreV1Api, namespace: str) -> None:
        self.store: dict[str, Any] = {}
        self.synced = threading.Event()
        self.lists = 0
        self._core, self._namespace = core, namespace
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        assert self.synced.wait(10)
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join()

    def until(self, condition: Any) -> None:
        """Wait until the store fulfils a condition."""
        deadline = time.monotonic() + 10
        while not condition(self.store):
            assert time.monotonic() < deadline, f"the store is {sorted(self.store)}"
            time.sleep(0.02)

    def _run(self) -> None:
        version = ""
        while not self._stop.is_set():
            if not version:
                listed = self._core.list_namespaced_config_map(self._namespace)
                self.lists += 1
                self.store = {item.metadata.name: item for item in listed.items}
                version = listed.metadata.resource_version
                self.synced.set()
            try:
                version = self._watch(version)
            except ApiException as error:
                if error.status != 410:
                    raise
                version = ""

    def _watch(self, version: str) -> str:
        stream = watch.Watch().stream(
            self._core.list_namespaced_config_map,
            self._namespace,
            resource_version=version,
            allow_watch_bookmarks=True,
            timeout_seconds=1,
        )
        for event in stream:
            raw = event["raw_object"]
            version = raw["metadata"]["resourceVersion"]
            if event["type"] == "DELETED":
                self.store.pop(raw["metadata"]["name"], None)
            elif event["type"] in {"ADDED", "MODIFIED"}:
                self.store[raw["metadata"]["name"]] = event["object"]
        return version


def test_an_informer_follows_the_server_over_reconnects(core: client.CoreV1Api, namespace: str) -> None:
    core.create_namespaced_config_map(namespace, config_map("old", x="1"))
    with Informer(core, namespace) as informer:
        assert set(informer.store) == {"old"}
        core.create_namespaced_config_map(namespace, config_map("new"))
        informer.until(lambda store: "new" in store)
        time.sleep(1.2)  # the first watch ends
        core.patch_namespaced_config_map("old", namespace, {"data": {"x": "2"}})
        informer.until(lambda store: store["old"].data == {"x": "2"})
        core.delete_namespaced_config_map("new", namespace)
        informer.until(lambda store: "new" not in store)
        assert informer.lists == 1


def test_the_dynamic_client_discovers_and_applies(api_client: client.ApiClient, namespace: str) -> None:
    anything = dynamic.DynamicClient(api_client)
    deployments = anything.resources.get(api_version="apps/v1", kind="Deployment")
    labels = {"app": "dyn"}
    template = {"metadata": {"labels": labels}, "spec": pod("x")["spec"]}
    body = {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": "dyn", "labels": labels},
        "spec": {"replicas": 1, "selector": {"matchLabels": labels}, "template": template},
    }
    applied = deployments.server_side_apply(body, namespace=namespace, field_manager="test")
    assert applied.metadata.managedFields[0].manager == "test"
    body["spec"]["replicas"] = 3
    with pytest.raises(dynamic.exceptions.ConflictError):
        deployments.server_side_apply(body, namespace=namespace, field_manager="other")
    got = deployments.server_side_apply(body, namespace=namespace, field_manager="other", force_conflicts=True)
    assert got.spec.replicas == 3
    assert [item.metadata.name for item in deployments.get(namespace=namespace, label_selector="app=dyn").items] == [
        "dyn"
    ]
    assert deployments.status.get(name="dyn", namespace=namespace).metadata.name == "dyn"
    deployments.delete(name="dyn", namespace=namespace)
    with pytest.raises(dynamic.exceptions.NotFoundError):
        deployments.get(name="dyn", namespace=namespace)


def test_the_dynamic_client_follows_a_custom_resource(api_client: client.ApiClient, namespace: str) -> None:
    group = f"{namespace}.example"
    definition = {
        "metadata": {"name": f"boats.{group}"},
        "spec": {
            "group": group,
            "scope": "Namespaced",
            "names": {"plural": "boats", "singular": "boat", "kind": "Boat"},
            "versions": [
                {
                    "name": "v1",
                    "served": True,
                    "storage": True,
                    "schema": {
                        "openAPIV3Schema": {
                            "type": "object",
                            "properties": {
                                "spec": {"type": "object", "properties": {"sails": {"type": "integer", "default": 2}}}
                            },
                        }
                    },
                }
            ],
        },
    }
    client.ApiextensionsV1Api(api_client).create_custom_resource_definition(definition)
    deadline = time.monotonic() + 2
    while True:
        try:
            boats = dynamic.DynamicClient(api_client).resources.get(api_version=f"{group}/v1", kind="Boat")
            break
        except dynamic.exceptions.ResourceNotFoundError:
            assert time.monotonic() < deadline, "the kind is not discovered two seconds after its definition"
            time.sleep(0.05)
    boat = {"apiVersion": f"{group}/v1", "kind": "Boat", "metadata": {"name": "argo"}, "spec": {}}
    assert boats.create(body=boat, namespace=namespace).spec.sails == 2
    events = boats.watch(namespace=namespace, timeout=1)
    assert [(event["type"], event["object"].metadata.name) for event in events] == [("ADDED", "argo")]
    client.ApiextensionsV1Api(api_client).delete_custom_resource_definition(f"boats.{group}")


def test_a_file_of_examples_is_created(api_client: client.ApiClient, namespace: str, root: Path) -> None:
    utils.create_from_yaml(
        api_client,
        yaml_objects=[{"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "y"}}],
        namespace=namespace,
    )
    import yaml

    deployment = yaml.safe_load((root / "examples" / "deployment.yaml").read_text())
    deployment["metadata"]["namespace"] = namespace
    created = utils.create_from_dict(api_client, deployment)
    assert created[0].spec.replicas == 3


def test_reviews_answer(api_client: client.ApiClient, namespace: str) -> None:
    review = client.AuthorizationV1Api(api_client).create_self_subject_access_review(
        {"spec": {"resourceAttributes": {"namespace": namespace, "verb": "create", "resource": "pods"}}}
    )
    assert review.status.allowed
    token = client.CoreV1Api(api_client).create_namespaced_service_account_token("default", namespace, {"spec": {}})
    reviewed = client.AuthenticationV1Api(api_client).create_token_review({"spec": {"token": token.status.token}})
    assert reviewed.status.user.username == f"system:serviceaccount:{namespace}:default"


def test_a_service_account_token_is_a_login(
    api_client: client.ApiClient, core: client.CoreV1Api, namespace: str
) -> None:
    token = core.create_namespaced_service_account_token("default", namespace, {"spec": {}}).status.token
    configuration = client.Configuration(host=api_client.configuration.host)
    configuration.ssl_ca_cert = api_client.configuration.ssl_ca_cert
    configuration.api_key = {"authorization": f"Bearer {token}"}
    with client.ApiClient(configuration) as stranger:
        with pytest.raises(ApiException) as error:
            client.CoreV1Api(stranger).list_namespaced_pod(namespace)
        assert error.value.status == 403
        who = client.AuthenticationV1Api(stranger).create_self_subject_review({})
        assert who.status.user_info.username == f"system:serviceaccount:{namespace}:default"


def test_versions(api_client: client.ApiClient) -> None:
    version = client.VersionApi(api_client).get_code()
    assert (version.major, version.minor) == ("1", "37")
    assert kubernetes.client.ApisApi(api_client).get_api_versions().groups[0].name
