from __future__ import annotations

from types import SimpleNamespace

import pytest

from steersman.apiserver.authn.user import User
from steersman.apiserver.authz.attributes import Attributes, Requirement
from steersman.apiserver.authz.bootstrap import node_rules
from steersman.apiserver.authz.node import NodeAuthorizer

from .pods import POD, SECRETS

N1 = User("system:node:n1", groups=("system:nodes", "system:authenticated"))


class Relations:
    def __init__(self, *pods, **objects):
        self.pods = {pod["metadata"]["name"]: pod for pod in pods}
        self.objects = objects
        self.loaded = 0

    def pods_on_node(self, node):
        for pod in self.pods.values():
            if pod["spec"].get("nodeName") == node:
                yield SimpleNamespace(
                    uid=pod["metadata"]["uid"],
                    namespace=pod["metadata"]["namespace"],
                    revision=pod["metadata"].get("resourceVersion", 1),
                    load=lambda pod=pod: self.load(pod),
                )

    def load(self, pod):
        self.loaded += 1
        return pod

    def get(self, resource, namespace, name):
        if resource == "pods":
            return self.pods.get(name)
        return self.objects.get(resource, {}).get(f"{namespace}/{name}")


def ask(relations, verb, resource, *, name="", namespace="", group="", user=N1, fields=(), path=""):
    resource, _, subresource = resource.partition("/")
    authorizer = NodeAuthorizer(relations=relations, rules=node_rules())
    attributes = Attributes(
        user,
        verb,
        group,
        "v1",
        resource,
        subresource,
        namespace,
        name,
        path,
        is_resource=not path,
        field_selector=fields,
    )
    return authorizer.authorize(attributes)


def test_only_members_of_system_nodes_are_nodes():
    for user in (User("system:node:n1"), User("alice", groups=("system:nodes",))):
        decision = ask(Relations(POD), "get", "secrets", name="vol", namespace="ns", user=user)
        assert (decision.allowed, decision.reason) == (False, "")
    nameless = ask(Relations(), "get", "secrets", user=User("system:node:", groups=("system:nodes",)))
    assert nameless.reason == 'unknown node for user "system:node:"'


@pytest.mark.parametrize("verb", ["get", "list", "watch"])
def test_secrets_and_config_maps_of_the_nodes_pods_are_read_one_by_one(verb):
    relations = Relations(POD)
    for name in SECRETS:
        assert ask(relations, verb, "secrets", name=name, namespace="ns").allowed
    assert ask(relations, verb, "configmaps", name="cvol", namespace="ns").allowed
    other = ask(relations, verb, "secrets", name="other", namespace="ns")
    assert other.reason == "no relationship found between node 'n1' and this object"
    assert not ask(relations, verb, "secrets", name="vol", namespace="elsewhere").allowed
    assert ask(relations, verb, "secrets", namespace="ns").reason == "No Object name found"
    assert ask(relations, verb, "secrets").reason == "can only read namespaced object of this type"
    assert (
        ask(relations, "update", "secrets", name="vol", namespace="ns").reason == "can only read resources of this type"
    )


def test_pods_of_other_nodes_and_mirror_pods_open_nothing():
    elsewhere = {**POD, "spec": {**POD["spec"], "nodeName": "n2"}}
    assert not ask(Relations(elsewhere), "get", "secrets", name="vol", namespace="ns").allowed
    mirror = {**POD, "metadata": {**POD["metadata"], "annotations": {"kubernetes.io/config.mirror": "x"}}}
    assert not ask(Relations(mirror), "get", "secrets", name="vol", namespace="ns").allowed


def test_references_are_read_once_for_each_revision_of_a_pod():
    relations = Relations(POD)
    authorizer = NodeAuthorizer(relations=relations, rules=())

    def allowed(name):
        return authorizer.authorize(Attributes(N1, "get", "", "v1", "secrets", "", "ns", name)).allowed

    assert allowed("vol")
    assert allowed("pull")
    assert not allowed("x")
    assert relations.loaded == 1
    spec = {**POD["spec"], "ephemeralContainers": [{"envFrom": [{"secretRef": {"name": "x"}}]}]}
    relations.pods["p"] = {**POD, "metadata": {**POD["metadata"], "resourceVersion": 2}, "spec": spec}
    assert allowed("x")


VOLUME = {
    "spec": {
        "claimRef": {"namespace": "ns", "name": "claim"},
        "csi": {
            "nodeStageSecretRef": {"namespace": "storage", "name": "stage"},
            "controllerExpandSecretRef": {"namespace": "storage", "name": "controller"},
        },
    }
}


def test_volumes_and_their_secrets_follow_the_claims_of_the_nodes_pods():
    claims = {"ns/claim": {"spec": {"volumeName": "v"}}}
    relations = Relations(POD, persistentvolumeclaims=claims, persistentvolumes={"/v": VOLUME})
    assert ask(relations, "get", "persistentvolumeclaims", name="claim", namespace="ns").allowed
    assert ask(relations, "patch", "persistentvolumeclaims/status", name="claim", namespace="ns").allowed
    assert not ask(relations, "patch", "persistentvolumeclaims", name="claim", namespace="ns").allowed
    assert ask(relations, "get", "persistentvolumes", name="v").allowed
    assert not ask(relations, "get", "persistentvolumes", name="w").allowed
    assert ask(relations, "get", "secrets", name="stage", namespace="storage").allowed
    assert not ask(relations, "get", "secrets", name="controller", namespace="storage").allowed


