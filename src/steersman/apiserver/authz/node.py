"""Node: what kubelets may do, and nothing that does not concern their own node.

Reads: pods of the node, and single claims, volumes, attachments, slices and certificate requests, through
NodeRelations.
Invariants: a Secret, ConfigMap, claim or volume is readable only while a pod bound to the node refers to it.
Upstream differences: relations are looked up when a node asks (there: a graph kept for every pod of the cluster), so
pods cost nothing here; a volume's secrets are found from the claim's volumeName, which the volume's claimRef must
confirm.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from steersman.api.errors import go_quote
from steersman.apiserver.authn.user import NODE_PREFIX, NODES_GROUP
from steersman.apiserver.authz.attributes import ALLOWED, NO_OPINION, Attributes, Decision, RuleSet
from steersman.apiserver.authz.pod_references import Reference, pod_references, volume_secrets
from steersman.apiserver.authz.rules import CompiledRule

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from steersman.api.meta.types import Object
    from steersman.apiserver.authn.user import User

_CACHED_PODS_MAX = 20_000
_LEASE_NAMESPACE = "kube-node-lease"


class PodEntry(Protocol):
    """One pod in the API server's cache."""

    @property
    def uid(self) -> str: ...

    @property
    def namespace(self) -> str: ...

    @property
    def revision(self) -> int:
        """Changes with every write of the pod."""

    def load(self) -> Object:
        """The whole pod, read-only."""


class NodeRelations(Protocol):
    """Looks into the API server's caches; must know every write that was acknowledged."""

    def pods_on_node(self, node: str) -> Iterable[PodEntry]:
        """Pods whose spec.nodeName is `node`."""

    def get(self, resource: str, namespace: str, name: str) -> Object | None:
        """One of pods, persistentvolumeclaims, persistentvolumes, volumeattachments, resourceslices,
        podcertificaterequests; read-only.
        """


