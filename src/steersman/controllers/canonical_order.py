"""canonical_order: the order that upstream puts ports and subsets in: that of hashes of what Go prints of them. Pure.

Clients see the order, and a cluster whose controllers are exchanged must not see everything written again.
Upstream: k8s.io/endpointslice util, pkg/api/v1/endpoints (FNV-1a of 128 bits over a dump with types).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from steersman.api.meta.types import Object

_NIL = "<nil>"
_OFFSET = 0x6C62272E07BB014262B821756295C58D
_PRIME = 0x0000000001000000000000000000013B
_MASK = (1 << 128) - 1
_REFERENCE_FIELDS = (
    ("Kind", "string", "kind"),
    ("Namespace", "string", "namespace"),
    ("Name", "string", "name"),
    ("UID", "types.UID", "uid"),
    ("APIVersion", "string", "apiVersion"),
    ("ResourceVersion", "string", "resourceVersion"),
    ("FieldPath", "string", "fieldPath"),
)


def order_ports(ports: Iterable[Object]) -> list[Object]:
    """Ports of Endpoints."""
    return _ordered(ports, lambda port: f"(v1.EndpointPort){_port(port)}")


def order_slice_ports(ports: Iterable[Object]) -> list[Object]:
    """Ports of an EndpointSlice."""
    return _ordered(ports, _slice_port)


def order_subsets(subsets: Iterable[Object]) -> list[Object]:
    """Subsets of Endpoints, which are in order themselves."""
    return _ordered(subsets, _subset)


def fnv128a(data: bytes) -> int:
    value = _OFFSET
    for byte in data:
        value = (value ^ byte) * _PRIME & _MASK
    return value


def _ordered(objects: Iterable[Object], dump: Callable[[Object], str]) -> list[Object]:
    listed = list(objects)
    if len(listed) > 1:  # a dump of a thousand addresses takes its time
        listed.sort(key=lambda each: fnv128a(dump(each).encode()))
    return listed


def _slice_port(port: Object) -> str:
    fields = (("Name", "string"), ("Protocol", "v1.Protocol"), ("Port", "int32"), ("AppProtocol", "string"))
    shown = (f"{name}:(*{kind}){_or_nil(port.get(name[0].lower() + name[1:]))}" for name, kind in fields)
    return f"(v1.EndpointPort){{{' '.join(shown)}}}"


def _port(port: Object) -> str:
    return (
        f"{{Name:(string){port.get('name') or ''} Port:(int32){port['port']} "
        f"Protocol:(v1.Protocol){port.get('protocol') or ''} AppProtocol:(*string){_or_nil(port.get('appProtocol'))}}}"
    )


def _subset(subset: Object) -> str:
    return (
        "(v1.EndpointSubset){"
        f"Addresses:([]v1.EndpointAddress){_listed(subset.get('addresses'), _address)} "
        f"NotReadyAddresses:([]v1.EndpointAddress){_listed(subset.get('notReadyAddresses'), _address)} "
        f"Ports:([]v1.EndpointPort){_listed(subset.get('ports'), _port)}"
        "}"
    )


def _address(address: Object) -> str:
    return (
        f"{{IP:(string){address['ip']} Hostname:(string){address.get('hostname') or ''} "
        f"NodeName:(*string){_or_nil(address.get('nodeName'))} "
        f"TargetRef:(*v1.ObjectReference){_reference(address.get('targetRef'))}}}"
    )


def _reference(reference: Object | None) -> str:
    if reference is None:
        return _NIL
    shown = (f"{name}:({kind}){reference.get(field) or ''}" for name, kind, field in _REFERENCE_FIELDS)
    return f"{{{' '.join(shown)}}}"


def _listed(objects: Iterable[Object] | None, dump: Callable[[Object], str]) -> str:
    return f"[{' '.join(map(dump, objects))}]" if objects else _NIL


def _or_nil(value: str | int | None) -> str:
    return _NIL if value is None else str(value)
