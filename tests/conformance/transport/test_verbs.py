"""Verbs: what is asked for is done, what is refused is told as the exception of its reason, with its details."""

from __future__ import annotations

import asyncio

import pytest

from steersman.api.core.config_map import CONFIG_MAPS
from steersman.api.core.namespace import NAMESPACES
from steersman.api.core.pod import PODS
from steersman.api.core.service_account import SERVICE_ACCOUNTS
from steersman.api.errors import (
    AlreadyExists,
    BadRequest,
    Conflict,
    Expired,
    Forbidden,
    Invalid,
    NotFound,
    Unauthorized,
)
from steersman.client.errors import TransportError
from steersman.client.request import ApiRequest, Key, PatchType, Propagation, Ref
from steersman.lib.certificate import parse_pem

A = Key("default", "a")


def config_map(name="a", **data):
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"namespace": "default", "name": name}, "data": data}


async def test_an_object_is_created_read_changed_and_deleted(client):
    made = await client.create(CONFIG_MAPS, config_map(x="1"))
    assert made["metadata"]["uid"]
    assert await client.get(CONFIG_MAPS, A) == made
    changed = await client.update(CONFIG_MAPS, {**made, "data": {"x": "2"}})
    assert changed["metadata"]["resourceVersion"] != made["metadata"]["resourceVersion"]
    assert changed["metadata"]["managedFields"][0]["manager"] == "tests"
    gone = await client.delete(CONFIG_MAPS, A, uid=made["metadata"]["uid"])
    assert gone["status"] == "Success"
    with pytest.raises(NotFound) as caught:
        await client.get(CONFIG_MAPS, A)
    assert str(caught.value) == 'configmaps "a" not found'
    assert caught.value.details == {"name": "a", "kind": "configmaps"}


@pytest.mark.parametrize(
    ("kind", "patch"),
    [
        (PatchType.JSON, [{"op": "replace", "path": "/data/x", "value": "2"}]),
        (PatchType.MERGE, {"data": {"x": "2"}}),
        (PatchType.STRATEGIC, {"data": {"x": "2"}}),
        (PatchType.APPLY, {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "a"}, "data": {"x": "2"}}),
    ],
)
async def test_every_kind_of_patch_arrives(client, kind, patch):
    await client.create(CONFIG_MAPS, config_map(x="1"))
    patched = await client.patch(CONFIG_MAPS, A, patch, kind=kind, force=kind is PatchType.APPLY)
    assert patched["data"] == {"x": "2"}


async def test_a_dry_run_changes_nothing(client):
    await client.create(CONFIG_MAPS, config_map(), dry_run=True)
    with pytest.raises(NotFound):
        await client.get(CONFIG_MAPS, A)


async def test_names_and_selectors_are_escaped(client):
    await client.create(CONFIG_MAPS, config_map("a.b-1"))
    found = await client.list(CONFIG_MAPS, namespace="default", labels="x notin (1, 2)", fields="metadata.name=a.b-1")
    assert [item["metadata"]["name"] for item in found["items"]] == ["a.b-1"]
    with pytest.raises(NotFound):
        await client.get(CONFIG_MAPS, Key("default", "a/ü?x=1#2%"))


async def test_pages_continue_until_there_are_no_more(client):
    for number in range(5):
        await client.create(CONFIG_MAPS, config_map(f"m{number}"))
    names, token = [], ""
    while True:
        page = await client.list(CONFIG_MAPS, namespace="default", limit=2, token=token)
        names += [item["metadata"]["name"] for item in page["items"]]
        token = page["metadata"].get("continue", "")
        if not token:
            break
    assert [name for name in names if name.startswith("m")] == [f"m{number}" for number in range(5)]


async def test_an_answer_in_many_pieces_arrives_whole(client):
    text = "x" * 100_000
    for number in range(12):
        await client.create(CONFIG_MAPS, config_map(f"big{number}", x=text))
    found = await client.list(CONFIG_MAPS, namespace="default")
    assert sum(item["data"].get("x") == text for item in found["items"] if "data" in item) == 12


async def test_a_collection_is_deleted_by_selector(client):
    for name in "ab":
        obj = config_map(name)
        obj["metadata"]["labels"] = {"name": name}
        await client.create(CONFIG_MAPS, obj)
    await client.delete_collection(CONFIG_MAPS, namespace="default", labels="name=a")
    left = await client.list(CONFIG_MAPS, namespace="default", labels="name")
    assert [item["metadata"]["name"] for item in left["items"]] == ["b"]


async def test_how_an_object_is_deleted_arrives(client):
    await client.create(CONFIG_MAPS, config_map())
    await client.delete(CONFIG_MAPS, A, propagation=Propagation.FOREGROUND, grace_s=0)
    deleting = await client.get(CONFIG_MAPS, A)
    assert deleting["metadata"]["finalizers"] == ["foregroundDeletion"]


async def test_subresources_are_made_of_their_object(client):
    key = Key("default", "runner")
    account = {"metadata": {"namespace": "default", "name": "runner"}}
    await client.create(SERVICE_ACCOUNTS, account)
    request = await client.create(SERVICE_ACCOUNTS, {"spec": {"expirationSeconds": 3600}}, key=key, subresource="token")
    assert request["status"]["token"].count(".") == 2


