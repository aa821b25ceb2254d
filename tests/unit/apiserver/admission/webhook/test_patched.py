from __future__ import annotations

import pytest
from tests.unit.apiserver.admission.shelf import NOW, pod

from steersman.api.core.pod import PODS
from steersman.api.schema.decode import decode
from steersman.apiserver.admission.webhook.patched import patched


def decoded():
    obj = decode(PODS.schema(), pod()).object
    obj["kind"], obj["apiVersion"] = "Pod", "v1"
    PODS.strategy.default(obj)
    return obj


def add(path, value):
    return [{"op": "add", "path": path, "value": value}]


def test_what_is_added_is_pruned_and_defaulted():
    before = decoded()
    made, changed = patched(before, add("/spec/initContainers", [{"name": "i", "image": "i", "odd": 1}]), PODS, NOW)
    [added] = made["spec"]["initContainers"]
    assert changed
    assert "odd" not in added
    assert added["terminationMessagePath"] == "/dev/termination-log"
    assert "initContainers" not in before["spec"]


def test_a_patch_that_changes_nothing_is_no_change():
    assert not patched(decoded(), add("/spec/containers/0/name", "c"), PODS, NOW)[1]
    assert not patched(decoded(), add("/odd", 1), PODS, NOW)[1]


@pytest.mark.parametrize(
    ("patch", "why"),
    [
        ([{"op": "remove", "path": "/data"}], "Unable to remove nonexistent key: data"),
        (add("/spec/containers", 3), "json: cannot unmarshal number"),
        (add("/kind", "Node"), "v1, Kind=Node is no v1, Kind=Pod"),
        ([3], "error decoding patch"),
    ],
)
def test_what_cannot_be_done_is_said(patch, why):
    with pytest.raises(ValueError, match=why):
        patched(decoded(), patch, PODS, NOW)


def test_kinds_of_subresources_are_decoded_by_their_own_schema():
    eviction = {"kind": "Eviction", "apiVersion": "policy/v1", "metadata": {"name": "p"}}
    made, changed = patched(eviction, add("/deleteOptions", {"gracePeriodSeconds": 3, "odd": 1}), PODS, NOW)
    assert changed
    assert made["deleteOptions"] == {"gracePeriodSeconds": 3}


def test_options_of_connections_are_taken_as_they_are():
    options = {"kind": "PodExecOptions", "apiVersion": "v1", "command": ["ls"]}
    made, changed = patched(options, add("/command/-", "-l"), PODS, NOW)
    assert (made["command"], changed) == (["ls", "-l"], True)
