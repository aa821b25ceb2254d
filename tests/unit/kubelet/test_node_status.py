"""What is told of a node."""

from __future__ import annotations

from steersman.kubelet.node_status import Machine, render_node, render_status, status_changes

AMOUNTS = {"cpu": "8", "pods": "110"}
MACHINE = Machine(
    addresses=("10.0.0.1",), hostname="n", capacity=AMOUNTS, allocatable=AMOUNTS, info={}, labels={"zone": "a"}
)


def test_a_node_is_registered_ready_with_what_its_machine_has():
    node = render_node("n", MACHINE, images={"a": 1, "b": 2}, now="t")
    assert node["metadata"]["labels"]["kubernetes.io/hostname"] == "n"
    assert node["metadata"]["labels"]["zone"] == "a"
    assert node["status"]["addresses"][0] == {"type": "InternalIP", "address": "10.0.0.1"}
    assert [image["names"] for image in node["status"]["images"]] == [["b"], ["a"]]
    assert node["status"]["conditions"][-1]["type"] == "Ready"


def test_a_heartbeat_alone_is_no_change():
    old = render_status(MACHINE, images={}, old={}, now="t1")
    assert status_changes(old, render_status(MACHINE, images={}, old=old, now="t2")) == {}


def test_pressure_is_told_with_the_time_at_which_it_began():
    old = render_status(MACHINE, images={}, old={}, now="t1")
    new = render_status(MACHINE, images={}, old=old, now="t2", pressures=("DiskPressure",))
    disk = next(each for each in new["conditions"] if each["type"] == "DiskPressure")
    assert (disk["status"], disk["reason"], disk["lastTransitionTime"]) == ("True", "KubeletHasDiskPressure", "t2")
    assert new["conditions"][-1]["lastTransitionTime"] == "t1"
    assert list(status_changes(old, new)) == ["conditions"]
