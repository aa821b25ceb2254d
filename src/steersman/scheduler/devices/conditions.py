"""Conditions of devices that a pod has to wait for before it is bound to its node (KEP-5007). Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from steersman.api.meta.times import parse_time
from steersman.scheduler.devices.claims import allocation_of

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from steersman.api.meta.types import Object


class DeviceFailedError(Exception):
    """A device says that it will not get ready."""


def has_conditions(claim: Object) -> bool:
    """Whether any device of a claim has to be waited for."""
    return any(result.get("bindingConditions") for result in _results(claim))


def is_ready(claim: Object) -> bool:
    """Whether all devices of an allocated claim are. Raises DeviceFailedError."""
    for result in _results(claim):
        wanted = result.get("bindingConditions") or ()
        if not wanted:
            continue
        conditions = _conditions(claim, result)
        if conditions is None:
            return False
        for kind in result.get("bindingFailureConditions") or ():
            found = conditions.get(kind, {})
            if found.get("status") == "True":
                quoted = '"' + (found.get("message") or "").replace("\\", "\\\\").replace('"', '\\"') + '"'
                what = f"claim={claim['metadata']['name']}, reason={found.get('reason', '')}, message={quoted}"
                raise DeviceFailedError(f"device binding failed: {what}")
        if any(conditions.get(kind, {}).get("status") != "True" for kind in wanted):
            return False
    return True


def is_overdue(claim: Object, *, now: datetime, timeout_s: float) -> bool:
    """Whether devices that have to be waited for were allocated too long ago."""
    since = (allocation_of(claim) or {}).get("allocationTimestamp")
    if since is None or not has_conditions(claim):
        return False
    return (now - parse_time(since)).total_seconds() > timeout_s


def _results(claim: Object) -> Sequence[Object]:
    return ((allocation_of(claim) or {}).get("devices") or {}).get("results") or ()


def _conditions(claim: Object, result: Object) -> dict[str, Object] | None:
    """By type; None: nothing is known of the device."""
    for device in (claim.get("status") or {}).get("devices") or ():
        if all(device[name] == result[name] for name in ("driver", "pool", "device")):
            return {each["type"]: each for each in device.get("conditions") or ()}
    return None
