"""endpointslice_mirroring: EndpointSlices for Endpoints kept by hand: those of services without a selector.

Reads: endpoints, services, endpointslices. Writes: endpointslices (create, update, delete), events.
Keys: services, whose names Endpoints share.
Invariants: one slice for the addresses of a family that have the same ports; a slice has its Endpoints' labels and
annotations; what should not be mirrored (any more) has no slices.
Upstream differences: a slice that somebody else changed is corrected at once.
Upstream: pkg/controller/endpointslicemirroring.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from steersman.api.core.endpoints import ENDPOINTS
from steersman.api.core.service import SERVICES
from steersman.api.discovery.endpoint_slice import ENDPOINT_SLICES
from steersman.api.meta.addresses import parse_ip_sloppy
from steersman.client.client import key_of
from steersman.controllers.backends import LAST_CHANGE, LEADER, selector_of
from steersman.controllers.base import Controller, Requeue, Writes
from steersman.controllers.canonical_order import order_slice_ports
from steersman.controllers.ownership import reference_to
from steersman.controllers.slices import (
    BY_MANAGED_SERVICE,
    IPV4,
    IPV6,
    MANAGED_BY,
    SERVICE,
    Changes,
    SliceError,
    SliceWriter,
    identity_of,
    is_same_endpoint,
    managed_keys,
    ports_key,
    recycle,
)
from steersman.controllers.subsets import repack_subsets

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from steersman.api.meta.types import Object
    from steersman.client.request import Key
    from steersman.controllers.slices import Identity, PortsKey

MANAGER = "endpointslicemirroring-controller.k8s.io"
SKIP = "endpointslice.kubernetes.io/skip-mirror"
LAST_APPLIED = "kubectl.kubernetes.io/last-applied-configuration"
ADDRESSES_MAX = 1000
"""Mirrored of one subset, and in one slice."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What to write; and how many addresses are left out for being none, and altogether."""

    changes: Changes
    invalid: int
    skipped: int


class MirroredSlices(Controller):
    """See the module."""

    name = "endpointslice_mirroring"
    account = "endpointslicemirroring-controller"
    component = "endpoint-slice-mirroring-controller"
    backoff_s = 1.0
    backoff_s_max = 100.0
    reads = (ENDPOINTS, SERVICES, ENDPOINT_SLICES)
    writes = (
        Writes(SERVICES, ("update",), "finalizers"),
        Writes(ENDPOINTS, ("update",), "finalizers"),
        Writes(ENDPOINT_SLICES, ("create", "delete", "update")),
    )

    def setup(self) -> None:
        self._slices = SliceWriter(client=self.client, view=self.view, manager=MANAGER)
        self.index(ENDPOINT_SLICES, BY_MANAGED_SERVICE, managed_keys)
        self.on(ENDPOINTS, _of_endpoints)
        self.on(SERVICES, _of_service)
        self.on(ENDPOINT_SLICES, self._slices.concerned)

    async def reconcile(self, key: Key) -> Requeue | None:
        if not self._slices.settled(key):
            return None
        endpoints = self.view.get(ENDPOINTS, key)
        service = self.view.get(SERVICES, key)
        if endpoints is None or service is None or selector_of(service) or not wants_mirroring(endpoints):
            await self._slices.delete_all(key)
            return None
        plan = plan_mirror(endpoints, self._slices.slices_of(key))
        self._tell(endpoints, plan)
        try:
            await self._slices.write(key, plan.changes, owner=endpoints)
        except SliceError as error:
            raise error.cause from None
        return None

    def _tell(self, endpoints: Object, plan: Plan) -> None:
        if plan.invalid:
            text = f"Skipped {plan.invalid} invalid IP addresses when mirroring to EndpointSlices"
            self.recorder.event(endpoints, "Warning", "InvalidIPAddress", text)
        if plan.skipped > plan.invalid:
            text = (
                f"A max of {ADDRESSES_MAX} addresses can be mirrored to EndpointSlices per Endpoints subset. "
                f"{plan.skipped} addresses were skipped"
            )
            self.recorder.event(endpoints, "Warning", "TooManyAddressesToMirror", text)


def wants_mirroring(endpoints: Object) -> bool:
    metadata = endpoints["metadata"]
    return (metadata.get("labels") or {}).get(SKIP) != "true" and LEADER not in (metadata.get("annotations") or {})


