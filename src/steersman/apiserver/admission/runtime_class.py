"""RuntimeClass: pods take over the overhead and the scheduling constraints of their runtime class.

Reads: runtimeclasses. Changes and judges: CREATE of pods.
Invariants: overhead comes from the class alone. Upstream differences: none known.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from steersman.api.core.pod import PODS
from steersman.api.errors import go_quote
from steersman.api.meta.quantity import parse
from steersman.api.node.runtime_class import RUNTIME_CLASSES
from steersman.apiserver.admission.interface import CREATE, Plain

if TYPE_CHECKING:
    from steersman.api.meta.types import Object
    from steersman.apiserver.admission.interface import Reader, Review

_MISMATCH = "pod rejected: Pod's Overhead doesn't match RuntimeClass's defined Overhead"


class RuntimeClass(Plain):
    """See the module."""

    name = "RuntimeClass"
    resources = (PODS,)

    def __init__(self, *, reader: Reader) -> None:
        self._reader = reader

    def admit(self, review: Review) -> None:
        if review.operation != CREATE or review.subresource or review.obj is None:
            return
        spec = review.obj["spec"]
        if spec.get("runtimeClassName") is None:
            return
        found = self._find(review, spec)
        overhead = found.get("overhead")
        if overhead is not None:
            fixed = overhead.get("podFixed")
            if spec.get("overhead") and not _same_amounts(fixed, spec["overhead"]):
                raise review.forbidden(_MISMATCH)
            if fixed is not None:
                spec["overhead"] = dict(fixed)
            else:
                spec.pop("overhead", None)
        if found.get("scheduling") is not None:
            _constrain(review, spec, found["scheduling"])

    def validate(self, review: Review) -> None:
        if review.operation != CREATE or review.subresource or review.obj is None:
            return
        spec = review.obj["spec"]
        if spec.get("runtimeClassName") is None and "overhead" not in spec:
            return
        found = self._find(review, spec) if spec.get("runtimeClassName") is not None else {}
        overhead = found.get("overhead")
        if overhead is None:
            if spec.get("overhead") is not None:
                raise review.forbidden(
                    "pod rejected: Pod Overhead set without corresponding RuntimeClass defined Overhead"
                )
        elif not _same_amounts(overhead.get("podFixed"), spec.get("overhead")):
            raise review.forbidden(_MISMATCH)

    def _find(self, review: Review, spec: Object) -> Object:
        name = spec["runtimeClassName"]
        found = self._reader.get(RUNTIME_CLASSES, "", name)
        if found is None:
            raise review.forbidden(f"pod rejected: RuntimeClass {go_quote(name)} not found")
        return found


def _same_amounts(a: Object | None, b: Object | None) -> bool:
    a, b = a or {}, b or {}
    return a.keys() == b.keys() and all(parse(a[name]) == parse(b[name]) for name in a)


def _constrain(review: Review, spec: Object, scheduling: Object) -> None:
    wanted = scheduling.get("nodeSelector") or {}
    selector = spec.get("nodeSelector") or {}
    for key in sorted(wanted):
        if key in selector and selector[key] != wanted[key]:
            raise review.forbidden(
                f"conflict: runtimeClass.scheduling.nodeSelector[{key}] = {wanted[key]}; "
                f"pod.spec.nodeSelector[{key}] = {selector[key]}"
            )
    if wanted:
        spec["nodeSelector"] = {**selector, **wanted}
    merged = merge_tolerations([*(spec.get("tolerations") or ()), *(scheduling.get("tolerations") or ())])
    if merged:
        spec["tolerations"] = merged
    else:
        spec.pop("tolerations", None)


def merge_tolerations(tolerations: list[Object]) -> list[Object]:
    """Without those that another one covers."""
    merged: list[Object] = []
    for index, toleration in enumerate(tolerations):
        if any(_covers(kept, toleration) for kept in merged):
            continue
        rest = tolerations[index + 1 :]
        if any(later != toleration and _covers(later, toleration) for later in rest):
            continue
        merged.append(dict(toleration))
    return merged


def _covers(wide: Object, narrow: Object) -> bool:
    """Whether `wide` tolerates all that `narrow` does."""
    if wide == narrow:
        return True
    operator = wide.get("operator") or ""
    key = wide.get("key") or ""
    if (narrow.get("key") or "") != key and (key or operator != "Exists"):
        return False
    effect = wide.get("effect") or ""
    if effect and (narrow.get("effect") or "") != effect:
        return False
    limit_s = wide.get("tolerationSeconds")
    if effect == "NoExecute" and limit_s is not None:
        seconds = narrow.get("tolerationSeconds")
        if seconds is None or seconds > limit_s:
            return False
    if operator == "Exists":
        return True
    return (
        operator in ("", "Equal")
        and narrow.get("operator") == "Equal"
        and (narrow.get("value") or "") == (wide.get("value") or "")
    )
