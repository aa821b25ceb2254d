"""ephemeral_volume: the claims of a pod's ephemeral volumes are made, and belong to the pod.

Reads: pods, persistent volume claims. Writes: persistent volume claims (create), pods (finalizers).
Keys: pods.
Invariants: a claim of that name that was not made for the pod is never used for it: an event tells so.
Upstream differences: none known.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from steersman.api.core.persistent_volume_claim import PERSISTENT_VOLUME_CLAIMS
from steersman.api.core.pod import PODS
from steersman.api.core.pod_claims import claim_name, is_for_pod
from steersman.api.errors import ApiError
from steersman.client.client import key_of
from steersman.client.events import WARNING
from steersman.client.request import Key
from steersman.controllers.base import Controller, Writes
from steersman.controllers.ownership import reference_to
from steersman.controllers.pod_claims import BY_CLAIM, claims_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from steersman.api.meta.types import Object


class ClaimError(ApiError):
    """A claim that cannot be had; the message says why."""


class EphemeralVolumes(Controller):
    """See the module."""

    name = "ephemeral_volume"
    component = "ephemeral_volume"
    reads = (PODS, PERSISTENT_VOLUME_CLAIMS)
    writes = (Writes(PERSISTENT_VOLUME_CLAIMS, ("create",)), Writes(PODS, ("update",), subresource="finalizers"))

    def setup(self) -> None:
        self.index(PODS, BY_CLAIM, claims_of)
        self.on(PODS, concerned)
        self.on(PERSISTENT_VOLUME_CLAIMS, self._lost)

    def _lost(self, old: Object | None, new: Object | None) -> list[Key]:
        """The pods of a claim that is gone."""
        if new is not None or old is None:
            return []
        return [key_of(pod) for pod in self.view.by_index(PODS, BY_CLAIM, str(key_of(old)))]

    async def reconcile(self, key: Key) -> None:
        pod = self.view.get(PODS, key)
        if pod is None or pod["metadata"].get("deletionTimestamp"):
            return
        for volume in ephemeral_volumes(pod):
            name = claim_name(pod, volume)
            try:
                claim = self.view.get(PERSISTENT_VOLUME_CLAIMS, Key(key.namespace, name))
                if claim is None:
                    await self._create(pod, volume)
                elif not is_for_pod(claim, pod):
                    message = f"PVC {key.namespace}/{name} was not created for pod {key} (pod is not owner)"
                    raise ClaimError(message)
            except ApiError as error:
                self.recorder.event(
                    pod, WARNING, "FailedBinding", f"ephemeral volume {volume['name']}: {error.message}"
                )
                raise

    async def _create(self, pod: Object, volume: Object) -> None:
        claim = new_claim(pod, volume)
        try:
            await self.client.create(PERSISTENT_VOLUME_CLAIMS, claim)
        except ApiError as error:
            error.message = f"create PVC {claim['metadata']['name']}: {error.message}"
            raise


def concerned(_old: Object | None, new: Object | None) -> list[Key]:
    """A pod that has such volumes and is not being deleted."""
    if new is None or new["metadata"].get("deletionTimestamp") or next(ephemeral_volumes(new), None) is None:
        return []
    return [key_of(new)]


def ephemeral_volumes(pod: Object) -> Iterator[Object]:
    return (volume for volume in pod["spec"].get("volumes") or () if volume.get("ephemeral") is not None)


def new_claim(pod: Object, volume: Object) -> Object:
    """As the volume's template says."""
    template = volume["ephemeral"]["volumeClaimTemplate"]
    given = template.get("metadata") or {}
    return {
        "apiVersion": PERSISTENT_VOLUME_CLAIMS.api_version,
        "kind": PERSISTENT_VOLUME_CLAIMS.kind,
        "metadata": {
            "name": claim_name(pod, volume),
            "namespace": pod["metadata"]["namespace"],
            "ownerReferences": [reference_to(pod, PODS)],
            **{field: given[field] for field in ("annotations", "labels") if given.get(field)},
        },
        "spec": template["spec"],
    }
