from __future__ import annotations

import pytest

from steersman.scheduler.plugins.node_ports import NodePorts

from ..nodes import node, place, pod, refused


def with_port(name="p", *, sidecar=False, ordinary_init=False, **port):
    container = {"name": "x", "ports": [port], **({"restartPolicy": "Always"} if sidecar else {})}
    if sidecar or ordinary_init:
        return pod(name, init=[container])
    return pod(name, spec={"containers": [container]})


@pytest.mark.parametrize(
    ("wanted", "taken", "clashes"),
    [
        ({"hostPort": 80}, {"hostPort": 80}, True),
        ({"hostPort": 80}, {"hostPort": 81}, False),
        ({"hostPort": 80}, {"hostPort": 80, "protocol": "UDP"}, False),
        ({"hostPort": 80, "hostIP": "10.0.0.1"}, {"hostPort": 80, "hostIP": "10.0.0.2"}, False),
        ({"hostPort": 80, "hostIP": "10.0.0.1"}, {"hostPort": 80, "hostIP": "0.0.0.0"}, True),
        ({"hostPort": 80, "hostIP": "10.0.0.1"}, {"hostPort": 80}, True),
        ({"hostPort": 80, "hostIP": "::"}, {"hostPort": 80, "hostIP": "10.0.0.1"}, False),
        ({"hostPort": 80}, {"containerPort": 80}, False),
    ],
)
def test_a_port_is_taken_once_per_address_and_protocol(wanted, taken, clashes):
    nodes = [node("a")]
    decision = place(with_port(**wanted), nodes, NodePorts(), ((with_port("other", **taken), "a"),))
    reason = "node(s) didn't have free ports for the requested pod ports"
    assert refused(decision, nodes) == ({"a": [reason]} if clashes else {})


def test_sidecars_hold_their_ports_and_other_init_containers_do_not():
    nodes, wanted = [node("a")], with_port(hostPort=80)
    sidecar = with_port("other", sidecar=True, hostPort=80)
    passing = with_port("other", ordinary_init=True, hostPort=80)
    assert place(wanted, nodes, NodePorts(), ((sidecar, "a"),)).node is None
    assert place(wanted, nodes, NodePorts(), ((passing, "a"),)).node == "a"
