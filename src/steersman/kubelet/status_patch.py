"""What has to be written so that the API's status of a pod becomes the kubelet's. Pure.

A strategic merge patch of the fields that differ: conditions by their type, everything else whole. It carries the pod's
uid, so that it cannot hit another pod of the same name.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from steersman.kubelet.conditions import BY_KUBELET
from steersman.kubelet.status import OWN

if TYPE_CHECKING:
    from collections.abc import Sequence

    from steersman.api.meta.types import Object


def status_patch(uid: str, current: Object, wanted: Object) -> Object | None:
    """None when `current` already says what `wanted` does."""
    changes: Object = {}
    for name in OWN:
        new, known = wanted.get(name), current.get(name)
        if new == known or (not new and not known):
            continue
        if name == "conditions":
            changes |= _conditions(known or (), new or ())
        else:
            changes[name] = new
    if not changes:
        return None
    if "podIPs" in changes and current.get("podIPs"):
        changes["podIPs"] = [{"$patch": "replace"}, *(wanted.get("podIPs") or ())]
    if "hostIPs" in changes and current.get("hostIPs"):
        changes["hostIPs"] = [{"$patch": "replace"}, *(wanted.get("hostIPs") or ())]
    return {"metadata": {"uid": uid}, "status": changes}


def _conditions(current: Sequence[Object], wanted: Sequence[Object]) -> Object:
    known = {condition["type"]: condition for condition in current}
    kinds = [condition["type"] for condition in wanted]
    changed: list[Object] = []
    for condition in wanted:
        kind = condition["type"]
        if kind in BY_KUBELET and not _same(condition, known.get(kind)):
            gone = {name: None for name in known.get(kind, ()) if name not in condition}
            changed.append(condition | gone)
    changed += [{"$patch": "delete", "type": kind} for kind in known if kind in BY_KUBELET and kind not in kinds]
    if not changed:
        return {}
    return {"$setElementOrder/conditions": [{"type": kind} for kind in kinds], "conditions": changed}


def _same(one: Object, other: Object | None) -> bool:
    if other is None:
        return False
    return all(one.get(name) == other.get(name) for name in one.keys() | other.keys() if name != "lastProbeTime")
