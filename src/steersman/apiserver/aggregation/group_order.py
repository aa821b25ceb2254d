"""The order of groups and of their versions in discovery: the first version is the one that clients take.

Priorities are those of APIServices; what this server serves and has no APIService for has one all the same.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from steersman.apiserver.aggregation.registrations import Registration

KING: Final = "apiregistration.k8s.io"
"""Always first."""
KING_PRIORITY: Final = 20001
BUILTIN_PRIORITY: Final = 19000
"""Of a built-in group without an APIService: it stays where the table of resources has it."""
CUSTOM_PRIORITY: Final = 1000
CUSTOM_VERSION_PRIORITY: Final = 100
BUILTIN_VERSION_PRIORITY: Final = 15


@dataclass(frozen=True, slots=True)
class Ordered:
    """A group with its versions, the preferred one first."""

    name: str
    versions: tuple[str, ...]
    priority: int
    first: tuple[int, str]
    """What it is in order by in the old form: of all APIServices of a group, the first decides."""


def ordered_groups(
    served: Mapping[str, Mapping[str, bool]],
    registrations: Iterable[Registration],
    preference: Callable[[str], tuple[Any, ...]],
) -> list[Ordered]:
    """All groups but the legacy one, in the order of the old form.

    `served`: group -> version -> whether it is custom, in the table's order. `registrations`: of APIServices; those
    without a backend count only where the version is served. `preference`: sorts versions of the same priority.
    """
    priorities: dict[str, dict[str, tuple[int, int]]] = {}
    for index, (group, versions) in enumerate(served.items()):
        for version, custom in versions.items():
            default = (BUILTIN_PRIORITY - index, BUILTIN_VERSION_PRIORITY)
            if custom:
                default = (CUSTOM_PRIORITY, CUSTOM_VERSION_PRIORITY)
            if group == KING:
                default = (KING_PRIORITY, BUILTIN_VERSION_PRIORITY)
            priorities.setdefault(group, {})[version] = default
    for each in registrations:
        known = priorities.get(each.group, {})
        if each.group and each.group != KING and (each.backend is not None or each.version in known):
            priorities.setdefault(each.group, known)[each.version] = (each.group_priority, each.version_priority)
    groups = [_ordered(group, versions, preference) for group, versions in priorities.items() if group]
    return sorted(groups, key=lambda group: group.first)


def by_name(groups: Iterable[Ordered]) -> list[Ordered]:
    """In the order of the aggregated form, where the names of groups decide between equals."""
    return sorted(groups, key=lambda group: (-group.priority, group.name))


def _ordered(
    group: str, versions: Mapping[str, tuple[int, int]], preference: Callable[[str], tuple[Any, ...]]
) -> Ordered:
    names = sorted(versions, key=lambda version: (-versions[version][1], preference(version)))
    first = min((-priority, f"{version}.{group}") for version, (priority, _) in versions.items())
    return Ordered(group, tuple(names), -first[0], first)
