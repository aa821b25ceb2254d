"""Which paths are somebody else's, as APIServices come and go."""

from __future__ import annotations

from typing import Any

from steersman.api.apiregistration.api_service import API_SERVICES
from steersman.apiserver.aggregation.registrations import Backend, parse_registration


def test_an_apiservice_is_read() -> None:
    service = {"namespace": "default", "name": "ext", "port": 8443}
    spec = {"group": "g", "version": "v1", "groupPriorityMinimum": 7, "versionPriority": 3, "service": service}
    condition = {"type": "Available", "status": "True", "reason": "Passed"}
    found = parse_registration(
        {"metadata": {"name": "v1.g"}, "spec": spec | {"caBundle": "cGVt"}, "status": {"conditions": [condition]}}
    )
    assert found.backend == Backend(namespace="default", service="ext", port=8443, ca_bundle=b"pem")
    assert (found.path, found.backend.server_name, found.available) == ("/apis/g/v1", "ext.default.svc", True)
    assert (found.group_priority, found.version_priority, found.reason) == (7, 3, "Passed")


async def test_paths_below_a_group_version_are_its_servers(world: Any) -> None:
    owner = world.aggregation.registrations.owner
    assert owner("/apis/wardle.example.com/v1") is None
    registration = world.register()
    for path in ("", "/", "/flunders", "/namespaces/default/flunders/a"):
        assert owner(f"/apis/wardle.example.com/v1{path}") == registration
    others = ("", "/", "/v2", "/v10/flunders")
    paths = [f"/apis/wardle.example.com{path}" for path in others]
    for path in (*paths, "//apis/wardle.example.com/v1", "/api/v1", "/", "/apis", "/openapi/v3"):
        assert owner(path) is None, path


async def test_one_that_is_local_again_or_gone_takes_nothing(world: Any) -> None:
    registrations = world.aggregation.registrations
    world.register()
    world.register(service="ext", caBundle="")
    spec = {"group": "wardle.example.com", "version": "v1", "groupPriorityMinimum": 1, "versionPriority": 1}
    world.put(API_SERVICES, {"metadata": {"name": "v1.wardle.example.com"}, "spec": spec})
    assert registrations.owner("/apis/wardle.example.com/v1") is None
    assert [each.name for each in registrations.remote()] == []
    world.register()
    world.remove(API_SERVICES, "", "v1.wardle.example.com")
    assert registrations.owner("/apis/wardle.example.com/v1") is None
    assert registrations.get("v1.wardle.example.com") is None


async def test_the_legacy_group_is_all_of_api(world: Any) -> None:
    service = {"namespace": "default", "name": "ext", "port": 443}
    world.put(API_SERVICES, {"metadata": {"name": "v1."}, "spec": {"version": "v1", "service": service}})
    owner = world.aggregation.registrations.owner
    assert [owner(path) is not None for path in ("/api", "/api/v1/pods", "/apis", "/apix")] == [
        True,
        True,
        False,
        False,
    ]


async def test_availability_is_heard_of_but_changes_nothing_about_what_is_registered(world: Any) -> None:
    registrations, heard = world.aggregation.registrations, list[str]()
    registrations.listen(heard.append)
    world.register(available=False)
    version = registrations.version
    assert world.register().available
    world.register()
    assert (registrations.version, heard) == (version, ["v1.wardle.example.com"] * 2)
    world.register(groupPriorityMinimum=5)
    assert registrations.version == version + 1


async def test_a_reload_forgets_what_is_gone(world: Any) -> None:
    world.register()
    collection = world.resources.of(API_SERVICES).collection
    collection.load([], 100)
    assert dict(world.aggregation.registrations.all()) == {}
