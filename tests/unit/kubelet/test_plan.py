"""What is done next for a pod."""

from __future__ import annotations

from steersman.kubelet.plan import Probed, plan, stop_order
from steersman.runtimes.interface import ContainerRecord, ContainerState, PodRecord

SIDE = {"name": "side", "image": "i", "restartPolicy": "Always"}
INIT, LAST, APP = ({"name": name, "image": "i"} for name in ("init", "last", "app"))


def run(name, code=None):
    state = ContainerState.RUNNING if code is None else ContainerState.EXITED
    return ContainerRecord(name, f"id-{name}", "i", "i", "", 0, 1, state, exit_code=code or 0)


def record(*runs):
    return PodRecord("u", "s", sandbox_ready=True, sandbox_attempt=1, containers={each.name: each for each in runs})


def pod(*init, policy="Always", containers=(APP,)):
    return {"spec": {"restartPolicy": policy, "initContainers": list(init), "containers": list(containers)}}


def starts(a_pod, a_record, probed=Probed()):  # noqa: B008 - frozen
    return [container["name"] for container in plan(a_pod, a_record, probed).start]


def test_the_sandbox_comes_first_and_once():
    assert plan(pod(), PodRecord("u"), Probed()).make_sandbox
    assert not plan(pod(), PodRecord("u", making_sandbox=True), Probed()).make_sandbox


def test_init_containers_run_one_after_the_other_and_sidecars_beside_them():
    whole = pod(INIT, SIDE, LAST)
    assert starts(whole, record()) == ["init"]
    assert starts(whole, record(run("init"))) == []
    assert starts(whole, record(run("init", 0))) == ["side"]
    assert starts(whole, record(run("init", 0), run("side"))) == ["last"]
    assert starts(whole, record(run("init", 0), run("side"), run("last", 0))) == ["app"]


def test_a_sidecar_that_has_not_started_holds_the_next_up():
    not_yet = Probed({}, lambda name: name != "side")
    assert starts(pod(SIDE, LAST), record(run("side")), not_yet) == []


def test_a_sidecar_that_ended_is_started_again():
    assert starts(pod(SIDE), record(run("side", 1), run("app"))) == ["side"]


def test_a_failed_init_container_ends_a_pod_that_is_never_restarted():
    assert plan(pod(INIT, policy="Never"), record(run("init", 1)), Probed()).over
    assert starts(pod(INIT), record(run("init", 1))) == ["init"]


def test_a_pod_is_over_when_nothing_runs_or_will():
    assert plan(pod(policy="Never"), record(run("app", 0)), Probed()).over
    assert starts(pod(), record(run("app", 0))) == ["app"]
    assert not plan(pod(), record(run("app")), Probed()).over


def test_what_fails_its_probe_is_stopped_and_will_be_restarted():
    made = plan(pod(), record(run("app")), Probed({"app": "liveness"}))
    assert [stop.message for stop in made.stop] == ["Container app failed liveness probe, will be restarted"]
    assert plan(pod(policy="Never"), record(run("app")), Probed({"app": "liveness"})).over


def test_another_image_restarts_a_container_whatever_the_policy():
    other = pod(policy="Never", containers=(APP | {"image": "new"},))
    made = plan(other, record(run("app")), Probed())
    assert [stop.message for stop in made.stop] == ["Container app definition changed, will be restarted"]
    assert not made.over


def test_sidecars_are_stopped_last_and_the_last_one_first():
    spec = pod(SIDE, SIDE | {"name": "other"})["spec"]
    assert stop_order(spec, record(run("side"), run("other"), run("app"))) == ["app"]
    assert stop_order(spec, record(run("side"), run("other"), run("app", 0))) == ["other"]
    assert stop_order(spec, record(run("side"), run("other", 0), run("app", 0))) == ["side"]


def test_a_rule_makes_all_containers_begin_anew():
    rule = {"action": "RestartAllContainers", "exitCodes": {"operator": "In", "values": [9]}}
    app = APP | {"restartPolicy": "Never", "restartPolicyRules": [rule]}
    made = plan(pod(INIT, containers=(app, LAST)), record(run("init", 0), run("app", 9), run("last")), Probed())
    assert made.reset == ["last", "init", "app"]
