from __future__ import annotations

import pytest

from steersman.apiserver.authn.user import User
from steersman.apiserver.authz.attributes import Attributes
from steersman.apiserver.authz.rbac import RBAC
from steersman.apiserver.authz.roles import RoleTable

ALICE = User("alice", groups=("devs", "system:authenticated"))
ROBOT = User("system:serviceaccount:ns:robot", groups=("system:serviceaccounts",))


def rule(verbs, resources, *, groups="", names="", urls=""):
    made = {"verbs": verbs.split()}
    if urls:
        made["nonResourceURLs"] = urls.split()
    else:
        made |= {"apiGroups": groups.split() or [""], "resources": resources.split()}
    if names:
        made["resourceNames"] = names.split()
    return made


class Roles(RoleTable):
    def role_of(self, name, *rules, namespace=""):
        metadata = {"name": name, "namespace": namespace} if namespace else {"name": name}
        self.put("roles" if namespace else "clusterroles", {"metadata": metadata, "rules": list(rules)})

    def bind(self, name, role, *subjects, namespace="", kind=""):
        metadata = {"name": name, "namespace": namespace} if namespace else {"name": name}
        listed = []
        for text in subjects:
            subject_kind, subject = text.split(" ")
            entry = {"kind": subject_kind, "name": subject}
            if subject_kind == "ServiceAccount" and "/" in subject:
                entry["namespace"], entry["name"] = subject.split("/")
            listed.append(entry)
        reference = {"kind": kind or ("Role" if namespace else "ClusterRole"), "name": role}
        self.put(
            "rolebindings" if namespace else "clusterrolebindings",
            {"metadata": metadata, "roleRef": reference, "subjects": listed},
        )


@pytest.fixture
def roles():
    return Roles()


def ask(roles, verb, resource, *, user=ALICE, group="", namespace="", name="", rbac=None):
    resource, _, subresource = resource.partition("/")
    attributes = Attributes(user, verb, group, "v1", resource, subresource, namespace, name)
    return (rbac or RBAC(roles=roles)).authorize(attributes)


def test_a_cluster_wide_binding_allows_everywhere_and_says_why(roles):
    roles.role_of("reader", rule("get list", "pods"))
    roles.bind("b", "reader", "User bob", "Group devs")
    reason = 'RBAC: allowed by ClusterRoleBinding "b" of ClusterRole "reader" to Group "devs"'
    for namespace in ("", "ns"):
        decision = ask(roles, "get", "pods", namespace=namespace)
        assert (decision.allowed, decision.reason) == (True, reason)
    assert not ask(roles, "delete", "pods").allowed
    assert not ask(roles, "get", "pods", user=User("carol")).allowed


def test_a_binding_in_a_namespace_allows_there_only(roles):
    roles.role_of("reader", rule("get", "pods"))
    roles.bind("b", "reader", "User alice", namespace="ns", kind="ClusterRole")
    decision = ask(roles, "get", "pods", namespace="ns")
    assert decision.reason == 'RBAC: allowed by RoleBinding "b/ns" of ClusterRole "reader" to User "alice"'
    assert not ask(roles, "get", "pods", namespace="other").allowed
    assert not ask(roles, "get", "pods").allowed


def test_service_accounts_are_named_with_their_namespace_or_live_in_the_bindings(roles):
    roles.role_of("r", rule("get", "pods"), namespace="ns")
    roles.role_of("r", rule("get", "pods"), namespace="other")
    roles.bind("b", "r", "ServiceAccount robot", namespace="ns")
    roles.bind("b", "r", "ServiceAccount robot", namespace="other")
    decision = ask(roles, "get", "pods", user=ROBOT, namespace="ns")
    assert decision.reason == 'RBAC: allowed by RoleBinding "b/ns" of Role "r" to ServiceAccount "robot/ns"'
    assert not ask(roles, "get", "pods", user=ROBOT, namespace="other").allowed
    roles.bind("b", "r", "ServiceAccount ns/robot", namespace="other")
    assert ask(roles, "get", "pods", user=ROBOT, namespace="other").allowed


def test_a_service_account_without_namespace_means_nobody_cluster_wide(roles):
    roles.role_of("r", rule("get", "pods"))
    roles.bind("b", "r", "ServiceAccount robot")
    assert not ask(roles, "get", "pods", user=ROBOT).allowed
    roles.bind("b", "r", "ServiceAccount ns/robot")
    assert ask(roles, "get", "pods", user=ROBOT).allowed


