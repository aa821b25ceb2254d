"""Service accounts that are annotated so let their pods use only the secrets that they list themselves. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from steersman.api.meta.types import Object

ANNOTATION = "kubernetes.io/enforce-mountable-secrets"
_TRUE = frozenset({"1", "t", "T", "true", "TRUE", "True"})
"""What Go's ParseBool takes for true."""


def enforces(account: Object) -> bool:
    return (account["metadata"].get("annotations") or {}).get(ANNOTATION) in _TRUE


def violation(account: Object, spec: Object) -> str:
    """Which secret a pod uses that its account does not list; empty if all is well."""
    mountable = _names(account, "secrets")
    name = account["metadata"]["name"]
    for volume in spec.get("volumes") or ():
        secret = volume.get("secret")
        if secret is not None and secret.get("secretName", "") not in mountable:
            used = secret.get("secretName", "")
            return (
                f'volume with secret.secretName="{used}" is not allowed because service account {name} does not '
                "reference that secret"
            )
    for field, kind in (("initContainers", "init container"), ("containers", "container")):
        if why := _of_containers(spec.get(field) or (), kind, mountable, name):
            return why
    pullable = _names(account, "imagePullSecrets")
    for index, reference in enumerate(spec.get("imagePullSecrets") or ()):
        if reference.get("name", "") not in pullable:
            return (
                f'imagePullSecrets[{index}].name="{reference.get("name", "")}" is not allowed because service account '
                f"{name} does not reference that imagePullSecret"
            )
    return ""


def ephemeral_violation(account: Object, spec: Object) -> str:
    """Likewise, of ephemeral containers alone."""
    containers = spec.get("ephemeralContainers") or ()
    return _of_containers(containers, "ephemeral container", _names(account, "secrets"), account["metadata"]["name"])


def _names(account: Object, field: str) -> frozenset[str]:
    return frozenset(reference.get("name", "") for reference in account.get(field) or ())


def _of_containers(containers: Iterable[Object], kind: str, mountable: frozenset[str], account: str) -> str:
    for container in containers:
        called = f"{kind} {container.get('name', '')}"
        for variable in container.get("env") or ():
            reference = (variable.get("valueFrom") or {}).get("secretKeyRef")
            if reference is not None and reference.get("name", "") not in mountable:
                where = f"{called} with envVar {variable.get('name', '')}"
                return _text(where, reference.get("name", ""), account)
        for source in container.get("envFrom") or ():
            reference = source.get("secretRef")
            if reference is not None and reference.get("name", "") not in mountable:
                return _text(f"{called} with envFrom", reference.get("name", ""), account)
    return ""


def _text(where: str, secret: str, account: str) -> str:
    return (
        f'{where} referencing secret.secretName="{secret}" is not allowed because service account {account} does not '
        "reference that secret"
    )
