"""commitment: what was decided for the claims of a pod is written, and what devices need is waited for.

Reads: resourceclaims. Writes: resourceclaims (create and delete: for extended resources; update: finalizer; status:
allocation, reservedFor, devices), pods/status (patch: extendedResourceClaimStatus), events.
Invariants: a claim is allocated by whoever finds it unallocated; who waits is woken by changes.
Upstream: pkg/scheduler/framework/plugins/dynamicresources (PreBind, PostFilter, Unreserve).
"""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING, Any

from steersman.api.core.pod import PODS
from steersman.api.dra.resource_claim import RESOURCE_CLAIMS
from steersman.api.errors import ApiError, Conflict, NotFound
from steersman.api.meta.times import format_time
from steersman.client.client import key_of
from steersman.client.errors import TransportError
from steersman.client.events import NORMAL
from steersman.client.request import Key, PatchType
from steersman.lib.aio import loop_time
from steersman.scheduler.devices.claims import FINALIZER, allocation_of, consumer
from steersman.scheduler.devices.conditions import DeviceFailedError, is_overdue, is_ready
from steersman.scheduler.framework import PluginError

if TYPE_CHECKING:
    from collections.abc import Coroutine, Sequence

    from steersman.api.meta.types import Object
    from steersman.client.client import Client
    from steersman.client.events import Recorder
    from steersman.lib.aio import Tasks
    from steersman.lib.clock import Clock
    from steersman.scheduler.device_view import DeviceView
    from steersman.scheduler.pod_info import PodInfo

TRIES_MAX = 5
"""Of a write that meets others."""


