"""Every controller, by name, as an import string: what is left out is not imported.

The order is that in which they start; nothing depends on it.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from steersman.controllers.base import Controller

CONTROLLERS = {
    "cronjob": "steersman.controllers.cronjob.controller:CronJobs",
    "clusterrole_aggregation": "steersman.controllers.clusterrole_aggregation:ClusterRoleAggregation",
    "daemonset": "steersman.controllers.daemonset.controller:DaemonSets",
    "deployment": "steersman.controllers.deployment.controller:Deployments",
    "device_taint_eviction": "steersman.controllers.device_taint_eviction:DeviceTaintEviction",
    "disruption": "steersman.controllers.disruption:Disruptions",
    "endpoints": "steersman.controllers.endpoints:Endpoints",
    "endpointslice": "steersman.controllers.endpointslice.controller:EndpointSlices",
    "endpointslice_mirroring": "steersman.controllers.endpointslice_mirroring:MirroredSlices",
    "garbage_collector": "steersman.controllers.garbage_collector.controller:GarbageCollector",
    "horizontal_pod_autoscaler": "steersman.controllers.horizontal_pod_autoscaler.controller:HorizontalPodAutoscalers",
    "job": "steersman.controllers.job.controller:Jobs",
    "namespace": "steersman.controllers.namespace.controller:Namespaces",
    "node_ipam": "steersman.controllers.node_ipam:NodeIPAM",
    "node_lifecycle": "steersman.controllers.node_lifecycle.controller:NodeLifecycle",
    "pod_garbage_collector": "steersman.controllers.pod_garbage_collector:PodGarbageCollector",
    "podgroup_protection": "steersman.controllers.podgroup_protection:PodGroupProtection",
    "replicaset": "steersman.controllers.replicaset:ReplicaSets",
    "replication": "steersman.controllers.replication:ReplicationControllers",
    "resourceclaim": "steersman.controllers.resourceclaim:ResourceClaims",
    "service_cidr": "steersman.controllers.service_cidr:ServiceCIDRs",
    "resourcepoolstatusrequest": (
        "steersman.controllers.resourcepoolstatusrequest.controller:ResourcePoolStatusRequests"
    ),
    "selinux_warning": "steersman.controllers.selinux_warning.controller:SELinuxWarning",
    "service_lb": "steersman.controllers.service_lb.controller:ServiceLB",
    "statefulset": "steersman.controllers.statefulset.controller:StatefulSets",
    "storageversion_garbage_collector": (
        "steersman.controllers.storageversion_garbage_collector:StorageVersionGarbageCollector"
    ),
    "storage_version_migrator": "steersman.controllers.storage_version_migrator:StorageVersionMigrator",
    "taint_eviction": "steersman.controllers.taint_eviction:TaintEviction",
    "ttl": "steersman.controllers.ttl:TTL",
    "ttl_after_finished": "steersman.controllers.ttl_after_finished:TTLAfterFinished",
    "serviceaccount": "steersman.controllers.serviceaccount:ServiceAccounts",
    "serviceaccount_token": "steersman.controllers.serviceaccount_token:ServiceAccountTokens",
    "root_ca_certificate_publisher": "steersman.controllers.root_ca_certificate_publisher:RootCACertificatePublisher",
    "legacy_serviceaccount_token_cleaner": (
        "steersman.controllers.legacy_serviceaccount_token_cleaner:LegacyServiceAccountTokenCleaner"
    ),
    "bootstrap_signer": "steersman.controllers.bootstrap_signer:BootstrapSigner",
    "token_cleaner": "steersman.controllers.token_cleaner:TokenCleaner",
    "podcertificaterequest_cleaner": "steersman.controllers.podcertificaterequest_cleaner:PodCertificateRequestCleaner",
    "kube_apiserver_serving_clustertrustbundle_publisher": (
        "steersman.controllers.kube_apiserver_serving_clustertrustbundle_publisher:ServingClusterTrustBundlePublisher"
    ),
    "certificatesigningrequest_approving": (
        "steersman.controllers.certificatesigningrequest_approving:CertificateSigningRequestApproving"
    ),
    "certificatesigningrequest_signing": (
        "steersman.controllers.certificatesigningrequest_signing:CertificateSigningRequestSigning"
    ),
    "certificatesigningrequest_cleaner": (
        "steersman.controllers.certificatesigningrequest_cleaner:CertificateSigningRequestCleaner"
    ),
    "resourcequota": "steersman.controllers.resourcequota:ResourceQuotas",
    "persistentvolume_protection": "steersman.controllers.persistentvolume_protection:PersistentVolumeProtection",
    "persistentvolumeclaim_protection": (
        "steersman.controllers.persistentvolumeclaim_protection:PersistentVolumeClaimProtection"
    ),
    "volumeattributesclass_protection": (
        "steersman.controllers.volumeattributesclass_protection:VolumeAttributesClassProtection"
    ),
    "ephemeral_volume": "steersman.controllers.ephemeral_volume:EphemeralVolumes",
    "persistentvolume_binder": "steersman.controllers.persistentvolume_binder.controller:PersistentVolumeBinder",
    "persistentvolume_attach_detach": (
        "steersman.controllers.persistentvolume_attach_detach.controller:PersistentVolumeAttachDetach"
    ),
    "persistentvolume_expander": "steersman.controllers.persistentvolume_expander:PersistentVolumeExpander",
    "validatingadmissionpolicy_status": (
        "steersman.controllers.validatingadmissionpolicy_status:ValidatingAdmissionPolicyStatus"
    ),
}

UPSTREAMS_NAMES = {"replication": "replicationcontroller-controller"}
"""Where it is not ours with dashes and -controller."""
ALIASES = {
    "attachdetach": "persistentvolume_attach_detach",
    "bootstrapsigner": "bootstrap_signer",
    "csrapproving": "certificatesigningrequest_approving",
    "csrcleaner": "certificatesigningrequest_cleaner",
    "csrsigning": "certificatesigningrequest_signing",
    "endpoint": "endpoints",
    "endpointslicemirroring": "endpointslice_mirroring",
    "garbagecollector": "garbage_collector",
    "horizontalpodautoscaling": "horizontal_pod_autoscaler",
    "nodeipam": "node_ipam",
    "nodelifecycle": "node_lifecycle",
    "podgc": "pod_garbage_collector",
    "pv-protection": "persistentvolume_protection",
    "pvc-protection": "persistentvolumeclaim_protection",
    "replicationcontroller": "replication",
    "root-ca-cert-publisher": "root_ca_certificate_publisher",
    "service": "service_lb",
    "storage-version-gc": "storageversion_garbage_collector",
    "tokencleaner": "token_cleaner",
}
"""Older names of upstream's, but for those that only lack -controller."""
OFF_BY_DEFAULT = ("selinux_warning",)
"""Run only where they are named; `*` does not mean them. Upstream leaves out those of tokens for joining, too."""


