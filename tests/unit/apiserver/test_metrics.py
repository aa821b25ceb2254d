from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from prometheus_client.parser import text_string_to_metric_families

from steersman.testing.in_process import InProcessClient

if TYPE_CHECKING:
    from collections.abc import Callable
    from contextlib import AbstractAsyncContextManager

    from tests.conftest import Api


async def _samples(api: Api, page: str = "/metrics") -> dict[str, list[tuple[dict[str, str], float]]]:
    reply = await api.ask("GET", page)
    assert reply.content_type.startswith("text/plain; version=0.0.4")
    out: dict[str, list[tuple[dict[str, str], float]]] = {}
    for family in text_string_to_metric_families(reply.body.decode()):
        for sample in family.samples:
            out.setdefault(sample.name, []).append((sample.labels, sample.value))
    return out


async def _value(api: Api, name: str, **labels: str) -> float:
    found = [value for have, value in (await _samples(api)).get(name, []) if labels.items() <= have.items()]
    return sum(found)


@pytest.mark.parametrize(
    ("method", "path", "query", "labels"),
    [
        ("GET", "/api/v1/nodes", {}, {"verb": "LIST", "resource": "nodes", "scope": "cluster", "code": "200"}),
        ("GET", "/api/v1/namespaces/a/pods", {}, {"verb": "LIST", "scope": "namespace", "resource": "pods"}),
        ("GET", "/api/v1/namespaces/a/pods/p", {}, {"verb": "GET", "scope": "resource", "code": "404"}),
        ("DELETE", "/api/v1/namespaces/a/pods", {}, {"verb": "DELETE", "scope": "namespace", "resource": "pods"}),
        (
            "PATCH",
            "/api/v1/namespaces/a/configmaps/c/nosuch",
            {},
            {"verb": "PATCH", "subresource": "nosuch", "code": "404"},
        ),
        ("POST", "/api/v1/nodes", {"dryRun": "All"}, {"verb": "POST", "dry_run": "All", "scope": "resource"}),
        ("GET", "/openapi/v3", {}, {"verb": "GET", "subresource": "/openapi", "scope": "", "resource": ""}),
    ],
)
async def test_requests_are_counted_by_verb_place_and_code(
    api: Api, method: str, path: str, query: dict[str, str], labels: dict[str, str]
) -> None:
    await api.ask(method, path, {}, **query)
    assert await _value(api, "apiserver_request_total", component="apiserver", **labels) == 1
    labels.pop("code", None)
    assert await _value(api, "apiserver_request_duration_seconds_count", **labels) >= 1


async def test_names_that_clients_make_up_are_no_labels(api: Api) -> None:
    for path in ("/nosuch", "/api/v1/nosuch", "/apis/nosuch.example/v1/things"):
        assert (await api.ask("GET", path)).status == 404
    assert "nosuch" not in (await api.ask("GET", "/metrics")).body.decode()


async def test_dry_runs_are_not_in_the_sli(api: Api) -> None:
    await api.ask("POST", "/api/v1/nodes", {}, dryRun="All")
    assert await _value(api, "apiserver_request_sli_duration_seconds_count", verb="POST", resource="nodes") == 0


async def test_an_apply_is_told_from_a_patch(api: Api) -> None:
    body = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "c"}}
    headers = {"content-type": "application/apply-patch+yaml"}
    await api.ask("PATCH", "/api/v1/namespaces/default/configmaps/c", body, headers=headers, fieldManager="t")
    assert await _value(api, "apiserver_request_total", verb="APPLY", resource="configmaps", code="201") == 1


async def test_a_watch_is_long_running_until_it_ends(api: Api) -> None:
    stream = await api.watch("/api/v1/configmaps", resourceVersion="0", timeoutSeconds="1")
    await api.ask("POST", "/api/v1/namespaces/default/configmaps", {"metadata": {"name": "c"}})
    labels = {"verb": "WATCH", "resource": "configmaps"}
    assert await _value(api, "apiserver_longrunning_requests", **labels) == 1
    assert await _value(api, "apiserver_request_total", **labels) == 0
    assert await _value(api, "apiserver_watch_events_total", resource="configmaps") > 0
    stream.close()
    await api.client.close()
    assert await _value(api, "apiserver_longrunning_requests", **labels) == 0
    assert await _value(api, "apiserver_request_total", **labels) == 1


async def test_who_asks_and_may_is_counted(open_api: Callable[[], AbstractAsyncContextManager[Api]]) -> None:
    async with open_api() as api:
        stranger = InProcessClient(api.parts.application.handle, headers=[("authorization", "Bearer wrong")])
        await stranger.request("GET", "/api/v1/nodes")
        # The parser gives these counters the ending that they do not have.
        assert await _value(api, "authentication_attempts_total", result="failure") == 1
        assert await _value(api, "authentication_attempts_total", result="success") == 2
        assert await _value(api, "authenticated_user_requests_total", username="admin") == 3
        assert await _value(api, "authorization_attempts_total", result="allowed") == 4


async def test_what_is_stored_is_shown(api: Api) -> None:
    before = await _value(api, "apiserver_resource_objects", resource="configmaps")
    await api.ask("POST", "/api/v1/namespaces/default/configmaps", {"metadata": {"name": "c"}})
    assert await _value(api, "apiserver_resource_objects", resource="configmaps") == before + 1
    assert await _value(api, "apiserver_watch_cache_resource_version", resource="configmaps") > 1


async def test_deprecated_apis_are_marked_when_used(api: Api) -> None:
    await api.ask("GET", "/api/v1/componentstatuses")
    assert await _value(api, "apiserver_requested_deprecated_apis", resource="componentstatuses") == 1


async def test_health_checks_have_a_page_of_their_own(api: Api) -> None:
    await api.ask("GET", "/readyz")
    samples = await _samples(api, "/metrics/slis")
    assert ({"name": "ping", "type": "readyz"}, 1.0) in samples["kubernetes_healthcheck"]
    assert ({"name": "ping", "type": "readyz", "status": "success"}, 1.0) in samples["kubernetes_healthchecks_total"]
