"""NodeDeclaredFeatures: pods that need a feature of the kubelet go to nodes that say they have it.

Upstream: pkg/scheduler/framework/plugins/nodedeclaredfeatures, component-helpers nodedeclaredfeatures/features.
Upstream differences: none known.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from steersman.scheduler.events import NODE_ADDED, NODE_UPDATED, SELF_UPDATED, Event
from steersman.scheduler.framework import SKIP, Cycle, Plugin, Refusal, Skip

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from steersman.api.meta.types import Object
    from steersman.scheduler.pod_info import PodInfo

RESTART_ALL = "RestartAllContainersOnContainerExits"
HOST_NETWORK_USERS = "UserNamespacesHostNetworkSupport"
BIND_MOUNT_OPTIONS = "VolumeBindMountOptions"


class NodeDeclaredFeatures(Plugin):
    """See the module."""

    name = "NodeDeclaredFeatures"
    helped_by = frozenset({NODE_ADDED, NODE_UPDATED, SELF_UPDATED})

    def may_help(self, event: Event, _pod: PodInfo) -> bool:
        if event.kind == SELF_UPDATED:
            return event.old is None or event.new is None or needed(event.old["spec"]) != needed(event.new["spec"])
        return event.new is not None and (event.old is None or _declared(event.old) != _declared(event.new))

    def pre_filter(self, cycle: Cycle) -> Skip | None:
        return None if needed(cycle.pod.spec) else SKIP

    def filter(self, cycle: Cycle) -> Iterable[Refusal]:
        wanted = needed(cycle.pod.spec)
        lacking = cycle.snapshot.mask((self.name, wanted), lambda node: not wanted <= _declared(node))
        yield Refusal(lacking, "node(s) didn't match Pod's required features")


def needed(pod_spec: Object) -> frozenset[str]:
    """The features that a node must declare to run a pod."""
    return frozenset(_needed(pod_spec))


def _needed(spec: Object) -> Iterator[str]:
    containers = [*(spec.get("containers") or ()), *(spec.get("initContainers") or ())]
    rules = [rule for container in containers for rule in container.get("restartPolicyRules") or ()]
    if any(rule.get("action") == "RestartAllContainers" for rule in rules):
        yield RESTART_ALL
    if spec.get("hostNetwork") and spec.get("hostUsers") is False:
        yield HOST_NETWORK_USERS
    containers += spec.get("ephemeralContainers") or ()
    if any(mount.get("bindMountOptions") for each in containers for mount in each.get("volumeMounts") or ()):
        yield BIND_MOUNT_OPTIONS


def _declared(node: Object) -> frozenset[str]:
    return frozenset((node.get("status") or {}).get("declaredFeatures") or ())
