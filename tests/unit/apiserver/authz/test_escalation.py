from __future__ import annotations

import pytest

from steersman.api.errors import Forbidden, NotFound
from steersman.apiserver.authn.user import User
from steersman.apiserver.authz.chain import AuthorizerChain
from steersman.apiserver.authz.escalation import EscalationCheck, only_housekeeping
from steersman.apiserver.authz.rbac import RBAC
from steersman.apiserver.authz.roles import RoleTable

ALICE = User("alice", groups=("devs",))
GET_PODS = {"verbs": ["get"], "apiGroups": [""], "resources": ["pods"]}


def check(*rules, extra=()):
    """The check, in a cluster where alice has `rules` everywhere."""
    table = RoleTable()
    table.put("clusterroles", {"metadata": {"name": "own"}, "rules": list(rules)})
    subjects = [{"kind": "User", "name": "alice"}]
    reference = {"kind": "ClusterRole", "name": "own"}
    table.put("clusterrolebindings", {"metadata": {"name": "own"}, "roleRef": reference, "subjects": subjects})
    for resource, obj in extra:
        table.put(resource, obj)
    rbac = RBAC(roles=table)
    return EscalationCheck(authorizer=AuthorizerChain(units=(("rbac", rbac),)), rbac=rbac)


def role(*rules, **further):
    return {"metadata": {"name": "r", "namespace": "ns"}, "rules": list(rules), **further}


def binding(name="big", kind="ClusterRole"):
    reference = {"apiGroup": "rbac.authorization.k8s.io", "kind": kind, "name": name}
    return {"metadata": {"name": "b", "namespace": "ns"}, "roleRef": reference}


BIG = ("clusterroles", {"metadata": {"name": "big"}, "rules": [{**GET_PODS, "verbs": ["delete"]}]})


def test_the_verb_escalate_lifts_the_check_on_roles():
    escalate = {"verbs": ["escalate"], "apiGroups": ["rbac.authorization.k8s.io"], "resources": ["roles"]}
    check(escalate).check_role(ALICE, "roles", "ns", "", new=role(GET_PODS), old=None)
    with pytest.raises(Forbidden):
        check(escalate).check_role(ALICE, "clusterroles", "", "", new=role(GET_PODS), old=None)
    named = {**escalate, "resourceNames": ["other"]}
    with pytest.raises(Forbidden):
        check(named).check_role(ALICE, "roles", "ns", "r", new=role(GET_PODS), old=role())


def test_the_verb_bind_lifts_the_check_on_bindings_of_that_role():
    bind = {
        "verbs": ["bind"], "apiGroups": ["rbac.authorization.k8s.io"], "resources": ["clusterroles"],
        "resourceNames": ["big"],
    }  # fmt: skip
    check(bind, extra=(BIG,)).check_binding(ALICE, "rolebindings", "ns", new=binding(), old=None)
    check(bind).check_binding(ALICE, "rolebindings", "ns", new=binding(), old=None)
    other = ("clusterroles", {**BIG[1], "metadata": {"name": "huge"}})
    with pytest.raises(Forbidden):
        check(bind, extra=(other,)).check_binding(ALICE, "rolebindings", "ns", new=binding("huge"), old=None)


def test_a_binding_of_a_role_that_does_not_exist_is_not_found():
    with pytest.raises(NotFound) as caught:
        check().check_binding(ALICE, "clusterrolebindings", "", new=binding("absent"), old=None)
    assert caught.value.message == 'clusterrolebindings.rbac.authorization.k8s.io "absent" not found'


def test_system_masters_may_grant_anything():
    admin = User("admin", groups=("system:masters",))
    check().check_role(admin, "roles", "ns", "", new=role(GET_PODS), old=None)
    check().check_binding(admin, "rolebindings", "ns", new=binding("absent"), old=None)


def test_what_the_garbage_collector_writes_grants_nothing():
    old = role(GET_PODS)
    new = {**old, "metadata": {**old["metadata"], "finalizers": ["x"], "managedFields": [{}]}}
    check().check_role(ALICE, "roles", "ns", "r", new=new, old=old)
    check(extra=(BIG,)).check_binding(
        ALICE,
        "rolebindings",
        "ns",
        new={**binding(), "metadata": {**new["metadata"]}},
        old={**binding(), "metadata": old["metadata"]},
    )
    labelled = {**old, "metadata": {**old["metadata"], "labels": {"a": "b"}}}
    assert not only_housekeeping(labelled, old)
    with pytest.raises(Forbidden):
        check().check_role(ALICE, "roles", "ns", "r", new=labelled, old=old)


def test_aggregation_needs_full_authority():
    aggregated = role(aggregationRule={"clusterRoleSelectors": [{"matchLabels": {"a": "b"}}]})
    with pytest.raises(Forbidden, match="must have cluster-admin privileges to use the aggregationRule"):
        check(GET_PODS).check_role(ALICE, "clusterroles", "", "", new=aggregated, old=None)
    with pytest.raises(Forbidden, match="must have cluster-admin privileges"):
        check(GET_PODS).check_role(ALICE, "clusterroles", "", "r", new=role(GET_PODS), old=aggregated)
    everything = ({"verbs": ["*"], "apiGroups": ["*"], "resources": ["*"]}, {"verbs": ["*"], "nonResourceURLs": ["*"]})
    check(*everything).check_role(ALICE, "clusterroles", "", "", new=aggregated, old=None)


def test_bindings_in_vain_are_told_with_the_refusal():
    lost = {"metadata": {"name": "lost"}, "roleRef": {"kind": "ClusterRole", "name": "gone"}}
    lost["subjects"] = [{"kind": "Group", "name": "devs"}]
    with pytest.raises(Forbidden) as caught:
        check(extra=(("clusterrolebindings", lost),)).check_role(ALICE, "roles", "ns", "", new=role(GET_PODS), old=None)
    assert caught.value.message == (
        'roles.rbac.authorization.k8s.io "r" is forbidden: user "alice" (groups=["devs"]) is attempting to grant RBAC '
        'permissions not currently held:\n{APIGroups:[""], Resources:["pods"], Verbs:["get"]}; resolution errors: '
        '[roles.rbac.authorization.k8s.io "gone" not found]'
    )
