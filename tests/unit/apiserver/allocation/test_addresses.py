"""The address book in a whole API server."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from conftest import Api

CIDRS = "/apis/networking.k8s.io/v1/servicecidrs"
ADDRESSES = "/apis/networking.k8s.io/v1/ipaddresses"
SERVICES = "/api/v1/namespaces/default/services"


def service(name: str, **spec: Any) -> dict[str, Any]:
    return {"metadata": {"name": name}, "spec": {"ports": [{"port": 80}]} | spec}


async def test_the_first_address_is_the_api_servers_own(api: Api) -> None:
    obj = (await api.ask("GET", f"{SERVICES}/kubernetes")).json()
    assert obj["spec"]["clusterIPs"] == ["10.96.0.1"]
    owner = (await api.ask("GET", f"{ADDRESSES}/10.96.0.1")).json()
    assert owner["spec"]["parentRef"] == {"resource": "services", "namespace": "default", "name": "kubernetes"}


async def test_ranges_come_and_go(api: Api) -> None:
    wanted = service("a", clusterIP="10.200.0.7")
    assert "does not match the current range" in (await api.ask("POST", SERVICES, wanted)).json()["message"]
    cidr = {"metadata": {"name": "more"}, "spec": {"cidrs": ["10.200.0.0/24"]}}
    assert (await api.ask("POST", CIDRS, cidr)).status == 201
    assert (await api.ask("POST", SERVICES, wanted)).status == 201
    assert (await api.ask("DELETE", f"{CIDRS}/more")).status == 200
    again = await api.ask("POST", SERVICES, service("b", clusterIP="10.200.0.8"))
    assert again.status == 422


async def test_a_range_that_is_not_ready_gives_out_nothing(api: Api) -> None:
    state = {
        "type": "Ready",
        "status": "False",
        "reason": "x",
        "message": "",
        "lastTransitionTime": "2026-01-01T00:00:00Z",
    }
    cidr = (await api.ask("GET", f"{CIDRS}/kubernetes")).json() | {"status": {"conditions": [state]}}
    assert (await api.ask("PUT", f"{CIDRS}/kubernetes/status", cidr)).status == 200
    refused = await api.ask("POST", SERVICES, service("a"))
    assert refused.status == 500
    assert refused.json()["message"].endswith('failed to allocate a serviceIP for Service "a": range is full')


async def test_a_full_range_is_full_until_an_address_is_freed(api: Api) -> None:
    small = {"metadata": {"name": "small"}, "spec": {"cidrs": ["10.200.0.0/30"]}}
    await api.ask("POST", CIDRS, small)
    await api.ask("DELETE", f"{CIDRS}/kubernetes")
    given = [(await api.ask("POST", SERVICES, service(name))).json()["spec"]["clusterIP"] for name in ("a", "b")]
    assert sorted(given) == ["10.200.0.1", "10.200.0.2"]
    assert (await api.ask("POST", SERVICES, service("c"))).status == 500
    assert (await api.ask("DELETE", f"{SERVICES}/a")).status == 200
    freed = (await api.ask("POST", SERVICES, service("c"))).json()
    assert freed["spec"]["clusterIP"] == given[0]


async def test_a_dry_run_names_the_range_and_takes_nothing(api: Api) -> None:
    before = (await api.ask("GET", ADDRESSES)).json()["items"]
    dry = await api.ask("POST", SERVICES, service("a"), dryRun="All")
    assert dry.json()["spec"]["clusterIP"] == "10.96.0.0"
    outside = await api.ask("POST", SERVICES, service("a", clusterIP="10.1.0.1"), dryRun="All")
    assert "The range of valid IPs is 10.96.0.0/16" in outside.json()["message"]
    assert (await api.ask("GET", ADDRESSES)).json()["items"] == before


async def test_an_address_of_somebody_else_is_not_freed(api: Api) -> None:
    await api.ask("POST", SERVICES, service("a", clusterIP="10.96.0.9"))
    await api.ask("DELETE", f"{ADDRESSES}/10.96.0.9")
    foreign = {"metadata": {"name": "10.96.0.9"}, "spec": {"parentRef": {"resource": "things", "name": "t"}}}
    assert (await api.ask("POST", ADDRESSES, foreign)).status == 201
    await api.ask("DELETE", f"{SERVICES}/a")
    assert (await api.ask("GET", f"{ADDRESSES}/10.96.0.9")).status == 200
