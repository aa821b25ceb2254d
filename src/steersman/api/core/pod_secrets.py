"""Names of the secrets and config maps that a pod uses. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from steersman.api.core.podspec.walk import all_containers

if TYPE_CHECKING:
    from collections.abc import Iterator

    from steersman.api.meta.types import Object

_VOLUMES_WITH_SECRET_REF = ("cephfs", "cinder", "flexVolume", "rbd", "scaleIO", "iscsi", "storageos")


def secret_names(spec: Object) -> Iterator[str]:
    """Names of secrets that a pod uses."""
    for reference in spec.get("imagePullSecrets") or ():
        yield reference.get("name", "")
    yield from _of_containers(spec, "secretRef", "secretKeyRef")
    for volume in spec.get("volumes") or ():
        yield (volume.get("azureFile") or {}).get("secretName", "")
        yield (volume.get("secret") or {}).get("secretName", "")
        yield ((volume.get("csi") or {}).get("nodePublishSecretRef") or {}).get("name", "")
        for kind in _VOLUMES_WITH_SECRET_REF:
            yield ((volume.get(kind) or {}).get("secretRef") or {}).get("name", "")
        for source in (volume.get("projected") or {}).get("sources") or ():
            yield (source.get("secret") or {}).get("name", "")


def config_map_names(spec: Object) -> Iterator[str]:
    """Likewise, of config maps."""
    yield from _of_containers(spec, "configMapRef", "configMapKeyRef")
    for volume in spec.get("volumes") or ():
        yield (volume.get("configMap") or {}).get("name", "")
        for source in (volume.get("projected") or {}).get("sources") or ():
            yield (source.get("configMap") or {}).get("name", "")


def _of_containers(spec: Object, whole: str, key: str) -> Iterator[str]:
    for container in all_containers(spec):
        for source in container.get("envFrom") or ():
            yield (source.get(whole) or {}).get("name", "")
        for variable in container.get("env") or ():
            yield ((variable.get("valueFrom") or {}).get(key) or {}).get("name", "")
