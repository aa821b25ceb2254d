"""absent_owners: owners that do not exist, so that the API server is not asked for each of their dependents.

A uid is never used again, so an owner that was absent stays so. Bounded: what was not asked for longest is forgotten.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from steersman.controllers.garbage_collector.graph import Identity

ABSENT_MAX = 500


class AbsentOwners:
    """A set of identities; those of cluster-wide kinds are without namespace."""

    def __init__(self, *, absent_max: int = ABSENT_MAX) -> None:
        self._absent_max = absent_max
        self._known: dict[Identity, None] = {}
        """The one that was asked for last comes last."""

    def add(self, identity: Identity) -> None:
        self._known.pop(identity, None)
        self._known[identity] = None
        if len(self._known) > self._absent_max:
            del self._known[next(iter(self._known))]

    def __contains__(self, identity: Identity) -> bool:
        if identity not in self._known:
            return False
        self._known[identity] = self._known.pop(identity)
        return True
