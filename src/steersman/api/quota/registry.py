"""registry: which meter counts the objects of a resource."""

from __future__ import annotations

from typing import TYPE_CHECKING

from steersman.api.quota.claim_meters import Lookup, ResourceClaims
from steersman.api.quota.meters import Counter, PersistentVolumeClaims, Pods, Services

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

Kind = tuple[str, str]
"""(group, plural)."""
_UNCOUNTED = frozenset(
    {
        ("", "bindings"),
        ("", "componentstatuses"),
        ("", "events"),
        ("events.k8s.io", "events"),
        ("authorization.k8s.io", "localsubjectaccessreviews"),
    }
)
_ALIASES = ("configmaps", "resourcequotas", "replicationcontrollers", "secrets")
"""Counted under their bare names too, as they were before everything could be."""
_METERS_MAX = 4096
_COUNT = "count/"


class Meters:
    """`lookup`: what meters ask of other objects."""

    def __init__(self, *, lookup: Lookup) -> None:
        self._meters: dict[Kind, Counter] = {
            ("", "pods"): Pods(),
            ("", "services"): Services(),
            ("", "persistentvolumeclaims"): PersistentVolumeClaims(),
            ("resource.k8s.io", "resourceclaims"): ResourceClaims(reader=lookup),
            **{("", plural): Counter(group="", plural=plural, alias=plural) for plural in _ALIASES},
        }
        self._special = tuple(self._meters)

    def of(self, group: str, plural: str) -> Counter | None:
        """None for what no quota counts."""
        key = (group, plural)
        if key in _UNCOUNTED:
            return None
        meter = self._meters.get(key)
        if meter is None:
            meter = Counter(group=group, plural=plural)
            if len(self._meters) < _METERS_MAX:
                self._meters[key] = meter
        return meter

    def needed(self, names: Iterable[str]) -> Iterator[tuple[Kind, Counter]]:
        """The meters that a quota with bounds on `names` needs, each once."""
        names = tuple(names)
        for kind in self._special:
            if self._meters[kind].matching(names):
                yield kind, self._meters[kind]
        for other in dict.fromkeys(counted(name) for name in names):
            if other is None or other in self._special:
                continue
            meter = self.of(*other)
            if meter is not None:
                yield other, meter


def counted(name: str) -> Kind | None:
    """What `count/plural.group` counts; None for other names of quotas."""
    if not name.startswith(_COUNT):
        return None
    plural, _, group = name.removeprefix(_COUNT).partition(".")
    return group, plural
