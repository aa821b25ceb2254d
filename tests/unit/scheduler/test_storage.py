"""What there is to know of volumes."""

from __future__ import annotations

from steersman.scheduler.storage import is_used_by, uses_of, waits_for_consumer

from .volumes import Bench, claim, csi_node, storage, storage_class, user, volume


def attachment(name, node):
    return {"metadata": {"name": name}, "spec": {"nodeName": node, "attacher": "d", "source": {}}}


def test_everything_is_found_by_name():
    known = storage(claims=[claim()], volumes=[volume()], classes=[storage_class()], csi_nodes=[csi_node("a")])
    assert known.claim("ns", "c") == claim()
    assert known.claim("other", "c") is None
    assert known.volume("v") == volume()
    assert known.free_volumes("s") == (volume(),)
    assert known.storage_class("s") == storage_class()
    assert known.csi_node("a") == csi_node("a")
    assert known.csi_driver("d") is None
    assert known.capacities() == ()


def test_attachments_are_counted_by_node():
    bench = Bench(attachments=[attachment("x", "a"), attachment("y", "a"), attachment("z", "b")])
    assert bench.storage.attached == {"a": 2, "b": 1}
    bench.show("attachments", attachment("y", "a"))
    assert bench.storage.attached == {"a": 1}
    assert [each["metadata"]["name"] for each in bench.storage.attachments("a")] == ["y"]


def test_volumes_are_free_or_a_claims():
    meant = volume("w", claimRef={"namespace": "ns", "name": "c"})
    known = storage(volumes=[volume(), meant])
    assert known.free_volumes("s") == (volume(),)
    assert known.volumes_for(claim()) == (meant,)
    assert known.volumes_for(claim("d")) == ()


def test_pods_use_claims_by_name_or_made_for_them():
    pod = user("c", volumes=({"name": "s", "ephemeral": {}},))
    assert [use.name for use in uses_of(pod)] == ["c", "p-s"]
    assert uses_of(pod) is uses_of(pod)
    assert is_used_by(claim("c"), pod, made=False)
    assert is_used_by(claim("p-s"), pod)
    assert not is_used_by(claim("p-s"), pod, made=False)
    assert not is_used_by(claim("c", namespace="other"), pod)


def test_a_class_says_when_its_volumes_are_bound():
    assert waits_for_consumer(storage_class())
    assert not waits_for_consumer(storage_class(waits=False))
