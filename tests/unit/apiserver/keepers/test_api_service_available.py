"""An APIService tells whether its group version can be asked, as far as objects tell."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import pytest

from steersman.apiserver.keepers.api_service_available import (
    RECHECK_S,
    APIServiceAvailable,
    plan_available,
    retry_after,
)
from steersman.testing.virtual_time import settle

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from steersman.apiserver.aggregation.registrations import Registration

pytestmark = pytest.mark.virtual_time
PATH = "/apis/apiregistration.k8s.io/v1/apiservices"
REMOTE: dict[str, Any] = {
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


NO_ADDRESSES = 'endpointslices for service/ext in "default" have no addresses with port name "api"'
CASES: list[tuple[dict[str, Any] | None, list[dict[str, Any]], str, str]] = [
    (None, [], "ServiceNotFound", 'service/ext in "default" is not present'),
    (service(port=80), [], "ServicePortError", 'service/ext in "default" is not listening on port 443'),
    (service(), [], "EndpointsNotFound", 'cannot find endpointslices for service/ext in "default"'),
    (service(), [endpoints(ready=False)], "MissingEndpoints", NO_ADDRESSES),
    (service(), [endpoints(port="x")], "MissingEndpoints", NO_ADDRESSES),
]
IN_ORDER: list[tuple[dict[str, Any], list[dict[str, Any]]]] = [
    (service(), [endpoints()]),
    (service(), [endpoints(ready=None)]),
    (service("NodePort", port=80), []),
    (service("ExternalName", externalName="x.y"), []),
]


@pytest.mark.parametrize(("found", "slices", "reason", "message"), CASES)
@pytest.mark.parametrize("problem", [None, "", "broken"])
def test_a_remote_one_says_what_is_in_the_way(
    found: dict[str, Any] | None, slices: list[dict[str, Any]], reason: str, message: str, problem: str | None
) -> None:
    told = plan_available(REMOTE, found, slices, problem)
    assert told is not None
    assert (told["status"], told["reason"], told["message"]) == ("False", reason, message)


@pytest.mark.parametrize(("found", "slices"), IN_ORDER)
def test_when_objects_are_in_order_the_server_is_asked(found: dict[str, Any], slices: list[dict[str, Any]]) -> None:
    assert plan_available(REMOTE, found, slices, None) is None
    passed = plan_available(REMOTE, found, slices, "")
    assert passed == {"type": "Available", "status": "True", "reason": "Passed", "message": "all checks passed"}
    failed = plan_available(REMOTE, found, slices, "it is late")
    assert failed is not None
    assert (failed["status"], failed["reason"], failed["message"]) == ("False", "FailedDiscoveryCheck", "it is late")


def test_a_local_one_is_always_available() -> None:
    told = plan_available({"spec": {"group": "apps", "version": "v1"}}, None, (), None)
    assert told is not None
    assert (told["status"], told["reason"]) == ("True", "Local")


def test_a_server_that_does_not_answer_is_asked_ever_less_often() -> None:
    assert [retry_after(failures) for failures in (1, 2, 3, 20, 5000)] == [0.005, 0.01, 0.02, 30.0, 30.0]


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
    await create(api, slices, SLICE | {"endpoints": []})
    assert (await available(api))["reason"] == "MissingEndpoints"
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


class _Server:
    """An extension server, as far as it is asked whether it answers."""

    def __init__(self) -> None:
        self.problem = ""
        self.asked: list[float] = []
        self.answers = asyncio.Event()
        self.answers.set()

    async def check(self, registration: Registration) -> str:
        assert registration.name == "v1.example.com"
        self.asked.append(asyncio.get_running_loop().time())
        await self.answers.wait()
        return self.problem


@pytest.fixture
async def asked(api: Any) -> AsyncIterator[_Server]:
    """The server is asked through a keeper that stands in the place of the one that would use sockets."""
    (usual,) = (each for each in api.parts.keepers if isinstance(each, APIServiceAvailable))
    await usual.stop()
    server, parts = _Server(), api.parts
    keeper = APIServiceAvailable(
        resources=parts.service.resources,
        reader=parts.reader,
        pipeline=parts.service.pipeline,
        identifiers=parts.service.identifiers,
        check=server.check,
    )
    await keeper.start()
    await create(api, "/api/v1/namespaces/default/services", SERVICE)
    await create(api, "/apis/discovery.k8s.io/v1/namespaces/default/endpointslices", SLICE)
    yield server
    await keeper.stop()


async def test_one_that_answers_is_available_and_asked_again_after_a_while(api: Any, asked: _Server) -> None:
    await create(api, PATH, REMOTE)
    assert (await available(api))["reason"] == "Passed"
    await asyncio.sleep(1)
    asked.asked.clear()
    asked.problem = "gone"
    await asyncio.sleep(RECHECK_S)
    assert (await available(api))["reason"] == "FailedDiscoveryCheck"
    assert (await available(api))["message"] == "gone"
    asked.problem = ""
    await asyncio.sleep(RECHECK_S + 1)
    assert (await available(api))["reason"] == "Passed"


async def test_one_that_does_not_answer_is_asked_ever_less_often(api: Any, asked: _Server) -> None:
    asked.problem = "gone"
    await create(api, PATH, REMOTE)
    await asyncio.sleep(600)
    assert 20 < len(asked.asked) < 60
    assert asked.asked[-1] - asked.asked[-2] == pytest.approx(30, abs=1)


async def test_who_takes_long_to_answer_delays_nobody(api: Any, asked: _Server) -> None:
    asked.answers.clear()
    await create(api, PATH, REMOTE)
    other = REMOTE | {"metadata": {"name": "v2.example.com"}}
    missing = {"namespace": "default", "name": "missing", "port": 443}
    await create(api, PATH, other | {"spec": REMOTE["spec"] | {"version": "v2", "service": missing}})
    await settle()
    (found,) = (await api.ask("GET", f"{PATH}/v2.example.com")).json()["status"]["conditions"]
    assert found["reason"] == "ServiceNotFound"
    asked.answers.set()
    assert (await available(api))["reason"] == "Passed"


async def test_an_answer_is_worth_nothing_for_another_server(api: Any, asked: _Server) -> None:
    """The APIService was changed while its server was asked."""
    asked.answers.clear()
    asked.problem = "of the first"
    await create(api, PATH, REMOTE)
    await settle()
    merge = {"content-type": "application/merge-patch+json"}
    await api.ask("PATCH", f"{PATH}/v1.example.com", {"spec": {"versionPriority": 9}}, headers=merge)
    await settle()
    asked.answers.set()
    await settle()
    assert len(asked.asked) >= 2


async def test_one_that_is_deleted_is_not_asked_any_more(api: Any, asked: _Server) -> None:
    await create(api, PATH, REMOTE)
    await settle()
    await api.ask("DELETE", f"{PATH}/v1.example.com")
    await settle()
    asked.asked.clear()
    await asyncio.sleep(600)
    assert asked.asked == []
