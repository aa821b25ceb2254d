"""The status of a pod from what its runtime knows, and what of it has to be written."""

from __future__ import annotations

from steersman.kubelet.container_status import Verdict, Waiting
from steersman.kubelet.status import Facts, Outcome, compute_status, refused_status
from steersman.kubelet.status_patch import status_patch
from steersman.runtimes.interface import ContainerRecord, ContainerState, PodRecord

GATE = {"type": "shop.example/checked", "status": "False"}


def pod(**spec):
    return {
        "metadata": {"uid": "u", "generation": 3},
        "spec": {"restartPolicy": "Always", "containers": [{"name": "app", "image": "i"}], **spec},
        "status": {"phase": "Pending", "qosClass": "BestEffort", "conditions": [GATE]},
    }


def run(code=None, *, attempt=0, identifier="hollow://1"):
    state = ContainerState.RUNNING if code is None else ContainerState.EXITED
    return ContainerRecord(
        "app", identifier, "i", "i", "", attempt, 1, state, started_at="t1", exit_code=code or 0, reason="Error"
    )


def record(current=None, previous=None, **more):
    held = {"app": current} if current is not None else {}
    before = {"app": previous} if previous is not None else {}
    return PodRecord("u", "s", sandbox_ready=True, sandbox_attempt=1, containers=held, previous=before, **more)


def condition(status, kind):
    return next(each for each in status["conditions"] if each["type"] == kind)


def told(a_pod, facts, old=None):
    return compute_status(a_pod, facts, old=a_pod["status"] if old is None else old, now="t2")


def test_before_there_is_a_sandbox_containers_are_being_created():
    status = told(pod(), Facts(PodRecord("u"), host_ips=("10.0.0.1",)))
    assert status["phase"] == "Pending"
    assert status["containerStatuses"][0]["state"] == {"waiting": {"reason": "ContainerCreating"}}
    assert condition(status, "PodReadyToStartContainers")["status"] == "False"
    assert condition(status, "Ready")["message"] == "containers with unready status: [app]"
    assert (status["hostIP"], status["startTime"], status["qosClass"]) == ("10.0.0.1", "t2", "BestEffort")
    assert status["conditions"][0] is GATE


def test_a_running_pod_is_ready_when_its_containers_and_gates_are():
    facts = Facts(record(run(), ips=("10.1.0.1",)), {"app": Verdict(started=True, ready=True)})
    status = told(pod(), facts)
    assert (status["phase"], status["podIP"]) == ("Running", "10.1.0.1")
    assert condition(status, "Ready") == {
        "type": "Ready",
        "status": "True",
        "lastProbeTime": None,
        "lastTransitionTime": "t2",
        "observedGeneration": 3,
    }
    gated = told(pod(readinessGates=[{"conditionType": GATE["type"]}]), facts)
    assert condition(gated, "ContainersReady")["status"] == "True"
    assert condition(gated, "Ready")["reason"] == "ReadinessGatesNotReady"


def test_what_waits_for_its_back_off_says_so_and_how_it_ended():
    why = Waiting("CrashLoopBackOff", "back-off 10s")
    (status,) = told(pod(), Facts(record(run(1, attempt=2)), waiting={"app": why}))["containerStatuses"]
    assert status["state"] == {"waiting": {"reason": "CrashLoopBackOff", "message": "back-off 10s"}}
    assert status["lastState"]["terminated"]["exitCode"] == 1
    assert status["restartCount"] == 2


def test_a_run_that_the_runtime_lost_has_ended_nobody_knows_how():
    known = told(pod(), Facts(record(run()), {"app": Verdict(started=True, ready=True)}))
    (status,) = told(pod(), Facts(PodRecord("u")), old=known)["containerStatuses"]
    assert status["lastState"]["terminated"]["reason"] == "ContainerStatusUnknown"
    assert status["restartCount"] == 1


def test_init_containers_are_named_until_they_are_complete():
    whole = pod(initContainers=[{"name": "init", "image": "i"}])
    status = told(whole, Facts(record()))
    assert status["containerStatuses"][0]["state"]["waiting"]["reason"] == "PodInitializing"
    assert condition(status, "Initialized")["message"] == "containers with incomplete status: [init]"


def test_a_pod_that_is_over_has_a_final_phase_and_keeps_it():
    status = told(pod(), Facts(record(run(143)), terminated=True))
    assert status["phase"] == "Failed"
    assert condition(status, "Ready")["reason"] == "PodFailed"
    assert told(pod(), Facts(record(run())), old=status)["phase"] == "Failed"


def test_an_outcome_gives_the_reason():
    outcome = Outcome("DeadlineExceeded", "too long")
    status = told(pod(), Facts(record(run(143)), terminated=True, outcome=outcome))
    assert (status["phase"], status["reason"], status["message"]) == ("Failed", "DeadlineExceeded", "too long")
    refused = refused_status(pod(), Outcome("OutOfcpu", "no"), now="t")
    assert (refused["phase"], refused["message"]) == ("Failed", "Pod was rejected: no")


def test_only_what_differs_is_written_and_conditions_by_type():
    first = told(pod(), Facts(record(run())))
    second = told(pod(), Facts(record(run()), {"app": Verdict(started=True, ready=True)}), old=first)
    patch = status_patch("u", first, second)
    assert patch["metadata"] == {"uid": "u"}
    assert set(patch["status"]) == {"$setElementOrder/conditions", "conditions", "containerStatuses"}
    assert [each["type"] for each in patch["status"]["conditions"]] == ["Ready", "ContainersReady"]
    assert patch["status"]["conditions"][0]["reason"] is None
    assert status_patch("u", second, second) is None


def test_conditions_of_others_are_not_touched():
    first = told(pod(), Facts(record(run())))
    without = first | {"conditions": first["conditions"][1:]}
    assert status_patch("u", first, without) is None
