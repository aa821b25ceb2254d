"""Which taints of a node a pod tolerates. Pure.

Upstream: api core/v1 toleration.go, component-helpers scheduling/corev1. Tolerations with Lt and Gt tolerate nothing
(feature TaintTolerationComparisonOperators, alpha and off).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Container, Iterable, Sequence

    from steersman.api.meta.types import Object

NO_SCHEDULE, PREFER_NO_SCHEDULE, NO_EXECUTE = "NoSchedule", "PreferNoSchedule", "NoExecute"
_IDENTITY = ("key", "operator", "value", "effect")


def tolerates(toleration: Object, taint: Object) -> bool:
    """An empty effect tolerates every effect, an empty key every key; no operator is Equal."""
    effect, key = toleration.get("effect"), toleration.get("key")
    if (effect and effect != taint.get("effect")) or (key and key != taint.get("key")):
        return False
    operator = toleration.get("operator") or "Equal"
    if operator == "Equal":
        return (toleration.get("value") or "") == (taint.get("value") or "")
    return bool(operator == "Exists")


def untolerated(
    taints: Iterable[Object] | None, tolerations: Sequence[Object], effects: Container[str]
) -> Object | None:
    """The first taint with one of `effects` that no toleration tolerates."""
    for taint in taints or ():
        if taint.get("effect") in effects and not any(tolerates(toleration, taint) for toleration in tolerations):
            return taint
    return None


def with_toleration(tolerations: Sequence[Object], added: Object) -> list[Object]:
    """`added` in place of those that differ from it in their seconds only, or behind all others."""
    same = [_identity(toleration) == _identity(added) for toleration in tolerations]
    if any(same):
        return [added if is_same else toleration for toleration, is_same in zip(tolerations, same, strict=True)]
    return [*tolerations, added]


def _identity(toleration: Object) -> tuple[str, ...]:
    return tuple(toleration.get(name) or "" for name in _IDENTITY)
