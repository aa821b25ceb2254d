from __future__ import annotations

import pytest

from steersman.api.core.pod_status import status_warnings, validate_status_update


def _texts(status, before=None, **spec):
    spec = {"containers": [{"name": "c"}], "restartPolicy": "Never"} | spec
    old = {"metadata": {}, "spec": spec, "status": before or {}}
    return [str(error) for error in validate_status_update({"metadata": {}, "spec": spec, "status": status}, old)]


def test_an_ordinary_status_is_valid() -> None:
    status = {"phase": "Running", "podIP": "10.0.0.1", "podIPs": [{"ip": "10.0.0.1"}], "hostIP": "1.1.1.1"}
    assert _texts(status) == []


@pytest.mark.parametrize(
    ("status", "text"),
    [
        ({"conditions": [{"type": "a b", "status": "True"}]}, 'status.conditions[0].Type: Invalid value: "a b"'),
        ({"qosClass": "Guaranteed"}, 'status.qosClass: Invalid value: "Guaranteed": field is immutable'),
        ({"observedGeneration": -1}, "status.observedGeneration: Invalid value: -1: must be a non-negative integer"),
        (
            {"podIP": "10.0.0.1", "podIPs": [{"ip": "10.0.0.2"}]},
            'status.podIPs[0].ip: Invalid value: "10.0.0.2": must be equal to `podIP`',
        ),
        (
            {"podIPs": [{"ip": "10.0.0.2"}]},
            'status.podIPs: Invalid value: [{"IP":"10.0.0.2"}]: podIP and podIPs must either both be set or both be unset',
        ),
        (
            {"podIP": "10.0.0.1", "podIPs": [{"ip": "10.0.0.1"}, {"ip": "10.0.0.2"}]},
            ('status.podIPs: Invalid value: [{"IP":"10.0.0.1"},{"IP":"10.0.0.2"}]: may specify no more than one IP for '
            "each IP family"),
        ),
        (
            {"resourceClaimStatuses": [{"name": "x"}]},
            ('status.resourceClaimStatuses[0].name: Invalid value: "x": must match the name of an entry in '
            "`spec.resourceClaims`"),
        ),
    ],
)  # fmt: skip
def test_each_rule(status, text) -> None:
    assert _texts(status)[0].startswith(text)


def _container(**state):
    return {"containerStatuses": [{"name": "c", "state": state}]}


def test_what_has_ended_for_good_does_not_run_again() -> None:
    ended, running = _container(terminated={"exitCode": 1}), _container(running={})
    refused = ["status.containerStatuses[0].state: Forbidden: may not be transitioned to non-terminated state"]
    assert _texts(running, ended) == refused
    assert _texts(running, ended, restartPolicy="OnFailure") == []
    assert _texts(running, _container(terminated={"exitCode": 0}), restartPolicy="OnFailure") == refused
    assert _texts(running, ended, containers=[{"name": "c", "restartPolicy": "Always"}]) == []


def test_nominating_a_node_for_a_bound_pod_is_too_late() -> None:
    assert _texts({"nominatedNodeName": "n"}) == []
    assert _texts({"nominatedNodeName": "n"}, nodeName="m") == [
        "status.nominatedNodeName: Forbidden: may not be set on pods that are already bound to a node"
    ]


def test_unusual_addresses_are_warned_of() -> None:
    assert status_warnings({"status": {"podIPs": [{"ip": "FE80::1"}]}}, None) == [
        'status.podIPs[0].ip: IPv6 address "FE80::1" should be in RFC 5952 canonical format ("fe80::1")'
    ]
