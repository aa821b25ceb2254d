"""What a DELETE means for an object: grace, finalizers, preconditions. Pure; the rules are upstream's
rest.BeforeDelete.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from enum import Enum, auto
from typing import TYPE_CHECKING

from steersman.api.errors import Conflict

if TYPE_CHECKING:
    from collections.abc import Callable

    from steersman.api.meta.types import Object
    from steersman.api.resource import Context, Resource, Strategy
    from steersman.apiserver.options import DeleteOptions

ORPHAN = "orphan"
FOREGROUND = "foregroundDeletion"


class Outcome(Enum):
    """What is to be done with the object."""

    REMOVE = auto()
    MARK = auto()
    """Write the object, which now carries its deletion."""
    PENDING = auto()
    """Nothing: it is being deleted already."""


def check_preconditions(resource: Resource, name: str, obj: Object, options: DeleteOptions) -> None:
    """Raises Conflict, naming the kind as upstream does."""
    metadata = obj["metadata"]
    for word, asked, found, what in (
        ("UID", options.uid, metadata["uid"], "deleted and then recreated"),
        ("ResourceVersion", options.resource_version, metadata["resourceVersion"], "modified"),
    ):
        if asked is None or asked == found:
            continue
        if resource.strategy.mark_deleted is not None:
            why = f"precondition failed: {word} in precondition: {asked}, {word} in object meta: {found}"
            raise Conflict.of(resource.group, resource.plural, name, why)
        if resource.strategy.own_deletion:
            why = f"Precondition failed: {word} in precondition: {asked}, {word} in object meta: {found}"
            raise Conflict.of(resource.group, resource.plural, name, why)
        why = (
            f"the {word} in the precondition ({asked}) does not match the {word} in record ({found}). "
            f"The object might have been {what}"
        )
        raise Conflict.of(resource.group, resource.kind, name, why)


def may_be_removed(obj: Object, strategy: Strategy) -> bool:
    """Nothing holds a deleted object back any more."""
    metadata = obj["metadata"]
    if metadata.get("finalizers") or metadata.get("deletionGracePeriodSeconds"):
        return False
    return strategy.blocks_removal is None or not strategy.blocks_removal(obj)


def plan_deletion(
    obj: Object,
    strategy: Strategy,
    options: DeleteOptions,
    ctx: Context,
    timestamp: Callable[[datetime], str],
) -> Outcome:
    """Changes `obj` into what is to be written (MARK) or was last (REMOVE)."""
    metadata = obj["metadata"]
    if strategy.mark_deleted is not None and not metadata.get("deletionTimestamp"):
        strategy.mark_deleted(obj, timestamp(ctx.now))
        return Outcome.MARK
    graceful, pending = _grace(obj, strategy, options, ctx, timestamp)
    finalizers_changed = _garbage_finalizers(metadata, strategy, options)
    blocked = strategy.blocks_removal is not None and strategy.blocks_removal(obj)
    if not graceful and not pending and (metadata.get("finalizers") or blocked):
        marked = _mark(metadata, strategy, ctx.now, timestamp)
        if strategy.prepare_delete is not None:
            strategy.prepare_delete(obj, ctx)
        return Outcome.MARK if marked or finalizers_changed else Outcome.PENDING
    if pending:
        return Outcome.MARK if finalizers_changed else Outcome.PENDING
    if graceful and (metadata.get("deletionGracePeriodSeconds") or metadata.get("finalizers") or blocked):
        return Outcome.MARK
    return Outcome.REMOVE


def _grace(
    obj: Object,
    strategy: Strategy,
    options: DeleteOptions,
    ctx: Context,
    timestamp: Callable[[datetime], str],
) -> tuple[bool, bool]:
    """(deletion is graceful and newly so or shortened, deletion is already under way and stays as it is)."""
    metadata = obj["metadata"]
    if metadata.get("deletionTimestamp"):
        current = metadata.get("deletionGracePeriodSeconds")
        if strategy.graceful_delete is None or not current:
            return False, False
        asked = options.grace_s
        if asked is None or asked >= current or asked < 0:
            return False, True
        moment = datetime.strptime(metadata["deletionTimestamp"], "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC)
        metadata["deletionTimestamp"] = timestamp(moment + timedelta(seconds=asked - current))
        metadata["deletionGracePeriodSeconds"] = asked
        return True, False
    if strategy.graceful_delete is None:
        return False, False
    grace_s = strategy.graceful_delete(obj, options.grace_s, ctx)
    if grace_s is None:
        return False, False
    metadata["deletionTimestamp"] = timestamp(ctx.now + timedelta(seconds=grace_s))
    metadata["deletionGracePeriodSeconds"] = grace_s
    _raise_generation(metadata)
    return True, False


def _mark(metadata: Object, strategy: Strategy, now: datetime, timestamp: Callable[[datetime], str]) -> bool:
    """Deleted as of now, waiting for finalizers only."""
    if strategy.own_deletion:
        if metadata.get("deletionTimestamp"):
            return False
        metadata["deletionTimestamp"] = timestamp(now)
        return True
    if metadata.get("deletionTimestamp") and metadata.get("deletionGracePeriodSeconds") == 0:
        return False
    if not metadata.get("deletionTimestamp"):
        _raise_generation(metadata)
        metadata["deletionTimestamp"] = timestamp(now)
    metadata["deletionGracePeriodSeconds"] = 0
    return True


def _raise_generation(metadata: Object) -> None:
    if metadata.get("generation"):
        metadata["generation"] += 1


def _garbage_finalizers(metadata: Object, strategy: Strategy, options: DeleteOptions) -> bool:
    """Add or take away the garbage collector's finalizers as the propagation policy says; whether they changed."""
    before = metadata.get("finalizers") or []
    orphan, foreground = _wants(before, strategy, options)
    after = [name for name in before if name not in (ORPHAN, FOREGROUND)]
    if orphan:
        after.append(ORPHAN)
    if foreground:
        after.append(FOREGROUND)
    if sorted(after) == sorted(before):
        return False
    if after:
        metadata["finalizers"] = after
    else:
        metadata.pop("finalizers", None)
    return True


def _wants(finalizers: list[str], strategy: Strategy, options: DeleteOptions) -> tuple[bool, bool]:
    """(orphan, foreground), decided by the explicit option, else by finalizers that are there, else by the default."""
    if strategy.default_propagation_policy == "Unsupported":
        return False, False
    if options.orphan_dependents is not None:
        return options.orphan_dependents, False
    if options.propagation is not None:
        return options.propagation == "Orphan", options.propagation == "Foreground"
    if ORPHAN in finalizers:
        return True, False
    if FOREGROUND in finalizers:
        return False, True
    return strategy.default_propagation_policy == "Orphan", False
