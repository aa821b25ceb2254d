from __future__ import annotations

import asyncio

import pytest

from steersman.api.core.config_map import CONFIG_MAPS
from steersman.api.core.persistent_volume_claim import PERSISTENT_VOLUME_CLAIMS
from steersman.api.core.pod import PODS
from steersman.api.core.resource_quota import RESOURCE_QUOTAS
from steersman.api.core.service import SERVICES
from steersman.api.dra.device_class import DEVICE_CLASSES
from steersman.api.dra.resource_claim import RESOURCE_CLAIMS
from steersman.api.errors import AlreadyExists, Forbidden
from steersman.api.meta.quantity import parse
from steersman.api.quota.claim_meters import ResourceClaims
from steersman.api.quota.meters import PersistentVolumeClaims, Pods, Services
from steersman.api.quota.quota import compile_quota
from steersman.apiserver.admission.resource_quota.ledger import Ledger
from steersman.apiserver.admission.resource_quota.plugin import ResourceQuota, compute_charges

from .shelf import Shelf, container, core, pod, resources, review


async def _quota(world, hard, used=None, **spec):
    await world.create(world.unreviewed, RESOURCE_QUOTAS, {"metadata": {"name": "q"}, "spec": {"hard": hard, **spec}})
    used = dict.fromkeys(hard, "0") if used is None else used
    await world.set_status(RESOURCE_QUOTAS, "q", {"hard": hard, "used": used})
    ledger = Ledger(pipeline=world.unreviewed, resources=world.table, clock=world.clock)
    return world.pipeline(ResourceQuota(reader=world.reader, ledger=ledger))


def _used(world):
    return world.reader.get(RESOURCE_QUOTAS, "ns", "q")["status"]["used"]


def _config_map(name):
    return {"metadata": {"name": name}}


async def test_what_is_created_is_charged_before_the_answer():
    async with core() as world:
        pipeline = await _quota(world, {"count/configmaps": "2"})
        await world.create(pipeline, CONFIG_MAPS, _config_map("a"))
        assert _used(world) == {"count/configmaps": "1"}
        await world.create(pipeline, CONFIG_MAPS, _config_map("b"))
        with pytest.raises(Forbidden) as refused:
            await world.create(pipeline, CONFIG_MAPS, _config_map("c"))
        assert refused.value.message == (
            'configmaps "c" is forbidden: exceeded quota: q, requested: count/configmaps=1, '
            "used: count/configmaps=2, limited: count/configmaps=2"
        )


async def test_a_dry_run_is_checked_and_not_charged():
    async with core() as world:
        pipeline = await _quota(world, {"count/configmaps": "1"})
        await world.create(pipeline, CONFIG_MAPS, _config_map("a"), dry_run=True)
        assert _used(world) == {"count/configmaps": "0"}
        await world.create(pipeline, CONFIG_MAPS, _config_map("a"))
        with pytest.raises(Forbidden, match="exceeded quota"):
            await world.create(pipeline, CONFIG_MAPS, _config_map("b"), dry_run=True)


async def test_what_is_not_stored_after_all_is_given_back():
    async with core() as world:
        pipeline = await _quota(world, {"count/configmaps": "5"})
        await world.create(pipeline, CONFIG_MAPS, _config_map("a"))
        with pytest.raises(AlreadyExists):
            await world.create(pipeline, CONFIG_MAPS, _config_map("a"))
        await world.cache.fresh()
        assert _used(world) == {"count/configmaps": "1"}


async def test_writers_at_once_never_exceed_a_quota_and_share_its_writes():
    async with core() as world:
        pipeline = await _quota(world, {"count/configmaps": "20"})
        before = await world.store.revision()
        outcomes = await asyncio.gather(
            *(world.create(pipeline, CONFIG_MAPS, _config_map(f"c{n}")) for n in range(30)), return_exceptions=True
        )
        await world.cache.fresh()
        refused = [outcome for outcome in outcomes if isinstance(outcome, BaseException)]
        assert len(refused) == 10
        assert all(isinstance(outcome, Forbidden) for outcome in refused)
        assert _used(world) == {"count/configmaps": "20"}
        assert await world.store.revision() - before < 20 + 10, "charges that wait are written together"


async def test_a_charge_is_checked_against_what_is_stored_not_against_what_was_read():
    async with core() as world:
        await _quota(world, {"count/configmaps": "1"})
        ledger = Ledger(pipeline=world.unreviewed, resources=world.table, clock=world.clock)
        one = {"count/configmaps": parse("1")}
        assert await ledger.charge("ns", "q", one, checked=True) == ""
        assert (await ledger.charge("ns", "q", one, checked=True)).startswith("exceeded quota: q, requested: ")
        await ledger.give_back("ns", "q", one)
        assert await ledger.charge("ns", "q", one, checked=True) == ""
        assert await ledger.charge("ns", "gone", one, checked=True) == ""


# -- what is charged


def _compiled(hard, used=None, **spec):
    used = dict.fromkeys(hard, "0") if used is None else used
    obj = {"metadata": {"name": "q"}, "spec": spec, "status": {"hard": hard, "used": used}}
    return (compile_quota(obj),)


