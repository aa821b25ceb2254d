"""Extended resources that device classes stand for: what a pod's containers ask for, as requests of a claim. Pure.

A class serves `deviceclass.resource.kubernetes.io/<its name>`, and the resource that it names. Init containers run one
after the other, before the others: they use what containers after them have, and share what they need beyond that.
Upstream: dynamicresources/extendeddynamicresources.go (KEP-5004).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from steersman.api.core.podspec.validation.resources import is_extended
from steersman.api.meta.quantity import parse

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from steersman.api.meta.types import Object

PREFIX = "deviceclass.resource.kubernetes.io/"
ANNOTATION = "resource.kubernetes.io/extended-resource-claim"


class Needs(NamedTuple):
    """Requests of a claim, and which container uses which: entries of status.extendedResourceClaimStatus."""

    requests: Sequence[Object]
    mappings: Sequence[Object]


def is_served(resource: str) -> bool:
    """Whether a device class may stand for a resource."""
    return resource.startswith(PREFIX) or is_extended(resource)


def classes_by_resource(classes: Iterable[Object]) -> dict[str, Object]:
    """Which class stands for which resource: of several the newest, then the one whose name is first."""
    found: dict[str, Object] = {}
    by_name = sorted(classes, key=lambda each: str(each["metadata"]["name"]))
    for each in sorted(by_name, key=lambda each: each["metadata"].get("creationTimestamp") or "", reverse=True):
        found[PREFIX + each["metadata"]["name"]] = each
        named = (each.get("spec") or {}).get("extendedResourceName")
        if named:
            found.setdefault(named, each)
    return found


def plan_requests(pod_spec: Object, classes: Mapping[str, str]) -> Needs:
    """`classes`: the names of the classes that are to serve a resource, by the resource."""
    requests: list[Object] = []
    mappings: list[Object] = []
    for resource in sorted(classes):
        _plan(pod_spec, resource, classes[resource], requests, mappings)
    return Needs(sorted(requests, key=lambda each: str(each["name"])), mappings)


def _plan(spec: Object, resource: str, name: str, requests: list[Object], mappings: list[Object]) -> None:
    """Of one resource."""
    early = len(spec.get("initContainers") or ())
    containers = [*(spec.get("initContainers") or ()), *(spec.get("containers") or ())]
    short_lived = {at for at in range(early) if containers[at].get("restartPolicy") != "Always"}
    of_long_lived: list[Object | None] = [None] * len(containers)
    for at, container in enumerate(containers):
        if at not in short_lived:
            of_long_lived[at], used = _request(at, container, resource, name, ())
            mappings += used
    largest: Object | None = None
    names: set[str] = set()
    uses: list[Object] = []
    for at in sorted(short_lived):
        later = [each for each in of_long_lived[at:] if each is not None]
        request, used = _request(at, containers[at], resource, name, later)
        uses += used
        if request is not None:
            names.add(request["name"])
            if largest is None or largest["exactly"]["count"] < request["exactly"]["count"]:
                largest = request
    if largest is not None:
        requests.append(largest)
        uses = [each | {"requestName": largest["name"]} if each["requestName"] in names else each for each in uses]
    requests += [each for each in of_long_lived if each is not None]
    mappings += uses


def _request(
    at: int, container: Object, resource: str, device_class: str, reusable: Iterable[Object]
) -> tuple[Object | None, list[Object]]:
    """What a container asks for beyond what is `reusable`, and the names of the requests that it uses."""
    asked = (container.get("resources") or {}).get("requests") or {}
    amount = parse(asked.get(resource) or "0")
    if not amount or amount.milli_value() % 1000:
        return None, []
    uses: list[Object] = []

    def use(request_name: str) -> None:
        uses.append({"containerName": container["name"], "resourceName": resource, "requestName": request_name})

    missing = amount.value()
    for other in reusable:
        missing -= other["exactly"]["count"]
        use(other["name"])
        if missing <= 0:
            return None, uses
    request_name = f"container-{at}-request-{sorted(asked).index(resource)}"
    use(request_name)
    exactly = {"deviceClassName": device_class, "allocationMode": "ExactCount", "count": missing}
    return {"name": request_name, "exactly": exactly}, uses
