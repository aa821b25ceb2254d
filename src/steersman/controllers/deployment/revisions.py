"""revisions: what a Deployment notes on its ReplicaSets: which version of the template they are, how many pods it
wanted when it last resized them. Pure.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from steersman.api.apps.deployment import ROLLBACK_TO
from steersman.api.meta.labels import parse_int64
from steersman.controllers.deployment.amounts import total_max

if TYPE_CHECKING:
    from collections.abc import Iterable

    from steersman.api.meta.types import Object

REVISION = "deployment.kubernetes.io/revision"
HISTORY = "deployment.kubernetes.io/revision-history"
DESIRED = "deployment.kubernetes.io/desired-replicas"
MAX = "deployment.kubernetes.io/max-replicas"
_HISTORY_LETTERS_MAX = 2000
_INT32_MAX = (1 << 31) - 1
_OF_ITS_OWN = frozenset(
    ("kubectl.kubernetes.io/last-applied-configuration", REVISION, HISTORY, DESIRED, MAX, ROLLBACK_TO)
)
"""Never copied between a Deployment and its ReplicaSets."""


def annotations_of(obj: Object) -> dict[str, str]:
    annotations: dict[str, str] = obj["metadata"].get("annotations") or {}
    return annotations


def revision_of(obj: Object) -> int | None:
    """0 if it has none, None if it cannot be read."""
    text = annotations_of(obj).get(REVISION)
    return 0 if text is None else parse_int64(text)


def newest_revision(replica_sets: Iterable[Object]) -> int:
    return max((revision_of(each) or 0 for each in replica_sets), default=0)


def last_revision(replica_sets: Iterable[Object]) -> int:
    """The second highest, which may be the same as the highest; 0 if there is none."""
    revisions = sorted(revision for each in replica_sets if (revision := revision_of(each)) and revision > 0)
    return revisions[-2] if len(revisions) > 1 else 0


def copied(annotations: dict[str, str]) -> dict[str, str]:
    """Those of users."""
    return {name: value for name, value in annotations.items() if name not in _OF_ITS_OWN}


def kept(annotations: dict[str, str]) -> dict[str, str]:
    """Those that stay where they are when the others are copied."""
    return {name: value for name, value in annotations.items() if name in _OF_ITS_OWN}


def plan_annotations(deployment: Object, replica_set: Object, revision: int) -> dict[str, str]:
    """Those of the ReplicaSet with the Deployment's template. Its revision only rises; what it was before is noted."""
    annotations = annotations_of(replica_set) | copied(annotations_of(deployment))
    before = annotations.get(REVISION)
    number = parse_int64(before) if before else 0
    if number is None or number >= revision:
        return annotations
    annotations[REVISION] = str(revision)
    if before is not None and (history := _history(annotations.get(HISTORY, ""), before)) is not None:
        annotations[HISTORY] = history
    return annotations


def replicas_annotations(deployment: Object) -> dict[str, str]:
    """How many pods it wants, and how many it may have, on every ReplicaSet that it resizes."""
    return {DESIRED: str(deployment["spec"]["replicas"]), MAX: str(total_max(deployment))}


def noted(replica_set: Object, name: str) -> int | None:
    """DESIRED or MAX; None if it is missing or cannot be read."""
    text = annotations_of(replica_set).get(name, "")
    if not (text.isascii() and text.isdecimal()):
        return None
    number = int(text)
    return number if number <= _INT32_MAX else None


def _history(known: str, revision: str) -> str | None:
    """With one more; the oldest give way when it gets too long. None if even that is not enough."""
    if not known or known.startswith(","):
        return revision
    parts = known.split(",")
    length = len(known) + len(revision) + 1
    while length > _HISTORY_LETTERS_MAX and parts:
        length -= len(parts.pop(0)) + 1
    return ",".join([*parts, revision]) if length <= _HISTORY_LETTERS_MAX else None
