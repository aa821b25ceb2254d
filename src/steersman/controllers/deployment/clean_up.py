"""clean_up: which ReplicaSets of past templates a Deployment need not keep. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from steersman.controllers.deployment.replica_sets import counted, oldest_first, size
from steersman.controllers.deployment.revisions import revision_of

if TYPE_CHECKING:
    from collections.abc import Iterable

    from steersman.api.meta.types import Object

_UNLIMITED = (1 << 31) - 1


def plan_clean_up(deployment: Object, old: Iterable[Object]) -> list[Object]:
    """Those beyond spec.revisionHistoryLimit, lowest revision first; never one that has pods or might get some."""
    limit = deployment["spec"].get("revisionHistoryLimit")
    if limit is None or limit == _UNLIMITED:
        return []
    present = [each for each in oldest_first(old) if not each["metadata"].get("deletionTimestamp")]
    surplus = max(len(present) - limit, 0)
    present.sort(key=lambda each: revision_of(each) or 0)
    return [each for each in present[:surplus] if _is_idle(each)]


def _is_idle(replica_set: Object) -> bool:
    seen = counted(replica_set, "observedGeneration") >= replica_set["metadata"].get("generation", 0)
    return seen and size(replica_set) == 0 and counted(replica_set, "replicas") == 0
