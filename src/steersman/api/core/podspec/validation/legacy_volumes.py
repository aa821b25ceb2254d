"""Volume sources of storage systems inside Kubernetes, most of them superseded by CSI drivers.

A PersistentVolume has the same sources, with the differences that its own module adds.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from steersman.api.core.podspec.validation.common import label, local_descending_path
from steersman.api.errors import FieldError, invalid, not_supported, required
from steersman.api.meta.names import in_range_message

if TYPE_CHECKING:
    from steersman.api.meta.types import Object

ISCSI_NAME_TOO_LONG = (
    "Total length of <volume name>:<iscsi.targetPortal> must be under 64 characters "
    "if iscsi.initiatorName is specified."
)
_MANAGED_DISK = "/subscriptions/{sub-id}/resourcegroups/{group-name}/providers/microsoft.compute/disks/{disk-id}"
_ISCSI_FORMATS = {
    "iqn": re.compile(r"iqn\.\d{4}-\d{2}\.([a-zA-Z0-9\-.]+)(:[^,;*&$|\s]+)\Z", re.ASCII),
    "eui": re.compile(r"\Aeui.[a-zA-Z0-9]{16}\Z"),
    "naa": re.compile(r"\Anaa.[a-zA-Z0-9]{32}\Z"),
}
_QUOBYTE_REGISTRY = "must be a host:port pair or multiple pairs separated by commas"
_HOST_PORT = re.compile(r"(\[[^\[\]]*\]|[^:\[\]]*):[^:\[\]]*")


def _need(source: Object, path: str, *names: str) -> list[FieldError]:
    return [required(f"{path}.{name}") for name in names if not source.get(name)]


def git_repo(source: Object, path: str) -> list[FieldError]:
    errors = _need(source, path, "repository")
    return errors + local_descending_path(source.get("directory") or "", f"{path}.directory")


def _partition(source: Object, path: str) -> list[FieldError]:
    partition = source.get("partition") or 0
    if 0 <= partition <= 255:
        return []
    return [invalid(f"{path}.partition", partition, in_range_message(1, 255))]


def gce_disk(source: Object, path: str) -> list[FieldError]:
    return _need(source, path, "pdName") + _partition(source, path)


def aws_disk(source: Object, path: str) -> list[FieldError]:
    return _need(source, path, "volumeID") + _partition(source, path)


def nfs(source: Object, path: str) -> list[FieldError]:
    errors = _need(source, path, "server", "path")
    if not (source.get("path") or "").startswith("/"):
        errors.append(invalid(f"{path}.path", source.get("path") or "", "must be an absolute path"))
    return errors


def iscsi(source: Object, path: str) -> list[FieldError]:
    errors = _need(source, path, "targetPortal")
    iqn = source.get("iqn") or ""
    errors += iscsi_name(iqn, f"{path}.iqn") if iqn else [required(f"{path}.iqn")]
    lun = source.get("lun") or 0
    if not 0 <= lun <= 255:
        errors.append(invalid(f"{path}.lun", lun, in_range_message(0, 255)))
    if (source.get("chapAuthDiscovery") or source.get("chapAuthSession")) and source.get("secretRef") is None:
        errors.append(required(f"{path}.secretRef"))
    if source.get("initiatorName") is not None:
        errors += iscsi_name(source["initiatorName"], f"{path}.initiatorname")
    return errors


def iscsi_name(name: str, path: str) -> list[FieldError]:
    pattern = _ISCSI_FORMATS.get(name[:3])
    if pattern is None:
        return [invalid(path, name, "must be valid format starting with iqn, eui, or naa")]
    return [] if pattern.search(name) else [invalid(path, name, "must be valid format")]


def glusterfs(source: Object, path: str) -> list[FieldError]:
    return _need(source, path, "endpoints", "path")


def flocker(source: Object, path: str) -> list[FieldError]:
    name, uuid = source.get("datasetName") or "", source.get("datasetUUID") or ""
    errors = []
    if not name and not uuid:
        errors.append(required(path, "one of datasetName and datasetUUID is required"))
    if name and uuid:
        detail = "datasetName and datasetUUID can not be specified simultaneously"
        errors.append(invalid(path, "resource", detail))
    if "/" in name:
        errors.append(invalid(f"{path}.datasetName", name, "must not contain '/'"))
    return errors


def rbd(source: Object, path: str) -> list[FieldError]:
    return _need(source, path, "monitors", "image")


def cinder(source: Object, path: str) -> list[FieldError]:
    return _need(source, path, "volumeID") + _secret_name(source, path)


def _secret_name(source: Object, path: str) -> list[FieldError]:
    secret = source.get("secretRef")
    return [] if secret is None or secret.get("name") else [required(f"{path}.secretRef.name")]


def ceph_fs(source: Object, path: str) -> list[FieldError]:
    return _need(source, path, "monitors")


def quobyte(source: Object, path: str) -> list[FieldError]:
    registry = source.get("registry") or ""
    errors = []
    if not registry:
        errors.append(required(f"{path}.registry", _QUOBYTE_REGISTRY))
    elif len(source.get("tenant") or "") >= 65:
        detail = "must be a UUID and may not exceed a length of 64 characters"
        errors.append(required(f"{path}.tenant", detail))
    else:
        errors += [
            invalid(f"{path}.registry", registry, _QUOBYTE_REGISTRY)
            for pair in registry.split(",")
            if not _HOST_PORT.fullmatch(pair)
        ]
    return errors + _need(source, path, "volume")


def fibre_channel(source: Object, path: str) -> list[FieldError]:
    names, ids, lun = source.get("targetWWNs") or [], source.get("wwids") or [], source.get("lun")
    errors = []
    if not names and not ids:
        errors.append(required(f"{path}.targetWWNs", "must specify either targetWWNs or wwids, but not both"))
    if names and ids:
        detail = "targetWWNs and wwids can not be specified simultaneously"
        errors.append(invalid(f"{path}.targetWWNs", names, detail))
    if names and lun is None:
        errors.append(required(f"{path}.lun", "lun is required if targetWWNs is specified"))
    elif names and lun is not None and not 0 <= lun <= 255:
        errors.append(invalid(f"{path}.lun", lun, in_range_message(0, 255)))
    return errors


def flex(source: Object, path: str) -> list[FieldError]:
    errors = _need(source, path, "driver")
    for name in sorted(source.get("options") or {}):
        domain = "." + name.partition("/")[0].lower()
        if domain.endswith((".kubernetes.io", ".k8s.io")):
            detail = "kubernetes.io and k8s.io namespaces are reserved"
            errors.append(invalid(f"{path}.options[{name}]", name, detail))
    return errors


def azure_file(source: Object, path: str) -> list[FieldError]:
    return _need(source, path, "secretName", "shareName")


def azure_disk(source: Object, path: str) -> list[FieldError]:
    errors = _need(source, path, "diskName", "diskURI")
    caching, kind, uri = source.get("cachingMode"), source.get("kind"), source.get("diskURI") or ""
    if caching is not None and caching not in ("None", "ReadOnly", "ReadWrite"):
        errors.append(not_supported(f"{path}.cachingMode", caching, ("None", "ReadOnly", "ReadWrite")))
    if kind is not None and kind not in ("Dedicated", "Managed", "Shared"):
        errors.append(not_supported(f"{path}.kind", kind, ("Dedicated", "Managed", "Shared")))
    if kind == "Managed" and not uri.startswith("/subscriptions/"):
        form = (_MANAGED_DISK,)
        errors.append(not_supported(f"{path}.diskURI", uri, form))
    if kind is not None and kind != "Managed" and not uri.startswith("https://"):
        form = ("https://{account-name}.blob.core.windows.net/{container-name}/{disk-name}.vhd",)
        errors.append(not_supported(f"{path}.diskURI", uri, form))
    return errors


def vsphere(source: Object, path: str) -> list[FieldError]:
    return _need(source, path, "volumePath")


def photon(source: Object, path: str) -> list[FieldError]:
    return _need(source, path, "pdID")


def portworx(source: Object, path: str) -> list[FieldError]:
    return _need(source, path, "volumeID")


def scale_io(source: Object, path: str) -> list[FieldError]:
    return _need(source, path, "gateway", "system", "volumeName")


def storage_os(source: Object, path: str) -> list[FieldError]:
    name, namespace = source.get("volumeName") or "", source.get("volumeNamespace") or ""
    errors = label(name, f"{path}.volumeName") if name else [required(f"{path}.volumeName")]
    if namespace:
        errors += label(namespace, f"{path}.volumeNamespace")
    return errors + _secret_name(source, path)
