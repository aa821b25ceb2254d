from __future__ import annotations

import pytest

from steersman.api.certificates.certificate_signing_request import CERTIFICATE_SIGNING_REQUESTS
from steersman.api.certificates.pod_certificate_request import POD_CERTIFICATE_REQUESTS
from steersman.api.coordination.lease import LEASES
from steersman.api.core.config_map import CONFIG_MAPS
from steersman.api.core.node import NODES
from steersman.api.core.persistent_volume import PERSISTENT_VOLUMES
from steersman.api.core.persistent_volume_claim import PERSISTENT_VOLUME_CLAIMS
from steersman.api.core.pod import PODS
from steersman.api.core.service_account import SERVICE_ACCOUNTS
from steersman.api.dra.resource_slice import RESOURCE_SLICES
from steersman.api.errors import ApiError, Forbidden, NotFound
from steersman.api.storage.csi_driver import CSI_DRIVERS
from steersman.api.storage.csi_node import CSI_NODES
from steersman.apiserver.admission.interface import CREATE, DELETE
from steersman.apiserver.admission.node_restriction.plugin import NodeRestriction
from steersman.apiserver.authn.user import User
from steersman.apiserver.authz.attributes import ALLOWED, NO_OPINION

from .shelf import USER, Shelf, pod, review
from .test_certificates import request_pem

NODE = User(name="system:node:n", groups=("system:nodes",))
MIRROR = {"kubernetes.io/config.mirror": "x"}
OWNER = {"apiVersion": "v1", "kind": "Node", "name": "n", "uid": "nu", "controller": True}


class Allows:
    def __init__(self, *asked) -> None:
        self._allowed = asked

    def authorize(self, asked):
        return ALLOWED if (asked.verb, asked.resource, asked.name) in self._allowed else NO_OPINION


def _shelf():
    shelf = Shelf()
    shelf.put(NODES, {}, name="n", uid="nu")
    shelf.put(PODS, pod(nodeName="n", serviceAccountName="sa", name="mine", metadata={"uid": "pu"}), "ns")
    shelf.put(PODS, pod(nodeName="m", name="theirs"), "ns")
    shelf.put(SERVICE_ACCOUNTS, {}, "ns", name="sa", uid="su")
    return shelf


def _admit(*args, user=NODE, shelf=None, allows=(), namespace=None, **how):
    asked = review(*args, user=user, **how)
    if namespace is not None:
        asked.namespace = namespace
    NodeRestriction(reader=shelf or _shelf(), authorizer=Allows(*allows)).admit(asked)


def _refused(*args, **how):
    with pytest.raises(Forbidden) as refused:
        _admit(*args, **how)
    return refused.value.message.partition("is forbidden: ")[2]


def test_only_nodes_are_restricted():
    _admit(PODS, pod(), user=USER)
    _admit(PODS, pod(), user=User(name="system:node:n"))
    _admit(CONFIG_MAPS, {"metadata": {"name": "c"}})
    nobody = User(name="system:node:", groups=("system:nodes",))
    assert _refused(PODS, pod(), user=nobody) == 'could not determine node from user "system:node:"'


# -- pods


def _mirror(owners=(OWNER,), node="n", annotations=MIRROR, **spec):
    return pod(nodeName=node, metadata={"annotations": annotations, "ownerReferences": list(owners)}, **spec)


@pytest.mark.parametrize(
    ("made", "why"),
    [
        (
            _mirror(annotations={}),
            'pod does not have "kubernetes.io/config.mirror" annotation, node "n" can only create mirror pods',
        ),
        (_mirror(node="m"), 'node "n" can only create pods with spec.nodeName set to itself'),
        (_mirror([OWNER, OWNER]), 'node "n" can only create pods with a single owner reference set to itself'),
        (_mirror([]), 'node "n" can only create pods with an owner reference set to itself'),
        (_mirror([{**OWNER, "name": "m"}]), 'node "n" can only create pods with an owner reference set to itself'),
        (
            _mirror([{**OWNER, "controller": False}]),
            'node "n" can only create pods with a controller owner reference set to itself',
        ),
        (
            _mirror([{**OWNER, "blockOwnerDeletion": True}]),
            'node "n" must not set blockOwnerDeletion on an owner reference',
        ),
        (_mirror([{**OWNER, "uid": "x"}]), "node n UID mismatch: expected x got nu"),
        (_mirror(serviceAccountName="sa"), 'node "n" can not create pods that reference serviceaccounts'),
        (
            _mirror(volumes=[{"name": "v", "secret": {"secretName": ""}}]),
            'node "n" can not create pods that reference secrets (via secret volumes)',
        ),
        (
            _mirror(volumes=[{"name": "v", "projected": {"sources": [{"podCertificate": {}}]}}]),
            'node "n" can not create pods that reference podcertificates',
        ),
        (
            _mirror(volumes=[{"name": "v", "new": {}}]),
            'error checking mirror pod for API references: unknown volume type for volume  "v"',
        ),
    ],
)
def test_a_node_creates_only_pictures_of_what_it_runs(made, why):
    assert _refused(PODS, made) == why


