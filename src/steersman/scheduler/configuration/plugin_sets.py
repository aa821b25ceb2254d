"""plugin_sets: which plugins are enabled at which point: the default ones, and what a file changes of them.

What a file says of multiPoint holds for every point that a plugin is for; what it says of one point wins there.
Upstream: pkg/scheduler/apis/config/v1/default_plugins.go, pkg/scheduler/framework/runtime (expandMultiPointPlugins).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from steersman.api.meta.types import Object

MULTI_POINT = "multiPoint"
POINTS = (
    "preEnqueue", "queueSort", "preFilter", "filter", "postFilter", "preScore", "score", "reserve", "permit",
    "preBind", "bind", "postBind", MULTI_POINT, "placementGenerate", "placementScore", "podGroupPostFilter",
)  # fmt: skip
DEFAULT_PLUGINS: tuple[tuple[str, int], ...] = (
    ("SchedulingGates", 0),
    ("PrioritySort", 0),
    ("NodeName", 0),
    ("NodeUnschedulable", 0),
    ("TaintToleration", 3),
    ("NodeAffinity", 2),
    ("NodePorts", 0),
    ("NodeResourcesFit", 1),
    ("VolumeRestrictions", 0),
    ("NodeVolumeLimits", 0),
    ("VolumeBinding", 0),
    ("VolumeZone", 0),
    ("PodTopologySpread", 2),
    ("InterPodAffinity", 2),
    ("DynamicResources", 2),
    ("DefaultPreemption", 0),
    ("NodeResourcesBalancedAllocation", 1),
    ("ImageLocality", 1),
    ("DefaultBinder", 0),
    ("NodeDeclaredFeatures", 0),
)
"""Name and weight, 0 where none is given; in the order in which they are asked."""
_EVERYTHING = "*"


@dataclass(frozen=True, slots=True)
class Enabled:
    """One plugin that is to be asked. A weight of 0 counts as 1."""

    name: str
    weight: int = 0


@dataclass(frozen=True, slots=True)
class PluginSet:
    """What is said of one point."""

    enabled: tuple[Enabled, ...] = ()
    disabled: frozenset[str] = frozenset()

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(each.name for each in self.enabled)


class PluginSetError(ValueError):
    """What is enabled cannot be enabled there."""


def merge_plugins(given: Object | None) -> dict[str, PluginSet]:
    """`plugins` of a profile over the default ones, by point; points of which nothing is said are missing, but for
    multiPoint.
    """
    merged = {MULTI_POINT: PluginSet(tuple(Enabled(*each) for each in DEFAULT_PLUGINS))}
    for point, said in (given or {}).items():
        merged[point] = _merge(merged.get(point, PluginSet()).enabled, _read(said))
    return merged


def expand(
    sets: Mapping[str, PluginSet], point: str, *, known: Iterable[str], implements: Callable[[str], bool]
) -> tuple[str, ...]:
    """Who takes part at a point, in order. `known`: the names of all plugins that there are; `implements(name)`:
    whether that one is for this point. Raises PluginSetError.
    """
    own, multi, word = sets.get(point, PluginSet()), sets[MULTI_POINT], _type_name(point)
    there = frozenset(known)
    _check(own.names, there, word, implements)
    if _EVERYTHING in own.disabled:
        return own.names
    spread: list[str] = []
    for name in multi.names:
        if name not in there:
            raise PluginSetError(f'{word} "{name}" does not exist')
        if not implements(name) or name in own.disabled or name in own.names:
            continue
        if name in spread:
            raise PluginSetError(f'plugin "{name}" already registered as "{word}"')
        spread.append(name)
    # What is said of a plugin of multiPoint anew comes first, then the others of multiPoint, then what is new.
    anew = [name for name in own.names if name in multi.names and name not in own.disabled]
    return (*anew, *spread, *(name for name in own.names if name not in anew))


def weights(sets: Mapping[str, PluginSet]) -> dict[str, int]:
    """Of scores, by plugin: what is said of score wins over multiPoint; 0 counts as 1."""
    found: dict[str, int] = {}
    for each in (*sets.get("score", PluginSet()).enabled, *sets[MULTI_POINT].enabled):
        found.setdefault(each.name, each.weight or 1)
    return found


def named(sets: Mapping[str, PluginSet]) -> tuple[str, ...]:
    """Every plugin that is enabled somewhere, once, those of multiPoint first."""
    ordered = (sets[MULTI_POINT], *(each for point, each in sets.items() if point != MULTI_POINT))
    return tuple(dict.fromkeys(name for each in ordered for name in each.names))


def _read(said: Object) -> PluginSet:
    enabled = tuple(Enabled(each["name"], each.get("weight") or 0) for each in said.get("enabled") or ())
    return PluginSet(enabled, frozenset(each["name"] for each in said.get("disabled") or ()))


def _merge(defaults: Sequence[Enabled], said: PluginSet) -> PluginSet:
    """A default plugin that is enabled anew keeps its place; others come behind."""
    anew = {each.name: each for each in said.enabled}
    kept = () if _EVERYTHING in said.disabled else [each for each in defaults if each.name not in said.disabled]
    replaced = {each.name for each in kept if each.name in anew}
    behind = [each for each in said.enabled if each.name not in replaced or each is not anew[each.name]]
    return PluginSet((*(anew.get(each.name, each) for each in kept), *behind), said.disabled)


def _check(names: Sequence[str], there: frozenset[str], word: str, implements: Callable[[str], bool]) -> None:
    for at, name in enumerate(names):
        if name not in there:
            raise PluginSetError(f'{word} "{name}" does not exist')
        if not implements(name):
            raise PluginSetError(f'plugin "{name}" does not extend {word} plugin')
        if name in names[:at]:
            raise PluginSetError(f'plugin "{name}" already registered as "{word}"')


def _type_name(point: str) -> str:
    """As upstream's messages call it."""
    return f"{point[0].upper()}{point[1:]}Plugin"
