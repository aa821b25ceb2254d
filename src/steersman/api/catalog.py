"""Every built-in resource, in the order in which discovery shows them: groups by priority, resources by name."""

from __future__ import annotations

from typing import TYPE_CHECKING

from steersman.api.admissionregistration.mutating_admission_policy import MUTATING_ADMISSION_POLICIES
from steersman.api.admissionregistration.mutating_admission_policy_binding import MUTATING_ADMISSION_POLICY_BINDINGS
from steersman.api.admissionregistration.mutating_webhook_configuration import MUTATING_WEBHOOK_CONFIGURATIONS
from steersman.api.admissionregistration.validating_admission_policy import VALIDATING_ADMISSION_POLICIES
from steersman.api.admissionregistration.validating_admission_policy_binding import VALIDATING_ADMISSION_POLICY_BINDINGS
from steersman.api.admissionregistration.validating_webhook_configuration import VALIDATING_WEBHOOK_CONFIGURATIONS
from steersman.api.apiextensions.custom_resource_definition import CUSTOM_RESOURCE_DEFINITIONS
from steersman.api.apiregistration.api_service import API_SERVICES
from steersman.api.apps.controller_revision import CONTROLLER_REVISIONS
from steersman.api.apps.daemon_set import DAEMON_SETS
from steersman.api.apps.deployment import DEPLOYMENTS
from steersman.api.apps.replica_set import REPLICA_SETS
from steersman.api.apps.stateful_set import STATEFUL_SETS
from steersman.api.authentication.self_subject_review import SELF_SUBJECT_REVIEWS
from steersman.api.authentication.token_review import TOKEN_REVIEWS
from steersman.api.authorization.local_subject_access_review import LOCAL_SUBJECT_ACCESS_REVIEWS
from steersman.api.authorization.self_subject_access_review import SELF_SUBJECT_ACCESS_REVIEWS
from steersman.api.authorization.self_subject_rules_review import SELF_SUBJECT_RULES_REVIEWS
from steersman.api.authorization.subject_access_review import SUBJECT_ACCESS_REVIEWS
from steersman.api.autoscaling.horizontal_pod_autoscaler import HORIZONTAL_POD_AUTOSCALERS
from steersman.api.autoscaling.horizontal_pod_autoscaler_v1 import HORIZONTAL_POD_AUTOSCALERS_V1
from steersman.api.batch.cron_job import CRON_JOBS
from steersman.api.batch.job import JOBS
from steersman.api.certificates.certificate_signing_request import CERTIFICATE_SIGNING_REQUESTS
from steersman.api.certificates.cluster_trust_bundle import CLUSTER_TRUST_BUNDLES
from steersman.api.certificates.pod_certificate_request import POD_CERTIFICATE_REQUESTS
from steersman.api.coordination.lease import LEASES
from steersman.api.core.binding import BINDINGS
from steersman.api.core.component_status import COMPONENT_STATUSES
from steersman.api.core.config_map import CONFIG_MAPS
from steersman.api.core.endpoints import ENDPOINTS
from steersman.api.core.event import EVENTS
from steersman.api.core.limit_range import LIMIT_RANGES
from steersman.api.core.namespace import NAMESPACES
from steersman.api.core.node import NODES
from steersman.api.core.persistent_volume import PERSISTENT_VOLUMES
from steersman.api.core.persistent_volume_claim import PERSISTENT_VOLUME_CLAIMS
from steersman.api.core.pod import PODS
from steersman.api.core.pod_template import POD_TEMPLATES
from steersman.api.core.replication_controller import REPLICATION_CONTROLLERS
from steersman.api.core.resource_quota import RESOURCE_QUOTAS
from steersman.api.core.secret import SECRETS
from steersman.api.core.service import SERVICES
from steersman.api.core.service_account import SERVICE_ACCOUNTS
from steersman.api.discovery.endpoint_slice import ENDPOINT_SLICES
from steersman.api.dra.device_class import DEVICE_CLASSES
from steersman.api.dra.device_taint_rule import DEVICE_TAINT_RULES
from steersman.api.dra.resource_claim import RESOURCE_CLAIMS
from steersman.api.dra.resource_claim_template import RESOURCE_CLAIM_TEMPLATES
from steersman.api.dra.resource_slice import RESOURCE_SLICES
from steersman.api.events.event import EVENTS_V1
from steersman.api.flowcontrol.flow_schema import FLOW_SCHEMAS
from steersman.api.flowcontrol.priority_level_configuration import PRIORITY_LEVEL_CONFIGURATIONS
from steersman.api.networking.ingress import INGRESSES
from steersman.api.networking.ingress_class import INGRESS_CLASSES
from steersman.api.networking.ip_address import IP_ADDRESSES
from steersman.api.networking.network_policy import NETWORK_POLICIES
from steersman.api.networking.service_cidr import SERVICE_CIDRS
from steersman.api.node.runtime_class import RUNTIME_CLASSES
from steersman.api.policy.pod_disruption_budget import POD_DISRUPTION_BUDGETS
from steersman.api.rbac.cluster_role import CLUSTER_ROLES
from steersman.api.rbac.cluster_role_binding import CLUSTER_ROLE_BINDINGS
from steersman.api.rbac.role import ROLES
from steersman.api.rbac.role_binding import ROLE_BINDINGS
from steersman.api.scheduling.priority_class import PRIORITY_CLASSES
from steersman.api.storage.csi_driver import CSI_DRIVERS
from steersman.api.storage.csi_node import CSI_NODES
from steersman.api.storage.csi_storage_capacity import CSI_STORAGE_CAPACITIES
from steersman.api.storage.storage_class import STORAGE_CLASSES
from steersman.api.storage.volume_attachment import VOLUME_ATTACHMENTS
from steersman.api.storage.volume_attributes_class import VOLUME_ATTRIBUTES_CLASSES
from steersman.api.storagemigration.storage_version_migration import STORAGE_VERSION_MIGRATIONS