def _charges(resource, meter, obj, quotas, old=None, **how):
    asked = review(resource, obj, old, **how)
    assert meter.handles(asked)
    charges = compute_charges(asked, obj, quotas, meter)
    return {name: str(amount) for _, requested in charges for name, amount in sorted(requested.items())}


def _cpu(amount, memory=None):
    requests = {"cpu": amount} | ({"memory": memory} if memory else {})
    return container(resources=resources(requests=requests, limits={"cpu": amount}))


def test_pods_are_charged_what_they_ask_for():
    names = "pods count/pods cpu requests.cpu limits.cpu requests.memory requests.example.com/gpu hugepages-2Mi"
    quotas = _compiled(dict.fromkeys(names.split(), "100"))
    greedy = container(
        resources=resources(
            requests={"cpu": "1", "memory": "1", "example.com/gpu": "2", "hugepages-2Mi": "3"}, limits={"cpu": "2"}
        )
    )
    assert _charges(PODS, Pods(), pod(greedy), quotas) == {
        "count/pods": "1",
        "pods": "1",
        "cpu": "1",
        "requests.cpu": "1",
        "limits.cpu": "2",
        "requests.memory": "1",
        "requests.example.com/gpu": "2",
        "hugepages-2Mi": "3",
    }
    ended = pod(greedy) | {"status": {"phase": "Succeeded"}}
    assert _charges(PODS, Pods(), ended, quotas) == {"count/pods": "1"}


def test_containers_must_say_what_a_quota_bounds():
    quotas = _compiled({"requests.cpu": "1", "limits.memory": "1Gi", "pods": "1", "requests.ephemeral-storage": "1"})
    with pytest.raises(Forbidden) as refused:
        _charges(PODS, Pods(), pod(container("b"), container("a"), initContainers=[_cpu("1")]), quotas)
    assert refused.value.message == (
        'pods "p" is forbidden: failed quota: q: must specify limits.memory for: a,b,c; requests.cpu for: a,b'
    )
    given = resources(requests={"cpu": "1"}, limits={"memory": "1Mi"})
    assert _charges(PODS, Pods(), pod(resources=given), quotas)["requests.cpu"] == "1"


def test_only_the_resources_that_are_exceeded_are_named():
    quotas = _compiled({"pods": "2", "requests.cpu": "1"}, {"pods": "1", "requests.cpu": "500m"})
    with pytest.raises(
        Forbidden,
        match=r"requested: requests\.cpu=600m, used: requests\.cpu=500m, limited: requests\.cpu=1$",
    ):
        _charges(PODS, Pods(), pod(_cpu("600m")), quotas)


def test_a_quota_without_measured_use_refuses():
    with pytest.raises(Forbidden, match="status unknown for quota: q, resources: cpu,pods"):
        _charges(PODS, Pods(), pod(_cpu("1")), _compiled({"pods": "2", "cpu": "1"}, {"pods": "1"}))


def test_a_resize_is_charged_its_difference():
    quotas = _compiled({"requests.cpu": "3"}, {"requests.cpu": "1"})
    assert _charges(PODS, Pods(), pod(_cpu("3")), quotas, pod(_cpu("1")), subresource="resize") == {"requests.cpu": "2"}
    assert _charges(PODS, Pods(), pod(_cpu("1")), quotas, pod(_cpu("3")), subresource="resize") == {}


def test_a_pod_that_comes_into_scope_is_charged_whole():
    quotas = _compiled({"pods": "1", "requests.cpu": "3"}, scopes=["Terminating"])
    charged = _charges(PODS, Pods(), pod(_cpu("1"), activeDeadlineSeconds=5), quotas, pod(_cpu("1")))
    assert charged == {"pods": "1", "requests.cpu": "1"}


def _affinity(**term):
    weighted = [{"weight": 1, "podAffinityTerm": {"topologyKey": "k", **term}}]
    return {"podAntiAffinity": {"preferredDuringSchedulingIgnoredDuringExecution": weighted}}


def _among(operator, *values):
    expression = {"scopeName": "PriorityClass", "operator": operator, "values": list(values)}
    return {"scopeSelector": {"matchExpressions": [expression]}}


@pytest.mark.parametrize(
    ("scope", "inside", "outside"),
    [
        ({"scopes": ["Terminating"]}, pod(activeDeadlineSeconds=0), pod()),
        ({"scopes": ["NotTerminating"]}, pod(), pod(activeDeadlineSeconds=1)),
        ({"scopes": ["BestEffort"]}, pod(), pod(_cpu("1"))),
        ({"scopes": ["NotBestEffort"]}, pod(_cpu("1")), pod()),
        ({"scopes": ["PriorityClass"]}, pod(priorityClassName="x"), pod()),
        (_among("In", "x", "y"), pod(priorityClassName="x"), pod(priorityClassName="z")),
        (_among("NotIn", "x"), pod(), pod(priorityClassName="x")),
        (_among("DoesNotExist"), pod(), pod(priorityClassName="x")),
        (
            {"scopes": ["CrossNamespacePodAffinity"]},
            pod(affinity=_affinity(namespaceSelector={})),
            pod(affinity=_affinity()),
        ),
        ({"scopes": ["BestEffort", "NotTerminating"]}, pod(), pod(activeDeadlineSeconds=1)),
    ],
)
def test_scopes_say_which_pods_a_quota_is_about(scope, inside, outside):
    quotas = _compiled({"pods": "9"}, **scope)
    assert _charges(PODS, Pods(), inside, quotas) == {"pods": "1"}
    assert _charges(PODS, Pods(), outside, quotas) == {}