def test_a_mirror_pod_without_references_passes():
    volumes = [{"name": "v", "hostPath": {}}, {"name": "w", "projected": {"sources": [{"downwardAPI": {}}]}}]
    _admit(PODS, _mirror(volumes=volumes))


def test_a_node_deletes_and_evicts_what_is_bound_to_it():
    eviction = {"metadata": {"name": "theirs"}}
    _admit(PODS, operation=DELETE, name="mine")
    _admit(PODS, {"metadata": {"name": "mine"}}, subresource="eviction")
    why = 'node "n" can only delete pods with spec.nodeName set to itself'
    assert _refused(PODS, operation=DELETE, name="theirs") == why
    why = "node n can only evict pods with spec.nodeName set to itself"
    assert _refused(PODS, eviction, subresource="eviction") == why
    with pytest.raises(NotFound, match='pods "absent" not found'):
        _admit(PODS, operation=DELETE, name="absent")


def test_a_node_changes_no_pod_but_its_status():
    mine, theirs = pod(nodeName="n"), pod(nodeName="m")
    status = {"subresource": "status"}
    _admit(PODS, mine, mine, **status)
    assert _refused(PODS, mine, mine).startswith('unexpected operation "UPDATE", node "n" can only create and delete')
    assert _refused(PODS, mine, mine, subresource="resize").startswith('unexpected pod subresource "resize"')
    why = 'node "n" can only update pod status for pods with spec.nodeName set to itself'
    assert _refused(PODS, theirs, theirs, **status) == why
    labelled = pod(nodeName="n", metadata={"labels": {"a": "b"}})
    assert _refused(PODS, labelled, mine, **status) == 'node "n" cannot update labels through pod status'
    claims = {**mine, "status": {"resourceClaimStatuses": [{"name": "x"}]}}
    assert _refused(PODS, claims, mine, **status) == 'node "n" cannot update resource claim statues'


def test_of_claims_a_node_tells_size_and_conditions():
    old = {"metadata": {"name": "c"}, "spec": {}, "status": {"phase": "Bound"}}
    told = {"phase": "Bound", "capacity": {"storage": "1"}, "conditions": [], "allocatedResources": {}}
    how = {"subresource": "status"}
    _admit(PERSISTENT_VOLUME_CLAIMS, {**old, "status": told}, old, **how)
    why = _refused(PERSISTENT_VOLUME_CLAIMS, {**old, "status": {"phase": "Lost"}}, old, **how)
    assert why.startswith('node "n" is not allowed to update fields other than status.quantity and status.conditions')
    assert _refused(PERSISTENT_VOLUME_CLAIMS, old, old) == "may only update PVC status"


# -- what is the node's


def _node(name="n", spec=None, **metadata):
    return {"metadata": {"name": name, **metadata}, "spec": spec or {}}


def test_a_node_writes_its_own_node():
    _admit(NODES, _node(labels={"a/b": "c", "kubernetes.io/os": "linux", "x.node.kubernetes.io/y": "z"}))
    assert _refused(NODES, _node("m")) == 'node "n" is not allowed to modify node "m"'
    labels = {"node-restriction.kubernetes.io/x": "", "kubernetes.io/new": "", "a.k8s.io/b": ""}
    assert _refused(NODES, _node(labels=labels)) == (
        'node "n" is not allowed to set the following labels: a.k8s.io/b, kubernetes.io/new, '
        "node-restriction.kubernetes.io/x"
    )


@pytest.mark.parametrize(
    ("changed", "why"),
    [
        (_node(spec={"taints": [{"key": "x"}]}), 'node "n" is not allowed to modify taints'),
        (_node(ownerReferences=[{"uid": "x"}]), 'node "n" is not allowed to modify ownerReferences'),
        (_node(labels={"kubernetes.io/new": "x"}), "is not allowed to modify labels: kubernetes.io/new"),
        (
            _node(spec={"configSource": {}}),
            'node "n" is not allowed to update configSource to a new non-nil configSource',
        ),
    ],
)
def test_a_node_does_not_draw_pods_to_itself(changed, why):
    assert _refused(NODES, changed, _node()) == why


def test_leases_csi_nodes_and_devices_are_the_nodes_own():
    lease = {"metadata": {"name": "n"}}
    _admit(LEASES, lease, namespace="kube-node-lease")
    assert _refused(LEASES, lease) == 'can only access leases in the "kube-node-lease" system namespace'
    other = {"metadata": {"name": "m"}}
    why = "can only access node lease with the same name as the requesting node"
    assert _refused(LEASES, other, namespace="kube-node-lease") == why
    _admit(CSI_NODES, lease)
    assert _refused(CSI_NODES, other) == "can only access CSINode with the same name as the requesting node"
    _admit(RESOURCE_SLICES, {"metadata": {"name": "s"}, "spec": {"nodeName": "n"}})
    theirs = {"metadata": {"name": "s"}, "spec": {"nodeName": "m"}}
    for how, verb in (((theirs,), "create"), ((None, theirs), "delete")):
        why = f"can only {verb} ResourceSlice with the same NodeName as the requesting node"
        assert _refused(RESOURCE_SLICES, *how, operation=CREATE if verb == "create" else DELETE) == why