def test_a_claim_that_names_somebody_elses_volume_opens_nothing():
    volume = {"spec": {**VOLUME["spec"], "claimRef": {"namespace": "other", "name": "claim"}}}
    claims = {"ns/claim": {"spec": {"volumeName": "v"}}}
    relations = Relations(POD, persistentvolumeclaims=claims, persistentvolumes={"/v": volume})
    assert not ask(relations, "get", "persistentvolumes", name="v").allowed
    assert not ask(relations, "get", "secrets", name="stage", namespace="storage").allowed


def test_tokens_are_made_for_service_accounts_of_the_nodes_pods():
    relations = Relations(POD)
    assert ask(relations, "create", "serviceaccounts/token", name="sa", namespace="ns").allowed
    assert ask(relations, "get", "serviceaccounts", name="sa", namespace="ns").allowed
    assert not ask(relations, "create", "serviceaccounts/token", name="default", namespace="ns").allowed
    assert not ask(relations, "create", "serviceaccounts", namespace="ns").allowed


def test_pods_are_read_by_node():
    relations = Relations(POD)
    own = (Requirement("spec.nodeName", "=", ("n1",)),)
    other = (Requirement("spec.nodeName", "=", ("n2",)),)
    assert ask(relations, "list", "pods", fields=own).allowed
    assert ask(relations, "watch", "pods", fields=own, namespace="ns").allowed
    assert not ask(relations, "list", "pods", fields=other).allowed
    assert ask(relations, "list", "pods").reason == "can only list/watch pods with spec.nodeName field selector"
    assert ask(relations, "get", "pods", name="p", namespace="ns").allowed
    assert not ask(relations, "get", "pods", name="q", namespace="ns").allowed
    assert ask(relations, "patch", "pods/status", name="q", namespace="ns").allowed
    assert ask(relations, "create", "pods/eviction", name="q", namespace="ns").allowed
    assert not ask(relations, "update", "pods", name="p", namespace="ns").allowed
    assert not ask(relations, "deletecollection", "pods", namespace="ns").allowed


@pytest.mark.parametrize(
    ("verb", "resource", "name", "namespace", "allowed"),
    [
        ("get", "leases", "n1", "kube-node-lease", True),
        ("create", "leases", "", "kube-node-lease", True),
        ("update", "leases", "n2", "kube-node-lease", False),
        ("get", "leases", "n1", "default", False),
        ("list", "leases", "", "kube-node-lease", False),
        ("get", "csinodes", "n1", "", True),
        ("patch", "csinodes", "n2", "", False),
        ("get", "csinodes/status", "n1", "", False),
        ("get", "nodes", "n1", "", True),
        ("watch", "nodes", "n1", "", True),
        ("get", "nodes", "n2", "", False),
        ("list", "nodes", "", "", False),
        ("create", "nodes", "", "", True),
        ("patch", "nodes/status", "n1", "", True),
        ("delete", "nodes", "n1", "", False),
        ("get", "nodes/proxy", "n1", "", False),
        ("create", "resourceslices", "", "", True),
        ("get", "resourceslices", "mine", "", True),
        ("delete", "resourceslices", "other", "", False),
        ("list", "resourceslices", "", "", False),
        ("get", "volumeattachments", "mine", "", True),
        ("get", "volumeattachments", "other", "", False),
        ("get", "podcertificaterequests", "mine", "ns", True),
        ("create", "podcertificaterequests", "", "ns", True),
        ("update", "podcertificaterequests", "mine", "ns", False),
        ("get", "resourceclaims", "rc", "ns", True),
        ("get", "resourceclaims", "x", "ns", False),
        ("list", "services", "", "", True),
        ("create", "services", "", "ns", False),
        ("create", "tokenreviews", "", "", True),
    ],
)
def test_its_own_and_nothing_more(verb, resource, name, namespace, allowed):
    groups = {
        "leases": "coordination.k8s.io", "csinodes": "storage.k8s.io", "resourceslices": "resource.k8s.io",
        "volumeattachments": "storage.k8s.io", "podcertificaterequests": "certificates.k8s.io",
        "resourceclaims": "resource.k8s.io", "tokenreviews": "authentication.k8s.io",
    }  # fmt: skip
    mine, other = {"spec": {"nodeName": "n1"}}, {"spec": {"nodeName": "n2"}}
    kept = {"/mine": mine, "/other": other, "ns/mine": mine}
    relations = Relations(POD, resourceslices=kept, volumeattachments=kept, podcertificaterequests=kept)
    group = groups.get(resource.split("/")[0], "")
    decision = ask(relations, verb, resource, name=name, namespace=namespace, group=group)
    assert decision.allowed is allowed, decision


def test_paths_are_not_a_nodes_business():
    assert not ask(Relations(), "get", "", path="/metrics").allowed
