"""ServiceAccount: every pod runs as a service account that exists, and finds that account's token in its containers.

Reads: serviceaccounts. Changes: CREATE of pods (account, token volume and mounts, pull secrets).
Judges: CREATE of pods, UPDATE of pods/ephemeralcontainers.
Invariants: mirror pods, which their node invents, have neither account nor secrets nor tokens; a mount that a container
has at the token's path stays alone there.
Upstream differences: an account that is not there is not waited for (the cache here is never behind).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from steersman.api.core.pod import PODS
from steersman.api.core.pod_secrets import secret_names
from steersman.api.core.service_account import SERVICE_ACCOUNTS
from steersman.api.errors import go_quote
from steersman.api.meta.names import generate_name
from steersman.apiserver.admission.interface import CREATE, UPDATE, Plain
from steersman.apiserver.admission.mountable_secrets import enforces, ephemeral_violation, violation
from steersman.apiserver.authz.pod_references import MIRROR_ANNOTATION

if TYPE_CHECKING:
    import random

    from steersman.api.meta.types import Object
    from steersman.apiserver.admission.interface import Reader, Review

DEFAULT_ACCOUNT = "default"
VOLUME_PREFIX = "kube-api-access-"
TOKEN_PATH = "/var/run/secrets/kubernetes.io/serviceaccount"  # noqa: S105 - a directory
_EXPIRATION_S = 3607
"""An hour and 7 seconds: tells tokens apart that may still be used for a year, with a warning."""


class ServiceAccount(Plain):
    """`rng` makes the names of token volumes."""

    name = "ServiceAccount"
    resources = (PODS,)

    def __init__(self, *, reader: Reader, rng: random.Random) -> None:
        self._reader = reader
        self._rng = rng

    def admit(self, review: Review) -> None:
        if review.operation != CREATE or review.subresource or review.obj is None:
            return
        pod = review.obj
        if _is_mirror(pod):
            _judge_mirror(review, pod)
            return
        spec = pod["spec"]
        if not spec.get("serviceAccountName"):
            spec["serviceAccountName"] = spec["serviceAccount"] = DEFAULT_ACCOUNT
        account = self._account(review, spec["serviceAccountName"])
        if _wants_token(account, spec):
            self._mount_token(spec)
        if not spec.get("imagePullSecrets") and account.get("imagePullSecrets"):
            spec["imagePullSecrets"] = [{"name": secret.get("name", "")} for secret in account["imagePullSecrets"]]
        _judge_secrets(review, account, pod)

    def validate(self, review: Review) -> None:
        if review.obj is None:
            return
        pod = review.obj
        if review.subresource == "ephemeralcontainers" and review.operation == UPDATE:
            account = self._account_of(review, pod)
            if enforces(account) and (why := ephemeral_violation(account, pod["spec"])):
                raise review.forbidden(why)
        elif review.operation == CREATE and not review.subresource:
            if _is_mirror(pod):
                _judge_mirror(review, pod)
            else:
                _judge_secrets(review, self._account_of(review, pod), pod)

    def _account_of(self, review: Review, pod: Object) -> Object:
        name = pod["spec"].get("serviceAccountName")
        if not name:
            called = f"{review.namespace}/{pod['metadata'].get('name', '')}"
            raise review.forbidden(f"no service account specified for pod {called}")
        return self._account(review, name)

    def _account(self, review: Review, name: str) -> Object:
        account = self._reader.get(SERVICE_ACCOUNTS, review.namespace, name)
        if account is None:
            raise review.forbidden(
                f"error looking up service account {review.namespace}/{name}: serviceaccount {go_quote(name)} not found"
            )
        return account

    def _mount_token(self, spec: Object) -> None:
        volumes = spec.get("volumes") or []
        names = (volume.get("name", "") for volume in volumes)
        existing = next((name for name in names if name.startswith(VOLUME_PREFIX)), "")
        name = existing or generate_name(VOLUME_PREFIX, self._rng)
        mounted = False
        for field in ("initContainers", "containers"):
            for container in spec.get(field) or ():
                mounts = container.get("volumeMounts") or []
                if not any(mount.get("mountPath") == TOKEN_PATH for mount in mounts):
                    container["volumeMounts"] = [*mounts, {"name": name, "readOnly": True, "mountPath": TOKEN_PATH}]
                    mounted = True
        if mounted and not existing:
            spec["volumes"] = [*volumes, {"name": name, "projected": _token_source()}]


def _is_mirror(pod: Object) -> bool:
    return MIRROR_ANNOTATION in (pod["metadata"].get("annotations") or {})


def _judge_mirror(review: Review, pod: Object) -> None:
    spec = pod["spec"]
    if spec.get("serviceAccountName"):
        raise review.forbidden("a mirror pod may not reference service accounts")
    if any(secret_names(spec)):
        raise review.forbidden("a mirror pod may not reference secrets")
    for volume in spec.get("volumes") or ():
        for source in (volume.get("projected") or {}).get("sources") or ():
            if source.get("serviceAccountToken") is not None:
                raise review.forbidden("a mirror pod may not use ServiceAccountToken volume projections")


def _judge_secrets(review: Review, account: Object, pod: Object) -> None:
    if enforces(account) and (why := violation(account, pod["spec"])):
        raise review.forbidden(why)


def _wants_token(account: Object, spec: Object) -> bool:
    """The pod's word counts before the account's."""
    for said in (spec.get("automountServiceAccountToken"), account.get("automountServiceAccountToken")):
        if said is not None:
            return bool(said)
    return True


def _token_source() -> Object:
    return {
        "sources": [
            {"serviceAccountToken": {"expirationSeconds": _EXPIRATION_S, "path": "token"}},
            {"configMap": {"name": "kube-root-ca.crt", "items": [{"key": "ca.crt", "path": "ca.crt"}]}},
            {
                "downwardAPI": {
                    "items": [
                        {"path": "namespace", "fieldRef": {"apiVersion": "v1", "fieldPath": "metadata.namespace"}}
                    ]
                }
            },
        ],
        "defaultMode": 0o644,
    }
