"""Taints of a node, against the tolerations of a pod as a whole. Pure.

Upstream: component-helpers scheduling/corev1, pkg/apis/core/v1/helper.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from steersman.api.core.tolerations import tolerates

if TYPE_CHECKING:
    from collections.abc import Container, Iterable, Sequence

    from steersman.api.meta.types import Object

NO_SCHEDULE, PREFER_NO_SCHEDULE, NO_EXECUTE = "NoSchedule", "PreferNoSchedule", "NoExecute"
_IDENTITY = ("key", "operator", "value", "effect")


def untolerated(
    taints: Iterable[Object] | None, tolerations: Sequence[Object], effects: Container[str]
) -> Object | None:
    """The first taint with one of `effects` that no toleration tolerates."""
    for taint in taints or ():
        if taint.get("effect") in effects and not tolerates(tolerations, taint):
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
