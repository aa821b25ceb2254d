"""Whether tolerations tolerate taints. Pure.

Upstream: core/v1 Toleration.ToleratesTaint. The operators Lt and Gt are behind a feature that is off: they tolerate
nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from steersman.api.meta.types import Object


def tolerates(tolerations: Iterable[Object], taint: Object) -> bool:
    """Whether any of them does."""
    return any(matches(toleration, taint) for toleration in tolerations)


def matches(toleration: Object, taint: Object) -> bool:
    """An empty effect or key means any."""
    if toleration.get("effect") and toleration["effect"] != taint["effect"]:
        return False
    if toleration.get("key") and toleration["key"] != taint["key"]:
        return False
    operator = toleration.get("operator") or "Equal"
    if operator == "Equal":
        return bool(toleration.get("value", "") == taint.get("value", ""))
    return bool(operator == "Exists")
