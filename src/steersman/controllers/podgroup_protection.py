"""podgroup_protection: a PodGroup that is being deleted stays while pods of it have not ended.

Reads: pod groups, pods. Writes: pod groups (update).
Invariants: the finalizer, which admission adds, goes when the PodGroup is being deleted and no pod of it is left.
Runs where PodGroups are served (scheduling.k8s.io/v1beta1).
Upstream differences: none known.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from steersman.api.core.pod import PODS
from steersman.api.errors import NotFound
from steersman.client.client import key_of
from steersman.client.request import Key, Ref
from steersman.controllers.base import Controller, Writes
from steersman.controllers.pods import is_terminal
from steersman.controllers.protection import released, wants_to_go

if TYPE_CHECKING:
    from collections.abc import Iterable

    from steersman.api.meta.types import Object

POD_GROUPS = Ref("scheduling.k8s.io", "v1beta1", "podgroups", namespaced=True, kind="PodGroup")
FINALIZER = "scheduling.k8s.io/podgroup-protection"
BY_GROUP = "pods that have not ended by group"


class PodGroupProtection(Controller):
    """See the module."""

    name = "podgroup_protection"
    reads = (POD_GROUPS, PODS)
    needs = (POD_GROUPS,)
    writes = (Writes(POD_GROUPS, ("get", "update")),)

    def setup(self) -> None:
        self.index(PODS, BY_GROUP, lambda pod: () if is_terminal(pod) else map(str, group_of(pod)))
        self.on(POD_GROUPS, lambda _old, new: (key_of(new),) if new is not None and wants_to_go(new, FINALIZER) else ())
        self.on(PODS, left_groups)

    async def reconcile(self, key: Key) -> None:
        group = self.view.get(POD_GROUPS, key)
        if group is None or not wants_to_go(group, FINALIZER) or self.view.by_index(PODS, BY_GROUP, str(key)):
            return
        try:
            await self.client.update(POD_GROUPS, released(group, FINALIZER))
        except NotFound:
            return


def group_of(pod: Object) -> tuple[Key, ...]:
    """The PodGroup that a pod is scheduled with; none for most."""
    name = (pod["spec"].get("schedulingGroup") or {}).get("podGroupName")
    return (Key(pod["metadata"]["namespace"], name),) if name is not None else ()


def left_groups(old: Object | None, new: Object | None) -> Iterable[Key]:
    """Groups that have one pod less: it has ended, is gone, or was replaced by another of its name."""
    if new is not None and is_terminal(new):
        return group_of(new)
    if old is not None and (new is None or old["metadata"]["uid"] != new["metadata"]["uid"]):
        return group_of(old)
    return ()
