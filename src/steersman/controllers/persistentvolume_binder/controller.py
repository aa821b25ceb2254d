"""persistentvolume_binder: claims are bound to volumes that fit, volumes are released when their claims are gone.

Reads: persistent volumes, persistent volume claims (looked at where they are kept before a release), storage classes,
pods. Writes: persistent volumes (update, status), persistent volume claims (update, status).
Keys: claims by namespace and name, volumes by name alone.
Invariants: a binding is written down at both ends, at the volume first; a volume is released only when its claim is
gone where claims are kept, or was replaced by another of its name.
Upstream differences: volumes are made and deleted by external drivers only: there are no plugins for volumes of the
host, and nothing is recycled. No resync: a claim is looked at again when something changes that it waits for.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from steersman.api.core.claim_class import class_of_claim, class_of_volume
from steersman.api.core.persistent_volume import PERSISTENT_VOLUMES
from steersman.api.core.persistent_volume_claim import PERSISTENT_VOLUME_CLAIMS
from steersman.api.core.pod import PODS
from steersman.api.errors import NotFound
from steersman.api.storage.storage_class import STORAGE_CLASSES
from steersman.client.client import key_of
from steersman.client.request import Key
from steersman.controllers.base import Controller, Writes
from steersman.controllers.pending import Pending
from steersman.controllers.persistentvolume_binder import claims, volumes
from steersman.controllers.pod_claims import BY_CLAIM, claims_of
from steersman.controllers.pods import is_terminal

if TYPE_CHECKING:
    from collections.abc import Iterable

    from steersman.api.meta.types import Object

UNBOUND = "unbound claims by class"
BY_VOLUME = "claims by volume"
MEANT_FOR = "volumes by claim"


class PersistentVolumeBinder(Controller):
    """See the module."""

    name = "persistentvolume_binder"
    account = "persistent-volume-binder"
    component = "persistentvolume-controller"
    reads = (PERSISTENT_VOLUMES, PERSISTENT_VOLUME_CLAIMS, STORAGE_CLASSES, PODS)
    writes = (
        Writes(PERSISTENT_VOLUMES, ("update",)),
        Writes(PERSISTENT_VOLUMES, ("update",), subresource="status"),
        Writes(PERSISTENT_VOLUME_CLAIMS, ("get", "update")),
        Writes(PERSISTENT_VOLUME_CLAIMS, ("update",), subresource="status"),
    )

    def setup(self) -> None:
        self._claim_writes = Pending(view=self.view, resource=PERSISTENT_VOLUME_CLAIMS)
        self._volume_writes = Pending(view=self.view, resource=PERSISTENT_VOLUMES)
        self.index(PODS, BY_CLAIM, claims_of)
        self.index(PERSISTENT_VOLUME_CLAIMS, UNBOUND, unbound_class)
        self.index(PERSISTENT_VOLUME_CLAIMS, BY_VOLUME, lambda claim: (claim["spec"].get("volumeName", ""),))
        self.index(PERSISTENT_VOLUMES, MEANT_FOR, meant_for)
        self.on(PERSISTENT_VOLUME_CLAIMS, self._claim_concerns)
        self.on(PERSISTENT_VOLUMES, self._volume_concerns)
        self.on(STORAGE_CLASSES, self._class_concerns)

    def _claim_concerns(self, old: Object | None, new: Object | None) -> list[Key]:
        """Itself, and the volumes that it has, had, or that name it."""
        present = new if new is not None else old
        assert present is not None
        key = key_of(present)
        names = [claim["spec"].get("volumeName") for claim in (old, new) if claim is not None]
        names += [volume["metadata"]["name"] for volume in self.view.by_index(PERSISTENT_VOLUMES, MEANT_FOR, str(key))]
        return [key, *(Key("", name) for name in dict.fromkeys(names) if name)]

    def _volume_concerns(self, old: Object | None, new: Object | None) -> list[Key]:
        """Itself, the claim that it names, the claims that name it, and those that wait for one like it."""
        present = new if new is not None else old
        assert present is not None
        name = present["metadata"]["name"]
        keys = [Key("", name), *map(key_of, self.view.by_index(PERSISTENT_VOLUME_CLAIMS, BY_VOLUME, name))]
        for volume in (old, new):
            reference = volume["spec"].get("claimRef") if volume is not None else None
            if reference is not None:
                keys.append(Key(reference.get("namespace", ""), reference["name"]))
        if new is not None and not new["spec"].get("claimRef"):
            keys += map(key_of, self.view.by_index(PERSISTENT_VOLUME_CLAIMS, UNBOUND, class_of_volume(new)))
        return keys

    def _class_concerns(self, old: Object | None, new: Object | None) -> list[Key]:
        """The claims that wait for the class, or for any that is the default."""
        present = new if new is not None else old
        assert present is not None
        names = (present["metadata"]["name"], "")
        return [key_of(each) for name in names for each in self.view.by_index(PERSISTENT_VOLUME_CLAIMS, UNBOUND, name)]

    async def reconcile(self, key: Key) -> None:
        if not self._claim_writes.settled(key) or not self._volume_writes.settled(key):
            return
        try:
            if key.namespace:
                await self._reconcile_claim(key)
            else:
                await self._reconcile_volume(key)
        except NotFound:
            return

    # -- claims

    async def _reconcile_claim(self, key: Key) -> None:
        claim = self.view.get(PERSISTENT_VOLUME_CLAIMS, key)
        if claim is None:
            return
        action = claims.plan_claim(
            claim,
            volumes={volume["metadata"]["name"]: volume for volume in self.view.list(PERSISTENT_VOLUMES)},
            classes=self.view.list(STORAGE_CLASSES),
            waiting=waiting_pods(self.view.by_index(PODS, BY_CLAIM, str(key))),
        )
        match action:
            case claims.Bind(volume):
                await self._bind(key, claim, volume)
            case claims.Wait(event):
                self._tell(claim, event)
                await self._set_claim_status(key, claim, "Pending", None)
            case claims.Lose(event):
                if (claim.get("status") or {}).get("phase") != "Lost":
                    await self._set_claim_status(key, claim, "Lost", None)
                    self._tell(claim, event)
            case claims.AssignClass(name):
                await self._update_claim(key, claim | {"spec": claim["spec"] | {"storageClassName": name}})
            case claims.Provision(provisioner):
                changed = claims.with_provisioner(claim, provisioner)
                if changed is not None:
                    await self._update_claim(key, changed)
                self._tell(claim, claims.provisioning_event(provisioner))
            case claims.Fail(event):
                self._tell(claim, event)

    async def _bind(self, key: Key, claim: Object, volume: Object) -> None:
        bound = volumes.bound_volume(volume, claim)
        if bound is not None:
            volume = await self._update_volume(key, bound)
        await self._set_phase(key, volume, volumes.Phase("Bound"))
        named = claims.bound_claim(claim, volume)
        if named is not None:
            claim = await self._update_claim(key, named)
        await self._set_claim_status(key, claim, "Bound", volume)

    async def _update_claim(self, key: Key, claim: Object) -> Object:
        answer = await self.client.update(PERSISTENT_VOLUME_CLAIMS, claim)
        self._claim_writes.created(key, answer)
        return answer

    async def _set_claim_status(self, key: Key, claim: Object, phase: str, volume: Object | None) -> None:
        changed = claims.claim_status(claim, phase, volume)
        if changed is not None:
            answer = await self.client.update_status(PERSISTENT_VOLUME_CLAIMS, changed)
            self._claim_writes.created(key, answer)

    # -- volumes

    async def _reconcile_volume(self, key: Key) -> None:
        volume = self.view.get(PERSISTENT_VOLUMES, key)
        if volume is None:
            return
        claim = await self._claim_of(volume)
        for action in volumes.plan_volume(volume, claim):
            match action:
                case volumes.Phase():
                    volume = await self._set_phase(key, volume, action)
                case volumes.Unbind():
                    volume = await self._update_volume(key, volumes.unbound_volume(volume))
                    await self._set_phase(key, volume, volumes.Phase("Available"))
                case volumes.Mismatch(for_volume, for_claim):
                    self._tell(volume, for_volume)
                    if claim is not None:
                        self._tell(claim, for_claim)

    async def _claim_of(self, volume: Object) -> Object | None:
        """The claim that a volume is bound to, by uid; looked up where it is kept before it counts as gone."""
        reference = volume["spec"].get("claimRef")
        if reference is None or not reference.get("uid"):
            return None
        key = Key(reference.get("namespace", ""), reference["name"])
        claim = self.view.get(PERSISTENT_VOLUME_CLAIMS, key)
        if claim is None or claim["metadata"]["uid"] != reference["uid"]:
            try:
                claim = await self.client.get(PERSISTENT_VOLUME_CLAIMS, key)
            except NotFound:
                return None
        return claim if claim["metadata"]["uid"] == reference["uid"] else None

    async def _update_volume(self, key: Key, volume: Object) -> Object:
        answer = await self.client.update(PERSISTENT_VOLUMES, volume)
        self._volume_writes.created(key, answer)
        return answer

    async def _set_phase(self, key: Key, volume: Object, phase: volumes.Phase) -> Object:
        status = volume.get("status") or {}
        if status.get("phase") == phase.name:
            return volume
        told = {name: value for name, value in status.items() if name != "message"} | {"phase": phase.name}
        if phase.message:
            told["message"] = phase.message
        answer = await self.client.update_status(PERSISTENT_VOLUMES, volume | {"status": told})
        self._volume_writes.created(key, answer)
        self._tell(answer, phase.event)
        return answer

    def _tell(self, obj: Object, event: claims.Event | None) -> None:
        if event is not None:
            self.recorder.event(obj, event.type, event.reason, event.message)


def meant_for(volume: Object) -> tuple[str, ...]:
    """Index values: namespace/name of the claim that a volume names."""
    reference = volume["spec"].get("claimRef")
    return (str(Key(reference.get("namespace", ""), reference["name"])),) if reference is not None else ()


def unbound_class(claim: Object) -> tuple[str, ...]:
    """Index values: the class of a claim that has no volume."""
    return () if claim["spec"].get("volumeName") else (class_of_claim(claim),)


def waiting_pods(pods: Iterable[Object]) -> list[str]:
    """Names of those that have no node yet."""
    return sorted(
        str(pod["metadata"]["name"]) for pod in pods if not pod["spec"].get("nodeName") and not is_terminal(pod)
    )
