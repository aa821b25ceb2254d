"""The order of admission, upstream's: what changes objects, then what judges them.

Units that are off by default in upstream (OwnerReferencesPermissionEnforcement, ExtendedResourceToleration,
AlwaysPullImages, ...) have no place here.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from steersman.apiserver.admission.certificate_approval import CertificateApproval
from steersman.apiserver.admission.certificate_signing import CertificateSigning
from steersman.apiserver.admission.certificate_subject_restriction import CertificateSubjectRestriction
from steersman.apiserver.admission.chain import Chain
from steersman.apiserver.admission.cluster_trust_bundle_attest import ClusterTrustBundleAttest
from steersman.apiserver.admission.default_ingress_class import DefaultIngressClass
from steersman.apiserver.admission.default_storage_class import DefaultStorageClass
from steersman.apiserver.admission.default_toleration_seconds import DefaultTolerationSeconds
from steersman.apiserver.admission.limit_ranger import LimitRanger
from steersman.apiserver.admission.namespace_lifecycle import NamespaceLifecycle
from steersman.apiserver.admission.node_declared_feature_validator import NodeDeclaredFeatureValidator
from steersman.apiserver.admission.node_restriction.plugin import NodeRestriction
from steersman.apiserver.admission.persistent_volume_claim_resize import PersistentVolumeClaimResize
from steersman.apiserver.admission.pod_resize_validator import PodResizeValidator
from steersman.apiserver.admission.pod_security.plugin import PodSecurity
from steersman.apiserver.admission.pod_topology_labels import PodTopologyLabels
from steersman.apiserver.admission.priority import Priority
from steersman.apiserver.admission.resource_quota.plugin import ResourceQuota
from steersman.apiserver.admission.runtime_class import RuntimeClass
from steersman.apiserver.admission.service_account import ServiceAccount
from steersman.apiserver.admission.storage_object_in_use_protection import StorageObjectInUseProtection
from steersman.apiserver.admission.taint_nodes_by_condition import TaintNodesByCondition
from steersman.apiserver.admission.webhook.mutating import MutatingAdmissionWebhook
from steersman.apiserver.admission.webhook.validating import ValidatingAdmissionWebhook

if TYPE_CHECKING:
    import random

    from steersman.apiserver.admission.interface import Plugin, Reader
    from steersman.apiserver.admission.resource_quota.ledger import Ledger
    from steersman.apiserver.admission.webhook.plugin import WebhookParts
    from steersman.apiserver.authz.attributes import Authorizer


def chain(
    *, reader: Reader, authorizer: Authorizer, ledger: Ledger, rng: random.Random, webhooks: WebhookParts
) -> Chain:
    """Every plugin, constructed. Several stand in both passes, at different places."""
    limit_ranger = LimitRanger(reader=reader)
    service_account = ServiceAccount(reader=reader, rng=rng)
    priority = Priority(reader=reader)
    runtime_class = RuntimeClass(reader=reader)
    mutating: tuple[Plugin, ...] = (
        # First: what has no place to be need not be looked at further.
        NamespaceLifecycle(reader=reader),
        limit_ranger,
        service_account,
        NodeRestriction(reader=reader, authorizer=authorizer),
        TaintNodesByCondition(),
        priority,
        # Before RuntimeClass, which merges its own tolerations with those that are there.
        DefaultTolerationSeconds(),
        DefaultStorageClass(reader=reader),
        StorageObjectInUseProtection(),
        # PodGroupProtection: with PodGroups, which are off by default.
        runtime_class,
        DefaultIngressClass(reader=reader),
        PodTopologyLabels(reader=reader),
        # MutatingAdmissionPolicy: before webhooks, which are asked about its outcome.
        # Last, so that it sees what the others made.
        MutatingAdmissionWebhook(parts=webhooks),
    )
    validating: tuple[Plugin, ...] = (
        limit_ranger,
        service_account,
        PodSecurity(reader=reader),
        priority,
        PersistentVolumeClaimResize(reader=reader),
        runtime_class,
        CertificateApproval(authorizer=authorizer),
        CertificateSigning(authorizer=authorizer),
        ClusterTrustBundleAttest(authorizer=authorizer),
        CertificateSubjectRestriction(),
        NodeDeclaredFeatureValidator(reader=reader),
        PodResizeValidator(reader=reader),
        # ValidatingAdmissionPolicy: what it refuses, webhooks need not be asked about.
        # Before anything is charged.
        ValidatingAdmissionWebhook(parts=webhooks),
        # Last: what is charged must not be refused by anybody else.
        ResourceQuota(reader=reader, ledger=ledger),
    )
    return Chain(mutating=mutating, validating=validating)
