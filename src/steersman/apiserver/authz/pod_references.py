"""What a pod, or a persistent volume, makes its node read. Pure; the lists are upstream's (node authorizer graph)."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from steersman.api.meta.types import Object

MIRROR_ANNOTATION = "kubernetes.io/config.mirror"
_CONTAINER_FIELDS = ("initContainers", "containers", "ephemeralContainers")
_VOLUMES_WITH_SECRET_REF = ("cephfs", "cinder", "flexVolume", "rbd", "scaleIO", "iscsi", "storageos")
_CSI_SECRETS_OF_NODES = ("nodePublishSecretRef", "nodeStageSecretRef", "nodeExpandSecretRef")
_CLAIM_NAMESPACE_BY_DEFAULT = ("cephfs", "flexVolume", "rbd", "scaleIO", "iscsi")

Reference = tuple[str, str]
"""(plural of the resource, name), in the namespace of the pod."""


def pod_references(pod: Object) -> frozenset[Reference]:
    """Everything in its namespace that a pod refers to by name. Mirror pods refer to nothing: their node invents
    them.
    """
    if MIRROR_ANNOTATION in (pod["metadata"].get("annotations") or {}):
        return frozenset()
    return frozenset(reference for reference in _all_references(pod) if reference[1])


def _all_references(pod: Object) -> Iterator[Reference]:
    spec = pod.get("spec") or {}
    yield "serviceaccounts", spec.get("serviceAccountName", "")
    for reference in spec.get("imagePullSecrets") or ():
        yield "secrets", reference.get("name", "")
    for field in _CONTAINER_FIELDS:
        for container in spec.get(field) or ():
            yield from _container_references(container)
    for volume in spec.get("volumes") or ():
        yield from _volume_references(volume, pod["metadata"].get("name", ""))
    yield from _resource_claims(pod)


def _container_references(container: Object) -> Iterator[Reference]:
    for source in container.get("envFrom") or ():
        yield "secrets", _name(source, "secretRef")
        yield "configmaps", _name(source, "configMapRef")
    for variable in container.get("env") or ():
        source = variable.get("valueFrom") or {}
        yield "secrets", _name(source, "secretKeyRef")
        yield "configmaps", _name(source, "configMapKeyRef")


def _volume_references(volume: Object, pod_name: str) -> Iterator[Reference]:
    yield "secrets", _name(volume, "azureFile", "secretName")
    yield "secrets", _name(volume, "secret", "secretName")
    yield "configmaps", _name(volume, "configMap")
    for kind in _VOLUMES_WITH_SECRET_REF:
        yield "secrets", _name(volume.get(kind) or {}, "secretRef")
    yield "secrets", _name(volume.get("csi") or {}, "nodePublishSecretRef")
    for source in (volume.get("projected") or {}).get("sources") or ():
        yield "secrets", _name(source, "secret")
        yield "configmaps", _name(source, "configMap")
    yield "persistentvolumeclaims", _name(volume, "persistentVolumeClaim", "claimName")
    if volume.get("ephemeral") is not None:
        yield "persistentvolumeclaims", f"{pod_name}-{volume.get('name', '')}"


def _resource_claims(pod: Object) -> Iterator[Reference]:
    status = pod.get("status") or {}
    made = {entry.get("name"): entry for entry in status.get("resourceClaimStatuses") or ()}
    for claim in (pod.get("spec") or {}).get("resourceClaims") or ():
        name = claim.get("resourceClaimName") or (made.get(claim.get("name")) or {}).get("resourceClaimName")
        yield "resourceclaims", name or ""
    yield "resourceclaims", _name(status, "extendedResourceClaimStatus", "resourceClaimName")


def _name(holder: Object, field: str, key: str = "name") -> str:
    return str((holder.get(field) or {}).get(key) or "")


def volume_secrets(volume: Object) -> Iterable[tuple[str, str]]:
    """(namespace, name) of every Secret that a node needs for a PersistentVolume that is bound to a claim."""
    spec = volume.get("spec") or {}
    claim_namespace = _name(spec, "claimRef", "namespace")
    azure = spec.get("azureFile")
    if azure is not None:
        return _present([(azure.get("secretNamespace") or claim_namespace, azure.get("secretName") or "")])
    for kind in _VOLUMES_WITH_SECRET_REF:
        reference = (spec.get(kind) or {}).get("secretRef")
        if reference is not None:
            default = claim_namespace if kind in _CLAIM_NAMESPACE_BY_DEFAULT else ""
            return _present([(reference.get("namespace") or default, reference.get("name") or "")])
    csi = spec.get("csi") or {}
    return _present([(_name(csi, field, "namespace"), _name(csi, field)) for field in _CSI_SECRETS_OF_NODES])


def _present(names: list[tuple[str, str]]) -> Iterable[tuple[str, str]]:
    return [pair for pair in names if pair[1]]
