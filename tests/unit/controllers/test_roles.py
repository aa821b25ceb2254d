"""What controllers may do."""

from __future__ import annotations

import json
from importlib.resources import files

import pytest

from steersman.apiserver.authz.rules import covers
from steersman.controllers.catalog import CONTROLLERS, load_controller
from steersman.controllers.roles import account_of, rules_of, service_account

POLICY = json.loads(files("steersman.apiserver.authz").joinpath("bootstrap_policy.json").read_text())
ROLES: dict[str, list[dict]] = {}
for each in (*POLICY["clusterroles"], *POLICY["roles"]):
    ROLES.setdefault(each["name"], []).extend(each.get("rules", []))
MANAGER = "system:kube-controller-manager"
SHARED = [rule for rule in ROLES[MANAGER] if {*rule["verbs"]} <= {"list", "watch"} or rule["resources"] == ["events"]]
"""The manager reads for all; events of those whose role says nothing of them are nobody's loss."""


def test_a_service_account_is_named_like_its_controller():
    assert service_account("ttl_after_finished") == "ttl-after-finished-controller"


@pytest.mark.parametrize("name", CONTROLLERS)
def test_a_controller_declares_no_more_than_the_role_that_every_cluster_begins_with(name):
    controller = load_controller(name)
    assert controller.name == name
    if controller.needs:
        pytest.skip("its role comes with the API that it needs")
    account = account_of(controller)
    role = ROLES[account if account == MANAGER else f"system:controller:{account}"]
    assert covers(role + SHARED, rules_of(controller)) == []
