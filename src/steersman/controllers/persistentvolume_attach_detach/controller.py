"""persistentvolume_attach_detach: volumes are attached where pods need them, and detached when none does any more.

Reads: pods, nodes (looked at where they are kept before a volume is detached), persistent volumes and their claims, CSI
drivers, volume attachments. Writes: volume attachments (create, delete), nodes (status: volumesAttached), events.
Keys: volumes, nodes (whose status is to be written), and SYNC.
Invariants: a node's status stops naming a volume before the volume is detached, and names it only after it is attached;
a volume that the node says it uses is detached only from a node that is out of service, or has been unhealthy for as
long as is waited for; a volume for one node is asked for at one node at a time; attachments that others made are left
alone, unless they were there when this controller started.
Upstream differences: what a node was never told of is detached without waiting for the node; nothing is translated from
drivers that were once part of Kubernetes to those of CSI; a change of a volume is seen at once and not in minutes.
Upstream: pkg/controller/volume/attachdetach.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from steersman.api.core.node import NODES
from steersman.api.core.persistent_volume import PERSISTENT_VOLUMES
from steersman.api.core.persistent_volume_claim import PERSISTENT_VOLUME_CLAIMS
from steersman.api.core.pod import PODS
from steersman.api.errors import AlreadyExists, ApiError, NotFound
from steersman.api.meta.conditions import is_condition_true
from steersman.api.storage.csi_driver import CSI_DRIVERS
from steersman.api.storage.volume_attachment import VOLUME_ATTACHMENTS
from steersman.client.request import Key, PatchType
from steersman.controllers.base import Controller, Requeue, Writes
from steersman.controllers.node_volumes import of_persistent_volume, volume_named
from steersman.controllers.persistentvolume_attach_detach import told
from steersman.controllers.persistentvolume_attach_detach.books import RETRY_S, Attachment, Books, State, Wish
from steersman.controllers.persistentvolume_attach_detach.volumes import (
    attachable_volumes,
    attachment_name,
    is_attached_by,
    render_attachment,
    uses_volumes,
)
from steersman.controllers.pod_claims import BY_CLAIM, claims_of
from steersman.controllers.pods_by_node import PODS_BY_NODE, node_names
from steersman.lib.aio import loop_time

if TYPE_CHECKING:
    from collections.abc import Iterable

    from steersman.api.meta.types import Object
    from steersman.controllers.base import Tools
    from steersman.controllers.node_volumes import Volume

NODE = "node"
"""Of the keys of nodes, the namespace."""
SYNC = Key("", "sync")
"""Which no volume is called: they have slashes."""
DRIVER_S = 120.0
"""So long a driver may take before its silence counts as a failure."""
MANAGED = "volumes.kubernetes.io/controller-managed-attach-detach"
OUT_OF_SERVICE = "node.kubernetes.io/out-of-service"


@dataclass(frozen=True, slots=True)
class Detaching:
    """What a user can choose."""

    force_after_s: float | None = 360.0
    """So long an unhealthy node may keep a volume that it says it uses; None: for ever."""
    sync_s: float | None = 60.0
    """How often attachments are compared with what is written down; None: never."""


class PersistentVolumeAttachDetach(Controller):
    """See the module."""

    name = "persistentvolume_attach_detach"
    account = "attachdetach-controller"
    reads = (PODS, NODES, PERSISTENT_VOLUME_CLAIMS, PERSISTENT_VOLUMES, CSI_DRIVERS, VOLUME_ATTACHMENTS)
    writes = (
        Writes(NODES, ("get",)),
        Writes(NODES, ("patch",), "status"),
        Writes(VOLUME_ATTACHMENTS, ("create", "delete")),
    )

    def __init__(self, tools: Tools, *, settings: Detaching | None = None) -> None:
        self._choices = settings or Detaching()
        self._books = Books()
        self._published: dict[str, list[str]] = {}
        """The volumes that the status of each node names, as far as it was written or looked at."""
        self._asked: dict[str, Key] = {}
        """Volumes by name of their VolumeAttachments."""
        self._forced = tools.registry.counter(
            "attachdetach_controller_forced_detaches", "Volumes taken from nodes that might use them.", ("reason",)
        )
        super().__init__(tools)

    def setup(self) -> None:
        self.index(PODS, BY_CLAIM, claims_of)
        self.index(PODS, PODS_BY_NODE, node_names)
        self.on(PODS, self._pod_concerns)
        self.on(NODES, self._node_concerns)
        self.on(PERSISTENT_VOLUME_CLAIMS, self._claim_concerns)
        self.on(PERSISTENT_VOLUMES, self._volume_concerns)
        self.on(CSI_DRIVERS, self._driver_concerns)
        self.on(VOLUME_ATTACHMENTS, self._attachment_concerns)

    async def run(self) -> None:
        self._take_stock()
        if self._choices.sync_s is not None:
            self.queue.add_after(SYNC, self._choices.sync_s)
        await super().run()

    def _take_stock(self) -> None:
        """What is attached, as far as nodes and attachments tell: somebody wrote it down before this process began."""
        now = loop_time()
        for node in self.view.list(NODES):
            name, status = node["metadata"]["name"], node.get("status") or {}
            named = [each["name"] for each in status.get("volumesAttached") or ()]
            for each in named:
                self._note(volume_named(each), name, State.ATTACHED, now).reported = True
            if named:
                self._published[name] = sorted(named)
            self._books.set_in_use(name, status.get("volumesInUse") or ())
        for found in self.view.list(VOLUME_ATTACHMENTS):
            source = self.view.get(PERSISTENT_VOLUMES, Key("", found["spec"]["source"].get("persistentVolumeName", "")))
            volume = of_persistent_volume(source) if source is not None else None
            node_name = found["spec"]["nodeName"]
            if volume is not None and node_name not in self._books.attachments(volume.name):
                self._note(volume, node_name, State.UNCERTAIN, now)
                self._books.assume_in_use(volume.name, node_name)
        for volume in self._books.wanted_volumes():
            for node_name, known in self._books.attachments(volume.name).items():
                self._note(volume, node_name, known.state, now)
        self.queue_volumes(each.volume.name for each in self._books.all_attachments())

    def _note(self, volume: Volume, node: str, state: State, now: float) -> Attachment:
        self._asked[attachment_name(volume, node)] = Key("", volume.name)
        return self._books.attach(volume, node, state, now)

    def queue_volumes(self, names: Iterable[str]) -> None:
        for name in names:
            self.queue.add(Key("", name))

    # -- what changes concern

    def _pod_concerns(self, old: Object | None, new: Object | None) -> Iterable[Key]:
        changed: set[str] = set()
        if old is not None and (new is None or new["metadata"]["uid"] != old["metadata"]["uid"]):
            changed |= self._books.give_up(old["metadata"]["uid"])
        if new is not None:
            changed |= self._look_at(new)
        return [Key("", name) for name in changed]

    def _look_at(self, pod: Object) -> set[str]:
        """Write down what a pod wants; names of volumes of which that changed."""
        node_name = pod["spec"].get("nodeName")
        if not node_name or not pod["spec"].get("volumes"):
            return set()
        if not uses_volumes(pod):
            return self._books.give_up(pod["metadata"]["uid"])
        node = self.view.get(NODES, Key("", node_name))
        if node is None or MANAGED not in (node["metadata"].get("annotations") or {}):
            return set()
        return self._books.want(pod, attachable_volumes(pod, self.view))

    def _look_at_all(self, pods: Iterable[Object]) -> list[Key]:
        return [Key("", name) for pod in pods for name in self._look_at(pod)]

    def _node_concerns(self, old: Object | None, new: Object | None) -> Iterable[Key]:
        present = new if new is not None else old
        assert present is not None
        name = present["metadata"]["name"]
        self._books.set_in_use(name, (present.get("status") or {}).get("volumesInUse") or ())
        if new is None:
            self._books.forget_node(name)
            self._published.pop(name, None)
        keys = [Key("", volume) for volume in self._books.volumes_on(name)]
        if new is not None and _is_managed(new) and (old is None or not _is_managed(old)):
            keys += self._look_at_all(self.view.by_index(PODS, PODS_BY_NODE, name))
        if new is not None and old is None and keys:
            keys.append(Key(NODE, name))  # it may have come back without what it had
        return keys

    def _claim_concerns(self, _old: Object | None, new: Object | None) -> Iterable[Key]:
        if new is None:
            return ()
        metadata = new["metadata"]
        return self._look_at_all(self.view.by_index(PODS, BY_CLAIM, f"{metadata['namespace']}/{metadata['name']}"))

    def _volume_concerns(self, _old: Object | None, new: Object | None) -> Iterable[Key]:
        reference = (new["spec"].get("claimRef") if new is not None else None) or {}
        if "name" not in reference:
            return ()
        claim = f"{reference.get('namespace', '')}/{reference['name']}"
        return self._look_at_all(self.view.by_index(PODS, BY_CLAIM, claim))

    def _driver_concerns(self, _old: Object | None, new: Object | None) -> Iterable[Key]:
        """A driver whose volumes are not attached any more lets go of them; one whose volumes are is asked again."""
        if new is None or is_attached_by(new["metadata"]["name"], self.view):
            return self._look_at_all(self.view.list(PODS))
        keys = []
        for volume in self._books.wanted_volumes():
            if volume.driver == new["metadata"]["name"]:
                for wish in self._books.wishes(volume.name).values():
                    keys += [Key("", name) for uid in list(wish.pods) for name in self._books.give_up(uid, volume.name)]
        return keys

    def _attachment_concerns(self, old: Object | None, new: Object | None) -> Iterable[Key]:
        present = new if new is not None else old
        assert present is not None
        key = self._asked.get(present["metadata"]["name"])
        return (key,) if key is not None else ()

    # -- what is done

    async def reconcile(self, key: Key) -> Requeue | None:
        if key == SYNC:
            self._compare()
            return Requeue(after_s=self._choices.sync_s or 0.0)
        if key.namespace == NODE:
            await self._publish(key.name)
            return None
        again = [
            await self._detach(attachment)
            for node, attachment in self._books.attachments(key.name).items()
            if node not in self._books.wishes(key.name)
        ]
        again += [await self._attach(node, wish) for node, wish in self._books.wishes(key.name).items()]
        waits = [after_s for after_s in again if after_s is not None]
        return Requeue(after_s=max(min(waits), 0.01)) if waits else None

    def _compare(self) -> None:
        """What is not attached any more, though it was, is asked for again, or forgotten."""
        for each in self._books.all_attachments():
            if each.state is State.ATTACHED and each.volume.driver and is_attached_by(each.volume.driver, self.view):
                found = self.view.get(VOLUME_ATTACHMENTS, Key("", attachment_name(each.volume, each.node)))
                if found is None or not (found.get("status") or {}).get("attached"):
                    self._forget(each)

    def _forget(self, attachment: Attachment) -> None:
        """It is not there any more."""
        self._books.detach(attachment.volume.name, attachment.node)
        self.queue.add(Key("", attachment.volume.name))
        if attachment.reported:
            self.queue.add(Key(NODE, attachment.node))

    async def _publish(self, name: str) -> None:
        """Say in a node's status what is attached to it; what waits for that goes on."""
        wanted = self._books.reported(name)
        node = self.view.get(NODES, Key("", name))
        if node is None:
            self._published.pop(name, None)
        elif self._published.get(name, _named_by(node)) != wanted:
            told_of = [{"name": each, "devicePath": ""} for each in wanted] or None
            patch = {"status": {"volumesAttached": told_of}}
            try:
                await self.client.patch(NODES, Key("", name), patch, kind=PatchType.STRATEGIC, subresource="status")
                self._published[name] = wanted
            except NotFound:
                self._published.pop(name, None)
        self.queue_volumes(
            volume for volume in self._books.volumes_on(name) if not self._books.attachments(volume)[name].reported
        )

    # -- attaching

    async def _attach(self, node: str, wish: Wish) -> float | None:
        """In how many seconds to look again, if nothing changes before."""
        volume, now = wish.volume, loop_time()
        attachments = self._books.attachments(volume.name)
        known = attachments.get(node)
        if known is not None and known.state is State.ATTACHED:
            known.unwanted_since = None
            self._report(known)
            return None
        if not volume.shared and self._waits_for_others(node, wish, attachments):
            return None
        if known is not None and known.state is State.UNCERTAIN and known.retry_at > now:
            return known.retry_at - now
        if not volume.driver:
            self._attached(self._note(volume, node, State.ATTACHED, now), wish)
            return None
        found = self.view.get(VOLUME_ATTACHMENTS, Key("", attachment_name(volume, node)))
        if known is not None and known.state is State.DETACHING:
            if found is not None:
                return None
            self._forget(known)
            known = None
        if known is None or known.state is not State.ATTACHING:
            known = self._note(volume, node, State.ATTACHING, now)
        return await self._ask(known, wish, found, now)

    async def _ask(self, known: Attachment, wish: Wish, found: Object | None, now: float) -> float | None:
        volume, status = known.volume, (found or {}).get("status") or {}
        if found is None:
            try:
                await self.client.create(VOLUME_ATTACHMENTS, render_attachment(volume, known.node))
            except AlreadyExists:
                pass  # the cache will show it
            except ApiError as error:
                return self._failed(known, wish, told.refused(error), now)
        elif found["metadata"].get("deletionTimestamp"):
            return self._failed(known, wish, "volume attachment is being deleted", now)
        elif status.get("attached"):
            known.enter(State.ATTACHED, now)
            self._attached(known, wish)
            return None
        elif status.get("attachError"):
            return self._failed(known, wish, status["attachError"].get("message", ""), now)
        if now - known.since >= DRIVER_S:
            return self._failed(known, wish, told.timed_out(volume), now)
        return known.since + DRIVER_S - now

    def _waits_for_others(self, node: str, wish: Wish, attachments: dict[str, Attachment]) -> bool:
        """Whether another node has, gets or loses the volume, which only one may have."""
        others = [each for each in attachments.values() if each.node != node]
        if any(each.state in (State.ATTACHING, State.DETACHING) for each in others):
            return True
        holders = [each.node for each in others if each.state is State.ATTACHED]
        if holders and not wish.told:
            wish.told = True
            wishes = self._books.wishes(wish.volume.name)
            users = [pod for holder in holders if holder in wishes for pod in wishes[holder].pods.values()]
            for pod in wish.pods.values():
                self.recorder.event(pod, "Warning", "FailedAttachVolume", told.waits(wish.volume, pod, users))
        return bool(holders)

    def _attached(self, known: Attachment, wish: Wish) -> None:
        known.unwanted_since, known.retry_s = None, RETRY_S
        self._books.assume_in_use(known.volume.name, known.node)
        self._report(known)
        self.queue.add(Key("", known.volume.name))  # others that want it may have to be told that they wait
        for pod in wish.pods.values():
            self.recorder.event(pod, "Normal", "SuccessfulAttachVolume", told.attached(known.volume))

    def _failed(self, known: Attachment, wish: Wish, why: str, now: float) -> float:
        known.fail(now)
        for pod in wish.pods.values():
            self.recorder.event(pod, "Warning", "FailedAttachVolume", told.not_attached(known.volume, why))
        return known.retry_at - now

    def _report(self, known: Attachment) -> None:
        if not known.reported:
            known.reported = True
            self.queue.add(Key(NODE, known.node))

    # -- detaching

    async def _detach(self, known: Attachment) -> float | None:
        """In how many seconds to look again, if nothing changes before."""
        volume, now = known.volume, loop_time()
        key = Key("", attachment_name(volume, known.node))
        if known.state is State.DETACHING:
            return self._watch_going(known, self.view.get(VOLUME_ATTACHMENTS, key), now)
        if known.state is State.UNCERTAIN and known.retry_at > now:
            return known.retry_at - now
        if known.unwanted_since is None:
            known.unwanted_since = now
        node = self.view.get(NODES, Key("", known.node))
        forced, remaining_s = self._is_forced(known, now)
        out_of_service = node is not None and any(
            taint["key"] == OUT_OF_SERVICE for taint in node["spec"].get("taints") or ()
        )
        healthy = node is not None and is_condition_true(node, "Ready")
        in_use = self._books.is_in_use(volume.name, known.node) and known.state is not State.ATTACHING
        if in_use and not (forced and not healthy) and not out_of_service:
            return remaining_s
        if known.reported:
            known.reported = False
            self.queue.add(Key(NODE, known.node))
        if volume.name in self._published.get(known.node, ()):
            return None  # goes on when the node's status does not name it any more
        if not forced and not out_of_service and not await self._is_safe(known):
            known.fail(now)
            return known.retry_at - now
        if forced or out_of_service:
            self._forced.labels("timeout" if forced else "out-of-service").inc()
        return await self._let_go(known, key, now)

    def _is_forced(self, known: Attachment, now: float) -> tuple[bool, float | None]:
        """Whether it was waited for long enough, and how long that takes from now on."""
        after_s = self._choices.force_after_s
        if after_s is None or known.unwanted_since is None:
            return False, None
        remaining_s = known.unwanted_since + after_s - now
        return remaining_s <= 0, remaining_s if remaining_s > 0 else None

    async def _is_safe(self, known: Attachment) -> bool:
        """Whether the node, where it is kept, does not say that it uses the volume. Raises ApiError, TransportError."""
        try:
            node = await self.client.get(NODES, Key("", known.node))
        except NotFound:
            return True
        return known.volume.name not in ((node.get("status") or {}).get("volumesInUse") or ())

    async def _let_go(self, known: Attachment, key: Key, now: float) -> float | None:
        if not known.volume.driver:
            self._forget(known)
            return None
        known.enter(State.DETACHING, now)
        try:
            await self.client.delete(VOLUME_ATTACHMENTS, key)
        except NotFound:
            self._forget(known)
            return None
        except ApiError as error:
            self.logger.warning("volume %s cannot be detached from %s: %s", known.volume.name, known.node, error)
            known.fail(now)
            return known.retry_at - now
        return DRIVER_S

    def _watch_going(self, known: Attachment, found: Object | None, now: float) -> float | None:
        if found is None:
            self._asked.pop(attachment_name(known.volume, known.node), None)
            self._forget(known)
            return None
        error = ((found.get("status") or {}).get("detachError") or {}).get("message")
        if error is None and now - known.since < DRIVER_S:
            return known.since + DRIVER_S - now
        self.logger.warning("volume %s is not detached from %s: %s", known.volume.name, known.node, error or "timeout")
        known.fail(now)
        return known.retry_at - now


def _is_managed(node: Object) -> bool:
    """Whether its kubelet leaves it to this controller to attach volumes."""
    return MANAGED in (node["metadata"].get("annotations") or {})


def _named_by(node: Object) -> list[str]:
    return sorted(each["name"] for each in (node.get("status") or {}).get("volumesAttached") or ())