def plan_mirror(endpoints: Object, existing: Sequence[Object]) -> Plan:
    """`existing`: the slices that mirror them now."""
    wanted: dict[tuple[str, PortsKey], dict[Identity, Object]] = {}
    ports_of: dict[PortsKey, list[Object]] = {}
    invalid = skipped = 0
    for subset in repack_subsets(endpoints.get("subsets") or ()):
        ports = _slice_ports(subset.get("ports") or ())
        key = ports_key(ports)
        ports_of[key] = ports
        ready, others = subset.get("addresses") or (), subset.get("notReadyAddresses") or ()
        added = 0
        for address, is_ready in (*((each, True) for each in ready), *((each, False) for each in others)):
            if added >= ADDRESSES_MAX:
                break
            made = endpoint_of(address, ready=is_ready)
            if made is None:
                invalid += 1
                continue
            family, endpoint = made
            wanted.setdefault((family, key), {})[identity_of(endpoint)] = endpoint
            added += 1
        skipped += len(ready) + len(others) - added
    known: dict[tuple[str, PortsKey], list[Object]] = {}
    for each in existing:
        known.setdefault((each["addressType"], ports_key(each.get("ports"))), []).append(each)
    changes = Changes()
    for (family, key), found in wanted.items():
        changes.add(_mirror(endpoints, known.pop((family, key), []), found, ports_of[key], family))
    for unwanted in known.values():
        changes.delete += unwanted
    return Plan(recycle(changes, usable=existing), invalid, skipped)


def endpoint_of(address: Object, *, ready: bool) -> tuple[str, Object] | None:
    """Its family and itself; None for what is no address."""
    ip = parse_ip_sloppy(address["ip"])
    if ip is None:
        return None
    endpoint: Object = {"addresses": [str(ip)], "conditions": {"ready": ready}}
    endpoint |= {name: address[name] for name in ("targetRef", "nodeName") if address.get(name) is not None}
    if address.get("hostname"):
        endpoint["hostname"] = address["hostname"]
    return IPV6 if ip.version == 6 else IPV4, endpoint


def _mirror(
    endpoints: Object, existing: Sequence[Object], wanted: dict[Identity, Object], ports: list[Object], family: str
) -> Changes:
    """Of addresses with the same ports."""
    made = _slice(endpoints, ports, family, list(wanted.values())[:ADDRESSES_MAX])
    if not existing:
        return Changes(create=[made])
    first, *others = existing
    if _is_mirror(first, endpoints, wanted):
        return Changes(delete=others)
    bare = {name: value for name, value in made["metadata"].items() if name != "generateName"}
    return Changes(update=[made | {"metadata": bare | {"name": first["metadata"]["name"]}}], delete=others)


def _is_mirror(each: Object, endpoints: Object, wanted: dict[Identity, Object]) -> bool:
    metadata = each["metadata"]
    labels = {
        name: value for name, value in (metadata.get("labels") or {}).items() if name not in (SERVICE, MANAGED_BY)
    }
    told = each.get("endpoints") or ()
    return (
        len(told) == len(wanted)
        and all(
            (found := wanted.get(identity_of(endpoint))) is not None and is_same_endpoint(found, endpoint)
            for endpoint in told
        )
        and labels == (endpoints["metadata"].get("labels") or {})
        and (metadata.get("annotations") or {}) == _annotations(endpoints)
        and all(
            owner["uid"] == endpoints["metadata"]["uid"]
            for owner in metadata.get("ownerReferences") or ()
            if owner["kind"] == "Endpoints" and owner["name"] == endpoints["metadata"]["name"]
        )
    )


def _slice(endpoints: Object, ports: list[Object], family: str, found: list[Object]) -> Object:
    metadata = endpoints["metadata"]
    return {
        "apiVersion": "discovery.k8s.io/v1",
        "kind": "EndpointSlice",
        "metadata": {
            "generateName": f"{metadata['name']}-",
            "namespace": metadata["namespace"],
            "labels": (metadata.get("labels") or {}) | {SERVICE: metadata["name"], MANAGED_BY: MANAGER},
            "annotations": _annotations(endpoints),
            "ownerReferences": [reference_to(endpoints, ENDPOINTS)],
        },
        "addressType": family,
        "endpoints": found,
        "ports": ports,
    }


def _annotations(endpoints: Object) -> dict[str, str]:
    given = endpoints["metadata"].get("annotations") or {}
    return {name: value for name, value in given.items() if name not in (LAST_CHANGE, LAST_APPLIED)}


def _slice_ports(ports: Iterable[Object]) -> list[Object]:
    made = []
    for port in ports:
        mirrored = {"name": port.get("name") or "", "port": port["port"], "protocol": port.get("protocol") or "TCP"}
        if port.get("appProtocol") is not None:
            mirrored["appProtocol"] = port["appProtocol"]
        made.append(mirrored)
    return order_slice_ports(made)


def _of_endpoints(old: Object | None, new: Object | None) -> Iterable[Key]:
    for endpoints in (new, old):
        if endpoints is not None and wants_mirroring(endpoints):
            return (key_of(endpoints),)
    return ()


def _of_service(old: Object | None, new: Object | None) -> Iterable[Key]:
    """Only whether there is a selector counts."""
    kept_by_hand = [service is not None and not selector_of(service) for service in (old, new)]
    present = new if new is not None else old
    assert present is not None
    return (key_of(present),) if kept_by_hand[0] != kept_by_hand[1] else ()