class NodeAuthorizer:
    """`rules`: what every node may do with all that is not named below (the bootstrap role system:node)."""

    def __init__(self, *, relations: NodeRelations, rules: Iterable[Object]) -> None:
        self._relations = relations
        self._rules = tuple(CompiledRule(rule) for rule in rules)
        self._references: dict[str, tuple[int, frozenset[Reference]]] = {}
        self._judges: dict[tuple[str, str], Callable[[str, Attributes], Decision]] = {
            ("", "secrets"): self._secret,
            ("", "configmaps"): self._readable,
            ("", "persistentvolumeclaims"): self._claim,
            ("", "persistentvolumes"): self._gettable,
            ("", "serviceaccounts"): self._service_account,
            ("", "nodes"): self._node,
            ("", "pods"): self._pod,
            ("resource.k8s.io", "resourceclaims"): self._gettable,
            ("resource.k8s.io", "resourceslices"): self._resource_slice,
            ("storage.k8s.io", "volumeattachments"): self._gettable,
            ("storage.k8s.io", "csinodes"): self._csi_node,
            ("coordination.k8s.io", "leases"): self._lease,
            ("certificates.k8s.io", "podcertificaterequests"): self._certificate_request,
        }

    def authorize(self, attributes: Attributes) -> Decision:
        user = attributes.user
        if not user.name.startswith(NODE_PREFIX) or NODES_GROUP not in user.groups:
            return NO_OPINION
        node = user.name[len(NODE_PREFIX) :]
        if not node:
            return Decision(reason=f"unknown node for user {go_quote(user.name)}")
        if attributes.is_resource:
            judge = self._judges.get((attributes.group, attributes.resource))
            if judge is not None:
                return judge(node, attributes)
        return ALLOWED if self._allowed_by_rules(attributes) else NO_OPINION

    def rules_for(self, user: User, namespace: str) -> RuleSet:  # noqa: ARG002 - nodes' rights cannot be listed anywhere
        if user.name.startswith(NODE_PREFIX) and NODES_GROUP in user.groups:
            return RuleSet(incomplete=True, error="node authorizer does not support user rule resolution")
        return RuleSet()

    def _allowed_by_rules(self, attributes: Attributes) -> bool:
        verb, name = attributes.verb, attributes.name
        if not attributes.is_resource:
            return any(rule.matches_path(verb, attributes.path) for rule in self._rules)
        return any(
            rule.matches_resource(verb, attributes.group, attributes.resource, attributes.subresource)
            and (not rule.names or name in rule.names)
            for rule in self._rules
        )

    def _related(self, node: str, attributes: Attributes) -> Decision:
        if not attributes.name:
            return Decision(reason="No Object name found")
        if self._has_relation(node, attributes.resource, attributes.namespace, attributes.name):
            return ALLOWED
        return _no_relation(node)

    def _has_relation(self, node: str, resource: str, namespace: str, name: str) -> bool:
        if resource in ("pods", "volumeattachments", "resourceslices", "podcertificaterequests"):
            found = self._relations.get(resource, namespace, name)
            return found is not None and (found.get("spec") or {}).get("nodeName") == node
        if resource == "persistentvolumes":
            volume = self._relations.get(resource, "", name)
            claim = ((volume or {}).get("spec") or {}).get("claimRef") or {}
            return bool(claim) and self._referred(
                node, "persistentvolumeclaims", claim.get("namespace", ""), claim.get("name", "")
            )
        return self._referred(node, resource, namespace, name)

    def _referred(self, node: str, resource: str, namespace: str, name: str) -> bool:
        """Whether a pod of the node refers to it."""
        wanted = (resource, name)
        return any(
            wanted in self._references_of(pod)
            for pod in self._relations.pods_on_node(node)
            if pod.namespace == namespace
        )

    def _references_of(self, pod: PodEntry) -> frozenset[Reference]:
        held = self._references.get(pod.uid)
        if held is not None and held[0] == pod.revision:
            return held[1]
        if len(self._references) >= _CACHED_PODS_MAX:
            self._references.clear()
        references = pod_references(pod.load())
        self._references[pod.uid] = (pod.revision, references)
        return references

    def _secret_of_volume(self, node: str, namespace: str, name: str) -> bool:
        """Whether a volume that a pod of the node has claimed needs this Secret."""
        relations = self._relations
        for pod in relations.pods_on_node(node):
            for resource, claim_name in self._references_of(pod):
                if resource != "persistentvolumeclaims":
                    continue
                claim = relations.get(resource, pod.namespace, claim_name)
                volume_name = ((claim or {}).get("spec") or {}).get("volumeName")
                volume = relations.get("persistentvolumes", "", volume_name) if volume_name else None
                bound_to = ((volume or {}).get("spec") or {}).get("claimRef") or {}
                if volume is None or (bound_to.get("namespace"), bound_to.get("name")) != (pod.namespace, claim_name):
                    continue
                if (namespace, name) in volume_secrets(volume):
                    return True
        return False

    def _secret(self, node: str, attributes: Attributes) -> Decision:
        decision = self._readable(node, attributes)
        if decision.allowed or not _is_no_relation(decision):
            return decision
        if self._secret_of_volume(node, attributes.namespace, attributes.name):
            return ALLOWED
        return decision

    def _readable(self, node: str, attributes: Attributes) -> Decision:
        if attributes.verb not in ("get", "list", "watch"):
            return Decision(reason="can only read resources of this type")
        if attributes.subresource:
            return Decision(reason="cannot read subresource")
        if not attributes.namespace:
            return Decision(reason="can only read namespaced object of this type")
        return self._related(node, attributes)

    def _gettable(self, node: str, attributes: Attributes) -> Decision:
        if attributes.verb != "get":
            return Decision(reason="can only get individual resources of this type")
        if attributes.subresource:
            return Decision(reason="cannot get subresource")
        return self._related(node, attributes)

    def _claim(self, node: str, attributes: Attributes) -> Decision:
        if attributes.subresource != "status":
            return self._gettable(node, attributes)
        if attributes.verb not in ("update", "patch"):
            return Decision(reason="can only get/update/patch this type")
        return self._related(node, attributes)

    def _service_account(self, node: str, attributes: Attributes) -> Decision:
        if attributes.verb == "get" and not attributes.subresource:
            return self._readable(node, attributes)
        if attributes.verb != "create" or not attributes.name:
            return Decision(reason="can only create tokens for individual service accounts")
        if attributes.subresource != "token":
            return Decision(reason="can only create token subresource of serviceaccount")
        return self._related(node, attributes)

    def _lease(self, node: str, attributes: Attributes) -> Decision:
        if attributes.verb not in ("get", "create", "update", "patch", "delete"):
            return Decision(reason="can only get, create, update, patch, or delete a node lease")
        if attributes.namespace != _LEASE_NAMESPACE:
            return Decision(reason=f'can only access leases in the "{_LEASE_NAMESPACE}" system namespace')
        # The name is not known before a create; admission (NodeRestriction) checks it.
        if attributes.verb != "create" and attributes.name != node:
            return Decision(reason="can only access node lease with the same name as the requesting node")
        return ALLOWED

    def _csi_node(self, node: str, attributes: Attributes) -> Decision:
        if attributes.subresource == "status":
            return Decision(reason="CSINode status access requires CSIVolumeHealth feature")
        if attributes.subresource:
            return Decision(reason="cannot authorize CSINode subresources")
        if attributes.verb not in ("get", "create", "update", "patch", "delete"):
            return Decision(reason="can only get, create, update, patch, or delete a CSINode")
        if attributes.verb != "create" and attributes.name != node:
            return Decision(reason="can only access CSINode with the same name as the requesting node")
        return ALLOWED

    def _resource_slice(self, node: str, attributes: Attributes) -> Decision:
        if attributes.subresource:
            return Decision(reason="cannot authorize ResourceSlice subresources")
        match attributes.verb:
            case "create":
                return ALLOWED
            case "get" | "update" | "patch" | "delete":
                return self._related(node, attributes)
            case "watch" | "list" | "deletecollection":
                if _selects_node(attributes, "spec.nodeName", node):
                    return ALLOWED
                reason = "can only list/watch/deletecollection resourceslices with nodeName field selector"
                return Decision(reason=reason)
        reason = (
            "only the following verbs are allowed for a ResourceSlice: "
            "get, watch, list, create, update, patch, delete, deletecollection"
        )
        return Decision(reason=reason)

    def _certificate_request(self, node: str, attributes: Attributes) -> Decision:
        if attributes.subresource:
            return Decision(reason="nodes may not access the status subresource of PodCertificateRequests")
        match attributes.verb:
            case "create":
                return ALLOWED
            case "get":
                return self._related(node, attributes)
            case "list" | "watch":
                if _selects_node(attributes, "spec.nodeName", node):
                    return ALLOWED
                return Decision(reason="can only list/watch podcertificaterequests with nodeName field selector")
        return Decision(reason=f"nodes may not {attributes.verb} podcertificaterequests")

    def _node(self, node: str, attributes: Attributes) -> Decision:
        verb, name = attributes.verb, attributes.name
        if attributes.subresource == "status":
            return ALLOWED if verb in ("update", "patch") else NO_OPINION
        if attributes.subresource:
            return NO_OPINION
        # Which node object is written is checked by admission (NodeRestriction), which sees the object.
        if verb in ("create", "update", "patch"):
            return ALLOWED
        if verb not in ("get", "list", "watch"):
            return NO_OPINION
        if name == node:
            return ALLOWED
        if not name:
            return Decision(reason=f"node '{node}' cannot read all nodes, only its own Node object")
        return Decision(reason=f"node '{node}' cannot read '{name}', only its own Node object")

    def _pod(self, node: str, attributes: Attributes) -> Decision:
        verb = attributes.verb
        match attributes.subresource:
            case "":
                # Creating and deleting is for mirror pods; admission (NodeRestriction) checks that.
                if verb in ("create", "delete"):
                    return ALLOWED
                if verb == "get":
                    return self._related(node, attributes)
                if verb in ("list", "watch"):
                    if _selects_node(attributes, "spec.nodeName", node):
                        return ALLOWED
                    if attributes.name:
                        return self._related(node, attributes)
                    return Decision(reason="can only list/watch pods with spec.nodeName field selector")
            case "status":
                return ALLOWED if verb in ("update", "patch") else NO_OPINION
            case "eviction":
                return ALLOWED if verb == "create" else NO_OPINION
        return NO_OPINION


def _selects_node(attributes: Attributes, field: str, node: str) -> bool:
    return any(
        term.key == field and term.operator == "=" and term.values == (node,) for term in attributes.field_selector
    )


def _no_relation(node: str) -> Decision:
    return Decision(reason=f"no relationship found between node '{node}' and this object")


def _is_no_relation(decision: Decision) -> bool:
    return decision.reason.startswith("no relationship found")
