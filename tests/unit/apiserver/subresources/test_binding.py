"""binding: a pod gets its node, once."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from steersman.api.core.pod import PODS as RESOURCE
from steersman.api.schema.decode import decode

from .pods import MERGE, NAMESPACE, PODS, get_pod, make_pod, outcome

pytestmark = pytest.mark.virtual_time
BINDING = f"{PODS}/p/binding"
STORAGE = (
    'Operation cannot be fulfilled on pods "p": StorageError: invalid object, Code: 4, Key: /registry/pods/default/p, '
    "ResourceVersion: 0, AdditionalErrorMsg: Precondition failed:"
)


def binding(node: str = "n1", *, kind: str = "Node", **metadata: Any) -> dict[str, Any]:
    return {"metadata": {"name": "p", **metadata}, "target": {"kind": kind, "name": node}}


async def test_a_bound_pod_has_its_node_and_is_scheduled(api: Any) -> None:
    before = await make_pod(api)
    reply = await api.ask("POST", BINDING, binding(labels={"l": "1"}, annotations={"a": "1"}))
    assert (reply.status, reply.json()) == (
        201,
        {"kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Success", "code": 201},
    )
    pod = await get_pod(api)
    assert pod["spec"] == before["spec"] | {"nodeName": "n1"}
    assert (pod["metadata"]["labels"], pod["metadata"]["annotations"]) == ({"l": "1"}, {"a": "1"})
    (condition,) = [c for c in pod["status"]["conditions"] if c["type"] == "PodScheduled"]
    assert (condition["status"], condition["lastTransitionTime"]) == ("True", "2026-01-01T00:00:00Z")


async def test_a_bound_pod_is_stored_in_normal_form(api: Any) -> None:
    await make_pod(api)
    await api.ask("POST", BINDING, binding(labels={"l": "1"}, annotations={"a": "1"}))
    pod = await get_pod(api)
    assert decode(RESOURCE.schema(), pod).object == pod


async def test_both_paths_bind(api: Any) -> None:
    await make_pod(api)
    assert (await api.ask("POST", f"{NAMESPACE}/bindings", binding())).status == 201
    assert (await get_pod(api))["spec"]["nodeName"] == "n1"


async def test_a_pod_is_bound_once(api: Any) -> None:
    await make_pod(api)
    replies = await asyncio.gather(*(api.ask("POST", BINDING, binding(f"n{number}")) for number in range(5)))
    assert sorted(reply.status for reply in replies) == [201] + [409] * 4
    node = (await get_pod(api))["spec"]["nodeName"]
    refused = next(reply for reply in replies if reply.status == 409)
    assert refused.json()["message"] == (
        f'Operation cannot be fulfilled on pods/binding "p": pod p is already assigned to node "{node}"'
    )


async def test_a_dry_run_binds_nothing(api: Any) -> None:
    await make_pod(api)
    assert (await api.ask("POST", BINDING, binding(), dryRun="All")).status == 201
    assert "nodeName" not in (await get_pod(api))["spec"]


@pytest.mark.parametrize(
    ("body", "code", "message"),
    [
        (binding(name="q"), 400, "name in URL does not match name in Binding object"),
        (
            binding(kind="Pod"),
            500,
            'target.kind: Unsupported value: "Pod": supported values: "Node", "<empty>"',
        ),
        (binding(""), 500, "target.name: Required value"),
        (
            binding("", kind="Pod"),
            500,
            '[target.kind: Unsupported value: "Pod": supported values: "Node", "<empty>", target.name: Required value]',
        ),
        (binding(uid="other"), 409, f"{STORAGE} UID in precondition: other, UID in object meta: "),
        (
            binding(resourceVersion="1"),
            409,
            f"{STORAGE} ResourceVersion in precondition: 1, ResourceVersion in object meta: ",
        ),
    ],
)
async def test_what_is_refused(api: Any, body: Any, code: int, message: str) -> None:
    await make_pod(api)
    status, told = outcome(await api.ask("POST", BINDING, body))
    assert (status, told[: len(message)]) == (code, message)
    assert "nodeName" not in (await get_pod(api))["spec"]


async def test_there_must_be_a_pod(api: Any) -> None:
    assert outcome(await api.ask("POST", BINDING, binding())) == (404, 'pods "p" not found')


async def test_a_pod_that_is_not_ready_to_be_scheduled_waits(api: Any) -> None:
    await make_pod(api, schedulingGates=[{"name": "example.org/gate"}])
    code, message = outcome(await api.ask("POST", BINDING, binding()))
    assert (code, message.partition(": ")[2]) == (409, "pod p has non-empty .spec.schedulingGates")


async def test_a_pod_that_goes_gets_no_node(api: Any) -> None:
    await make_pod(api, metadata={"finalizers": ["example.org/hold"]})
    await api.ask("DELETE", f"{PODS}/p")
    code, message = outcome(await api.ask("POST", BINDING, binding()))
    assert (code, message.partition(": ")[2]) == (409, "pod p is being deleted, cannot be assigned to a host")
    await api.ask("PATCH", f"{PODS}/p", {"metadata": {"finalizers": None}}, headers=MERGE)
