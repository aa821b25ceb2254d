"""The revisions of a template."""

from __future__ import annotations

from steersman.api.apps.daemon_set import DAEMON_SETS
from steersman.controllers.hashes import go_json
from steersman.controllers.history import (
    data_hash,
    equal_to,
    in_order,
    new_revision,
    next_number,
    revision_name,
    superfluous,
    template_in,
    template_patch,
)

from .objects import CREATED, meta


def owner(image="i:1", **metadata):
    container = {"name": "c", "image": image, "resources": {}}
    template = {"metadata": {"labels": {"app": "web"}}, "spec": {"containers": [container], "securityContext": {}}}
    return {"metadata": meta("web", **metadata), "spec": {"template": template}}


def revision(name, number, *, created=CREATED, data=None):
    metadata = meta(name) | {"creationTimestamp": created}
    return {"metadata": metadata, "revision": number, "data": data or {}}


def test_data_is_what_upstream_writes():
    assert go_json(template_patch(owner())) == (
        b'{"spec":{"template":{"$patch":"replace","metadata":{"labels":{"app":"web"}},'
        b'"spec":{"containers":[{"image":"i:1","name":"c","resources":{}}],"securityContext":{}}}}}'
    )


def test_the_template_can_be_put_back():
    kept = revision("web-1", 1, data=template_patch(owner()))
    assert template_in(kept) == owner()["spec"]["template"]


def test_the_data_of_a_new_revision_is_in_the_order_of_the_wire():
    made = new_revision(owner(), DAEMON_SETS, number=3, label="hash", content_hash="abc")
    template = made["data"]["spec"]["template"]
    assert list(template) == ["$patch", "metadata", "spec"]
    assert list(template["spec"]["containers"][0]) == ["image", "name", "resources"]


def test_a_new_revision_belongs_to_its_owner_and_has_its_labels_and_annotations():
    made = new_revision(owner(annotations={"a": "1"}), DAEMON_SETS, number=3, label="hash", content_hash="abc")
    assert made["metadata"] == {
        "name": "web-abc",
        "namespace": "ns",
        "labels": {"app": "web", "hash": "abc"},
        "annotations": {"a": "1"},
        "ownerReferences": [
            {
                "apiVersion": "apps/v1",
                "kind": "DaemonSet",
                "name": "web",
                "uid": "uid-web",
                "controller": True,
                "blockOwnerDeletion": True,
            }
        ],
    }
    assert made["revision"] == 3


def test_revisions_are_compared_by_their_data():
    same, other = revision("a", 1, data=template_patch(owner())), revision("b", 2, data=template_patch(owner("i:2")))
    assert equal_to(template_patch(owner()), [same, other]) == [same]


def test_numbers_only_grow():
    assert (next_number([]), next_number([revision("a", 7), revision("b", 2)])) == (1, 8)


def test_the_order_is_that_of_numbers_then_of_age_then_of_names():
    later = "2026-01-01T00:00:01Z"
    revisions = [revision("b", 1), revision("c", 1, created=later), revision("a", 1), revision("z", 0)]
    assert [each["metadata"]["name"] for each in in_order(revisions)] == ["z", "a", "b", "c"]


def test_a_collision_makes_another_hash():
    data = template_patch(owner())
    assert len({data_hash(data, 0), data_hash(data, 1)}) == 2


def test_names_leave_room_for_the_hash():
    assert revision_name("w" * 300, "abc") == f"{'w' * 223}-abc"


def test_the_oldest_beyond_the_limit_are_superfluous():
    old = [revision("a", 1), revision("b", 2), revision("c", 3)]
    assert [superfluous(old, limit=limit) for limit in (-1, 3, 2, 0)] == [[], [], old[:1], old]
