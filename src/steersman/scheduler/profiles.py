"""profiles: what a configuration says of a profile, as the plugins that are asked, point by point.

A plugin is made once for a profile, with its arguments, however many points it takes part at.
Upstream: pkg/scheduler/profile, pkg/scheduler/framework/runtime (NewFramework). Upstream differences: the order of the
queue is PrioritySort's always; plugins for groups of pods do not exist.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from steersman.scheduler.configuration.plugin_sets import DEFAULT_PLUGINS, PluginSetError, expand, named, weights
from steersman.scheduler.configuration.read import ConfigurationError
from steersman.scheduler.cycle import Profile
from steersman.scheduler.framework import SCORE_MAX, Plugin, scores

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from steersman.api.meta.types import Object
    from steersman.scheduler.configuration.model import ProfileConfiguration

    Make = Callable[[Object], Plugin]

QUEUE_SORT, PRIORITY_SORT = "queueSort", "PrioritySort"
METHODS: Mapping[str, str] = {
    "preEnqueue": "pre_enqueue",
    "preFilter": "pre_filter",
    "filter": "filter",
    "postFilter": "post_filter",
    "preScore": "pre_score",
    "score": "score",
    "reserve": "reserve",
    "permit": "permit",
    "preBind": "pre_bind",
    "bind": "bind",
    "postBind": "post_bind",
}
"""Points as a configuration names them, and the method that is asked there."""
_ALSO: Mapping[str, tuple[str, ...]] = {"reserve": ("unreserve",), "preBind": ("pre_bind_pre_flight",)}
"""Who has one of these methods alone takes part too."""
_TOTAL_MAX = (1 << 63) - 1


def build_profile(configuration: ProfileConfiguration, makers: Mapping[str, Make]) -> Profile:
    """`makers`: of every plugin that there is, by name, called with its arguments. Raises ConfigurationError."""
    wanted = [name for name in named(configuration.plugins) if name in makers]
    made = {name: _made(configuration, makers[name], name) for name in wanted}
    # What upstream has and is not there yet is passed over where it is enabled by default.
    known = {*made, PRIORITY_SORT, *(name for name, _ in DEFAULT_PLUGINS)}
    points: dict[str, tuple[Plugin, ...]] = {}
    try:
        for point, method in METHODS.items():

            def takes_part(name: str, method: str = method, also: tuple[str, ...] = _ALSO.get(point, ())) -> bool:
                return name in made and any(_overrides(made[name], each) for each in (method, *also))

            taking_part = expand(configuration.plugins, point, known=known, implements=takes_part)
            points[method] = tuple(made[name] for name in taking_part)
        ordering = expand(configuration.plugins, QUEUE_SORT, known=known, implements=lambda name: name == PRIORITY_SORT)
    except PluginSetError as error:
        raise _wrong(configuration, str(error)) from error
    if len(ordering) != 1:
        told = "only one queue sort plugin required for profile with scheduler name"
        raise _wrong(configuration, f'{told} "{configuration.scheduler_name}", but got {len(ordering)}')
    if not points["bind"]:
        told = "at least one bind plugin is needed for profile with scheduler name"
        raise _wrong(configuration, f'{told} "{configuration.scheduler_name}"')
    weighed = {name: weight for name, weight in weights(configuration.plugins).items() if name in made}
    if sum(weight * SCORE_MAX for name, weight in weighed.items() if scores(made[name])) > _TOTAL_MAX:
        raise _wrong(configuration, "total score of Score plugins could overflow")
    return Profile(tuple(made.values()), weighed, points)


def _made(configuration: ProfileConfiguration, make: Make, name: str) -> Plugin:
    try:
        return make(configuration.args.get(name, {}))
    except ConfigurationError as error:
        raise _wrong(configuration, f'initializing plugin "{name}": {error}') from error


def _overrides(plugin: Plugin, method: str) -> bool:
    return getattr(type(plugin), method, None) is not getattr(Plugin, method, None)


def _wrong(configuration: ProfileConfiguration, told: str) -> ConfigurationError:
    return ConfigurationError(f"{configuration.path}.plugins: {told}")