def test_user_group_and_service_account_of_one_name_are_different(roles):
    roles.role_of("r", rule("get", "pods"))
    roles.bind("b", "r", "Group alice", "User devs")
    assert not ask(roles, "get", "pods").allowed


@pytest.mark.parametrize(
    ("resources", "asked", "allowed"),
    [
        ("pods", "pods", True),
        ("pods", "pods/log", False),
        ("pods/log", "pods/log", True),
        ("pods/log", "pods", False),
        ("*", "pods/log", True),
        ("*/scale", "deployments/scale", True),
        ("*/scale", "deployments", False),
        ("*/scale", "deployments/status", False),
        ("pods/*", "pods/log", False),
    ],
)
def test_resources_and_their_subresources(roles, resources, asked, allowed):
    roles.role_of("r", rule("get", resources, groups="*"))
    roles.bind("b", "r", "User alice")
    assert ask(roles, "get", asked, group="apps").allowed is allowed


def test_groups_of_the_api_are_matched_exactly(roles):
    roles.role_of("r", rule("*", "deployments", groups="apps"))
    roles.bind("b", "r", "User alice")
    assert ask(roles, "anything", "deployments", group="apps").allowed
    assert not ask(roles, "get", "deployments", group="extensions").allowed


def test_names_limit_a_rule_to_single_objects(roles):
    roles.role_of("r", rule("get", "secrets", names="a b"))
    roles.bind("b", "r", "User alice")
    assert ask(roles, "get", "secrets", name="a").allowed
    assert not ask(roles, "get", "secrets", name="c").allowed
    assert not ask(roles, "get", "secrets").allowed


def test_an_unlimited_rule_behind_a_limited_one_counts_too(roles):
    roles.role_of("few", rule("get", "secrets", names="a"))
    roles.role_of("all", rule("get", "secrets"))
    roles.bind("b1", "few", "User alice")
    roles.bind("b2", "all", "User alice")
    assert '"b1"' in ask(roles, "get", "secrets", name="a").reason
    assert '"b2"' in ask(roles, "get", "secrets", name="c").reason


@pytest.mark.parametrize(
    ("urls", "path", "allowed"),
    [
        ("/healthz", "/healthz", True),
        ("/healthz", "/healthz/etcd", False),
        ("/healthz/*", "/healthz/etcd", True),
        ("/healthz/*", "/healthz", False),
        ("/logs*", "/logsfoo", True),
        ("*", "/anything", True),
        ("/x*y", "/x-y", False),
    ],
)
def test_paths_and_prefixes(roles, urls, path, allowed):
    roles.role_of("r", rule("get", "", urls=urls))
    roles.bind("b", "r", "User alice")
    rbac = RBAC(roles=roles)
    assert rbac.authorize(Attributes(ALICE, "get", path=path, is_resource=False)).allowed is allowed
    assert not rbac.authorize(Attributes(ALICE, "post", path=path, is_resource=False)).allowed


def test_rules_of_paths_say_nothing_about_resources_nor_the_other_way(roles):
    roles.role_of("paths", rule("*", "", urls="*"))
    roles.bind("b", "paths", "User alice")
    assert not ask(roles, "get", "pods").allowed
    roles.role_of("paths", rule("*", "*", groups="*"))
    assert not RBAC(roles=roles).authorize(Attributes(ALICE, "get", path="/x", is_resource=False)).allowed


def test_every_change_is_seen_by_the_next_question(roles):
    rbac = RBAC(roles=roles)

    def allowed(namespace="ns"):
        return ask(roles, "get", "pods", namespace=namespace, rbac=rbac).allowed

    assert not allowed()
    roles.role_of("r", rule("get", "pods"), namespace="ns")
    roles.bind("b", "r", "User alice", namespace="ns")
    assert allowed()
    roles.role_of("r", rule("list", "pods"), namespace="ns")
    assert not allowed()
    roles.role_of("r", rule("get", "pods"), namespace="ns")
    assert allowed()
    roles.bind("b", "r", "User bob", namespace="ns")
    assert not allowed()
    roles.role_of("c", rule("get", "pods"))
    roles.bind("b", "c", "User alice", namespace="ns", kind="ClusterRole")
    assert allowed()
    roles.remove("clusterroles", "", "c")
    assert not allowed()
    roles.role_of("c", rule("get", "pods"))
    roles.remove("rolebindings", "ns", "b")
    assert not allowed()


