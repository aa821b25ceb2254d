"""amounts: how many pods of a DaemonSet may be missing, or additional, while a template is rolled out. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from steersman.api.apps.rolling import scaled_amount

if TYPE_CHECKING:
    from steersman.api.meta.types import Object


def surge_max(daemon_set: Object, nodes: int) -> int:
    """Of so many nodes."""
    return _amount(daemon_set, "maxSurge", nodes)


def unavailable_max(daemon_set: Object, nodes: int) -> int:
    return _amount(daemon_set, "maxUnavailable", nodes)


def allows_surge(daemon_set: Object) -> bool:
    """A node may have two pods for a while."""
    return surge_max(daemon_set, 1) > 0


def _amount(daemon_set: Object, name: str, nodes: int) -> int:
    strategy = daemon_set["spec"].get("updateStrategy") or {}
    amount = (strategy.get("rollingUpdate") or {}).get(name)
    if strategy.get("type") != "RollingUpdate" or amount is None:
        return 0
    return scaled_amount(amount, nodes, up=True)