if TYPE_CHECKING:
    from steersman.api.resource import Resource

BUILTIN: tuple[Resource, ...] = (
    BINDINGS,
    COMPONENT_STATUSES,
    CONFIG_MAPS,
    ENDPOINTS,
    EVENTS,
    LIMIT_RANGES,
    NAMESPACES,
    NODES,
    PERSISTENT_VOLUME_CLAIMS,
    PERSISTENT_VOLUMES,
    PODS,
    POD_TEMPLATES,
    REPLICATION_CONTROLLERS,
    RESOURCE_QUOTAS,
    SECRETS,
    SERVICE_ACCOUNTS,
    SERVICES,
    API_SERVICES,
    CONTROLLER_REVISIONS,
    DAEMON_SETS,
    DEPLOYMENTS,
    REPLICA_SETS,
    STATEFUL_SETS,
    EVENTS_V1,
    SELF_SUBJECT_REVIEWS,
    TOKEN_REVIEWS,
    LOCAL_SUBJECT_ACCESS_REVIEWS,
    SELF_SUBJECT_ACCESS_REVIEWS,
    SELF_SUBJECT_RULES_REVIEWS,
    SUBJECT_ACCESS_REVIEWS,
    HORIZONTAL_POD_AUTOSCALERS,
    HORIZONTAL_POD_AUTOSCALERS_V1,
    CRON_JOBS,
    JOBS,
    CERTIFICATE_SIGNING_REQUESTS,
    CLUSTER_TRUST_BUNDLES,
    POD_CERTIFICATE_REQUESTS,
    INGRESS_CLASSES,
    INGRESSES,
    IP_ADDRESSES,
    NETWORK_POLICIES,
    SERVICE_CIDRS,
    POD_DISRUPTION_BUDGETS,
    CLUSTER_ROLE_BINDINGS,
    CLUSTER_ROLES,
    ROLE_BINDINGS,
    ROLES,
    CSI_DRIVERS,
    CSI_NODES,
    CSI_STORAGE_CAPACITIES,
    STORAGE_CLASSES,
    VOLUME_ATTACHMENTS,
    VOLUME_ATTRIBUTES_CLASSES,
    MUTATING_ADMISSION_POLICIES,
    MUTATING_ADMISSION_POLICY_BINDINGS,
    MUTATING_WEBHOOK_CONFIGURATIONS,
    VALIDATING_ADMISSION_POLICIES,
    VALIDATING_ADMISSION_POLICY_BINDINGS,
    VALIDATING_WEBHOOK_CONFIGURATIONS,
    CUSTOM_RESOURCE_DEFINITIONS,
    PRIORITY_CLASSES,
    LEASES,
    RUNTIME_CLASSES,
    ENDPOINT_SLICES,
    DEVICE_CLASSES,
    DEVICE_TAINT_RULES,
    RESOURCE_CLAIMS,
    RESOURCE_CLAIM_TEMPLATES,
    RESOURCE_SLICES,
    FLOW_SCHEMAS,
    PRIORITY_LEVEL_CONFIGURATIONS,
    STORAGE_VERSION_MIGRATIONS,
)
