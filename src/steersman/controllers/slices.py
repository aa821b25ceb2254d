"""slices: what the two controllers of EndpointSlices have in common: labels, identities, and how changes are written.

Invariants: a slice that would be deleted is used for one that would be created; nothing is created for an owner that is
being deleted; a round begins only when the cache shows what the round before has written.
Upstream: k8s.io/endpointslice, pkg/controller/endpointslicemirroring.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypeAlias

from steersman.api.discovery.endpoint_slice import ENDPOINT_SLICES
from steersman.api.errors import ApiError, NotFound
from steersman.client.client import key_of
from steersman.client.errors import is_cause
from steersman.client.request import Key
from steersman.controllers.pending import Pending

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from steersman.api.meta.types import Object
    from steersman.client.client import Client
    from steersman.controllers.base import View

    PortsKey: TypeAlias = tuple[tuple[str, str, int | None, str | None], ...]
    Identity: TypeAlias = tuple[tuple[str, ...], str, str, str]

SERVICE = "kubernetes.io/service-name"
MANAGED_BY = "endpointslice.kubernetes.io/managed-by"
BY_MANAGED_SERVICE = "slices by manager and service"
"""The index by which both controllers find what is theirs."""
IPV4, IPV6 = "IPv4", "IPv6"
IP_VERSIONS = {IPV4: 4, IPV6: 6}
_TERMINATING = "NamespaceTerminating"


@dataclass(slots=True)
class Changes:
    """What to do to slices. New ones have no name."""

    create: list[Object] = field(default_factory=list)
    update: list[Object] = field(default_factory=list)
    delete: list[Object] = field(default_factory=list)

    def __bool__(self) -> bool:
        return bool(self.create or self.update or self.delete)

    def add(self, more: Changes) -> None:
        self.create += more.create
        self.update += more.update
        self.delete += more.delete

    def untouched(self, slices: Iterable[Object]) -> list[Object]:
        """Those of `slices` that stay as they are."""
        changed = {each["metadata"]["name"] for each in (*self.update, *self.delete)}
        return [each for each in slices if each["metadata"]["name"] not in changed]


class SliceError(Exception):
    """A slice could not be written; `cause` says why."""

    def __init__(self, what: str, key: Key, cause: ApiError) -> None:
        super().__init__(f"failed to {what} EndpointSlice for Service {key}: {cause}")
        self.cause = cause


class SliceWriter:
    """Of one controller. Keys are those of services, as the slices' labels name them."""

    def __init__(self, *, client: Client, view: View, manager: str) -> None:
        self._client = client
        self._view = view
        self._manager = manager
        self._pending = Pending(view=view, resource=ENDPOINT_SLICES)
        self._waiting: set[Key] = set()
        self._written: dict[Key, str] = {}
        """Of slices: the version that this controller gave them last."""

    def slices_of(self, key: Key) -> list[Object]:
        """What this controller manages for a service, by name."""
        value = _managed_key(key.namespace, self._manager, key.name)
        found = self._view.by_index(ENDPOINT_SLICES, BY_MANAGED_SERVICE, value)
        alive = (each for each in found if not each["metadata"].get("deletionTimestamp"))
        return sorted(alive, key=lambda each: str(each["metadata"]["name"]))

    def settled(self, key: Key) -> bool:
        """Whether the cache shows all that was written for `key`; if not, the change that does names it."""
        if self._pending.settled(key):
            self._waiting.discard(key)
            return True
        self._waiting.add(key)
        return False

    def forget(self, key: Key) -> None:
        """The service is no more."""
        self._pending.forget(key)
        self._waiting.discard(key)

    def concerned(self, old: Object | None, new: Object | None) -> Iterable[Key]:
        """The services that a change of a slice concerns: not if this controller made it, and nothing waits for it."""
        keys = {service_of(each) for each in (old, new) if each is not None and self._manages(each)}
        present = new if new is not None else old
        assert present is not None
        place = key_of(present)
        own = new is not None and self._written.get(place) == new["metadata"]["resourceVersion"]
        if new is None:
            own = self._written.pop(place, None) == ""
        return [key for key in keys if key is not None and (not own or key in self._waiting)]

    async def write(self, key: Key, changes: Changes, *, owner: Object) -> None:
        """Raises SliceError, TransportError; what was written until then is remembered."""
        if not owner["metadata"].get("deletionTimestamp"):
            for each in changes.create:
                try:
                    self._note(key, await self._client.create(ENDPOINT_SLICES, each))
                except ApiError as error:
                    if is_cause(error, _TERMINATING):
                        return  # nothing can be created there any more, and nothing needs to be
                    raise SliceError("create", key, error) from error
        for each in changes.update:
            try:
                self._note(key, await self._client.update(ENDPOINT_SLICES, each))
            except ApiError as error:
                raise SliceError(f"update {each['metadata']['name']}", key, error) from error
        for each in changes.delete:
            try:
                await self._delete(key, each)
            except ApiError as error:
                raise SliceError(f"delete {each['metadata']['name']}", key, error) from error

    async def delete_all(self, key: Key) -> None:
        """Whatever this controller manages for `key`."""
        for each in self.slices_of(key):
            await self._delete(key, each)

    async def _delete(self, key: Key, each: Object) -> None:
        place = key_of(each)
        try:
            await self._client.delete(ENDPOINT_SLICES, place, uid=each["metadata"]["uid"])
        except NotFound:
            return
        self._pending.deleted(key, each)
        if self._view.get(ENDPOINT_SLICES, place) is not None:
            self._written[place] = ""

    def _note(self, key: Key, answer: Object) -> None:
        self._pending.created(key, answer)
        self._written[key_of(answer)] = answer["metadata"]["resourceVersion"]

    def _manages(self, each: Object) -> bool:
        return (each["metadata"].get("labels") or {}).get(MANAGED_BY) == self._manager


