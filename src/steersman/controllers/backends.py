"""backends: which pods stand behind a service, and what of a pod and a service decides that. Pure.

Upstream: k8s.io/endpointslice util/controller_utils.go and utils.go.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

from steersman.api.meta.addresses import parse_ip_sloppy
from steersman.client.client import key_of
from steersman.controllers.pods import is_ready, is_terminal

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from steersman.api.meta.types import Object
    from steersman.client.request import Key

    Candidates = Callable[[str], Iterable[Object]]

BY_SELECTOR = "services by one label that they select"
"""The index by which the services of a pod are found; all controllers of services and pods share it."""
ADDRESSES_REMEMBERED = 16_384
HEADLESS = "service.kubernetes.io/headless"
LAST_CHANGE = "endpoints.kubernetes.io/last-change-trigger-time"
LEADER = "control-plane.alpha.kubernetes.io/leader"
"""The annotation of Endpoints that are no Endpoints at all but the lock of an election."""


def selector_keys(service: Object) -> tuple[str, ...]:
    """The values of BY_SELECTOR: the least label will do, since a pod must have all of them."""
    selector = selector_of(service)
    if not selector:
        return ()
    return (_label_key(service["metadata"]["namespace"], *min(selector.items())),)


def selector_of(service: Object) -> dict[str, str]:
    """Empty: it selects nothing, its endpoints are somebody else's."""
    selector: dict[str, str] = service["spec"].get("selector") or {}
    return selector


def is_ours(service: Object) -> bool:
    """Whether its endpoints follow from its selector."""
    return bool(selector_of(service)) and service["spec"].get("type") != "ExternalName"


def is_headless(service: Object) -> bool:
    return service["spec"].get("clusterIP") in (None, "", "None")


def pods_behind(service: Object, pods: Iterable[Object]) -> list[Object]:
    """Those of `pods` (of its namespace) that it selects, by name."""
    wanted = selector_of(service).items()
    found = [pod for pod in pods if wanted and wanted <= (pod["metadata"].get("labels") or {}).items()]
    return sorted(found, key=lambda pod: str(pod["metadata"]["name"]))


def services_concerned(old: Object | None, new: Object | None, candidates: Candidates) -> set[Key]:
    """The services whose endpoints a pod's change may change. `candidates`: those at a value of BY_SELECTOR."""
    if old is None or new is None:
        present = new if new is not None else old
        assert present is not None
        return _selecting(present, candidates)
    changed = matters(old, new)
    if (old["metadata"].get("labels") or {}) == (new["metadata"].get("labels") or {}):
        return _selecting(new, candidates) if changed else set()
    before, after = _selecting(old, candidates), _selecting(new, candidates)
    return before | after if changed else before ^ after


def matters(old: Object, new: Object) -> bool:
    """Whether a pod changed in what endpoints tell of it, apart from its labels."""
    return _told_of(old) != _told_of(new)


def addresses_of(pod: Object) -> list[str]:
    return [each.get("ip", "") for each in (pod.get("status") or {}).get("podIPs") or ()]


def canonical_addresses(pod: Object, version: int) -> list[str]:
    """Its addresses of IP `version` 4 or 6, as they are written."""
    parsed = map(_canonical, addresses_of(pod))
    return [text for of_version, text in parsed if of_version == version]


def can_serve(pod: Object) -> bool:
    """It has an address, and has not ended."""
    status = pod.get("status") or {}
    return not is_terminal(pod) and bool(status.get("podIP") or status.get("podIPs"))


def hostname_in(pod: Object, service: Object) -> str:
    """The name that the pod has below the service's; empty for none."""
    spec = pod["spec"]
    hostname: str = spec.get("hostname") or ""
    return hostname if (spec.get("subdomain") or "") == service["metadata"]["name"] else ""


def target_port(pod: Object, service_port: Object) -> int | None:
    """The number of the port that a service's port means at this pod; None if the pod has none of that name."""
    target = service_port.get("targetPort")
    if not isinstance(target, str):
        return target or 0
    protocol = service_port.get("protocol") or "TCP"
    spec = pod["spec"]
    sidecars = [each for each in spec.get("initContainers") or () if each.get("restartPolicy") == "Always"]
    containers: Sequence[Object] = [*spec["containers"], *sidecars]
    for container in containers:
        for port in container.get("ports") or ():
            if port.get("name") == target and (port.get("protocol") or "TCP") == protocol:
                number: int = port["containerPort"]
                return number
    return None


def reference_to_pod(pod: Object) -> Object:
    """The targetRef of its endpoint."""
    metadata = pod["metadata"]
    return {"kind": "Pod", "namespace": metadata["namespace"], "name": metadata["name"], "uid": metadata["uid"]}


@lru_cache(maxsize=ADDRESSES_REMEMBERED)
def _canonical(text: str) -> tuple[int, str]:
    """Version (0 for what is no address) and form; remembered, since a service looks at all its pods at each change."""
    address = parse_ip_sloppy(text)
    return (0, "") if address is None else (address.version, str(address))


def _told_of(pod: Object) -> tuple[object, ...]:
    return (
        pod["metadata"].get("deletionTimestamp"),
        pod["spec"].get("nodeName"),
        is_ready(pod),
        is_terminal(pod),
        addresses_of(pod),
    )


def _selecting(pod: Object, candidates: Candidates) -> set[Key]:
    metadata = pod["metadata"]
    labels = metadata.get("labels") or {}
    return {
        key_of(service)
        for label in labels.items()
        for service in candidates(_label_key(metadata["namespace"], *label))
        if selector_of(service).items() <= labels.items()
    }


def _label_key(namespace: str, label: str, value: str) -> str:
    return f"{namespace}/{label}={value}"
