"""An APIService tells whether its group version can be asked, as far as objects tell."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from steersman.apiserver.keepers.api_service_available import plan_available
from steersman.testing.virtual_time import settle

pytestmark = pytest.mark.virtual_time
PATH = "/apis/apiregistration.k8s.io/v1/apiservices"
REMOTE = {
    "metadata": {"name": "v1.example.com"},
    "spec": {
        "group": "example.com",
        "version": "v1",
        "groupPriorityMinimum": 100,
        "versionPriority": 10,
        "insecureSkipTLSVerify": True,
        "service": {"namespace": "default", "name": "ext", "port": 443},
    },
}
SERVICE = {"metadata": {"name": "ext"}, "spec": {"ports": [{"name": "api", "port": 443}]}}
SLICE = {
    "metadata": {"name": "ext-1", "labels": {"kubernetes.io/service-name": "ext"}},
    "addressType": "IPv4",
    "endpoints": [{"addresses": ["10.0.0.1"], "conditions": {"ready": True}}],
    "ports": [{"name": "api", "port": 8443}],
}


def service(kind: str = "ClusterIP", *, ip: str = "10.96.0.9", port: int = 443, **spec: Any) -> dict[str, Any]:
    ports = [{"name": "api", "port": port}]
    return {"metadata": {"name": "ext"}, "spec": {"type": kind, "clusterIP": ip, "ports": ports, **spec}}


def endpoints(*, ready: bool | None = True, port: str = "api") -> dict[str, Any]:
    conditions = {} if ready is None else {"ready": ready}
    return {"endpoints": [{"addresses": ["10.0.0.1"], "conditions": conditions}], "ports": [{"name": port, "port": 1}]}


CALL = "failing or missing response from https://{}/apis/example.com/v1: extension servers are not called"
NO_ADDRESSES = 'endpointslices for service/ext in "default" have no addresses with port name "api"'
CASES: list[tuple[dict[str, Any] | None, list[dict[str, Any]], str, str]] = [
    (None, [], "ServiceNotFound", 'service/ext in "default" is not present'),
    (service(port=80), [], "ServicePortError", 'service/ext in "default" is not listening on port 443'),
    (service(), [], "EndpointsNotFound", 'cannot find endpointslices for service/ext in "default"'),
    (service(), [endpoints(ready=False)], "MissingEndpoints", NO_ADDRESSES),
    (service(), [endpoints(port="x")], "MissingEndpoints", NO_ADDRESSES),
    (service(), [endpoints(ready=None)], "FailedDiscoveryCheck", CALL.format("10.96.0.9:443")),
    (service(ip="fd00::9"), [endpoints()], "FailedDiscoveryCheck", CALL.format("[fd00::9]:443")),
    (service(ip="None"), [endpoints()], "FailedDiscoveryCheck", 'cannot route to service with ClusterIP "None"'),
    (service("NodePort", port=80), [], "FailedDiscoveryCheck", 'no service port 443 found for service "ext"'),
    (service("ExternalName", externalName="x.y"), [], "FailedDiscoveryCheck", CALL.format("x.y:443")),
]


@pytest.mark.parametrize(("found", "slices", "reason", "message"), CASES)
def test_a_remote_one_says_what_is_in_the_way(
    found: dict[str, Any] | None, slices: list[dict[str, Any]], reason: str, message: str
) -> None:
    told = plan_available(REMOTE, found, slices)
    assert (told["status"], told["reason"], told["message"]) == ("False", reason, message)


def test_a_local_one_is_always_available() -> None:
    told = plan_available({"spec": {"group": "apps", "version": "v1"}}, None, ())
    assert (told["status"], told["reason"]) == ("True", "Local")


async def available(api: Any) -> dict[str, Any]:
    await settle()
    (found,) = (await api.ask("GET", f"{PATH}/v1.example.com")).json()["status"]["conditions"]
    return dict(found)


async def create(api: Any, path: str, body: dict[str, Any]) -> dict[str, Any]:
    reply = await api.ask("POST", path, body)
    assert reply.status == 201, reply.body
    return dict(reply.json())


async def test_those_of_the_server_itself_are_never_written_again(api: Any) -> None:
    await settle()
    for each in (await api.ask("GET", PATH)).json()["items"]:
        assert [(c["type"], c["status"], c["reason"]) for c in each["status"]["conditions"]] == [
            ("Available", "True", "Local")
        ]
        assert [(m["manager"], m.get("subresource")) for m in each["metadata"]["managedFields"]] == [
            ("kube-apiserver", None)
        ]


async def test_it_follows_the_service_and_its_endpoints(api: Any) -> None:
    assert (await create(api, PATH, REMOTE))["status"] == {}
    services = "/api/v1/namespaces/default/services"
    slices = "/apis/discovery.k8s.io/v1/namespaces/default/endpointslices"
    assert (await available(api))["reason"] == "ServiceNotFound"
    await create(api, services, SERVICE)
    assert (await available(api))["reason"] == "EndpointsNotFound"
    await create(api, slices, SLICE)
    assert (await available(api))["reason"] == "FailedDiscoveryCheck"
    merge = {"content-type": "application/merge-patch+json"}
    await api.ask("PATCH", f"{slices}/ext-1", {"metadata": {"labels": None}}, headers=merge)
    assert (await available(api))["reason"] == "EndpointsNotFound"
    await api.ask("DELETE", f"{services}/ext")
    assert (await available(api))["reason"] == "ServiceNotFound"


async def test_the_time_moves_with_the_status_only(api: Any) -> None:
    await create(api, PATH, REMOTE)
    first = await available(api)
    await asyncio.sleep(5)
    await create(api, "/api/v1/namespaces/default/services", SERVICE)
    second = await available(api)
    assert second["reason"] != first["reason"]
    assert second["lastTransitionTime"] == first["lastTransitionTime"]


async def test_it_follows_its_own_spec(api: Any) -> None:
    await create(api, PATH, REMOTE)
    assert (await available(api))["status"] == "False"
    merge = {"content-type": "application/merge-patch+json"}
    local = {"spec": {"service": None, "insecureSkipTLSVerify": None}}
    assert (await api.ask("PATCH", f"{PATH}/v1.example.com", local, headers=merge)).status == 200
    assert (await available(api))["status"] == "True"


async def test_the_status_is_owned_through_its_subresource(api: Any) -> None:
    await create(api, PATH, REMOTE)
    await settle()
    owners = (await api.ask("GET", f"{PATH}/v1.example.com")).json()["metadata"]["managedFields"]
    assert ("kube-apiserver", "Update", "status") in [
        (each["manager"], each["operation"], each.get("subresource")) for each in owners
    ]
