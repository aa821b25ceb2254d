"""What belongs to a node itself. Each function raises Forbidden."""

from __future__ import annotations

from typing import TYPE_CHECKING

from steersman.api.errors import go_quote
from steersman.apiserver.admission.interface import CREATE, DELETE, UPDATE
from steersman.lib.certificate import CertificateError
from steersman.lib.certificate_request import parse_request_pem

if TYPE_CHECKING:
    from steersman.api.meta.types import Object
    from steersman.apiserver.admission.interface import Review

LEASE_NAMESPACE = "kube-node-lease"
_RESTRICTED = "node-restriction.kubernetes.io"
_KUBELET_LABELS = frozenset(
    {
        "kubernetes.io/hostname",
        "kubernetes.io/os",
        "kubernetes.io/arch",
        "beta.kubernetes.io/os",
        "beta.kubernetes.io/arch",
        "beta.kubernetes.io/instance-type",
        "node.kubernetes.io/instance-type",
        "topology.kubernetes.io/zone",
        "topology.kubernetes.io/region",
        "failure-domain.beta.kubernetes.io/zone",
        "failure-domain.beta.kubernetes.io/region",
    }
)
_KUBELET_DOMAINS = ("kubelet.kubernetes.io", "node.kubernetes.io")
_NODE_SIGNERS = ("kubernetes.io/kubelet-serving", "kubernetes.io/kube-apiserver-client-kubelet")


def judge_node(node: str, review: Review) -> None:
    called = review.name or ((review.obj or {}).get("metadata") or {}).get("name", "")
    if called != node:
        raise review.forbidden(f"node {go_quote(node)} is not allowed to modify node {go_quote(called)}")
    if review.obj is None or review.operation == DELETE:
        return
    spec = review.obj.get("spec") or {}
    if review.operation == CREATE:
        if spec.get("configSource") is not None:
            raise review.forbidden(f"node {go_quote(node)} is not allowed to create pods with a non-nil configSource")
        if forbidden := forbidden_labels(review.obj, None):
            listed = ", ".join(forbidden)
            raise review.forbidden(f"node {go_quote(node)} is not allowed to set the following labels: {listed}")
        return
    old = review.old or {"metadata": {}}
    before = old.get("spec") or {}
    if spec.get("configSource") is not None and spec["configSource"] != before.get("configSource"):
        raise review.forbidden(
            f"node {go_quote(node)} is not allowed to update configSource to a new non-nil configSource"
        )
    if (spec.get("taints") or []) != (before.get("taints") or []):
        raise review.forbidden(f"node {go_quote(node)} is not allowed to modify taints")
    owners = review.obj["metadata"].get("ownerReferences") or []
    if owners != (old["metadata"].get("ownerReferences") or []):
        raise review.forbidden(f"node {go_quote(node)} is not allowed to modify ownerReferences")
    if forbidden := forbidden_labels(review.obj, old):
        raise review.forbidden(f"is not allowed to modify labels: {', '.join(forbidden)}")


def forbidden_labels(obj: Object, old: Object | None) -> list[str]:
    """Labels that were added, changed or taken away and are not a node's to choose: with them it could draw pods that
    are meant for others.
    """
    after = obj["metadata"].get("labels") or {}
    before = (old["metadata"].get("labels") or {}) if old is not None else {}
    changed = [key for key in after.keys() | before.keys() if after.get(key) != before.get(key)]
    return sorted(key for key in changed if _is_forbidden(key))


def _is_forbidden(label: str) -> bool:
    domain, slash, _ = label.partition("/")
    if not slash:
        return False
    if _within(domain, _RESTRICTED):
        return True
    if not (_within(domain, "kubernetes.io") or _within(domain, "k8s.io")):
        return False
    return label not in _KUBELET_LABELS and not any(_within(domain, allowed) for allowed in _KUBELET_DOMAINS)


def _within(domain: str, parent: str) -> bool:
    return domain == parent or domain.endswith(f".{parent}")


def judge_lease(node: str, review: Review) -> None:
    if review.namespace != LEASE_NAMESPACE:
        raise review.forbidden(f"can only access leases in the {go_quote(LEASE_NAMESPACE)} system namespace")
    if _own_name(review) != node:
        raise review.forbidden("can only access node lease with the same name as the requesting node")


def judge_csi_node(node: str, review: Review) -> None:
    if _own_name(review) != node:
        raise review.forbidden("can only access CSINode with the same name as the requesting node")


def _own_name(review: Review) -> str:
    """On creation the object's, since the URL has none."""
    if review.operation == CREATE:
        return str(((review.obj or {}).get("metadata") or {}).get("name", ""))
    return review.name


def judge_resource_slice(node: str, review: Review) -> None:
    if review.operation == UPDATE:
        return
    verb, looked_at = ("create", review.obj) if review.operation == CREATE else ("delete", review.old)
    if ((looked_at or {}).get("spec") or {}).get("nodeName") != node:
        raise review.forbidden(f"can only {verb} ResourceSlice with the same NodeName as the requesting node")


def judge_signing_request(node: str, review: Review) -> None:
    """A node's certificates name the node."""
    spec = (review.obj or {}).get("spec") or {}
    if review.operation != CREATE or spec.get("signerName") not in _NODE_SIGNERS:
        return
    try:
        request = parse_request_pem(spec.get("request", ""))
    except CertificateError as error:
        raise review.forbidden(f"unable to parse csr: {error}") from None
    if request.common_name != f"system:node:{node}":
        raise review.forbidden(f"can only create a node CSR with CN=system:node:{node}")