def managed_keys(each: Object) -> tuple[str, ...]:
    """The values of BY_MANAGED_SERVICE."""
    metadata = each["metadata"]
    labels = metadata.get("labels") or {}
    if MANAGED_BY not in labels or not labels.get(SERVICE):
        return ()
    return (_managed_key(metadata["namespace"], labels[MANAGED_BY], labels[SERVICE]),)


def _managed_key(namespace: str, manager: str, service: str) -> str:
    return f"{manager}/{namespace}/{service}"


def service_of(each: Object) -> Key | None:
    """The service that a slice says it belongs to."""
    metadata = each["metadata"]
    name = (metadata.get("labels") or {}).get(SERVICE)
    return Key(metadata["namespace"], name) if name else None


def ports_key(ports: Sequence[Object] | None) -> PortsKey:
    """Equal for the same ports in any order."""
    keys = [
        (port.get("name") or "", port.get("protocol") or "TCP", port.get("port"), port.get("appProtocol"))
        for port in ports or ()
    ]
    return tuple(sorted(keys, key=lambda each: tuple(map(str, each))))


def identity_of(endpoint: Object) -> Identity:
    """What makes an endpoint the same one when something else of it changes."""
    target = endpoint.get("targetRef") or {}
    return (
        tuple(sorted(endpoint["addresses"])),
        endpoint.get("hostname") or "",
        target.get("namespace") or "",
        target.get("name") or "",
    )


def is_same_endpoint(a: Object, b: Object) -> bool:
    """Whether two of one identity tell the same; hints and the pod's version do not count."""
    conditions_a, conditions_b = a.get("conditions") or {}, b.get("conditions") or {}
    return (
        all(a.get(name) == b.get(name) for name in ("nodeName", "zone"))
        and all(conditions_a.get(name) == conditions_b.get(name) for name in ("ready", "serving", "terminating"))
        and _reference(a) == _reference(b)
    )


def is_endpoint_ready(endpoint: Object) -> bool:
    return (endpoint.get("conditions") or {}).get("ready") is True


def recycle(changes: Changes, usable: Iterable[Object]) -> Changes:
    """Replace slices instead of deleting and creating. `usable`: those that may be replaced."""
    names = {each["metadata"]["name"] for each in usable}
    create, update, delete = list(changes.create), list(changes.update), []
    for old in changes.delete:
        match = next((new for new in reversed(create) if new["addressType"] == old["addressType"]), None)
        if match is None or old["metadata"]["name"] not in names:
            delete.append(old)
            continue
        create = [new for new in create if new is not match]
        update.append(match | {"metadata": match["metadata"] | {"name": old["metadata"]["name"]}})
    return Changes(create, update, delete)


def _reference(endpoint: Object) -> Object:
    return {
        name: value for name, value in (endpoint.get("targetRef") or {}).items() if value and name != "resourceVersion"
    }
