"""The conditions of a pod that a kubelet writes."""

from __future__ import annotations

from steersman.kubelet.conditions import compute_conditions

RUNS = {"state": {"running": {}}, "ready": True, "started": True}
POD = {"metadata": {"generation": 2}, "spec": {"containers": [{"name": "a"}]}}


def conditions(pod=POD, *, old=(), statuses=None, phase="Running", ready=True, restarting=None):
    found = compute_conditions(
        pod,
        old=old,
        statuses={"a": RUNS} if statuses is None else statuses,
        phase=phase,
        sandbox_ready=ready,
        sandbox_known=False,
        restarting_all=restarting,
        now="t2",
    )
    return {each["type"]: each for each in found}


def test_times_change_with_the_status_only():
    old = [{"type": "Ready", "status": "True", "lastTransitionTime": "t1"}]
    found = conditions(old=old)
    assert (found["Ready"]["lastTransitionTime"], found["Initialized"]["lastTransitionTime"]) == ("t1", "t2")


def test_a_pod_without_a_sandbox_is_not_ready_to_start():
    found = conditions(ready=False)["PodReadyToStartContainers"]
    assert (found["status"], found["reason"]) == ("False", "PodSandboxNotReady")


def test_a_final_phase_says_why_it_is_not_ready():
    assert conditions(phase="Succeeded")["Ready"]["reason"] == "PodCompleted"
    assert conditions(phase="Succeeded")["Initialized"]["reason"] == "PodCompleted"
    assert conditions(phase="Failed")["ContainersReady"]["reason"] == "PodFailed"


def test_containers_of_which_nothing_is_known_are_named():
    message = conditions(statuses={})["ContainersReady"]["message"]
    assert message == "containers with unknown status: [a]"


def test_only_pods_with_such_a_rule_say_that_all_containers_begin_anew():
    assert "AllContainersRestarting" not in conditions()
    assert conditions(restarting=True)["AllContainersRestarting"]["status"] == "True"
    assert conditions(restarting=True, phase="Failed")["AllContainersRestarting"]["reason"] == "PodFailed"
