"""NodeRestriction: a node writes only what is its own, and what runs on it.

Reads: nodes, pods, serviceaccounts, persistentvolumeclaims, persistentvolumes, csidrivers.
Judges: everything that a user `system:node:NAME` of the group system:nodes writes.
Invariants: nobody else is restricted. Authorization says which resources a node may reach; here it is about contents.
Upstream differences: which CSI driver has taken over a volume source is looked up in a table (there: translated).
A claim's status that tells too much is refused naming the fields (there: with a diff of its internal objects).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from steersman.api.certificates.certificate_signing_request import CERTIFICATE_SIGNING_REQUESTS
from steersman.api.certificates.pod_certificate_request import POD_CERTIFICATE_REQUESTS
from steersman.api.coordination.lease import LEASES
from steersman.api.core.node import NODES
from steersman.api.core.persistent_volume_claim import PERSISTENT_VOLUME_CLAIMS
from steersman.api.core.pod import PODS
from steersman.api.core.service_account import SERVICE_ACCOUNTS
from steersman.api.dra.resource_slice import RESOURCE_SLICES
from steersman.api.errors import go_quote
from steersman.api.storage.csi_node import CSI_NODES
from steersman.apiserver.admission.interface import CREATE, DELETE, UPDATE, Plain
from steersman.apiserver.admission.node_restriction import node_objects
from steersman.apiserver.admission.node_restriction.node_pods import NodePods
from steersman.apiserver.admission.node_restriction.node_tokens import NodeTokens
from steersman.apiserver.authn.user import NODE_PREFIX, NODES_GROUP

if TYPE_CHECKING:
    from collections.abc import Callable

    from steersman.api.resource import Resource
    from steersman.apiserver.admission.interface import Reader, Review
    from steersman.apiserver.authz.attributes import Authorizer

_OPERATIONS = (CREATE, UPDATE, DELETE)


class NodeRestriction(Plain):
    """See the module."""

    name = "NodeRestriction"

    def __init__(self, *, reader: Reader, authorizer: Authorizer) -> None:
        pods = NodePods(reader=reader)
        tokens = NodeTokens(reader=reader, authorizer=authorizer)
        self._judges: dict[Resource, Callable[[str, Review], None]] = {
            PODS: pods.judge_pod,
            PERSISTENT_VOLUME_CLAIMS: pods.judge_claim,
            SERVICE_ACCOUNTS: tokens.judge_token,
            POD_CERTIFICATE_REQUESTS: tokens.judge_certificate,
            NODES: node_objects.judge_node,
            LEASES: node_objects.judge_lease,
            CSI_NODES: node_objects.judge_csi_node,
            RESOURCE_SLICES: node_objects.judge_resource_slice,
            CERTIFICATE_SIGNING_REQUESTS: node_objects.judge_signing_request,
        }

    def admit(self, review: Review) -> None:
        user = review.user
        if not user.name.startswith(NODE_PREFIX) or NODES_GROUP not in user.groups:
            return
        node = user.name.removeprefix(NODE_PREFIX)
        if not node:
            raise review.forbidden(f"could not determine node from user {go_quote(user.name)}")
        judge = self._judges.get(review.resource)
        if judge is not None and review.operation in _OPERATIONS:
            judge(node, review)