class Commitment:
    """Of all pods of one scheduler."""

    def __init__(
        self,
        *,
        client: Client,
        view: DeviceView,
        recorder: Recorder,
        clock: Clock,
        writes: Tasks,
        timeout_s: float,
    ) -> None:
        """`writes`: runs what nobody waits for. `timeout_s`: for how long devices are waited for."""
        self._client = client
        self._tracker = view.tracker
        self._recorder = recorder
        self._clock = clock
        self._writes = writes
        self._timeout_s = timeout_s
        self._waiting: dict[asyncio.Event, frozenset[Key]] = {}
        self._logger = logging.getLogger(__name__)
        view.claims.add_handler(self._changed)

    # -- before a pod is bound

    async def bind(self, claim: Object, allocation: Object | None, pod: Object) -> Object:
        """Reserve a claim for a pod, with the allocation that it gets; as it is then. Raises PluginError."""
        name = _name(claim)
        for tries_left in reversed(range(TRIES_MAX)):
            try:
                return await self._bind(claim, allocation, pod)
            except Conflict as error:
                if not tries_left:
                    raise PluginError(_doing(allocation, name, error)) from error
            try:
                claim = await self._client.get(RESOURCE_CLAIMS, key_of(claim))
            except (ApiError, TransportError) as error:
                raise PluginError(f"get updated claim {name} after conflict: {error}") from error
        raise AssertionError("unreachable: the last try returns or raises")

    async def create(self, claim: Object) -> Object:
        """The claim for extended resources of a pod. Raises PluginError."""
        metadata = {name: value for name, value in claim["metadata"].items() if name not in ("name", "uid")}
        made = {
            "apiVersion": "resource.k8s.io/v1",
            "kind": "ResourceClaim",
            "metadata": metadata,
            "spec": claim["spec"],
        }
        try:
            return await self._client.create(RESOURCE_CLAIMS, made)
        except (ApiError, TransportError) as error:
            raise PluginError(f"create claim for extended resources {_name(claim)}: {error}") from error

    async def tell_pod(self, pod: PodInfo, claim: Object, mappings: Sequence[Object]) -> None:
        """Which containers use which requests of the claim for extended resources. Raises PluginError."""
        told = {"resourceClaimName": claim["metadata"]["name"], "requestMappings": list(mappings)}
        patch = {"metadata": {"uid": pod.uid}, "status": {"extendedResourceClaimStatus": told}}
        try:
            await self._client.patch(PODS, Key(*pod.key), patch, kind=PatchType.STRATEGIC, subresource="status")
        except (ApiError, TransportError) as error:
            namespace, name = pod.key
            raise PluginError(f"update pod {namespace}/{name} ExtendedResourceClaimStatus: {error}") from error

    async def wait(self, claims: Sequence[Object], pod: PodInfo, node: str) -> None:
        """Until the devices of all claims are ready. Raises PluginError if one never will be."""
        message = f"waiting for binding conditions for device on node {node}"
        reference = {"kind": "Pod", "apiVersion": "v1", **_identity(pod.pod)}
        self._recorder.event(reference, NORMAL, "BindingConditionsPending", message)
        keys = frozenset(map(key_of, claims))
        changed = asyncio.Event()
        self._waiting[changed] = keys
        until = loop_time() + self._timeout_s
        try:
            while not self._are_ready(keys):
                if loop_time() >= until:
                    raise PluginError("device binding timeout: context deadline exceeded")
                await _wait(changed, until)
        finally:
            del self._waiting[changed]

    # -- that nobody waits for

    def deallocate(self, claim: Object) -> None:
        """Give up the devices of a claim that nobody uses."""
        rest = {key: value for key, value in (claim.get("status") or {}).items() if key not in _OF_ALLOCATION}
        self._start(self._client.update_status(RESOURCE_CLAIMS, claim | {"status": rest}), "deallocate", claim)

    def unreserve(self, claim: Object, pod: Object) -> None:
        """A pod needs a claim no more; others may."""
        removed = [{"$patch": "delete", "uid": pod["metadata"]["uid"]}]
        patch = {"metadata": {"uid": claim["metadata"]["uid"]}, "status": {"reservedFor": removed}}
        patching = self._client.patch(
            RESOURCE_CLAIMS, key_of(claim), patch, kind=PatchType.STRATEGIC, subresource="status"
        )
        self._start(patching, "unreserve", claim)

    def delete(self, claim: Object) -> None:
        """The claim for extended resources of a pod that is not bound after all."""
        self._start(self._delete(claim), "delete", claim)

    # -- inside

    async def _bind(self, claim: Object, allocation: Object | None, pod: Object) -> Object:
        name = _name(claim)
        if claim["metadata"].get("deletionTimestamp"):
            raise PluginError(f"claim {name} got deleted in the meantime")
        if allocation is not None:
            if allocation_of(claim) is not None:
                raise PluginError(f"claim {name} got allocated elsewhere in the meantime")
            finalizers = claim["metadata"].get("finalizers") or []
            if FINALIZER not in finalizers:
                metadata = claim["metadata"] | {"finalizers": [*finalizers, FINALIZER]}
                try:
                    claim = await self._client.update(RESOURCE_CLAIMS, claim | {"metadata": metadata})
                except Conflict:
                    raise
                except (ApiError, TransportError) as error:
                    raise PluginError(f"add finalizer to claim {name}: {error}") from error
        allocated = allocation if allocation is not None else allocation_of(claim)
        if allocated is None:
            raise PluginError(f"claim {name} got deallocated elsewhere in the meantime")
        if allocated.get("allocationTimestamp") is None:
            allocated = allocated | {"allocationTimestamp": format_time(self._clock.now())}
        status = claim.get("status") or {}
        reserved = [*(status.get("reservedFor") or ()), consumer(pod)]
        written = claim | {"status": status | {"allocation": allocated, "reservedFor": reserved}}
        try:
            return await self._client.update_status(RESOURCE_CLAIMS, written)
        except Conflict:
            raise
        except (ApiError, TransportError) as error:
            raise PluginError(_doing(allocation, name, error)) from error

    def _are_ready(self, keys: frozenset[Key]) -> bool:
        ready = True
        for key in keys:
            claim = self._tracker.claim(*key)
            if claim is None:
                raise PluginError(f'could not find v1.ResourceClaim "{key.namespace}/{key.name}"')
            try:
                one = is_ready(claim)
            except DeviceFailedError as error:
                raise PluginError(str(error)) from error
            if not one and is_overdue(claim, now=self._clock.now(), timeout_s=self._timeout_s):
                raise PluginError(f"device binding timeout: claim={key.name}")
            ready = ready and one
        return ready

    async def _delete(self, claim: Object) -> None:
        key = key_of(claim)
        for tries_left in reversed(range(TRIES_MAX)):
            metadata = claim["metadata"]
            finalizers = [each for each in metadata.get("finalizers") or () if each != FINALIZER]
            try:
                await self._client.update(RESOURCE_CLAIMS, claim | {"metadata": metadata | {"finalizers": finalizers}})
                await self._client.delete(RESOURCE_CLAIMS, key)
            except NotFound:
                return
            except Conflict:
                if not tries_left:
                    raise
                claim = await self._client.get(RESOURCE_CLAIMS, key)
            else:
                return

    def _start(self, work: Coroutine[Any, Any, object], doing: str, claim: Object) -> None:
        async def tried() -> None:
            try:
                await work
            except (ApiError, TransportError) as error:
                # The pod is tried again, and so is this.
                self._logger.info("%s: cannot %s: %s", _name(claim), doing, error)

        self._writes.start(tried(), name=f"{doing} a resource claim")

    def _changed(self, old: Object | None, new: Object | None) -> None:
        if not self._waiting:
            return
        some = new if new is not None else old
        assert some is not None
        for event, keys in self._waiting.items():
            if key_of(some) in keys:
                event.set()


_OF_ALLOCATION = ("allocation", "reservedFor", "devices")


async def _wait(changed: asyncio.Event, until: float) -> None:
    try:
        async with asyncio.timeout_at(until):
            await changed.wait()
    except TimeoutError:
        pass
    changed.clear()


def _name(claim: Object) -> str:
    metadata = claim["metadata"]
    return f"{metadata['namespace']}/{metadata.get('name', '')}"


def _identity(pod: Object) -> Object:
    metadata = pod["metadata"]
    return {name: metadata[name] for name in ("namespace", "name", "uid", "resourceVersion") if name in metadata}


def _doing(allocation: Object | None, name: str, error: Exception) -> str:
    what = "add allocation and reservation" if allocation is not None else "add reservation"
    return f"{what} to claim {name}: {error}"