def test_a_nodes_certificate_names_the_node():
    def request(common_name, signer="kubernetes.io/kubelet-serving"):
        spec = {"signerName": signer, "request": request_pem(common_name=common_name)}
        return {"metadata": {"name": "r"}, "spec": spec}

    _admit(CERTIFICATE_SIGNING_REQUESTS, request("system:node:n"))
    _admit(CERTIFICATE_SIGNING_REQUESTS, request("x", signer="a.b/c"))
    why = "can only create a node CSR with CN=system:node:n"
    assert _refused(CERTIFICATE_SIGNING_REQUESTS, request("system:node:m")) == why


# -- tokens and certificates of pods


def _token(audiences=(), **reference):
    bound = {"apiVersion": "v1", "kind": "Pod", "name": "mine", "uid": "pu", **reference}
    return {"metadata": {"name": "sa"}, "spec": {"audiences": list(audiences), "boundObjectRef": bound}}


def _tokens(*args, **how):
    return _refused(SERVICE_ACCOUNTS, *args, subresource="token", name="sa", **how)


def test_a_nodes_tokens_are_bound_to_its_pods():
    assert _tokens({"metadata": {}, "spec": {}}) == "node requested token not bound to a pod"
    assert _tokens(_token(uid="")) == "node requested token with a pod binding without a uid"
    assert _tokens(_token(uid="x")).startswith("the UID in the bound object reference (x) does not match the UID in")
    why = "node requested token bound to a pod scheduled on a different node"
    assert _tokens(_token(name="theirs", uid="u")) == why
    with pytest.raises(NotFound):
        _admit(SERVICE_ACCOUNTS, _token(name="gone"), subresource="token", name="sa")


def test_the_audience_is_one_that_the_pod_mounts_or_a_role_allows():
    why = 'system:node:n is not authorized to request tokens for audience "a"'
    assert _tokens(_token(["a"])) == why
    assert _tokens(_token(["a", "b"])) == "node may only request 0 or 1 audiences"
    how = {"subresource": "token", "name": "sa"}
    allows = [("request-serviceaccounts-token-audience", "a", "sa")]
    _admit(SERVICE_ACCOUNTS, _token(["a"]), allows=allows, **how)
    shelf = _shelf()
    shelf.put(CSI_DRIVERS, {"spec": {"tokenRequests": [{"audience": "b"}]}}, name="d")
    shelf.put(PERSISTENT_VOLUMES, {"spec": {"csi": {"driver": "d"}}}, name="pv")
    shelf.put(PERSISTENT_VOLUME_CLAIMS, {"spec": {"volumeName": "pv"}}, "ns", name="claim")
    volumes = [
        {"name": "t", "projected": {"sources": [{"serviceAccountToken": {"audience": "a"}}]}},
        {"name": "c", "persistentVolumeClaim": {"claimName": "claim"}},
    ]
    mounting = pod(nodeName="n", name="mine", metadata={"uid": "pu"}, volumes=volumes)
    shelf.put(PODS, mounting, "ns")
    for audience in ("a", "b"):
        _admit(SERVICE_ACCOUNTS, _token([audience]), shelf=shelf, **how)
    shelf.remove(CSI_DRIVERS, "d")
    assert _tokens(_token(["b"]), shelf=shelf).startswith('error validating audience "b": csidriver')


def _certificate(**changed):
    spec = {
        "nodeName": "n",
        "nodeUID": "nu",
        "podName": "mine",
        "podUID": "pu",
        "serviceAccountName": "sa",
        "serviceAccountUID": "su",
        "signerName": "a.b/c",
    }
    return {"metadata": {"name": "r"}, "spec": spec | changed}


@pytest.mark.parametrize(
    ("changed", "error", "why"),
    [
        ({"nodeName": "m"}, Forbidden, 'NodeName="m", which is not the requesting node "n"'),
        ({"nodeUID": "x"}, ApiError, 'names node UID "x", inconsistent with the running node'),
        ({"podUID": "x"}, ApiError, r'contains pod UID \("x"\) which differs from running pod "pu"'),
        ({"podName": "theirs", "podUID": "u"}, Forbidden, 'pod "ns/theirs" is not running on node "n"'),
        ({"serviceAccountName": "x"}, Forbidden, r'contains serviceAccountName \("x"\) that differs from running pod'),
        ({"serviceAccountUID": "x"}, ApiError, 'names service account UID "x", which differs from'),
        ({}, Forbidden, 'pod "ns/mine" does not mount a podCertificate projected volume for signer "a.b/c"'),
    ],
)
def test_a_nodes_pod_certificates_are_for_its_pods(changed, error, why):
    with pytest.raises(error, match=why) as refused:
        _admit(POD_CERTIFICATE_REQUESTS, _certificate(**changed))
    assert refused.value.code == (403 if error is Forbidden else 500)


def test_a_role_may_allow_a_signer():
    allows = [("request-serviceaccounts-podcertificate-signer", "a.b:c", "sa")]
    _admit(POD_CERTIFICATE_REQUESTS, _certificate(), allows=allows)
