"""selinux_warning: tells pods that use one volume with SELinux labels that do not go together, in events and a metric.

Reads: pods, persistent volumes and their claims, CSI drivers. Writes: events.
Invariants: nothing is changed, no pod is kept from anything; each conflict is told once, to both pods.
Upstream differences: a pod whose claim is not bound is looked at when it is, and not again and again; that a pod labels
a volume in two ways is told once.
Upstream: pkg/controller/volume/selinuxwarning.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from steersman.api.core.persistent_volume import PERSISTENT_VOLUMES
from steersman.api.core.persistent_volume_claim import PERSISTENT_VOLUME_CLAIMS
from steersman.api.core.pod import PODS
from steersman.api.storage.csi_driver import CSI_DRIVERS
from steersman.client.client import key_of
from steersman.client.request import Key
from steersman.controllers.base import Controller
from steersman.controllers.node_volumes import volume_in
from steersman.controllers.pod_claims import BY_CLAIM, claims_of
from steersman.controllers.pods import is_terminal
from steersman.controllers.selinux_warning.labels import labels_by_volume
from steersman.controllers.selinux_warning.uses import RECURSIVE, Use, Uses
from steersman.lib.metrics import Sample

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from steersman.api.meta.types import Object
    from steersman.controllers.base import Tools
    from steersman.controllers.node_volumes import Volume

BY_MOUNT = "MountOption"
"""The usual policy: the volume is mounted with its label."""
_LABELS = ("property", "pod1_namespace", "pod1_name", "pod1_value", "pod2_namespace", "pod2_name", "pod2_value")


class SELinuxWarning(Controller):
    """See the module."""

    name = "selinux_warning"
    component = "selinux_warning"
    reads = (PODS, PERSISTENT_VOLUMES, PERSISTENT_VOLUME_CLAIMS, CSI_DRIVERS)

    def __init__(self, tools: Tools) -> None:
        self._uses = Uses()
        tools.registry.collector(
            "selinux_warning_controller_selinux_volume_conflict",
            "Conflicts between two pods that use the same volume.",
            _LABELS,
            self._samples,
            kind="gauge",
        )
        super().__init__(tools)

    def setup(self) -> None:
        self.index(PODS, BY_CLAIM, claims_of)
        self.on(PODS, _pod_concerns)
        self.on(PERSISTENT_VOLUME_CLAIMS, self._claim_concerns)
        self.on(PERSISTENT_VOLUMES, self._volume_concerns)
        self.on(CSI_DRIVERS, self._driver_concerns)

    async def reconcile(self, key: Key) -> None:
        pod = self.view.get(PODS, key)
        if pod is None or is_terminal(pod):
            self._uses.forget(key)
            return
        labels = labels_by_volume(pod)
        for entry in pod["spec"].get("volumes") or ():
            asked = labels.get(entry["name"])
            if asked is None:
                continue
            if len(asked) > 1:
                message = f'Volume "{entry["name"]}" is mounted twice with different SELinux labels inside this pod'
                self.recorder.event(pod, "Warning", "MultipleSELinuxLabels", message)
                continue
            volume = volume_in(pod, entry, self.view)
            if volume is not None:
                self._note(key, volume, self._use_of(pod, volume, next(iter(asked), "")))

    def _use_of(self, pod: Object, volume: Volume, label: str) -> Use:
        policy = (pod["spec"].get("securityContext") or {}).get("seLinuxChangePolicy") or BY_MOUNT
        if policy == RECURSIVE or not label or not self._is_mounted_with_label(volume):
            return Use("", RECURSIVE)
        return Use(label, policy)

    def _is_mounted_with_label(self, volume: Volume) -> bool:
        if not volume.driver:
            return True
        driver = self.view.get(CSI_DRIVERS, Key("", volume.driver))
        return driver is not None and bool(driver["spec"].get("seLinuxMount"))

    def _note(self, key: Key, volume: Volume, use: Use) -> None:
        for each in self._uses.note(volume.name, volume.driver, key, use):
            pod = self.view.get(PODS, each.pod)
            if pod is None:
                return  # it went, and with it the conflict
            self.recorder.event(pod, "Normal", each.reason, each.message)

    def _samples(self) -> Iterator[Sample]:
        for each in self._uses.conflicts():
            yield Sample((each.what, *each.pod, each.value, *each.other, each.other_value), 1.0)

    # -- which keys a change concerns

    def _claim_concerns(self, old: Object | None, new: Object | None) -> Iterable[Key]:
        bound = new["spec"].get("volumeName") if new is not None else None
        if new is None or not bound or (old is not None and _phase(old) == _phase(new)):
            return ()
        return self._users(str(key_of(new)))

    def _volume_concerns(self, old: Object | None, new: Object | None) -> Iterable[Key]:
        reference = (new["spec"].get("claimRef") if new is not None else None) or {}
        before = (old["spec"].get("claimRef") if old is not None else None) or {}
        if not reference.get("uid") or before.get("uid") == reference["uid"]:
            return ()
        return self._users(f"{reference.get('namespace', '')}/{reference['name']}")

    def _users(self, claim: str) -> list[Key]:
        return [key_of(pod) for pod in self.view.by_index(PODS, BY_CLAIM, claim)]

    def _driver_concerns(self, old: Object | None, new: Object | None) -> Iterable[Key]:
        """What its volumes can do decides on what the policies of pods mean."""
        present = new if new is not None else old
        assert present is not None
        if _mounts_with_label(old) == _mounts_with_label(new):
            return ()
        return self._uses.pods_of_driver(present["metadata"]["name"])


def _pod_concerns(old: Object | None, new: Object | None) -> Iterable[Key]:
    """What matters of a pod does not change while it lives."""
    if old is not None and new is not None and is_terminal(old) == is_terminal(new):
        return ()
    present = new if new is not None else old
    assert present is not None
    return (key_of(present),)


def _phase(claim: Object) -> tuple[object, object]:
    return (claim.get("status") or {}).get("phase"), claim["spec"].get("volumeName")


def _mounts_with_label(driver: Object | None) -> bool:
    return driver is not None and bool(driver["spec"].get("seLinuxMount"))
