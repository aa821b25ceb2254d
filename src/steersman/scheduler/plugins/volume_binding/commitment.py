"""commitment: what was chosen for a pod is assumed, then written, then waited for.

Writes: persistentvolumes (update: spec.claimRef), persistentvolumeclaims (update: the annotation of the selected node).
Invariants: what is assumed and not written is given up; who waits is woken by changes, not by a clock.
Upstream: pkg/scheduler/framework/plugins/volumebinding/binder.go (AssumePodVolumes, BindPodVolumes).
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from steersman.api.core.node import NODES
from steersman.api.core.node_affinity import compile_node_selector
from steersman.api.core.persistent_volume import PERSISTENT_VOLUMES
from steersman.api.core.persistent_volume_claim import PERSISTENT_VOLUME_CLAIMS
from steersman.api.core.volume_matching import is_bound_to
from steersman.client.client import key_of
from steersman.client.request import Key
from steersman.scheduler.csi_migration import is_migrated_on, migrated, translated_affinity
from steersman.scheduler.framework import PluginError
from steersman.scheduler.plugins.volume_binding.search import SELECTED_NODE

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from steersman.api.meta.types import Object
    from steersman.client.client import Client
    from steersman.client.informer import Informers
    from steersman.scheduler.storage import Storage

BIND_COMPLETED = "pv.kubernetes.io/bind-completed"
"""Annotation of a claim: both sides know of each other."""
BOUND_BY_CONTROLLER = "pv.kubernetes.io/bound-by-controller"
WRITERS_MAX = 50
"""Pods whose volumes are being written at a time; any number is waited for."""


@dataclass(slots=True)
class Reserved:
    """Volumes with the claims that get them, and claims whose volumes are made, as they are to be written; once they
    are, as they were written.
    """

    bindings: list[tuple[Object, Object]] = field(default_factory=list)
    made: list[Object] = field(default_factory=list)


def is_fully_bound(claim: Object) -> bool:
    annotations = claim["metadata"].get("annotations") or {}
    return bool(claim["spec"].get("volumeName")) and BIND_COMPLETED in annotations


class Commitment:
    """Of all pods of one scheduler."""

    def __init__(self, *, client: Client, storage: Storage, informers: Informers, timeout_s: float) -> None:
        """`timeout_s`: for how long volumes are waited for."""
        self._client = client
        self._storage = storage
        self._timeout_s = timeout_s
        self._writing = asyncio.Semaphore(WRITERS_MAX)
        self._nodes = informers.of(NODES)
        self._waiting: dict[asyncio.Event, frozenset[tuple[str, Key]]] = {}
        self._nodes.add_handler(self._changed("nodes"))
        for plural in ("persistentvolumes", "persistentvolumeclaims"):
            storage.informers[plural].add_handler(self._changed(plural))

    def reserve(self, bindings: Sequence[tuple[Object, Object]], made: Sequence[Object], node: str) -> Reserved:
        """Assume it. Raises PluginError, and assumes nothing then."""
        reserved = Reserved()
        try:
            for volume, claim in bindings:
                bound = bind(volume, claim)
                if bound is not volume:
                    self._storage.volumes.assume(bound)
                reserved.bindings.append((bound, claim))
            for claim in made:
                selected = _annotated(claim, SELECTED_NODE, node)
                self._storage.claims.assume(selected)
                reserved.made.append(selected)
        except PluginError:
            self.give_up(reserved)
            raise
        return reserved

    def give_up(self, reserved: Reserved) -> None:
        """Assume nothing of it any more; what was written already stays so."""
        for volume, _ in reserved.bindings:
            self._storage.volumes.restore(volume)
        for claim in reserved.made:
            self._storage.claims.restore(claim)

    async def carry_out(self, reserved: Reserved, node: str) -> None:
        """Write it, and wait until all claims are bound. Raises PluginError, ApiError, TransportError."""
        async with self._writing:
            for at, (volume, claim) in enumerate(reserved.bindings):
                reserved.bindings[at] = (await self._client.update(PERSISTENT_VOLUMES, volume), claim)
            for at, claim in enumerate(reserved.made):
                reserved.made[at] = await self._client.update(PERSISTENT_VOLUME_CLAIMS, claim)
        try:
            async with asyncio.timeout(self._timeout_s):
                await self._wait(reserved, node)
        except TimeoutError as error:
            raise PluginError("binding volumes: context deadline exceeded") from error
        except PluginError as error:
            raise PluginError(f"binding volumes: {error}") from error

    async def _wait(self, reserved: Reserved, node: str) -> None:
        changed = asyncio.Event()
        try:
            while True:
                changed.clear()
                self._waiting[changed] = frozenset(self._concerned(reserved, node))
                if self._is_done(reserved, node):
                    return
                await changed.wait()
        finally:
            self._waiting.pop(changed, None)

    def _concerned(self, reserved: Reserved, node: str) -> Iterator[tuple[str, Key]]:
        yield "nodes", Key("", node)
        for volume, claim in reserved.bindings:
            yield "persistentvolumes", key_of(volume)
            yield "persistentvolumeclaims", key_of(claim)
        for claim in reserved.made:
            yield "persistentvolumeclaims", key_of(claim)
            shown = self._storage.claims.shown(key_of(claim))
            if shown is not None and shown["spec"].get("volumeName"):
                yield "persistentvolumes", Key("", shown["spec"]["volumeName"])

    def _is_done(self, reserved: Reserved, node_name: str) -> bool:
        """By what the API shows, which others write as well. Raises PluginError if it will never be."""
        node = self._nodes.get(Key("", node_name))
        if node is None:
            raise PluginError(f'failed to get node "{node_name}": node "{node_name}" not found')
        return all(self._is_bound(volume, claim, node) for volume, claim in reserved.bindings) and all(
            self._is_made(claim, node) for claim in reserved.made
        )

    def _is_bound(self, volume: Object, claim: Object, node: Object) -> bool:
        name = volume["metadata"]["name"]
        shown = self._storage.volumes.shown(key_of(volume))
        if shown is None:
            raise PluginError(f'failed to check binding: persistentvolumes "{name}" not found')
        shown_claim = self._claim(claim, "failed to check binding")
        if _is_older(shown, volume):
            return False
        self._check_node(shown, node)
        if not (shown["spec"].get("claimRef") or {}).get("uid"):
            raise PluginError(f'ClaimRef got reset for pv "{name}"')
        return is_fully_bound(shown_claim)

    def _is_made(self, claim: Object, node: Object) -> bool:
        name = claim["metadata"]["name"]
        shown = self._claim(claim, "failed to check provisioning pvc")
        if _is_older(shown, claim):
            return False
        annotations = shown["metadata"].get("annotations")
        if not annotations:
            raise PluginError(f'selectedNode annotation reset for PVC "{name}"')
        if annotations.get(SELECTED_NODE) != node["metadata"]["name"]:
            raise PluginError(f'provisioning failed for PVC "{name}"')  # so that another node is tried
        if shown["spec"].get("volumeName"):
            volume = self._storage.volume(shown["spec"]["volumeName"])
            if volume is None:
                return False  # on its way
            self._check_node(volume, node)
        return is_fully_bound(shown)

    def _claim(self, claim: Object, doing: str) -> Object:
        key = key_of(claim)
        shown = self._storage.claims.shown(key)
        if shown is None:
            raise PluginError(f'{doing}: persistentvolumeclaims "{key.namespace}/{key.name}" not found')
        return shown

    def _check_node(self, volume: Object, node: Object) -> None:
        kind, required = migrated(volume["spec"]), (volume["spec"].get("nodeAffinity") or {}).get("required")
        name = node["metadata"]["name"]
        if kind is not None and is_migrated_on(self._storage.csi_node(name), kind):
            required = translated_affinity(volume, kind)
        if required is not None and not compile_node_selector(required)(node):
            told = f'pv "{volume["metadata"]["name"]}" node affinity doesn\'t match node "{name}"'
            raise PluginError(f"{told}: no matching NodeSelectorTerms")

    def _changed(self, plural: str) -> _Note:
        return _Note(plural, self._waiting)


@dataclass(frozen=True, slots=True)
class _Note:
    """A handler that wakes those who wait for an object."""

    plural: str
    waiting: dict[asyncio.Event, frozenset[tuple[str, Key]]]

    def __call__(self, old: Object | None, new: Object | None) -> None:
        if not self.waiting:
            return
        obj = new if new is not None else old
        assert obj is not None
        what = (self.plural, key_of(obj))
        for event, concerned in self.waiting.items():
            if what in concerned:
                event.set()


def bind(volume: Object, claim: Object) -> Object:
    """A volume that names a claim in full; the same object if it does already."""
    metadata, changed = claim["metadata"], volume
    if not is_bound_to(volume, claim):
        changed = _annotated(volume, BOUND_BY_CONTROLLER, "yes")
    reference = volume["spec"].get("claimRef") or {}
    if not is_bound_to(volume, claim) or reference.get("uid") != metadata["uid"]:
        names = {name: metadata[name] for name in ("namespace", "name", "uid", "resourceVersion") if name in metadata}
        told = {"kind": "PersistentVolumeClaim", "apiVersion": "v1", **names}
        changed = changed | {"spec": changed["spec"] | {"claimRef": told}}
    return changed


def _annotated(obj: Object, name: str, value: str) -> Object:
    annotations = {**(obj["metadata"].get("annotations") or {}), name: value}
    return obj | {"metadata": obj["metadata"] | {"annotations": annotations}}


def _is_older(obj: Object, other: Object) -> bool:
    return int(obj["metadata"]["resourceVersion"]) < int(other["metadata"]["resourceVersion"])
