"""conditions: what a terminating namespace says of its own deletion. Pure.

Upstream: pkg/controller/namespace/deletion/status_condition_utils.go. The five conditions are always written together:
what is not wrong is said to be right.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from steersman.api.meta.conditions import condition, find_condition, says_the_same, set_condition

if TYPE_CHECKING:
    from collections.abc import Mapping

    from steersman.api.meta.types import Object

DISCOVERY_FAILURE = "NamespaceDeletionDiscoveryFailure"
PARSING_FAILURE = "NamespaceDeletionGroupVersionParsingFailure"
CONTENT_FAILURE = "NamespaceDeletionContentFailure"
CONTENT_REMAINING = "NamespaceContentRemaining"
FINALIZERS_REMAINING = "NamespaceFinalizersRemaining"

_RIGHT = {
    DISCOVERY_FAILURE: ("ResourcesDiscovered", "All resources successfully discovered"),
    PARSING_FAILURE: ("ParsedGroupVersions", "All legacy kube types successfully parsed"),
    CONTENT_FAILURE: ("ContentDeleted", "All content successfully deleted, may be waiting on finalization"),
    CONTENT_REMAINING: ("ContentRemoved", "All content successfully removed"),
    FINALIZERS_REMAINING: ("ContentHasNoFinalizers", "All content-preserving finalizers finished"),
}
"""In the order in which they are written."""


@dataclass(slots=True)
class Findings:
    """What one pass over a namespace has found."""

    undiscovered: tuple[str, ...] = ()
    """Group versions that the server could not ask about."""
    discovery_failure: str = ""
    failures: list[str] = field(default_factory=list)
    """Why content could not be deleted."""
    remaining: dict[tuple[str, str], int] = field(default_factory=dict)
    """(plural, group) -> how many objects are left."""
    finalizers: Counter[str] = field(default_factory=Counter)
    """Finalizer -> how many of the objects that are left have it."""


def compute_conditions(findings: Findings, *, counted: bool = True) -> list[Object]:
    """The five conditions, without times. `counted`: not all was looked at, so nothing is said to be left."""
    wrong = {DISCOVERY_FAILURE: _discovery(findings), CONTENT_FAILURE: _content(findings.failures)}
    if counted:
        wrong[CONTENT_REMAINING] = _remaining(findings.remaining)
        wrong[FINALIZERS_REMAINING] = _finalizers(findings.finalizers)
    return [wrong.get(kind) or condition(kind, "False", reason, message) for kind, (reason, message) in _RIGHT.items()]


def apply_conditions(namespace: Object, conditions: list[Object], timestamp: str) -> Object | None:
    """The namespace with these conditions; None if it has them already."""
    if all(says_the_same(find_condition(namespace, each["type"]), each) for each in conditions):
        return None
    changed: Object = namespace | {"status": dict(namespace.get("status") or {})}
    for each in conditions:
        set_condition(changed, each, timestamp)
    return changed


def _discovery(findings: Findings) -> Object | None:
    if not findings.discovery_failure:
        return None
    message = f"Discovery failed for some groups, {len(findings.undiscovered)} failing: {findings.discovery_failure}"
    return condition(DISCOVERY_FAILURE, "True", "DiscoveryFailed", message)


def _content(failures: list[str]) -> Object | None:
    if not failures:
        return None
    message = f"Failed to delete all resource types, {len(failures)} remaining: {', '.join(sorted(failures))}"
    return condition(CONTENT_FAILURE, "True", "ContentDeletionFailed", message)


def _remaining(remaining: Mapping[tuple[str, str], int]) -> Object | None:
    told = sorted(f"{plural}.{group} has {count} resource instances" for (plural, group), count in remaining.items())
    if not told:
        return None
    message = f"Some resources are remaining: {', '.join(told)}"
    return condition(CONTENT_REMAINING, "True", "SomeResourcesRemain", message)


def _finalizers(finalizers: Mapping[str, int]) -> Object | None:
    told = sorted(f"{name} in {count} resource instances" for name, count in finalizers.items())
    if not told:
        return None
    message = f"Some content in the namespace has finalizers remaining: {', '.join(told)}"
    return condition(FINALIZERS_REMAINING, "True", "SomeFinalizersRemain", message)