async def test_a_second_object_of_a_name_already_exists(client):
    await client.create(CONFIG_MAPS, config_map())
    with pytest.raises(AlreadyExists) as caught:
        await client.create(CONFIG_MAPS, config_map())
    assert caught.value.code == 409


async def test_an_update_of_an_old_version_conflicts(client):
    old = await client.create(CONFIG_MAPS, config_map())
    await client.update(CONFIG_MAPS, {**old, "data": {"x": "1"}})
    with pytest.raises(Conflict):
        await client.update(CONFIG_MAPS, {**old, "data": {"x": "2"}})
    with pytest.raises(Conflict):
        await client.delete(CONFIG_MAPS, A, uid="another")


async def test_what_is_invalid_is_told_by_field(client):
    with pytest.raises(Invalid) as caught:
        await client.create(CONFIG_MAPS, config_map("a_b", **{"x/y": "1"}))
    assert caught.value.code == 422
    assert caught.value.details is not None
    assert [cause["field"] for cause in caught.value.details["causes"]] == ["metadata.name", "data[x/y]"]


async def test_what_is_no_object_is_a_bad_request(client):
    with pytest.raises(BadRequest):
        await client.patch(CONFIG_MAPS, A, "no patch", kind=PatchType.JSON)


async def test_an_unknown_resource_is_not_found_even_where_the_answer_is_plain_text(client):
    with pytest.raises(NotFound):
        await client.list(Ref("nobody.example.com", "v1", "things", True))


async def test_admission_has_its_say(client):
    with pytest.raises(Forbidden, match='namespaces "kube-system" is forbidden'):
        await client.delete(NAMESPACES, Key("", "kube-system"))
    pod = {"metadata": {"namespace": "default", "name": "p"}, "spec": {"containers": [{"name": "c", "image": "i"}]}}
    with pytest.raises(Forbidden, match="error looking up service account default/default"):
        await client.create(PODS, pod)


async def test_roles_decide_what_somebody_may(connect):
    alice = connect(token="alice-token")
    with pytest.raises(Forbidden) as caught:
        await alice.get(CONFIG_MAPS, A)
    assert 'User "alice" cannot get resource "configmaps"' in str(caught.value)
    with pytest.raises(Forbidden):
        await alice.watch(CONFIG_MAPS)


async def test_nobody_knows_a_wrong_token(connect):
    with pytest.raises(Unauthorized):
        await connect(token="stolen").get(CONFIG_MAPS, A)


async def test_a_client_certificate_is_an_identity(connect, pki, bench):
    pair = pki.issue_client("carol", organizations=("system:masters",), now=bench.parts.service.clock.now())
    assert parse_pem(pair[0])
    made = await connect(certificate=pair).create(CONFIG_MAPS, config_map())
    assert made["metadata"]["uid"]


async def test_documents_that_are_no_resources_are_read_by_path(client):
    assert "gitVersion" in await client.get_path("/version")
    groups = await client.get_path("/apis")
    assert "apps" in [group["name"] for group in groups["groups"]]


async def test_a_list_that_cannot_be_continued_has_expired(client, bench):
    for name in "abc":
        await client.create(CONFIG_MAPS, config_map(name))
    page = await client.list(CONFIG_MAPS, namespace="default", limit=1)
    store = bench.parts.service.store
    await client.create(CONFIG_MAPS, config_map("d"))
    await store.compact(await store.revision())
    with pytest.raises(Expired) as caught:
        await client.list(CONFIG_MAPS, namespace="default", limit=1, token=page["metadata"]["continue"])
    assert caught.value.list_meta["continue"], "with it one may go on with what is there now"


async def test_a_change_that_nobody_waits_for_is_completed(bench, client):
    transport = bench.transport()
    await transport.exchange(ApiRequest("GET", "/version"), timeout_s=10)  # the connection stands
    body = b'{"metadata":{"name":"a"}}'
    request = ApiRequest("POST", "/api/v1/namespaces/default/configmaps", body=body)
    asking = asyncio.get_running_loop().create_task(transport.exchange(request, timeout_s=10))
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    asking.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asking
    await client.get_path("/version")
    async with asyncio.timeout(10):
        while True:
            try:
                await client.get(CONFIG_MAPS, A)
            except NotFound:
                await asyncio.sleep(0.01)
            else:
                break


async def test_an_answer_that_takes_too_long_is_no_answer(bench):
    transport = bench.transport()
    path = "/api/v1/namespaces/default/configmaps"
    with pytest.raises(TransportError):
        await transport.exchange(ApiRequest("GET", path, (("watch", "true"),)), timeout_s=0.1)


async def test_verbs_about_metadata_only(client):
    await client.create(CONFIG_MAPS, {"metadata": {"namespace": "default", "name": "m"}, "data": {"x": "1"}})
    metadata = client.only_metadata()
    found = await metadata.get(CONFIG_MAPS, Key("default", "m"))
    assert (found["kind"], "data" in found) == ("PartialObjectMetadata", False)
    listed = await metadata.list(CONFIG_MAPS, namespace="default")
    assert listed["kind"] == "PartialObjectMetadataList"
    patched = await metadata.patch(CONFIG_MAPS, Key("default", "m"), {"metadata": {"labels": {"a": "b"}}})
    assert (patched["kind"], patched["metadata"]["labels"]) == ("PartialObjectMetadata", {"a": "b"})
