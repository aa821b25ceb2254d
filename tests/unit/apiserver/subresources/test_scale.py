"""scale: reads and changes one number of its object, and who owns it."""

from __future__ import annotations

from typing import Any

import pytest

pytestmark = pytest.mark.virtual_time
SETS = "/apis/apps/v1/namespaces/default/replicasets"
SCALE = f"{SETS}/a/scale"
MERGE = {"content-type": "application/merge-patch+json"}
APPLY = {"content-type": "application/apply-patch+yaml"}
LABELS = {"app": "a"}


def scale(replicas: int, **metadata: Any) -> dict[str, Any]:
    return {
        "kind": "Scale",
        "apiVersion": "autoscaling/v1",
        "metadata": {"name": "a", **metadata},
        "spec": {"replicas": replicas},
    }


@pytest.fixture
async def made(api: Any) -> dict[str, Any]:
    template = {"metadata": {"labels": LABELS}, "spec": {"containers": [{"name": "c", "image": "i"}]}}
    spec = {"replicas": 3, "selector": {"matchLabels": LABELS}, "template": template}
    return (await api.ask("POST", SETS, {"metadata": {"name": "a"}, "spec": spec})).json()


async def test_it_is_a_view_of_its_object(api: Any, made: Any) -> None:
    found = (await api.ask("GET", SCALE)).json()
    assert (found["kind"], found["spec"], found["status"]) == (
        "Scale", {"replicas": 3}, {"replicas": 0, "selector": "app=a"},
    )  # fmt: skip
    assert found["metadata"]["uid"] == made["metadata"]["uid"]
    assert (await api.ask("GET", f"{SETS}/none/scale")).status == 404


async def test_there_is_nothing_to_scale(api: Any) -> None:
    reply = await api.ask("PUT", f"{SETS}/a/scale", scale(1))
    assert (reply.status, reply.json()["message"]) == (404, 'replicasets/scale.apps "a" not found')


async def test_a_change_is_a_change_of_the_object(api: Any, made: Any) -> None:
    assert (await api.ask("PUT", SCALE, scale(5))).json()["spec"] == {"replicas": 5}
    assert (await api.ask("PATCH", SCALE, {"spec": {"replicas": 6}}, headers=MERGE)).status == 200
    after = (await api.ask("GET", f"{SETS}/a")).json()
    assert (after["spec"]["replicas"], after["metadata"]["generation"]) == (6, 3)


async def test_what_is_refused(api: Any, made: Any) -> None:
    negative = await api.ask("PUT", SCALE, scale(-1))
    assert (negative.status, negative.json()["details"]["kind"]) == (422, "Scale")
    version = made["metadata"]["resourceVersion"]
    assert (await api.ask("PUT", SCALE, scale(4, resourceVersion=version))).status == 200
    assert (await api.ask("PUT", SCALE, scale(5, resourceVersion=version))).json()["reason"] == "Conflict"
    assert (await api.ask("PUT", SCALE, scale(5, uid="other"))).json()["reason"] == "Conflict"
    former = await api.ask("PUT", SCALE, scale(5) | {"apiVersion": "extensions/v1beta1"})
    assert "does not match the expected API version (autoscaling/v1)" in former.json()["message"]


async def test_whoever_scales_owns_the_field(api: Any, made: Any) -> None:
    applied = await api.ask("PATCH", SCALE, scale(5), headers=APPLY, fieldManager="scaler")
    assert applied.status == 409
    applied = await api.ask("PATCH", SCALE, scale(5), headers=APPLY, fieldManager="scaler", force="true")
    assert applied.status == 200
    entries = (await api.ask("GET", f"{SETS}/a")).json()["metadata"]["managedFields"]
    owner = next(entry for entry in entries if entry["manager"] == "scaler")
    assert (owner["apiVersion"], owner["subresource"], owner["fieldsV1"]) == (
        "apps/v1", "scale", {"f:spec": {"f:replicas": {}}},
    )  # fmt: skip


async def test_it_has_a_table_of_its_own(api: Any, made: Any) -> None:
    table = await api.ask("GET", SCALE, headers={"accept": "application/json;as=Table;v=v1;g=meta.k8s.io"})
    assert [column["name"] for column in table.json()["columnDefinitions"]] == ["Name", "Desired", "Available", "Age"]
    assert table.json()["rows"][0]["cells"][:3] == ["a", 3, 0]
