"""What a namespace has is measured."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from steersman.api.apiextensions.custom_resource_definition import CUSTOM_RESOURCE_DEFINITIONS
from steersman.api.apps.deployment import DEPLOYMENTS
from steersman.api.core.config_map import CONFIG_MAPS
from steersman.api.core.pod import PODS
from steersman.api.core.resource_quota import RESOURCE_QUOTAS
from steersman.api.core.service_account import SERVICE_ACCOUNTS
from steersman.api.quota.registry import Meters
from steersman.client.request import Key, Ref
from steersman.controllers.resourcequota import ResourceQuotas, changed_quotas, plan_status, uses_otherwise

from .objects import meta

NOW = datetime(2026, 1, 1, tzinfo=UTC)
PODS_KIND = ("", "pods")


class Nothing:
    def get(self, resource, namespace, name):
        return None

    def list(self, resource, namespace=""):
        return []

    def version(self, resource):
        return 0


METERS = Meters(lookup=Nothing())


def quota(hard, *, status=None, **spec):
    return {"metadata": meta("q"), "spec": {"hard": hard, **spec}, "status": status or {}}


def pod(name="p", *, cpu="", phase="Running", version="1", **spec):
    resources = {"requests": {"cpu": cpu}} if cpu else {}
    spec = {"containers": [{"name": "c", "resources": resources}], **spec}
    return {"metadata": meta(name, resourceVersion=version), "spec": spec, "status": {"phase": phase}}


def status_of(obj, **objects):
    kinds = {("", plural): found for plural, found in objects.items()}
    return plan_status(obj, kinds, meters=METERS, now=NOW)


def test_what_is_there_is_added_up():
    found = status_of(
        quota({"pods": "5", "requests.cpu": "1", "count/pods": "9", "configmaps": "2"}),
        pods=[pod(cpu="100m"), pod(cpu="200m"), pod(cpu="1", phase="Succeeded")],
        configmaps=[{"metadata": meta("a")}],
    )
    assert found == {
        "hard": {"pods": "5", "requests.cpu": "1", "count/pods": "9", "configmaps": "2"},
        "used": {"configmaps": "1", "count/pods": "3", "pods": "2", "requests.cpu": "300m"},
    }


def test_scopes_leave_objects_out():
    pods = [pod(cpu="1"), pod(), pod(activeDeadlineSeconds=5)]
    for scopes, number in ((["BestEffort"], 2), (["NotBestEffort"], 1), (["Terminating"], 1), (["NotTerminating"], 2)):
        found = status_of(quota({"pods": "5"}, scopes=scopes), pods=pods)
        assert found is not None
        assert found["used"] == {"pods": str(number)}


def test_what_cannot_be_measured_keeps_its_usage_and_what_is_bounded_no_more_loses_it():
    before = {"hard": {"pods": "1", "secrets": "2"}, "used": {"pods": "1", "secrets": "2", "count/x.y": "7"}}
    found = status_of(quota({"pods": "3", "count/x.y": "9"}, status=before), pods=[])
    assert found == {"hard": {"pods": "3", "count/x.y": "9"}, "used": {"pods": "0", "count/x.y": "7"}}


def test_a_status_that_says_it_all_is_not_written():
    before = {"hard": {"requests.cpu": "1000m"}, "used": {"requests.cpu": "0.1"}}
    assert status_of(quota({"requests.cpu": "1"}, status=before), pods=[pod(cpu="100m")]) is None
    assert status_of(quota({})) is None


def test_which_quotas_are_measured():
    measured = quota({"pods": "1"}, status={"hard": {"pods": "1"}, "used": {"pods": "0"}})
    assert changed_quotas(None, measured) == [Key("ns", "q")]
    assert changed_quotas(measured, measured) == []
    assert changed_quotas(measured, measured | {"spec": {"hard": {"pods": "2"}}}) == [Key("ns", "q")]
    assert changed_quotas(measured, quota({"pods": "1"})) == [Key("ns", "q")]
    assert changed_quotas(measured, None) == []


def test_which_changes_give_something_back():
    meter = METERS.of(*PODS_KIND)
    assert meter is not None
    before = pod(cpu="1")
    assert uses_otherwise(meter, before, pod(cpu="1", phase="Failed", version="2"), now=NOW)
    assert uses_otherwise(meter, before, pod(cpu="1", activeDeadlineSeconds=1, version="2"), now=NOW)
    assert not uses_otherwise(meter, before, pod(cpu="1", version="2"), now=NOW)
    assert not uses_otherwise(meter, before, before, now=NOW)
    plain = METERS.of("", "secrets")
    assert plain is not None
    assert not uses_otherwise(plain, {"metadata": meta("a")}, {"metadata": meta("a", resourceVersion="2")}, now=NOW)


async def make_quota(bench, **hard):
    hard = {name.replace("__", "/").replace("_", "."): amount for name, amount in hard.items()}
    metadata = {"namespace": "default", "name": "q"}
    await bench.client.create(RESOURCE_QUOTAS, {"metadata": metadata, "spec": {"hard": hard}})
    await bench.settle()


async def used(bench):
    await bench.settle()
    return (await bench.client.get(RESOURCE_QUOTAS, Key("default", "q")))["status"].get("used")


@pytest.mark.virtual_time
async def test_usage_follows_what_comes_and_goes(bench):
    await bench.start(ResourceQuotas)
    await bench.client.create(SERVICE_ACCOUNTS, {"metadata": {"namespace": "default", "name": "default"}})
    await bench.client.create(CONFIG_MAPS, {"metadata": {"namespace": "default", "name": "a"}})
    await make_quota(bench, configmaps="5", pods="5", requests_cpu="2")
    assert await used(bench) == {"configmaps": "1", "pods": "0", "requests.cpu": "0"}
    container = {"name": "c", "image": "i", "resources": {"requests": {"cpu": "500m"}}}
    made = await bench.client.create(
        PODS, {"metadata": {"namespace": "default", "name": "p"}, "spec": {"containers": [container]}}
    )
    assert await used(bench) == {"configmaps": "1", "pods": "1", "requests.cpu": "500m"}
    await bench.client.update_status(PODS, made | {"status": {"phase": "Succeeded"}})
    assert await used(bench) == {"configmaps": "1", "pods": "0", "requests.cpu": "0"}
    await bench.client.delete(CONFIG_MAPS, Key("default", "a"))
    assert (await used(bench))["configmaps"] == "0"


@pytest.mark.virtual_time
async def test_every_resource_can_be_counted_also_one_that_comes_later(bench):
    await bench.start(ResourceQuotas)
    await make_quota(bench, count__deployments_apps="5", count__things_a_example="5")
    assert await used(bench) == {"count/deployments.apps": "0"}
    template = {"metadata": {"labels": {"a": "b"}}, "spec": {"containers": [{"name": "c", "image": "i"}]}}
    spec = {"selector": {"matchLabels": {"a": "b"}}, "template": template}
    await bench.client.create(DEPLOYMENTS, {"metadata": {"namespace": "default", "name": "d"}, "spec": spec})
    assert (await used(bench))["count/deployments.apps"] == "1"
    version = {"name": "v1", "served": True, "storage": True, "schema": {"openAPIV3Schema": {"type": "object"}}}
    definition = {"group": "a.example", "scope": "Namespaced", "versions": [version]}
    names = {"plural": "things", "kind": "Thing"}
    await bench.client.create(
        CUSTOM_RESOURCE_DEFINITIONS, {"metadata": {"name": "things.a.example"}, "spec": definition | {"names": names}}
    )
    await bench.settle(60)
    assert (await used(bench))["count/things.a.example"] == "0"
    thing = {"apiVersion": "a.example/v1", "kind": "Thing", "metadata": {"namespace": "default", "name": "t"}}
    await bench.client.create(Ref("a.example", "v1", "things", namespaced=True), thing)
    assert (await used(bench))["count/things.a.example"] == "1"
    await bench.client.delete(Ref("a.example", "v1", "things", namespaced=True), Key("default", "t"))
    assert await used(bench) == {"count/deployments.apps": "1", "count/things.a.example": "0"}
    await bench.client.delete(DEPLOYMENTS, Key("default", "d"))
    assert (await used(bench))["count/deployments.apps"] == "0"
