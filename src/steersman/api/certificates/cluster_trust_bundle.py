"""ClusterTrustBundle: trust anchors for the whole cluster."""

from __future__ import annotations

from steersman.api.resource import Resource, Scope, Strategy
from steersman.api.schema.builtin import schema

CLUSTER_TRUST_BUNDLES = Resource(
    group="certificates.k8s.io",
    version="v1",
    kind="ClusterTrustBundle",
    plural="clustertrustbundles",
    singular="clustertrustbundle",
    scope=Scope.CLUSTER,
    schema=schema("io.k8s.api.certificates.v1.ClusterTrustBundle"),
    storage_version="v1beta1",
    strategy=Strategy(
        allow_unconditional_update=False,
    ),
)