def upstreams_name(name: str) -> str:
    """What kube-controller-manager calls a controller of the catalog."""
    return UPSTREAMS_NAMES.get(name, f"{name.replace('_', '-')}-controller")


def chosen(selection: Sequence[str]) -> list[str]:
    """The controllers that a list as of kube-controller-manager's `--controllers` means, in the catalog's order.

    `name` is one that runs, `-name` one that does not, `*` all the others, but for those that are off by default. Names
    are upstream's or ours. Raises ValueError for one that nobody has.
    """
    known = {name: name for name in CONTROLLERS} | {name.replace("_", "-"): name for name in CONTROLLERS}
    known |= {alias: name for alias, name in ALIASES.items() if name in CONTROLLERS}
    known |= {upstreams_name(name): name for name in CONTROLLERS}
    wanted: dict[str, bool] = {}
    for given in selection:
        if given == "*":
            continue
        name = known.get(given.removeprefix("-"))
        if name is None:
            raise ValueError(f"{given.removeprefix('-')!r} is not in the list of known controllers")
        wanted.setdefault(name, not given.startswith("-"))  # what is said first holds, as with upstream
    usual = "*" in selection
    return [name for name in CONTROLLERS if wanted.get(name, usual and name not in OFF_BY_DEFAULT)]


def load_controller(name: str) -> type[Controller]:
    """Raises KeyError for a name that is not in the catalog."""
    module, _, kind = CONTROLLERS[name].partition(":")
    found: type[Controller] = getattr(import_module(module), kind)
    return found