def test_a_change_in_one_namespace_leaves_what_is_known_of_others(roles):
    roles.role_of("r", rule("get", "pods"), namespace="ns")
    roles.bind("b", "r", "User alice", namespace="ns")
    rbac = RBAC(roles=roles)
    first = ask(roles, "get", "pods", namespace="ns", rbac=rbac)
    roles.role_of("r", rule("get", "pods"), namespace="other")
    assert ask(roles, "get", "pods", namespace="ns", rbac=rbac) is first


def test_a_binding_of_a_role_that_does_not_exist_grants_nothing_and_is_reported(roles):
    roles.bind("b1", "gone", "User alice")
    roles.bind("b2", "lost", "User alice", namespace="ns")
    decision = ask(roles, "get", "pods", namespace="ns")
    assert not decision.allowed
    assert decision.reason == (
        'RBAC: [clusterrole.rbac.authorization.k8s.io "gone" not found, '
        'role.rbac.authorization.k8s.io "lost" not found]'
    )


def test_a_cluster_role_binding_cannot_refer_to_a_role(roles):
    roles.role_of("r", rule("get", "pods"), namespace="ns")
    roles.bind("b", "r", "User alice", kind="Role")
    assert not ask(roles, "get", "pods", namespace="ns").allowed


def test_lists_all_rules_of_a_user(roles):
    roles.role_of("c", rule("get", "", urls="/x"), rule("get", "nodes", names="n"))
    roles.role_of("r", rule("list", "pods"), namespace="ns")
    roles.bind("b", "c", "User alice")
    roles.bind("b", "r", "Group devs", namespace="ns")
    found = RBAC(roles=roles).rules_for(ALICE, "ns")
    assert found.resource_rules == (
        {"verbs": ["get"], "apiGroups": [""], "resources": ["nodes"], "resourceNames": ["n"]},
        {"verbs": ["list"], "apiGroups": [""], "resources": ["pods"]},
    )
    assert found.non_resource_rules == ({"verbs": ["get"], "nonResourceURLs": ["/x"]},)
    assert not found.incomplete


def test_what_is_remembered_is_bounded_whatever_is_asked(roles):
    roles.role_of("r", rule("get", "", urls="*"))
    roles.bind("b", "r", "User alice")
    rbac = RBAC(roles=roles)
    for number in range(3000):
        rbac.authorize(Attributes(ALICE, "get", path=f"/{number}", is_resource=False))
        ask(roles, "get", "pods", name=f"p{number}", namespace="ns", rbac=rbac)
    assert all(len(held.access.answers) <= 1024 for held in rbac._accesses.values())
    for number in range(5000):
        ask(roles, "get", "pods", user=User(f"u{number}"), rbac=rbac)
    assert len(rbac._accesses) <= 4096


def test_namespaces_that_add_nothing_share_what_is_known_of_the_cluster(roles):
    roles.role_of("r", rule("get", "pods"))
    roles.bind("b", "r", "User alice")
    roles.bind("inside", "r", "User alice", namespace="mine", kind="ClusterRole")
    rbac = RBAC(roles=roles)
    assert rbac._access(ALICE, "a") is rbac._access(ALICE, "b") is rbac._access(ALICE, "")
    assert rbac._access(ALICE, "mine") is not rbac._access(ALICE, "")
    roles.bind("later", "r", "User alice", namespace="a", kind="ClusterRole")
    assert rbac._access(ALICE, "a") is not rbac._access(ALICE, "")


def test_a_role_is_compiled_once_for_all_who_are_bound_to_it(roles):
    roles.role_of("r", rule("get", "pods"))
    roles.bind("b", "r", "User alice", "User bob")
    rbac = RBAC(roles=roles)
    first, second = (rbac._access(User(name), "").rules[0].rule for name in ("alice", "bob"))
    assert first is second
    roles.role_of("r", rule("list", "pods"))
    assert rbac._access(ALICE, "").rules[0].rule.verbs == {"list"}
