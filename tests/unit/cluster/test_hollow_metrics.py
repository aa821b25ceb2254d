"""metrics.k8s.io of simulated nodes: registered while they are there, told to the front proxy only."""

from __future__ import annotations

import base64
import json
import random
from contextlib import asynccontextmanager
from datetime import UTC, datetime

import pytest

from steersman.api.apiregistration.api_service import API_SERVICES
from steersman.api.core.service import SERVICES
from steersman.api.errors import NotFound
from steersman.api.rbac.cluster_role import CLUSTER_ROLES
from steersman.client.request import Key
from steersman.cluster.bootstrap import Addresses, Bootstrap
from steersman.cluster.hollow import HollowPart, numbered
from steersman.cluster.hollow_metrics import HOST, HollowMetrics
from steersman.cluster.issue import issue_authority, issue_leaf, load_authority
from steersman.cluster.local_clients import LocalClients
from steersman.kubelet.hollow.resource_metrics import ResourceMetrics
from steersman.lib.clock import SystemClock
from steersman.lib.http.client.client import HttpClient
from steersman.lib.http.client.message import Target
from steersman.lib.http.client.tls import client_context

TIMES = {"not_before": datetime(2020, 1, 1, tzinfo=UTC), "not_after": datetime(2100, 1, 1, tzinfo=UTC)}
SERVICE = Key("kube-system", "hollow-metrics")
NAMES = ("v1.metrics.k8s.io", "v1beta1.metrics.k8s.io")


@pytest.fixture(scope="module")
def front_proxy(tmp_path_factory):
    """Its authority, certificate and key, as files."""
    folder = tmp_path_factory.mktemp("front-proxy")
    authority, key = issue_authority("front-proxy-ca", **TIMES)
    pems = authority, *issue_leaf(load_authority(authority, key), common_name="front-proxy-client", **TIMES)
    files = [folder / name for name in ("ca.crt", "client.crt", "client.key")]
    for path, pem in zip(files, pems, strict=True):
        path.write_bytes(pem)
    return files


@asynccontextmanager
async def served(open_api, pki, authority):
    """(metrics, an administrator) of one node; not started."""
    async with open_api(certificates=True) as api:
        addresses = Addresses(host=HOST, port=6443, service_cidrs=("10.96.0.0/16",))
        await Bootstrap(service=api.parts.service, reader=api.parts.reader, addresses=addresses).run()
        rng, crashes = random.Random(0), []
        clients = LocalClients(handler=api.parts.application.handle, issuer=pki, clock=api.clock, rng=rng)
        part = HollowPart(
            clients=clients,
            specs=numbered(1),
            clock=api.clock,
            rng=rng,
            on_crash=lambda name, error: crashes.append((name, error)),
        )
        await part.start()
        admin = clients.client("admin", ("system:masters",))
        clock = SystemClock()
        metrics = ResourceMetrics(nodes=part.nodes, clock=clock)
        yield HollowMetrics(metrics=metrics, client=admin, front_proxy_ca=authority, clock=clock), admin
        await part.stop()
        assert not crashes


async def test_they_are_told_to_the_front_proxy_only(open_api, pki, front_proxy):
    authority, certificate, key = front_proxy
    async with served(open_api, pki, authority) as (metrics, admin):
        await metrics.start()
        spec = (await admin.get(API_SERVICES, Key("", NAMES[1])))["spec"]
        bundle = base64.b64decode(spec["caBundle"]).decode()
        known = client_context(authorities_pem=bundle, certificate=certificate, key=key)
        unknown = client_context(authorities_pem=bundle)
        client = HttpClient()

        async def ask(path, *, method="GET", context=known):
            target = Target(HOST, spec["service"]["port"], context, "hollow-metrics.kube-system.svc")
            answer = await client.request(target, method, path, timeout_s=10)
            return answer.status, json.loads(answer.body)

        nodes = "/apis/metrics.k8s.io/v1beta1/nodes"
        status, body = await ask(nodes)
        assert (status, [each["metadata"]["name"] for each in body["items"]]) == (200, ["hollow-0001"])
        assert (await ask(f"{nodes}?labelSelector=a%3Db"))[1]["items"] == []
        assert (await ask(f"{nodes}/other"))[1]["reason"] == "NotFound"
        assert (await ask(nodes, method="DELETE"))[0] == 405
        assert (await ask(nodes, context=unknown))[0] == 401
        await client.close()
        await metrics.stop()


async def test_they_are_registered_as_long_as_they_are_served(open_api, pki, front_proxy):
    async with served(open_api, pki, front_proxy[0]) as (metrics, admin):
        await metrics.start()
        for name in NAMES:
            reference = (await admin.get(API_SERVICES, Key("", name)))["spec"]["service"]
            assert reference == {"namespace": "kube-system", "name": "hollow-metrics", "port": metrics.port}
        assert (await admin.get(SERVICES, SERVICE))["spec"]["externalName"] == HOST
        role = await admin.get(CLUSTER_ROLES, Key("", "system:aggregated-metrics-reader"))
        assert role["metadata"]["labels"]["rbac.authorization.k8s.io/aggregate-to-view"] == "true"
        await metrics.stop()
        for resource, key in ((SERVICES, SERVICE), *((API_SERVICES, Key("", name)) for name in NAMES)):
            with pytest.raises(NotFound):
                await admin.get(resource, key)


async def test_what_a_process_left_behind_is_used_again(open_api, pki, front_proxy):
    async with served(open_api, pki, front_proxy[0]) as (metrics, admin):
        left = {"group": "metrics.k8s.io", "version": "v1", "groupPriorityMinimum": 100, "versionPriority": 100}
        left["service"] = {"namespace": "kube-system", "name": "hollow-metrics", "port": 1}
        await admin.create(API_SERVICES, {"metadata": {"name": NAMES[0]}, "spec": left})
        await metrics.start()
        assert (await admin.get(API_SERVICES, Key("", NAMES[0])))["spec"]["service"]["port"] == metrics.port
        await metrics.stop()


async def test_anothers_are_left_alone(open_api, pki, front_proxy):
    async with served(open_api, pki, front_proxy[0]) as (metrics, admin):
        spec = {"group": "metrics.k8s.io", "version": "v1beta1", "groupPriorityMinimum": 100, "versionPriority": 100}
        spec["service"] = {"namespace": "kube-system", "name": "metrics-server", "port": 443}
        spec["insecureSkipTLSVerify"] = True
        await admin.create(API_SERVICES, {"metadata": {"name": NAMES[1]}, "spec": spec})
        await metrics.start()
        await metrics.stop()
        assert (await admin.get(API_SERVICES, Key("", NAMES[1])))["spec"] == spec
