"""What counts of what probes find."""

from __future__ import annotations

from steersman.kubelet.probes import LIVENESS, READINESS, STARTUP, failure_output, fresh


def test_readiness_begins_with_failure_and_turns_at_its_thresholds():
    probe, spec = fresh(READINESS, "x"), {"successThreshold": 2, "failureThreshold": 2}
    assert probe.result is False
    assert [probe.observe(spec, True) for _ in range(2)] == [False, True]
    assert [probe.observe(spec, False) for _ in range(2)] == [False, True]


def test_liveness_that_failed_is_not_asked_again_in_this_run():
    probe = fresh(LIVENESS, "x")
    assert probe.result is True
    assert [probe.observe({}, False) for _ in range(3)] == [False, False, True]
    assert probe.held


def test_a_success_in_between_begins_the_count_anew():
    probe = fresh(LIVENESS, "x")
    for success in (False, False, True, False, False):
        probe.observe({}, success)
    assert probe.result is True


def test_startup_is_asked_until_it_has_an_answer():
    probe = fresh(STARTUP, "x")
    assert probe.result is None
    probe.observe({}, True)
    assert (probe.result, probe.held) == (True, True)


def test_failures_say_what_the_kind_of_probe_says():
    assert "statuscode: 500" in failure_output({"httpGet": {}}, "1.2.3.4")
    assert failure_output({"tcpSocket": {"port": 80}}, "1.2.3.4").startswith("dial tcp 1.2.3.4:80")