@pytest.mark.parametrize(
    ("spec", "charged"),
    [
        ({"type": "ClusterIP", "ports": [{}]}, {"services": "1"}),
        ({"type": "NodePort", "ports": [{}, {}]}, {"services": "1", "services.nodeports": "2"}),
        (
            {"type": "LoadBalancer", "ports": [{}]},
            {"services": "1", "services.loadbalancers": "1", "services.nodeports": "1"},
        ),
        (
            {"type": "LoadBalancer", "ports": [{}], "allocateLoadBalancerNodePorts": False},
            {"services": "1", "services.loadbalancers": "1"},
        ),
    ],
)
def test_services_are_charged_ports_and_balancers(spec, charged):
    quotas = _compiled(dict.fromkeys(("services", "services.nodeports", "services.loadbalancers"), "5"))
    assert _charges(SERVICES, Services(), {"metadata": {"name": "s"}, "spec": spec}, quotas) == charged


def test_claims_are_charged_in_all_and_by_class():
    suffix = ".storageclass.storage.k8s.io"
    names = (
        "persistentvolumeclaims",
        "requests.storage",
        f"gold{suffix}/requests.storage",
        f"tin{suffix}/persistentvolumeclaims",
    )
    quotas = _compiled(dict.fromkeys(names, "10Gi"))
    spec = {"storageClassName": "gold", "resources": {"requests": {"storage": "1Gi"}}}
    claim = {"metadata": {"name": "c"}, "spec": spec}
    assert _charges(PERSISTENT_VOLUME_CLAIMS, PersistentVolumeClaims(), claim, quotas) == {
        "persistentvolumeclaims": "1",
        "requests.storage": "1Gi",
        f"gold{suffix}/requests.storage": "1Gi",
    }
    given = {**claim, "status": {"allocatedResources": {"storage": "3Gi"}}}
    grown = _charges(PERSISTENT_VOLUME_CLAIMS, PersistentVolumeClaims(), given, quotas, claim, subresource="status")
    assert grown == {"requests.storage": "2Gi", f"gold{suffix}/requests.storage": "2Gi"}


def test_device_claims_are_charged_by_class_and_as_what_pods_ask_for():
    shelf = Shelf()
    shelf.put(DEVICE_CLASSES, {"spec": {"extendedResourceName": "example.com/gpu"}}, name="gpu")
    per_class = "gpu.deviceclass.resource.k8s.io/devices"
    names = (per_class, "requests.example.com/gpu", "requests.deviceclass.resource.kubernetes.io/gpu", "requests.a.b/c")
    quotas = _compiled(dict.fromkeys(names, "50"))
    alternatives = [
        {"deviceClassName": "gpu", "allocationMode": "ExactCount", "count": 3},
        {"deviceClassName": "gpu", "allocationMode": "ExactCount", "count": 2},
    ]
    requests = [
        {"exactly": {"deviceClassName": "gpu", "allocationMode": "All"}},
        {"firstAvailable": alternatives},
    ]
    claim = {"metadata": {"name": "c", "namespace": "ns"}, "spec": {"devices": {"requests": requests}}}
    assert _charges(RESOURCE_CLAIMS, ResourceClaims(reader=shelf), claim, quotas) == dict.fromkeys(
        sorted(names[:3]), "35"
    )


def test_what_a_pod_was_charged_its_claim_is_not():
    shelf = Shelf()
    shelf.put(DEVICE_CLASSES, {"spec": {"extendedResourceName": "example.com/gpu"}}, name="gpu")
    asking = pod(container(resources=resources(requests={"example.com/gpu": "1"})))
    shelf.put(PODS, asking, "ns")
    owner = {"apiVersion": "v1", "kind": "Pod", "name": "p", "uid": "u", "controller": True}
    exactly = {"deviceClassName": "gpu", "allocationMode": "ExactCount", "count": 1}
    claim = {
        "metadata": {
            "name": "c",
            "namespace": "ns",
            "annotations": {"resource.kubernetes.io/extended-resource-claim": "true"},
            "ownerReferences": [owner],
        },
        "spec": {"devices": {"requests": [{"exactly": exactly}]}},
    }
    quotas = _compiled({"requests.example.com/gpu": "5"})
    assert _charges(RESOURCE_CLAIMS, ResourceClaims(reader=shelf), claim, quotas) == {}
    del claim["metadata"]["ownerReferences"]
    assert _charges(RESOURCE_CLAIMS, ResourceClaims(reader=shelf), claim, quotas) == {"requests.example.com/gpu": "1"}
