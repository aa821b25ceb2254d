from __future__ import annotations

import json
from pathlib import Path

import pytest

from steersman.apiserver.authz.bootstrap import Action, bootstrap_objects, node_rules, reconcile

REFERENCE = Path(__file__).parents[5] / "shared" / "reference" / "boot_objects.json"
POLICY = {
    (resource, obj["metadata"].get("namespace", ""), obj["metadata"]["name"]): obj
    for resource, obj in bootstrap_objects()
}
ROLE = ("clusterroles", "", "system:basic-user")
BINDING = ("clusterrolebindings", "", "system:basic-user")


def plan(**changes):
    """The writes for a cluster that has the policy, but for `changes`: the object of ROLE or BINDING, or None."""
    found = dict(POLICY)
    for name, obj in changes.items():
        key = ROLE if name == "role" else BINDING
        if obj is None:
            del found[key]
        else:
            found[key] = obj
    return reconcile(lambda *key: found.get(key))


@pytest.mark.skipif(not REFERENCE.is_file(), reason="needs ../shared/reference beside the project")
def test_is_upstreams_policy():
    recorded = json.loads(REFERENCE.read_text())
    seen = 0
    for resource in ("clusterroles", "clusterrolebindings", "roles", "rolebindings"):
        for obj in recorded[f"/apis/rbac.authorization.k8s.io/v1/{resource}"]:
            key = (resource, obj["metadata"].get("namespace", ""), obj["metadata"]["name"])
            ours = {field: value for field, value in POLICY[key].items() if field not in ("apiVersion", "kind")}
            assert ours == obj
            seen += 1
    assert seen == len(POLICY)


def test_an_empty_cluster_gets_everything_roles_before_bindings():
    writes = reconcile(lambda *key: None)
    assert {write.action for write in writes} == {Action.CREATE}
    assert len(writes) == len(POLICY)
    resources = [write.resource for write in writes]
    assert resources == sorted(resources, key=["clusterroles", "clusterrolebindings", "roles", "rolebindings"].index)


def test_a_cluster_that_has_it_needs_no_write():
    assert plan() == []


def test_missing_objects_come_back():
    assert [(write.action, write.obj["metadata"]["name"]) for write in plan(role=None)] == [
        (Action.CREATE, "system:basic-user")
    ]


def test_missing_rules_are_added_and_others_stay():
    own = {"verbs": ["get"], "apiGroups": [""], "resources": ["pods"]}
    found = {**POLICY[ROLE], "rules": [own]}
    [write] = plan(role=found)
    assert write.action is Action.UPDATE
    assert write.obj["rules"][0] == own
    assert {"apiGroups": ["authorization.k8s.io"], "resources": ["selfsubjectaccessreviews"], "verbs": ["create"]} in (
        write.obj["rules"]
    )
    assert found["rules"] == [own]
    assert plan(role=write.obj) == []


def test_more_than_the_policy_is_left_alone():
    wider = {**POLICY[ROLE], "rules": [{"verbs": ["*"], "apiGroups": ["*"], "resources": ["*"]}]}
    assert plan(role=wider) == []


def test_labels_and_annotations_are_added_and_never_changed():
    metadata = {
        **POLICY[ROLE]["metadata"],
        "labels": {"kubernetes.io/bootstrapping": "mine", "x": "y"},
        "annotations": None,
    }
    [write] = plan(role={**POLICY[ROLE], "metadata": metadata})
    assert write.obj["metadata"]["labels"] == {"kubernetes.io/bootstrapping": "mine", "x": "y"}
    assert write.obj["metadata"]["annotations"] == {"rbac.authorization.kubernetes.io/autoupdate": "true"}


def test_who_opted_out_is_left_alone():
    metadata = {**POLICY[ROLE]["metadata"], "annotations": {"rbac.authorization.kubernetes.io/autoupdate": "false"}}
    assert plan(role={**POLICY[ROLE], "metadata": metadata, "rules": []}) == []


def test_missing_subjects_are_added_and_others_stay():
    other = {"kind": "User", "apiGroup": "rbac.authorization.k8s.io", "name": "x"}
    [write] = plan(binding={**POLICY[BINDING], "subjects": [other]})
    assert write.action is Action.UPDATE
    assert write.obj["subjects"] == [other, *POLICY[BINDING]["subjects"]]


def test_a_binding_to_another_role_is_replaced():
    reference = {**POLICY[BINDING]["roleRef"], "name": "cluster-admin"}
    [write] = plan(binding={**POLICY[BINDING], "roleRef": reference})
    assert (write.action, write.obj) == (Action.REPLACE, POLICY[BINDING])


def test_aggregated_roles_keep_what_their_controller_filled_in():
    key = ("clusterroles", "", "view")
    filled = {**POLICY[key], "rules": [{"verbs": ["get"], "apiGroups": [""], "resources": ["pods"]}]}
    assert reconcile(lambda *asked: filled if asked == key else POLICY.get(asked)) == []
    selectors = [{"matchLabels": {"mine": "too"}}]
    other = {**POLICY[key], "aggregationRule": {"clusterRoleSelectors": selectors}}
    [write] = reconcile(lambda *asked: other if asked == key else POLICY.get(asked))
    assert write.obj["aggregationRule"]["clusterRoleSelectors"] == [
        *selectors,
        *POLICY[key]["aggregationRule"]["clusterRoleSelectors"],
    ]


def test_nodes_have_rules():
    assert {"verbs": ["get", "list", "watch"], "apiGroups": [""], "resources": ["services"]} in node_rules()
