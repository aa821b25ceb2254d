"""StatefulSet: pods with stable names and storage.

Invariants: the name is a DNS label; selector, claim templates, service name and pod management never change. Upstream
differences: none known. Its validation is in `stateful_set_validation.py`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from steersman.api.apps.stateful_set_validation import validate, validate_status, validate_update
from steersman.api.columns import AGE
from steersman.api.core.podspec.defaults import default_claim_spec, default_template
from steersman.api.core.podspec.warnings import claim_spec_warnings, template_warnings
from steersman.api.core.workload import (
    container_columns,
    prepare_template_create,
    prepare_template_update,
    ready_of_replicas,
    scale_subresource,
    template_of,
)
from steersman.api.meta.names import name_is_dns_label
from steersman.api.resource import Column, Resource, Scope, Strategy, Subresource
from steersman.api.schema.builtin import schema
from steersman.api.views import status_view

if TYPE_CHECKING:
    from steersman.api.meta.types import Object


def _default(obj: Object) -> None:
    spec = obj.setdefault("spec", {})
    if not spec.get("podManagementPolicy"):
        spec["podManagementPolicy"] = "OrderedReady"
    strategy = spec.setdefault("updateStrategy", {})
    if not strategy.get("type"):
        strategy["type"] = "RollingUpdate"
        strategy.setdefault("rollingUpdate", {})
    rolling = strategy.get("rollingUpdate")
    if strategy["type"] == "RollingUpdate" and rolling is not None:
        rolling.setdefault("partition", 0)
        rolling.setdefault("maxUnavailable", 1)
    retention = spec.setdefault("persistentVolumeClaimRetentionPolicy", {})
    for name in ("whenDeleted", "whenScaled"):
        if not retention.get(name):
            retention[name] = "Retain"
    spec.setdefault("replicas", 1)
    spec.setdefault("revisionHistoryLimit", 10)
    default_template(spec.get("template"))
    for claim in spec.get("volumeClaimTemplates") or ():
        claim["kind"], claim["apiVersion"] = "PersistentVolumeClaim", "v1"
        default_claim_spec(claim.setdefault("spec", {}))
        status = claim.setdefault("status", {})
        if not status.get("phase"):
            status["phase"] = "Pending"


def _warnings(new: Object, old: Object | None) -> list[str]:
    warnings: list[str] = []
    if old is None or new["metadata"].get("generation") != old["metadata"].get("generation"):
        warnings += template_warnings(template_of(new), "spec.template")
    spec = new.get("spec") or {}
    for index, claim in enumerate(spec.get("volumeClaimTemplates") or ()):
        path = f"spec.volumeClaimTemplates[{index}]"
        # Upstream's paths differ between creation and update.
        warnings += claim_spec_warnings(claim.get("spec") or {}, path if old is None else f"{path}.Spec")
    if (spec.get("revisionHistoryLimit") or 0) < 0:
        warnings.append(
            "spec.revisionHistoryLimit: a negative value retains all historical revisions; a value >= 0 is recommended"
        )
    return warnings


STATEFUL_SETS = Resource(
    group="apps",
    version="v1",
    kind="StatefulSet",
    plural="statefulsets",
    singular="statefulset",
    short_names=("sts",),
    categories=("all",),
    scope=Scope.NAMESPACED,
    schema=schema("io.k8s.api.apps.v1.StatefulSet"),
    subresources=(
        scale_subresource(),
        Subresource(name="status", verbs=("get", "patch", "update"), update=status_view(validate_status)),
    ),
    strategy=Strategy(
        validate_name=name_is_dns_label,
        default=_default,
        prepare_create=prepare_template_create("replicas", "availableReplicas"),
        prepare_update=prepare_template_update,
        validate=validate,
        validate_update=validate_update,
        warnings=_warnings,
        has_generation=True,
        has_status=True,
        reset_fields=(("status",),),
    ),
    columns=(
        Column("Ready", "string", ready_of_replicas),
        AGE,
        *container_columns(),
    ),
)
