"""eviction: a budget is asked before a pod goes, and charged for it."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from .pods import MERGE, NAMESPACE, PODS, get_pod, make_pod, outcome

pytestmark = pytest.mark.virtual_time
BUDGETS = "/apis/policy/v1/namespaces/default/poddisruptionbudgets"
LABELS = {"app": "a"}
RUNNING = {"phase": "Running", "conditions": [{"type": "Ready", "status": "True"}]}
UNREADY = {"phase": "Running", "conditions": [{"type": "Ready", "status": "False"}]}
TOO_MANY = "Cannot evict pod as it would violate the pod's disruption budget."


def eviction(name: str = "p", **options: Any) -> dict[str, Any]:
    body: dict[str, Any] = {"apiVersion": "policy/v1", "kind": "Eviction", "metadata": {"name": name}}
    return body | ({"deleteOptions": options} if options else {})


async def evict(api: Any, name: str = "p", *, query: Any = None, **options: Any) -> Any:
    return await api.ask("POST", f"{PODS}/{name}/eviction", eviction(name, **options), **(query or {}))


async def make_budget(api: Any, name: str = "b", *, policy: str | None = None, **status: Any) -> None:
    spec = {"minAvailable": 1, "selector": {"matchLabels": LABELS}, "unhealthyPodEvictionPolicy": policy}
    made = await api.ask("POST", BUDGETS, {"metadata": {"name": name}, "spec": spec})
    assert made.status == 201, made.body
    counts = {"currentHealthy": 2, "desiredHealthy": 1, "expectedPods": 2, "disruptionsAllowed": 1}
    body = {"status": counts | {"observedGeneration": 1} | status}
    assert (await api.ask("PATCH", f"{BUDGETS}/{name}/status", body, headers=MERGE)).status == 200


async def budget_status(api: Any) -> Any:
    return (await api.ask("GET", f"{BUDGETS}/b")).json()["status"]


async def make_guarded(api: Any, name: str = "p", status: Any = RUNNING, **metadata: Any) -> None:
    await make_pod(api, name, metadata={"labels": LABELS, **metadata}, status=status)


async def test_without_a_budget_a_pod_goes(api: Any) -> None:
    await make_pod(api, status=RUNNING)
    assert (await evict(api)).status == 201
    assert (await get_pod(api))["code"] == 404


async def test_an_eviction_uses_up_its_budget(api: Any) -> None:
    await make_budget(api)
    await make_guarded(api)
    assert (await evict(api)).status == 201
    status = await budget_status(api)
    assert (status["disruptionsAllowed"], status["disruptedPods"]) == (0, {"p": "2026-01-01T00:00:00Z"})
    (condition,) = status["conditions"]
    assert (condition["type"], condition["status"], condition["reason"]) == (
        "DisruptionAllowed", "False", "InsufficientPods",
    )  # fmt: skip


async def test_two_evictions_never_use_the_same_allowance(api: Any) -> None:
    await make_budget(api, disruptionsAllowed=2)
    for number in range(4):
        await make_guarded(api, f"p{number}")
    replies = await asyncio.gather(*(evict(api, f"p{number}") for number in range(4)))
    assert sorted(reply.status for reply in replies) == [201, 201, 429, 429]
    assert len((await api.ask("GET", PODS)).json()["items"]) == 2
    assert (await budget_status(api))["disruptionsAllowed"] == 0


@pytest.mark.parametrize(
    ("status", "cause", "retry"),
    [
        ({"disruptionsAllowed": 0}, "The disruption budget b needs 1 healthy pods and has 2 currently", []),
        ({"observedGeneration": 0}, "The disruption budget b is still being processed by the server.", ["10"]),
        (
            {"disruptedPods": {f"d{number}": "2026-01-01T00:00:00Z" for number in range(2001)}},
            "DisruptedPods map too big - too many evictions not confirmed by PDB controller for b",
            [],
        ),
    ],
)
async def test_a_budget_says_why_it_refuses(api: Any, status: Any, cause: str, retry: list[str]) -> None:
    await make_budget(api, **status)
    await make_guarded(api)
    before = await budget_status(api)
    reply = await evict(api)
    assert outcome(reply) == (429, TOO_MANY)
    assert reply.json()["details"]["causes"] == [{"reason": "DisruptionBudget", "message": cause}]
    assert reply.header("retry-after") == retry
    assert "deletionTimestamp" not in (await get_pod(api))["metadata"]
    assert await budget_status(api) == before


@pytest.mark.parametrize(
    ("status", "policy", "healthy", "code"),
    [
        ({"phase": "Pending"}, None, 0, 201),
        ({"phase": "Succeeded"}, None, 0, 201),
        ({"phase": "Failed"}, None, 0, 201),
        (RUNNING, "AlwaysAllow", 2, 429),
        (UNREADY, "AlwaysAllow", 0, 201),
        (UNREADY, "IfHealthyBudget", 0, 429),
        (UNREADY, None, 0, 429),
        (UNREADY, None, 1, 201),
    ],
)
async def test_pods_that_are_no_loss_may_go(api: Any, status: Any, policy: Any, healthy: int, code: int) -> None:
    await make_budget(api, policy=policy, disruptionsAllowed=0, currentHealthy=healthy)
    await make_guarded(api, status=status)
    assert (await evict(api)).status == code


async def test_more_than_one_budget_is_nobodys_case(api: Any) -> None:
    await make_budget(api)
    await make_budget(api, "c")
    await make_guarded(api)
    assert outcome(await evict(api)) == (
        500,
        "This pod has more than one PodDisruptionBudget, which the eviction subresource does not support.",
    )


async def test_a_budget_for_others_does_not_matter(api: Any) -> None:
    await make_budget(api, disruptionsAllowed=0)
    await make_pod(api, metadata={"labels": {"app": "b"}}, status=RUNNING)
    assert (await evict(api)).status == 201


async def test_preconditions_come_before_the_budget(api: Any) -> None:
    await make_budget(api)
    await make_guarded(api)
    assert (await evict(api, preconditions={"uid": "another"})).status == 409
    assert (await budget_status(api))["disruptionsAllowed"] == 1


@pytest.mark.parametrize(("query", "options"), [({"dryRun": "All"}, {}), ({}, {"dryRun": ["All"]})])
async def test_a_dry_run_costs_nothing(api: Any, query: Any, options: Any) -> None:
    await make_budget(api)
    await make_guarded(api)
    before = await get_pod(api)
    assert (await evict(api, query=query, **options)).status == 201
    assert (await budget_status(api))["disruptionsAllowed"] == 1
    assert await get_pod(api) == before


async def test_a_pod_that_lingers_says_why_it_goes(api: Any) -> None:
    await make_guarded(api, finalizers=["example.org/hold"])
    await evict(api, gracePeriodSeconds=0)
    pod = await get_pod(api)
    assert "deletionTimestamp" in pod["metadata"]
    target = next(c for c in pod["status"]["conditions"] if c["type"] == "DisruptionTarget")
    assert (target["status"], target["reason"]) == ("True", "EvictionByEvictionAPI")


async def test_what_is_refused(api: Any) -> None:
    assert outcome(await evict(api)) == (404, 'pods "p" not found')
    reply = await api.ask("POST", f"{PODS}/p/eviction", eviction("q"))
    assert outcome(reply) == (400, "name in URL does not match name in Eviction object")
    old = eviction() | {"apiVersion": "policy/v1beta1"}
    await make_pod(api)
    assert (await api.ask("POST", f"{NAMESPACE}/pods/p/eviction", old)).status == 201
