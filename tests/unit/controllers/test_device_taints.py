"""Which pods have to go because of taints on their devices."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from steersman.controllers.device_taints import (
    Device,
    Eviction,
    claim_eviction,
    claims_of,
    evicts,
    find_device,
    pod_eviction,
    selects,
)

from .objects import meta, owned_by, pod

ADDED = datetime(2026, 1, 1, tzinfo=UTC)
GPU = Device("d", "pool", "gpu-0")


def taint(key="k", effect="NoExecute", *, at=0):
    added = (ADDED + timedelta(seconds=at)).isoformat()[:19] + "Z"
    return {"key": key, "effect": effect, "timeAdded": added}


def tolerate(key="k", seconds=None, effect="NoExecute"):
    toleration = {"key": key, "operator": "Exists", "effect": effect}
    return toleration if seconds is None else {**toleration, "tolerationSeconds": seconds}


def rule(name="r", *, effect="NoExecute", at=0, **selector):
    spec = {"deviceSelector": selector or None, "taint": taint("rule", effect, at=at)}
    return {"metadata": meta(name, generation=1), "spec": spec}


def claim(*tolerations, name="c", users=("p",), **metadata):
    result = {"driver": "d", "pool": "pool", "device": "gpu-0", "tolerations": list(tolerations)}
    reserved = [{"resource": "pods", "name": user, "uid": f"uid-{user}"} for user in users]
    status = {"allocation": {"devices": {"results": [result]}}, "reservedFor": reserved}
    return {"metadata": meta(name, **metadata), "status": status}


def due(subject, *taints, rules=()):
    found = claim_eviction(subject, lambda device: {"taints": list(taints)} if device == GPU else None, rules)
    return None if found is None else ((found.due - ADDED).total_seconds(), sorted(found.rules))


@pytest.mark.parametrize(
    ("selector", "selected"),
    [
        ({}, False),
        ({"driver": "d"}, True),
        ({"driver": "d", "pool": "pool", "device": "gpu-0"}, True),
        ({"driver": "other"}, False),
        ({"driver": "d", "device": "gpu-1"}, False),
    ],
)
def test_rules_select_devices(selector, selected):
    assert selects(rule(**selector), GPU) is selected


def test_only_some_rules_evict():
    assert [evicts(rule(effect=effect)) for effect in ("NoExecute", "NoSchedule", "None")] == [True, False, False]


def in_slice(generation, *names):
    devices = [{"name": name, "generation": generation} for name in names]
    return {"spec": {"driver": "d", "pool": {"name": "pool", "generation": generation}, "devices": devices}}


def test_slices_of_the_latest_generation_count():
    slices = [in_slice(1, "a", "b"), in_slice(2, "b"), in_slice(2, "c")]
    assert find_device(slices, "a") is None
    assert find_device(slices, "b")["generation"] == 2
    assert find_device(slices, "c") is not None
    assert find_device([], "a") is None


@pytest.mark.parametrize(
    ("tolerations", "taints", "expected"),
    [
        ([], [], None),
        ([], [taint(effect="NoSchedule"), taint(effect="None")], None),
        ([], [taint(at=5)], 5),
        ([], [taint(at=5), taint("l", at=3)], 3),
        ([tolerate()], [taint()], None),
        ([tolerate()], [taint(), taint("l", at=9)], 9),
        ([tolerate(seconds=60)], [taint(at=5)], 65),
        ([tolerate(seconds=60), tolerate(seconds=20)], [taint()], 20),
        ([tolerate(seconds=60), tolerate()], [taint()], None),
        ([tolerate(seconds=-3)], [taint()], 0),
        ([tolerate(effect="")], [taint()], 0),
        ([tolerate("l")], [taint()], 0),
    ],
)
def test_when_users_of_a_claim_have_to_go(tolerations, taints, expected):
    found = due(claim(*tolerations), *taints)
    assert found == (None if expected is None else (expected, []))


def test_rules_are_named_as_reasons():
    rules = [rule("a", driver="d", at=7), rule("b", driver="other"), rule("c", pool="pool", at=9)]
    assert due(claim(), taint(at=8), rules=rules) == (7, ["uid-a", "uid-c"])
    assert due(claim(tolerate("rule")), rules=rules) is None


def test_a_claim_that_is_not_allocated_evicts_nobody():
    assert due({"metadata": meta("c")}, taint()) is None


def user(*entries, statuses=(), **more):
    made = pod("p", **more)
    made["spec"]["resourceClaims"] = list(entries)
    made["status"]["resourceClaimStatuses"] = list(statuses)
    return made


NAMED, TEMPLATED = {"name": "x", "resourceClaimName": "c"}, {"name": "y", "resourceClaimTemplateName": "t"}


def test_claims_of_pods():
    made = user(NAMED, TEMPLATED, statuses=[{"name": "y", "resourceClaimName": "p-y"}])
    made["status"]["extendedResourceClaimStatus"] = {"resourceClaimName": "p-extended"}
    assert list(claims_of(made)) == [("c", False), ("p-y", True), ("p-extended", True)]
    assert list(claims_of(user(TEMPLATED))) == []
    assert list(claims_of(user(TEMPLATED, statuses=[{"name": "y"}]))) == []


def eviction(made, *claims, seconds=(5, 3)):
    by_name = {each["metadata"]["name"]: each for each in claims}
    times = {name: ADDED + timedelta(seconds=second) for name, second in zip(by_name, seconds, strict=False)}

    def of(subject):
        name = subject["metadata"]["name"]
        return Eviction(times[name], frozenset([f"rule-of-{name}"]))

    return pod_eviction(made, by_name.get, of)


def test_a_pod_goes_with_its_claim():
    assert eviction(user(NAMED), claim()) == Eviction(ADDED + timedelta(seconds=5), frozenset(["rule-of-c"]))
    assert eviction(user(NAMED)) is None
    assert eviction(user(NAMED, node=""), claim()) is None
    assert eviction(user(NAMED), claim(users=("other",))) is None


def test_a_claim_of_a_template_must_be_the_pods_own():
    made = user(TEMPLATED, statuses=[{"name": "y", "resourceClaimName": "c"}])
    assert eviction(made, claim()) is None
    assert eviction(made, claim(ownerReferences=owned_by(made, kind="Pod"))) is not None


def test_of_several_claims_the_first_decides_and_all_are_reasons():
    made = user(NAMED, {"name": "z", "resourceClaimName": "d"})
    found = eviction(made, claim(), claim(name="d"))
    assert found == Eviction(ADDED + timedelta(seconds=3), frozenset(["rule-of-c", "rule-of-d"]))
