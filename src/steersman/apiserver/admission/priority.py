"""Priority: the name of a pod's priority class becomes a number, and only one class is the default.

Reads: priorityclasses. Changes: CREATE and UPDATE of pods. Judges: CREATE and UPDATE of priorityclasses.
Invariants: the number is the class's and never the author's; once given, a pod keeps it.
Upstream differences: none known.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from steersman.api.core.pod import PODS
from steersman.api.scheduling.priority_class import PRIORITY_CLASSES
from steersman.apiserver.admission.interface import CREATE, UPDATE, Plain

if TYPE_CHECKING:
    from steersman.api.meta.types import Object
    from steersman.apiserver.admission.interface import Reader, Review

_PREEMPT = "PreemptLowerPriority"


class _Standing(NamedTuple):
    class_name: str
    value: int
    preemption_policy: str | None


class Priority(Plain):
    """The default class is looked for again whenever a class changed."""

    name = "Priority"
    resources = (PODS, PRIORITY_CLASSES)

    def __init__(self, *, reader: Reader) -> None:
        self._reader = reader
        self._default: Object | None = None
        self._default_version = -1

    def admit(self, review: Review) -> None:
        if review.resource is not PODS or review.subresource or review.obj is None:
            return
        if review.operation == CREATE:
            self._rank(review, review.obj["spec"])
        elif review.operation == UPDATE and review.old is not None:
            spec, before = review.obj["spec"], review.old["spec"]
            for field in ("priority", "preemptionPolicy"):
                if spec.get(field) is None and before.get(field) is not None:
                    spec[field] = before[field]

    def validate(self, review: Review) -> None:
        if review.resource is not PRIORITY_CLASSES or review.subresource or review.obj is None:
            return
        if review.operation not in (CREATE, UPDATE) or not review.obj.get("globalDefault"):
            return
        default = self._default_class()
        if default is None:
            return
        name = default["metadata"]["name"]
        if review.operation == CREATE or name != review.obj["metadata"]["name"]:
            raise review.forbidden(
                f"PriorityClass {name} is already marked as default. Only one default can exist",
            )

    def _rank(self, review: Review, spec: Object) -> None:
        standing = self._standing(review, spec.get("priorityClassName") or "")
        if standing.class_name:
            spec["priorityClassName"] = standing.class_name
        given = spec.get("priority")
        if given is not None and given != standing.value:
            raise review.forbidden(
                f"the integer value of priority ({given}) must not be provided in pod spec; priority admission "
                f"controller computed {standing.value} from the given PriorityClass name"
            )
        spec["priority"] = standing.value
        policy = standing.preemption_policy
        if policy is None:
            return
        given = spec.get("preemptionPolicy")
        if given is not None and given != policy:
            raise review.forbidden(
                f"the string value of PreemptionPolicy ({given}) must not be provided in pod spec; priority admission "
                f"controller computed {policy} from the given PriorityClass name"
            )
        spec["preemptionPolicy"] = policy

    def _standing(self, review: Review, name: str) -> _Standing:
        if name:
            found = self._reader.get(PRIORITY_CLASSES, "", name)
            if found is None:
                raise review.forbidden(f"no PriorityClass with name {name} was found")
        else:
            found = self._default_class()
            if found is None:
                return _Standing("", 0, _PREEMPT)
        return _Standing(found["metadata"]["name"], found.get("value") or 0, found.get("preemptionPolicy"))

    def _default_class(self) -> Object | None:
        """Of several (two servers may each have let one in) the lowest."""
        version = self._reader.version(PRIORITY_CLASSES)
        if version != self._default_version:
            candidates = [found for found in self._reader.list(PRIORITY_CLASSES) if found.get("globalDefault")]
            self._default = min(candidates, key=lambda found: int(found.get("value") or 0), default=None)
            self._default_version = version
        return self._default
