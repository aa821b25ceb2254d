"""What the API is told of one container."""

from __future__ import annotations

from steersman.kubelet.container_status import NOTHING, Verdict, container_status, removed_to_restart, with_all_ended
from steersman.runtimes.interface import ContainerRecord, ContainerState

CONTAINER = {
    "name": "a",
    "image": "i",
    "resources": {"requests": {"cpu": "1"}, "claims": []},
    "volumeMounts": [{"name": "v", "mountPath": "/v", "readOnly": True}],
    "securityContext": {"runAsUser": 7},
}


def run(code=None):
    state = ContainerState.RUNNING if code is None else ContainerState.EXITED
    return ContainerRecord("a", "x://1", "i", "i", "sha", 1, 1, state, "t1", exit_code=code or 0, reason="Error")


def status(record, *, old=None, previous=None, verdict=NOTHING):
    return container_status(
        CONTAINER, pod_spec={}, record=record, previous=previous, old=old, verdict=verdict, waiting=None
    )


def test_a_running_one_tells_its_run_and_what_it_was_given():
    told = status(run(), verdict=Verdict(started=True, ready=True))
    assert told["state"] == {"running": {"startedAt": "t1"}}
    assert (told["containerID"], told["imageID"], told["restartCount"]) == ("x://1", "sha", 1)
    assert told["allocatedResources"] == {"cpu": "1"}
    assert told["resources"] == {"requests": {"cpu": "1"}}
    assert told["user"]["linux"]["uid"] == 7
    assert told["volumeMounts"][0]["recursiveReadOnly"] == "Disabled"


def test_the_run_before_is_the_last_state():
    assert status(run(), previous=run(3))["lastState"]["terminated"]["exitCode"] == 3


def test_an_end_that_the_runtime_forgot_is_kept():
    old = status(run(4))
    assert status(None, old=old)["state"] == old["state"]


def test_at_the_end_of_a_pod_what_is_unknown_has_failed():
    assert with_all_ended(status(None))["state"]["terminated"]["exitCode"] == 137
    ended = status(run(0))
    assert with_all_ended(ended) is ended


def test_one_taken_away_to_begin_anew_counts_as_restarted():
    told = removed_to_restart(status(None), status(run(9)))
    assert (told["restartCount"], told["state"]["waiting"]["reason"]) == (2, "RestartingAllContainers")
