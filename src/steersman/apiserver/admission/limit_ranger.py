"""LimitRanger: what a namespace's LimitRanges fill in for containers, and what bounds they set for containers, pods and
claims.

Reads: limitranges. Changes: CREATE of pods, UPDATE of pods/resize (amounts left out, and an annotation that says so).
Judges: the same, and CREATE and UPDATE of persistentvolumeclaims.
Invariants: what is being deleted is left alone; a namespace without LimitRanges costs one look-up.
Upstream differences: LimitRanges apply, and bounds are checked, in the order of their names (there: in no order).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from steersman.api.core.limit_range import LIMIT_RANGES
from steersman.api.core.persistent_volume_claim import PERSISTENT_VOLUME_CLAIMS
from steersman.api.core.pod import PODS
from steersman.api.core.pod_resources import amounts
from steersman.api.core.podspec.arithmetic import aggregate
from steersman.apiserver.admission.interface import CREATE, UPDATE, Plain
from steersman.apiserver.admission.limits import Bounds, claim_violations, compile_bounds, violations
from steersman.apiserver.authn.credentials import aggregate as one_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from steersman.api.core.pod_resources import Amounts
    from steersman.api.meta.types import Object
    from steersman.apiserver.admission.interface import Reader, Review

ANNOTATION = "kubernetes.io/limit-ranger"
_POD_LEVEL = ("cpu", "memory")


class _Limits(NamedTuple):
    """One LimitRange."""

    default_limits: Object
    default_requests: Object
    bounds: tuple[Bounds, ...]


class LimitRanger(Plain):
    """What was made of a namespace's LimitRanges is kept until one of them changes."""

    name = "LimitRanger"
    resources = (PODS, PERSISTENT_VOLUME_CLAIMS)

    def __init__(self, *, reader: Reader) -> None:
        self._reader = reader
        self._version = -1
        self._compiled: dict[str, tuple[_Limits, ...]] = {}

    def admit(self, review: Review) -> None:
        if review.resource is not PODS or not _pod_applies(review) or review.obj is None:
            return
        for limits in self._limits(review.namespace):
            fill_in(review.obj, limits.default_requests, limits.default_limits)

    def validate(self, review: Review) -> None:
        if review.resource is PODS:
            if _pod_applies(review) and review.obj is not None and (ranges := self._limits(review.namespace)):
                _judge_pod(review, review.obj["spec"], ranges)
        elif review.resource is PERSISTENT_VOLUME_CLAIMS and review.operation in (CREATE, UPDATE):
            if review.subresource or review.obj is None or _is_going(review):
                return
            requests = ((review.obj.get("spec") or {}).get("resources") or {}).get("requests")
            for limits in self._limits(review.namespace):
                wrong = [
                    text
                    for bounds in limits.bounds
                    if bounds.type == "PersistentVolumeClaim"
                    for text in claim_violations(bounds, amounts(requests))
                ]
                if wrong:
                    raise review.forbidden(one_of(wrong))

    def _limits(self, namespace: str) -> tuple[_Limits, ...]:
        version = self._reader.version(LIMIT_RANGES)
        if version != self._version:
            self._version = version
            self._compiled.clear()
        found = self._compiled.get(namespace)
        if found is None:
            found = tuple(_compile(obj) for obj in self._reader.list(LIMIT_RANGES, namespace))
            self._compiled[namespace] = found
        return found


def _pod_applies(review: Review) -> bool:
    """Containers' amounts are given when a pod is made, and when it is resized."""
    if review.operation == CREATE:
        return not review.subresource
    return review.subresource == "resize" and review.operation == UPDATE and not _is_going(review)


def _is_going(review: Review) -> bool:
    return review.old is not None and bool(review.old["metadata"].get("deletionTimestamp"))


def _compile(limit_range: Object) -> _Limits:
    items = (limit_range.get("spec") or {}).get("limits") or ()
    limits: Object = {}
    requests: Object = {}
    for item in items:
        if item.get("type") == "Container":
            limits |= item.get("default") or {}
            requests |= item.get("defaultRequest") or {}
    return _Limits(limits, requests, tuple(compile_bounds(item) for item in items))


def fill_in(pod: Object, requests: Object, limits: Object) -> None:
    """Give containers what they do not say themselves, and tell in an annotation."""
    told: list[str] = []
    for field, kind in (("containers", "container"), ("initContainers", "init container")):
        for container in pod["spec"].get(field) or ():
            resources = container.get("resources") or {}
            for what, defaults in (("requests", requests), ("limits", limits)):
                missing = {name: amount for name, amount in defaults.items() if name not in (resources.get(what) or {})}
                if missing:
                    resources[what] = (resources.get(what) or {}) | missing
                    told.append(f"{', '.join(sorted(missing))} {what[:-1]} for {kind} {container.get('name', '')}")
            container["resources"] = resources
    if told:
        metadata = pod["metadata"]
        text = f"LimitRanger plugin set: {'; '.join(told)}"
        metadata["annotations"] = (metadata.get("annotations") or {}) | {ANNOTATION: text}


def _judge_pod(review: Review, spec: Object, ranges: tuple[_Limits, ...]) -> None:
    for limits in ranges:
        wrong: list[str] = []
        for bounds in limits.bounds:
            if bounds.type == "Container":
                for container in _containers(spec):
                    resources = container.get("resources") or {}
                    requests, most = amounts(resources.get("requests")), amounts(resources.get("limits"))
                    wrong += violations(bounds, requests, most)
            elif bounds.type == "Pod":
                wrong += violations(bounds, _of_pod(spec, "requests"), _of_pod(spec, "limits"))
        if wrong:
            raise review.forbidden(one_of(wrong))


def _containers(spec: Object) -> Iterator[Object]:
    yield from spec.get("containers") or ()
    yield from spec.get("initContainers") or ()


def _of_pod(spec: Object, kind: str) -> Amounts:
    total = aggregate(spec, kind)
    for name, amount in amounts((spec.get("resources") or {}).get(kind)).items():
        if name in _POD_LEVEL:
            total[name] = amount
    return total
