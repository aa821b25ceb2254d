"""PersistentVolume: a piece of storage in the cluster.

Invariants: its source and mode never change; node affinity is set once; the time of its last change of phase is kept by
the server unless the author of the change tells it. Upstream differences: none known.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from steersman.api.columns import AGE, at
from steersman.api.core.go_types import difference, render, semantic_equal
from steersman.api.core.persistent_volume_spec import default_volume_source, validate_volume_spec
from steersman.api.core.podspec.warnings import node_selector_term_warnings
from steersman.api.errors import FieldError, forbidden, invalid
from steersman.api.meta.names import label_value
from steersman.api.meta.object_meta import IMMUTABLE, immutable
from steersman.api.meta.times import format_time
from steersman.api.resource import Column, Context, Resource, Scope, Strategy, Subresource
from steersman.api.schema.builtin import schema
from steersman.api.views import status_view

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from steersman.api.meta.types import Object

CLASS_ANNOTATION = "volume.beta.kubernetes.io/storage-class"
MOUNT_OPTIONS_ANNOTATION = "volume.beta.kubernetes.io/mount-options"
_MOUNT_OPTIONS_SOURCES = (
    "gcePersistentDisk", "awsElasticBlockStore", "glusterfs", "nfs", "rbd", "quobyte", "iscsi", "cinder", "cephfs",
    "azureFile", "vsphereVolume", "azureDisk", "photonPersistentDisk",
)  # fmt: skip
_DEPRECATED_SOURCES = (
    ("cephfs", "cephfs", "deprecated in v1.28, non-functional in v1.31+"),
    ("photonPersistentDisk", "photonPersistentDisk", "deprecated in v1.11, non-functional in v1.16+"),
    ("scaleIO", "scaleIO", "deprecated in v1.16, non-functional in v1.22+"),
    ("storageos", "storageOS", "deprecated in v1.22, non-functional in v1.25+"),
    ("glusterfs", "glusterfs", "deprecated in v1.25, non-functional in v1.26+"),
    ("rbd", "rbd", "deprecated in v1.28, non-functional in v1.31+"),
)
_RECYCLE = (
    "spec.persistentVolumeReclaimPolicy: The Recycle reclaim policy is deprecated. Instead, the recommended approach "
    "is to use dynamic provisioning."
)
_STABLE_LABELS = {
    "failure-domain.beta.kubernetes.io/zone": "topology.kubernetes.io/zone",
    "failure-domain.beta.kubernetes.io/region": "topology.kubernetes.io/region",
    "beta.kubernetes.io/os": "kubernetes.io/os",
    "beta.kubernetes.io/arch": "kubernetes.io/arch",
    "beta.kubernetes.io/instance-type": "node.kubernetes.io/instance-type",
}
_ACCESS_MODES = (
    ("ReadWriteOnce", "RWO"), ("ReadOnlyMany", "ROX"), ("ReadWriteMany", "RWX"), ("ReadWriteOncePod", "RWOP"),
)  # fmt: skip


# -- strategy


def _default(obj: Object) -> None:
    status, spec = obj.setdefault("status", {}), obj.setdefault("spec", {})
    if not status.get("phase"):
        status["phase"] = "Pending"
    if not spec.get("persistentVolumeReclaimPolicy"):
        spec["persistentVolumeReclaimPolicy"] = "Retain"
    spec.setdefault("volumeMode", "Filesystem")
    default_volume_source(spec)


def _prepare_create(obj: Object, ctx: Context) -> None:
    obj["status"] = {"phase": "Pending", "lastPhaseTransitionTime": format_time(ctx.now)}


def _prepare_status(new: Object, old: Object, ctx: Context) -> None:
    status, before = new.setdefault("status", {}), old.get("status") or {}
    moment, previous = status.get("lastPhaseTransitionTime"), before.get("lastPhaseTransitionTime")
    if status.get("phase") == before.get("phase"):
        if moment is None and previous is not None:
            status["lastPhaseTransitionTime"] = previous
    elif moment is None or moment == previous:
        status["lastPhaseTransitionTime"] = format_time(ctx.now)


def _warnings(obj: Object, _old: Object | None) -> list[str]:
    annotations, spec = obj["metadata"].get("annotations") or {}, obj.get("spec") or {}
    found = [
        f"metadata.annotations[{key}]: {text}"
        for key, text in (
            (CLASS_ANNOTATION, 'deprecated since v1.8; use "storageClassName" attribute instead'),
            (MOUNT_OPTIONS_ANNOTATION, 'deprecated since v1.31; use "mountOptions" attribute instead'),
        )
        if key in annotations
    ]
    if spec.get("persistentVolumeReclaimPolicy") == "Recycle":
        found.append(_RECYCLE)
    for index, term in enumerate(_node_terms(obj)):
        path = f"spec.nodeAffinity.required.nodeSelectorTerms[{index}]"
        found += node_selector_term_warnings(term, path, check_values=False)
    return found + [
        f"spec.{shown}: {text}" for field, shown, text in _DEPRECATED_SOURCES if spec.get(field) is not None
    ]


def _node_terms(obj: Object) -> list[Object]:
    terms: list[Object] = at(obj, "spec", "nodeAffinity", "required", "nodeSelectorTerms", default=[])
    return terms


# -- validation


def _validate_volume(obj: Object, *, allow_invalid_values: bool = False) -> list[FieldError]:
    spec, metadata = obj.get("spec") or {}, obj["metadata"]
    errors = validate_volume_spec(spec, metadata.get("name") or "", "spec", allow_invalid_values=allow_invalid_values)
    mountable = any(spec.get(name) is not None for name in _MOUNT_OPTIONS_SOURCES)
    if not mountable and MOUNT_OPTIONS_ANNOTATION in (metadata.get("annotations") or {}):
        path = f"metadata.annotations.{MOUNT_OPTIONS_ANNOTATION}"
        errors.append(forbidden(path, "may not specify mount options for this volume type"))
    return errors


def _validate(obj: Object) -> list[FieldError]:
    return _validate_volume(obj)


def _validate_update(new: Object, old: Object) -> list[FieldError]:
    spec, before = new.get("spec") or {}, old.get("spec") or {}
    errors = _validate_volume(new, allow_invalid_values=_has_invalid_values(old))
    source = _with_old_expand_secret(spec, before)
    if not semantic_equal("PersistentVolumeSource", source, before):
        diff = difference("PersistentVolumeSource", before, source)
        detail = f"spec.persistentvolumesource is immutable after creation\n{diff}"
        errors.append(forbidden("spec.persistentvolumesource", detail))
    errors += immutable(spec.get("volumeMode"), before.get("volumeMode"), "volumeMode")
    errors += _validate_same_affinity(spec.get("nodeAffinity"), before.get("nodeAffinity"))
    if before.get("volumeAttributesClassName") is not None and spec.get("volumeAttributesClassName") is None:
        errors.append(forbidden("spec.volumeAttributesClassName", "update from non-nil value to nil is forbidden"))
    return errors


def _has_invalid_values(obj: Object) -> bool:
    return any(
        label_value(value)
        for term in _node_terms(obj)
        for expression in term.get("matchExpressions") or ()
        for value in expression.get("values") or ()
    )


def _with_old_expand_secret(spec: Object, before: Object) -> Object:
    """The secret with which a volume is expanded may be added later."""
    csi, csi_before = spec.get("csi"), before.get("csi")
    if csi is None or csi_before is None or csi_before.get("controllerExpandSecretRef") is not None:
        return spec
    kept = {name: value for name, value in csi.items() if name != "controllerExpandSecretRef"}
    return spec | {"csi": kept}


def _validate_same_affinity(new: Object | None, old: Object | None) -> list[FieldError]:
    """Once set it stays, but labels of nodes may be called by their stable names."""
    if old is None or semantic_equal("*VolumeNodeAffinity", new, _renamed(old, new)):
        return []
    shown = render("*VolumeNodeAffinity", new)
    return [invalid("nodeAffinity", shown, f"{IMMUTABLE}, except for updating from beta label to GA")]


def _renamed(old: Object, new: Object | None) -> Object:
    """`old` with the keys of `new` in the places where those are the stable names of the old ones.

    A key without a stable name has the empty one, for upstream.
    """

    def expressions(was: Iterable[Object], now: list[Object]) -> list[Object]:
        renamed = []
        for index, expression in enumerate(was):
            key = now[index].get("key") or "" if index < len(now) else None
            stable = _STABLE_LABELS.get(expression.get("key") or "", "")
            renamed.append(expression | {"key": key} if key == stable else expression)
        return renamed

    terms = []
    new_terms = at(new or {}, "required", "nodeSelectorTerms", default=[])
    for index, term in enumerate(at(old, "required", "nodeSelectorTerms", default=[])):
        other = new_terms[index] if index < len(new_terms) else {}
        terms.append(
            {
                name: expressions(term.get(name) or (), other.get(name) or [])
                for name in ("matchExpressions", "matchFields")
            }
        )
    return {"required": {"nodeSelectorTerms": terms}} if old.get("required") is not None else old


# -- columns


def access_modes_text(modes: Iterable[str] | None) -> str:
    """`RWO,ROX`: each mode once, in this order."""
    given = set(modes or ())
    return ",".join(short for mode, short in _ACCESS_MODES if mode in given)


def phase_text(obj: Object) -> str:
    if obj["metadata"].get("deletionTimestamp"):
        return "Terminating"
    return str(at(obj, "status", "phase", default=""))


def class_text(obj: Object) -> str:
    """The annotation of old times counts before the field."""
    annotations = obj["metadata"].get("annotations") or {}
    if CLASS_ANNOTATION in annotations:
        return str(annotations[CLASS_ANNOTATION])
    return str(at(obj, "spec", "storageClassName", default=""))


def attributes_class_cell(obj: Object, _now: datetime) -> str:
    return str(at(obj, "spec", "volumeAttributesClassName", default="<unset>"))


def mode_cell(obj: Object, _now: datetime) -> str:
    return str(at(obj, "spec", "volumeMode", default="<unset>"))


def _claim(obj: Object, _now: datetime) -> str:
    claim = at(obj, "spec", "claimRef")
    return "" if claim is None else f"{claim.get('namespace') or ''}/{claim.get('name') or ''}"


PERSISTENT_VOLUMES = Resource(
    group="",
    version="v1",
    kind="PersistentVolume",
    plural="persistentvolumes",
    singular="persistentvolume",
    short_names=("pv",),
    scope=Scope.CLUSTER,
    schema=schema("io.k8s.api.core.v1.PersistentVolume"),
    subresources=(
        Subresource(name="status", verbs=("get", "patch", "update"), update=status_view(prepare=_prepare_status)),
    ),
    strategy=Strategy(
        default=_default,
        prepare_create=_prepare_create,
        validate=_validate,
        validate_update=_validate_update,
        warnings=_warnings,
        has_status=True,
        reset_fields=(("status",),),
        delete_returns_object=True,
    ),
    columns=(
        Column("Capacity", "string", lambda obj, _now: at(obj, "spec", "capacity", "storage", default="0")),
        Column("Access Modes", "string", lambda obj, _now: access_modes_text(at(obj, "spec", "accessModes"))),
        Column(
            "Reclaim Policy", "string", lambda obj, _now: at(obj, "spec", "persistentVolumeReclaimPolicy", default="")
        ),
        Column("Status", "string", lambda obj, _now: phase_text(obj)),
        Column("Claim", "string", _claim),
        Column("StorageClass", "string", lambda obj, _now: class_text(obj)),
        Column("VolumeAttributesClass", "string", attributes_class_cell),
        Column("Reason", "string", lambda obj, _now: at(obj, "status", "reason", default="")),
        AGE,
        Column("VolumeMode", "string", mode_cell, priority=1),
    ),
)
