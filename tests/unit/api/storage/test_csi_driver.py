from __future__ import annotations

from typing import Any

import pytest

from steersman.api.resource import Context
from steersman.api.storage.csi_driver import CSI_DRIVERS


def test_everything_has_a_default(judge: Any) -> None:
    assert judge(CSI_DRIVERS).created({})["spec"] == {
        "attachRequired": True, "podInfoOnMount": False, "storageCapacity": False, "requiresRepublish": False,
        "fsGroupPolicy": "ReadWriteOnceWithFSType", "seLinuxMount": False, "preventPodSchedulingIfMissing": False,
        "volumeLifecycleModes": ["Persistent"],
    }  # fmt: skip


@pytest.mark.parametrize(
    ("spec", "text"),
    [
        ({"fsGroupPolicy": "Sock"}, 'spec.fsGroupPolicy: Unsupported value: "Sock": supported values: "File", "None", "ReadWriteOnceWithFSType"'),
        ({"volumeLifecycleModes": ["Sock"]}, 'spec.volumeLifecycleModes: Unsupported value: "Sock": supported values: "Persistent", "Ephemeral"'),
        ({"tokenRequests": [{"audience": "a"}, {"audience": "a"}]}, 'spec.tokenRequests[1].audience: Duplicate value: "a"'),
        ({"tokenRequests": [{"audience": "", "expirationSeconds": 599}]}, "spec.tokenRequests[0].expirationSeconds: Invalid value: 599: may not specify a duration less than 10 minutes"),
        ({"tokenRequests": [{"audience": "", "expirationSeconds": 2**32 + 1}]}, "spec.tokenRequests[0].expirationSeconds: Invalid value: 4294967297: may not specify a duration larger than 2^32 seconds"),
        ({"nodeAllocatableUpdatePeriodSeconds": 9}, "spec.nodeAllocatableUpdatePeriodSeconds: Invalid value: 9: must be greater than or equal to 10 seconds"),
        ({"serviceAccountTokenInSecrets": True}, "spec.serviceAccountTokenInSecrets: Invalid value: true: serviceAccountTokenInSecrets is set but no tokenRequests are specified"),
    ],
)  # fmt: skip
def test_each_rule(judge: Any, spec: dict[str, Any], text: str) -> None:
    assert judge(CSI_DRIVERS).errors({"spec": spec}) == [text]


def test_attachment_and_lifecycle_stay(judge: Any) -> None:
    drivers = judge(CSI_DRIVERS)
    new = {"spec": {"attachRequired": False, "volumeLifecycleModes": ["Ephemeral"]}}
    assert drivers.update_errors(new, drivers.created({})) == [
        "spec.attachedRequired: Invalid value: false: field is immutable",
        'spec.volumeLifecycleModes: Invalid value: ["Ephemeral"]: field is immutable',
    ]


def test_the_generation_counts_changes_only(judge: Any) -> None:
    drivers, prepare = judge(CSI_DRIVERS), CSI_DRIVERS.strategy.prepare_update
    assert prepare is not None
    old = drivers.created({})
    assert "generation" not in old["metadata"]
    for spec, generation in (({}, None), ({"podInfoOnMount": True}, 1)):
        new = drivers.defaulted({"spec": spec})
        prepare(new, old, Context(now=judge.now))
        assert new["metadata"].get("generation") == generation


def test_tokens_are_warned_of_when_they_are_newly_asked_for(judge: Any) -> None:
    warnings = CSI_DRIVERS.strategy.warnings
    assert warnings is not None
    one, two = (judge(CSI_DRIVERS).created({"spec": {"tokenRequests": [{"audience": name}]}}) for name in "ab")
    assert [len(warnings(one, None)), len(warnings(one, one)), len(warnings(two, one))] == [1, 0, 1]
    assert warnings({"spec": one["spec"] | {"serviceAccountTokenInSecrets": False}}, None) == []


def test_columns(judge: Any) -> None:
    drivers = judge(CSI_DRIVERS)
    cells = list(
        drivers.cells(drivers.created({"spec": {"tokenRequests": [{"audience": "a"}, {"audience": "b"}]}})).values()
    )
    assert cells[:-1] == [True, False, False, "a,b", False, "Persistent"]
    assert drivers.cells(drivers.created({}))["TokenRequests"] == "<unset>"
