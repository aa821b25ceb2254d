"""Which containers are run again after they ended."""

from __future__ import annotations

import pytest

from steersman.kubelet.restarts import asks_for_all, restarts_after_kill, should_restart


@pytest.mark.parametrize(
    ("policy", "code", "again"),
    [
        ("Always", 0, True),
        ("Always", 1, True),
        ("OnFailure", 0, False),
        ("OnFailure", 1, True),
        ("Never", 0, False),
        ("Never", 1, False),
    ],
)
def test_the_policy_decides_wherever_it_stands(policy, code, again):
    assert should_restart({}, {"restartPolicy": policy}, code) is again
    assert should_restart({"restartPolicy": policy}, {"restartPolicy": "Never"}, code) is again


def rule(operator, *values, action="Restart"):
    return {"action": action, "exitCodes": {"operator": operator, "values": list(values)}}


def test_rules_on_exit_codes_come_before_the_policy():
    container = {"restartPolicy": "Never", "restartPolicyRules": [rule("In", 42)]}
    assert should_restart(container, {"restartPolicy": "Never"}, 42)
    assert not should_restart(container, {"restartPolicy": "Never"}, 1)
    others = {"restartPolicy": "Never", "restartPolicyRules": [rule("NotIn", 42)]}
    assert should_restart(others, {}, 1)


def test_a_rule_may_ask_for_all_containers():
    container = {"restartPolicy": "Never", "restartPolicyRules": [rule("In", 7, action="RestartAllContainers")]}
    assert asks_for_all(container, 7)
    assert not asks_for_all(container, 8)


def test_after_a_failed_probe_only_never_means_never():
    assert restarts_after_kill({}, {"restartPolicy": "OnFailure"})
    assert not restarts_after_kill({}, {"restartPolicy": "Never"})
