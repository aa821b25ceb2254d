"""amounts: how many pods of a Deployment may be missing, or additional, while a template is rolled out. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from steersman.api.apps.rolling import scaled_amount

if TYPE_CHECKING:
    from steersman.api.meta.types import Object


def is_rolling(deployment: Object) -> bool:
    kind: str = deployment["spec"]["strategy"]["type"]
    return kind == "RollingUpdate"


def surge_max(deployment: Object) -> int:
    """Pods beyond spec.replicas; none unless it rolls."""
    return _fenceposts(deployment)[0] if is_rolling(deployment) else 0


def total_max(deployment: Object) -> int:
    replicas: int = deployment["spec"]["replicas"]
    return replicas + surge_max(deployment)


def unavailable_max(deployment: Object) -> int:
    """Of spec.replicas; none unless it rolls."""
    replicas: int = deployment["spec"]["replicas"]
    return min(_fenceposts(deployment)[1], replicas) if is_rolling(deployment) else 0


def available_min(deployment: Object) -> int:
    replicas: int = deployment["spec"]["replicas"]
    return replicas - unavailable_max(deployment)


def _fenceposts(deployment: Object) -> tuple[int, int]:
    """Surge and unavailable. If rounding leaves nothing of either, one pod may be missing: something has to move."""
    replicas = deployment["spec"]["replicas"]
    rolling = deployment["spec"]["strategy"].get("rollingUpdate") or {}
    surge = scaled_amount(rolling.get("maxSurge", 0), replicas, up=True)
    unavailable = scaled_amount(rolling.get("maxUnavailable", 0), replicas, up=False)
    return surge, unavailable if surge or unavailable else 1
